package example.acme.chassis;

import example.souk.policy.v1.ErrorReason;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.text.Normalizer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Verifies development tokens (C-ACCESS-4 to 10). */
final class Identity {
  /** Signs development tokens unless another key is set. It is no secret. */
  private static final String PUBLIC_KEY = "souk-development-key-that-is-no-secret";
  private static final int MOST_BYTES = 2048;
  private static final int MOST_CHARACTERS = 128;
  private static final String MALFORMED = "the authorization header is not 'Bearer souk-dev.<payload>.<mac>'";
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) souk-dev\\.([\\w-]+)\\.([\\w-]+)");
  private static final Pattern CUSTOMER = Pattern.compile("customer_[0-7][0-9a-hjkmnp-tv-z]{25}");
  private static final Pattern SECONDS = Pattern.compile("[+-]?\\d{1,13}");

  private final byte[] key;
  private final boolean isLoopback;
  private final Clock clock;

  Identity(String key, boolean isLoopback, Clock clock) {
    this.key = (key.isEmpty() ? PUBLIC_KEY : key).getBytes(StandardCharsets.UTF_8);
    this.isLoopback = isLoopback;
    this.clock = clock;
  }

  /** Returns who sent a request with these authorization headers. */
  Caller identify(List<String> headers) {
    if (headers.isEmpty()) {
      return Caller.ANONYMOUS;
    }
    if (headers.size() > 1) {
      throw refused("there is more than one authorization header, send one");
    }
    if (!isLoopback) {
      throw refused("development tokens are accepted on loopback addresses only");
    }
    String header = headers.get(0);
    if (header.length() > MOST_BYTES) {
      throw refused("the token is too long, at most " + MOST_BYTES + " bytes are allowed");
    }
    Matcher parts = BEARER.matcher(header);
    if (!parts.matches()) {
      throw refused(MALFORMED);
    }
    if (!MessageDigest.isEqual(decoded(parts.group(2)), mac(parts.group(1)))) {
      throw refused("the token's signature is wrong");
    }
    return read(text(decoded(parts.group(1))));
  }

  /** Reads the words of a token whose signature is right. */
  private Caller read(String payload) {
    List<String> words = new ArrayList<>(Arrays.asList(payload.split(" ", -1)));
    String subject = words.remove(0).replace("%20", " ").replace("%25", "%");
    String customer = claim("customer=", words);
    String expires = claim("expires=", words);
    int colon = subject.indexOf(':');
    String word = colon < 0 ? subject : subject.substring(0, colon);
    String id = colon < 0 ? "" : subject.substring(colon + 1);
    Caller.Kind kind =
        Arrays.stream(Caller.Kind.values())
            .filter(one -> one.word.equals(word) && one != Caller.Kind.ANONYMOUS)
            .findFirst()
            .orElseThrow(() -> refused(MALFORMED));
    if (kind == Caller.Kind.STAFF && id.isEmpty()) {
      id = word;
    }
    checkId(id);
    checkCustomer(kind, customer);
    if (expires != null) {
      checkExpiry(expires);
    }
    return new Caller(kind, id, customer == null ? "" : customer, List.copyOf(words));
  }

  /** Takes the first word if it is this claim. */
  private static String claim(String name, List<String> words) {
    boolean isThere = !words.isEmpty() && words.get(0).startsWith(name);
    return isThere ? words.remove(0).substring(name.length()) : null;
  }

  private static void checkId(String id) {
    boolean isAllowed =
        !id.isEmpty()
            && id.codePointCount(0, id.length()) <= MOST_CHARACTERS
            && id.chars().noneMatch(Character::isISOControl)
            && id.strip().equals(id)
            && Normalizer.isNormalized(id, Normalizer.Form.NFC);
    if (!isAllowed) {
      throw refused("the id of the caller must be 1 to " + MOST_CHARACTERS
          + " characters, without control characters and spaces at the ends, in Unicode normal form C");
    }
  }

  private static void checkCustomer(Caller.Kind kind, String customer) {
    boolean isPerson = kind == Caller.Kind.USER || kind == Caller.Kind.GUEST;
    if (isPerson != (customer != null)) {
      throw refused(isPerson ? "the token of a user names no customer"
          : "the token names a customer, and its caller has none");
    }
    if (customer != null && !CUSTOMER.matcher(customer).matches()) {
      throw refused("the customer of the token is not `customer_` and 26 characters of base 32");
    }
  }

  private void checkExpiry(String expires) {
    if (!SECONDS.matcher(expires).matches()) {
      throw refused(MALFORMED);
    }
    if (clock.instant().getEpochSecond() >= Long.parseLong(expires)) {
      throw refused("the token has expired");
    }
  }

  private byte[] mac(String payload) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(payload.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  private static byte[] decoded(String base64) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(base64);
      // Base64 can write the same bytes in several ways; only the standard one is valid.
      if (Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(base64)) {
        return bytes;
      }
    } catch (IllegalArgumentException error) {
      // It is no base64.
    }
    throw refused(MALFORMED);
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException error) {
      throw refused(MALFORMED);
    }
  }

  private static Refusal refused(String message) {
    return Refusal.of(ErrorReason.ERROR_REASON_UNAUTHENTICATED, message);
  }
}
