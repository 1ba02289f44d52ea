package example.acme.chassis;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;

/** Ids of things: TypeIDs, whose order is that of their times. */
public final class Ids {
  private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** Returns a new id: "order_" and a UUIDv7 in base 32. */
  public static String next(String prefix, Instant now) {
    byte[] id = new byte[16];
    RANDOM.nextBytes(id);
    for (int at = 0; at < 6; at++) {
      id[at] = (byte) (now.toEpochMilli() >> 8 * (5 - at));
    }
    id[6] = (byte) (id[6] & 0x0f | 0x70);
    id[8] = (byte) (id[8] & 0x3f | 0x80);
    BigInteger number = new BigInteger(1, id);
    StringBuilder text = new StringBuilder(prefix).append('_');
    for (int shift = 125; shift >= 0; shift -= 5) {
      text.append(DIGITS.charAt(number.shiftRight(shift).intValue() & 31));
    }
    return text.toString();
  }
}
