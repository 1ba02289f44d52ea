package example.acme.chassis;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.util.Durations;
import example.souk.policy.v1.Criticality;
import example.souk.policy.v1.ErrorReason;
import example.souk.policy.v1.Grant;
import example.souk.policy.v1.MethodPolicy;
import example.souk.policy.v1.PolicyProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What the contract says of a method, read from its descriptor. */
final class Policy {
  private static final Grant EVERYONE = Grant.newBuilder().setCaller(example.souk.policy.v1.Caller.CALLER_PUBLIC).build();
  private static final long PROBE_NANOS = 5_000_000_000L;

  /** Its name: souk.orders.v1.OrderService/PlaceOrder. */
  final String name;
  final MethodDescriptor method;
  final String domain;
  /** Whether it is of health or reflection, which everyone may call. */
  final boolean isBackground;
  final boolean isStreaming;
  final boolean isCritical;
  /** The longest that a call may take; 0 is for as long as the caller stays connected. */
  final long timeoutNanos;
  final Owned owned;
  /** The most bytes of a message that it reads. */
  final long maxBytes;
  private final List<Grant> grants;
  private final List<String> reasons;

  Policy(MethodDescriptor method, long maxMessageBytes) {
    this.method = method;
    name = method.getService().getFullName() + "/" + method.getName();
    domain = Refusal.domainOf(method.getFile());
    isBackground = name.startsWith("grpc.");
    isStreaming = method.isClientStreaming() || method.isServerStreaming();
    MethodPolicy said = method.getOptions().getExtension(PolicyProto.method);
    if (!isBackground && said.getGrantsCount() == 0) {
      throw new IllegalStateException(name + " has no souk.policy.v1.method");
    }
    Criticality criticality = said.getCriticality();
    isCritical = isBackground || criticality == Criticality.CRITICALITY_CRITICAL
        || criticality == Criticality.CRITICALITY_CRITICAL_PLUS;
    long probe = isStreaming ? 0 : PROBE_NANOS;
    timeoutNanos = isBackground ? probe : Durations.toNanos(said.getTimeout());
    grants = isBackground ? List.of(EVERYONE) : said.getGrantsList();
    reasons = said.getReasonsList();
    owned = new Owned(method, said.getOwn());
    maxBytes = (long) Math.min(maxMessageBytes, isBackground ? maxMessageBytes : Bounds.of(method.getInputType()));
  }

  /** Refuses a caller that no grant admits (C-ACCESS-1 to 3, C-OWN-5). */
  void check(Caller caller) {
    List<String> lacking = null;
    boolean isKindKnown = false;
    for (Grant grant : grants) {
      if (grant.getCaller() == example.souk.policy.v1.Caller.CALLER_PUBLIC) {
        return;
      }
      boolean isExcluded = caller.kind() == Caller.Kind.GUEST && grant.getExcludesGuests();
      if (grant.getCaller() != caller.kind().inContract || isExcluded) {
        continue;
      }
      isKindKnown = true;
      List<String> missing = new ArrayList<>(grant.getScopesList());
      missing.removeIf(caller::has);
      if (missing.isEmpty()) {
        return;
      }
      lacking = lacking == null || missing.size() < lacking.size() ? missing : lacking;
    }
    if (caller.kind() == Caller.Kind.ANONYMOUS) {
      throw Refusal.of(ErrorReason.ERROR_REASON_UNAUTHENTICATED, name + " needs a token");
    }
    if (isKindKnown) {
      String scopes = String.join(",", lacking);
      throw Refusal.of(ErrorReason.ERROR_REASON_ACCESS_DENIED, "the token lacks " + scopes, Map.of("scopes", scopes));
    }
    String admitted = grants.stream().map(Policy::inWords).distinct().collect(Collectors.joining(" and "));
    throw Refusal.of(ErrorReason.ERROR_REASON_ACCESS_DENIED, name + " is for " + admitted);
  }

  /** Returns whether the method may fail with a reason; other packages' need not be listed. */
  boolean lists(Refusal refusal) {
    boolean isCommon = refusal.reason().equals(ErrorReason.ERROR_REASON_INVALID_FIELD.name());
    return !refusal.domain().equals(domain) || isCommon || isBackground || reasons.contains(refusal.reason());
  }

  private static String inWords(Grant grant) {
    return inWords(grant.getCaller());
  }

  static String inWords(example.souk.policy.v1.Caller kind) {
    for (Caller.Kind one : Caller.Kind.values()) {
      if (one.inContract == kind) {
        return one.plural;
      }
    }
    return kind.name();
  }
}
