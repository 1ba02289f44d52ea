package example.acme.chassis;

import java.util.List;

/**
 * Who sent a request, after its token was verified.
 *
 * @param id what follows the kind in the subject; empty when anonymous
 * @param customer the customer, "customer_…", that owns what a person does; empty for others
 * @param scopes what its token allows it to do
 */
public record Caller(Kind kind, String id, String customer, List<String> scopes) {
  /** A caller without a token. */
  public static final Caller ANONYMOUS = new Caller(Kind.ANONYMOUS, "", "", List.of());

  /** What a caller is. Users and guests are people who buy: the contract grants to both as USER. */
  public enum Kind {
    ANONYMOUS("anonymous", "anonymous callers", example.souk.policy.v1.Caller.CALLER_PUBLIC),
    USER("user", "users", example.souk.policy.v1.Caller.CALLER_USER),
    GUEST("guest", "guests", example.souk.policy.v1.Caller.CALLER_USER),
    SERVICE("service", "services", example.souk.policy.v1.Caller.CALLER_SERVICE),
    STAFF("staff", "staff", example.souk.policy.v1.Caller.CALLER_STAFF);

    final String word;
    final String plural;
    final example.souk.policy.v1.Caller inContract;

    Kind(String word, String plural, example.souk.policy.v1.Caller inContract) {
      this.word = word;
      this.plural = plural;
      this.inContract = inContract;
    }
  }

  /** Returns the subject: "user:alice", "guest:x", "service:orders", "staff:ann" or "anonymous". */
  public String key() {
    return kind == Kind.ANONYMOUS ? kind.word : kind.word + ":" + id;
  }

  /** Returns the subject for logs, which outlive accounts: an e-mail address is hidden. */
  String logged() {
    return id.contains("@") ? kind.word + ":[hidden]" : key();
  }

  /** Returns whether the token has a scope. */
  public boolean has(String scope) {
    return scopes.contains("*") || scopes.contains(scope);
  }
}
