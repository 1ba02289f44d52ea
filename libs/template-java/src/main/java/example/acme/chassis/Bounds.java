package example.acme.chassis;

import build.buf.validate.BytesRules;
import build.buf.validate.FieldRules;
import build.buf.validate.MapRules;
import build.buf.validate.RepeatedRules;
import build.buf.validate.StringRules;
import build.buf.validate.ValidateProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** How large a request may be: the most bytes that the rules of its fields allow (C-VALID-6). */
final class Bounds {
  private static final double UNBOUNDED = Double.POSITIVE_INFINITY;
  private static final double KIB = 1024;
  private static final Set<String> ENDLESS =
      Set.of("google.protobuf.Any", "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue");

  private Bounds() {}

  /** Returns the largest request in bytes, with a margin for the fields of newer callers. */
  static double of(Descriptor request) {
    double size = message(request, Set.of());
    return Math.ceil((size + Math.max(size / 4, KIB)) / KIB) * KIB;
  }

  private static double message(Descriptor message, Set<String> around) {
    if (around.contains(message.getFullName()) || ENDLESS.contains(message.getFullName())) {
      return UNBOUNDED;
    }
    if (message.getFullName().equals("google.protobuf.FieldMask")) {
      return 4 * KIB;
    }
    Set<String> inside = new HashSet<>(around);
    inside.add(message.getFullName());
    Map<OneofDescriptor, Double> largest = new HashMap<>();
    double size = 0;
    for (FieldDescriptor field : message.getFields()) {
      double bytes = field(field, inside);
      OneofDescriptor oneof = field.getRealContainingOneof();
      if (oneof == null) {
        size += bytes;
      } else {
        largest.merge(oneof, bytes, Math::max);
      }
    }
    return size + largest.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private static double field(FieldDescriptor field, Set<String> around) {
    FieldRules rules = field.getOptions().getExtension(ValidateProto.field);
    double tag = varint(field.getNumber() * 8.0);
    if (field.isMapField()) {
      MapRules map = rules.getMap();
      Descriptor entry = field.getMessageType();
      double key = value(entry.findFieldByNumber(1), map.getKeys(), around);
      double value = value(entry.findFieldByNumber(2), map.getValues(), around);
      return times(map.hasMaxPairs(), map.getMaxPairs(), tag + delimited(2 + key + value));
    }
    if (field.isRepeated()) {
      RepeatedRules list = rules.getRepeated();
      return times(list.hasMaxItems(), list.getMaxItems(), tag + value(field, list.getItems(), around));
    }
    return tag + value(field, rules, around);
  }

  private static double value(FieldDescriptor field, FieldRules rules, Set<String> around) {
    return switch (field.getType()) {
      case MESSAGE, GROUP -> delimited(message(field.getMessageType(), around));
      case FIXED32, SFIXED32, FLOAT -> 4;
      case FIXED64, SFIXED64, DOUBLE -> 8;
      case STRING -> delimited(string(rules.getString()));
      case BYTES -> delimited(bytes(rules.getBytes()));
      default -> 10;
    };
  }

  private static double string(StringRules rules) {
    double least = UNBOUNDED;
    least = Math.min(least, limit(rules.hasLen(), 4.0 * rules.getLen()));
    least = Math.min(least, limit(rules.hasMaxLen(), 4.0 * rules.getMaxLen()));
    least = Math.min(least, limit(rules.hasLenBytes(), rules.getLenBytes()));
    least = Math.min(least, limit(rules.hasMaxBytes(), rules.getMaxBytes()));
    least = Math.min(least, limit(rules.hasConst(), rules.getConstBytes().size()));
    least = Math.min(least, limit(rules.getEmail(), 254));
    least = Math.min(least, limit(rules.getUuid(), 36));
    double longest = rules.getInList().stream().map(ByteString::copyFromUtf8).mapToDouble(ByteString::size).max().orElse(0);
    least = Math.min(least, limit(rules.getInCount() > 0, longest));
    // A pattern that matches more needs a length beside it.
    return least == UNBOUNDED && rules.hasPattern() ? 64 : least;
  }

  private static double bytes(BytesRules rules) {
    return Math.min(limit(rules.hasLen(), rules.getLen()), limit(rules.hasMaxLen(), rules.getMaxLen()));
  }

  private static double limit(boolean isSet, double value) {
    return isSet ? value : UNBOUNDED;
  }

  private static double times(boolean isSet, double count, double bytes) {
    return isSet && count == 0 ? 0 : limit(isSet, count) * bytes;
  }

  private static double delimited(double bytes) {
    return bytes == UNBOUNDED ? bytes : bytes + varint(bytes);
  }

  private static double varint(double number) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros((long) number);
    return Math.max(1, Math.ceil(bits / 7.0));
  }
}
