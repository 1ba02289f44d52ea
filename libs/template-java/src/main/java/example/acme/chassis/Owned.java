package example.acme.chassis;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Message;
import example.souk.policy.v1.ErrorReason;
import example.souk.policy.v1.FieldProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a request may name: the options `own` and `set_by` of the contract (C-OWN). */
final class Owned {
  private static final String ME = "me";
  private static final String OTHER = "a user reaches its own things only: leave the customer empty, or send `me`";

  private final String domain;
  private final String path;
  /** The fields that lead to the customer; none where the service itself decides. */
  private final List<FieldDescriptor> customer = new ArrayList<>();
  private final List<FieldDescriptor> reserved;

  Owned(MethodDescriptor method, String own) {
    domain = Refusal.domainOf(method.getFile());
    path = own;
    Descriptor message = method.getInputType();
    reserved = message.getFields().stream().filter(field -> !kindsOf(field).isEmpty()).toList();
    if (!own.equals("customer_id") && !own.endsWith(".customer_id")) {
      return;
    }
    for (String name : own.split("\\.")) {
      FieldDescriptor field = message == null ? null : message.findFieldByName(name);
      if (field == null) {
        throw new IllegalStateException(method.getInputType().getFullName() + " has no field " + own);
      }
      customer.add(field);
      message = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ? field.getMessageType() : null;
    }
  }

  /** Checks a request against who sent it, and writes a person's customer into it. */
  Message check(Caller caller, Message request) {
    for (FieldDescriptor field : reserved) {
      if (isSet(request, field) && !kindsOf(field).contains(caller.kind().inContract)) {
        throw notAllowed(field);
      }
    }
    if (customer.isEmpty()) {
      return request;
    }
    Message.Builder whole = request.toBuilder();
    Message.Builder holder = whole;
    for (FieldDescriptor field : customer.subList(0, customer.size() - 1)) {
      if (!holder.hasField(field)) {
        return request;
      }
      holder = holder.getFieldBuilder(field);
    }
    FieldDescriptor field = customer.get(customer.size() - 1);
    String asked = (String) holder.getField(field);
    if (caller.customer().isEmpty()) {
      if (asked.equals(ME)) {
        throw Refusal.invalid(domain, path, "must be the id of a customer: `me` is for a user, who has one");
      }
      return request;
    }
    if (!asked.isEmpty() && !asked.equals(ME) && !asked.equals(caller.customer())) {
      throw Refusal.of(ErrorReason.ERROR_REASON_OTHER_CUSTOMER, OTHER).naming(List.of(Refusal.violation(path, OTHER)));
    }
    holder.setField(field, caller.customer());
    return whole.build();
  }

  private static Refusal notAllowed(FieldDescriptor field) {
    String kinds = kindsOf(field).stream().map(Policy::inWords).collect(Collectors.joining(" and "));
    String rule = field.getName() + " is for " + kinds + " only: leave it out";
    return Refusal.of(ErrorReason.ERROR_REASON_FIELD_NOT_ALLOWED, rule, Map.of("field", field.getName()))
        .naming(List.of(Refusal.violation(field.getName(), rule)));
  }

  private static boolean isSet(Message request, FieldDescriptor field) {
    return field.isRepeated() ? request.getRepeatedFieldCount(field) > 0 : request.hasField(field);
  }

  private static List<example.souk.policy.v1.Caller> kindsOf(FieldDescriptor field) {
    return field.getOptions().getExtension(FieldProto.field).getSetByList();
  }
}
