package example.acme.chassis;

import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.CompilationException;
import build.buf.protovalidate.exceptions.ValidationException;
import build.buf.validate.FieldPathElement;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import com.google.rpc.BadRequest.FieldViolation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Checks messages by the rules of the contract, with protovalidate (C-VALID-1, C-VALID-9). */
final class Validation {
  private static final int MOST = 16;
  private static final String TIMESTAMP_RULE = "must lie in the years 1 to 9999, with nanoseconds from 0 to 999,999,999";
  private static final String DURATION_RULE =
      "must lie within 315,576,000,000 s, with nanoseconds up to 999,999,999 and of the same sign as the seconds";

  private final Validator validator;

  /** Compiles the rules of these messages, so that the first call does not wait for that. */
  Validation(List<Descriptor> requests) {
    try {
      validator = ValidatorFactory.newBuilder().buildWithDescriptors(requests, false);
    } catch (CompilationException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Refuses a message that breaks a rule. */
  void check(Message message, String domain) {
    List<FieldViolation> violations = new ArrayList<>();
    findTimes(message, "", violations);
    if (violations.isEmpty()) {
      findBroken(message, violations);
    }
    if (!violations.isEmpty()) {
      throw Refusal.invalid(domain, List.copyOf(violations.subList(0, Math.min(MOST, violations.size()))));
    }
  }

  private void findBroken(Message message, List<FieldViolation> found) {
    try {
      for (var violation : validator.validate(message).getViolations()) {
        var plain = violation.toProto();
        found.add(Refusal.violation(path(plain.getField().getElementsList()), plain.getMessage()));
      }
    } catch (ValidationException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Returns a path as requests have it: lines[0].quantity, labels["a"]. */
  private static String path(List<FieldPathElement> elements) {
    StringBuilder path = new StringBuilder();
    for (FieldPathElement element : elements) {
      path.append(path.isEmpty() ? "" : ".").append(element.getFieldName());
      switch (element.getSubscriptCase()) {
        case INDEX -> path.append('[').append(element.getIndex()).append(']');
        case BOOL_KEY -> path.append('[').append(element.getBoolKey()).append(']');
        case INT_KEY -> path.append('[').append(element.getIntKey()).append(']');
        case UINT_KEY -> path.append('[').append(Long.toUnsignedString(element.getUintKey())).append(']');
        case STRING_KEY -> path.append("[\"").append(element.getStringKey()).append("\"]");
        case SUBSCRIPT_NOT_SET -> {}
      }
    }
    return path.toString();
  }

  /** Finds times that no calendar has, at any depth. */
  private static void findTimes(Message message, String path, List<FieldViolation> found) {
    if (message instanceof Timestamp time) {
      if (!Timestamps.isValid(time)) {
        found.add(Refusal.violation(path, TIMESTAMP_RULE));
      }
      return;
    }
    if (message instanceof Duration duration) {
      if (!Durations.isValid(duration)) {
        found.add(Refusal.violation(path, DURATION_RULE));
      }
      return;
    }
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
        continue;
      }
      String where = path.isEmpty() ? field.getName() : path + "." + field.getName();
      if (!field.isRepeated()) {
        findTimes((Message) entry.getValue(), where, found);
        continue;
      }
      int at = 0;
      for (Object item : (List<?>) entry.getValue()) {
        findTimesInItem(field, (Message) item, where, at++, found);
      }
    }
  }

  private static void findTimesInItem(FieldDescriptor field, Message item, String where, int at, List<FieldViolation> found) {
    if (!field.isMapField()) {
      findTimes(item, where + "[" + at + "]", found);
      return;
    }
    Object key = item.getField(item.getDescriptorForType().findFieldByNumber(1));
    Object value = item.getField(item.getDescriptorForType().findFieldByNumber(2));
    if (value instanceof Message message) {
      String shown = key instanceof String ? "\"" + key + "\"" : String.valueOf(key);
      findTimes(message, where + "[" + shown + "]", found);
    }
  }
}
