package example.acme.chassis;

import com.google.common.collect.ImmutableList;
import example.souk.policy.v1.ErrorReason;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What every request passes before its method, in reading order. gRPC hands over messages as bytes,
 * so everything that the headers decide is decided before anything is decoded (C-ACCESS-7).
 */
final class Incoming implements ServerCallHandler<byte[], byte[]> {
  private static final Metadata.Key<String> AUTHORIZATION = Inbound.key("authorization");
  private static final Metadata.Key<String> CRITICALITY = Inbound.key("souk-criticality");
  private static final int MAX_HEADER_BYTES = 16_384;
  private static final String TIMEOUT_RULE = "is not 1 to 8 digits and one of H, M, S, m, u, n";

  private final Server server;
  private final String path;
  /** Null for a method that does not exist. */
  private final Method<?, ?> method;

  Incoming(Server server, String path, Method<?, ?> method) {
    this.server = server;
    this.path = path;
    this.method = method;
  }

  @Override
  public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> raw, Metadata headers) {
    // 1. Trace, log line and metrics: however the call ends, it can be found.
    Inbound inbound = Inbound.KEY.get();
    Call call = new Call(server, method == null ? null : method.policy, raw, headers, inbound);
    try {
      checkHead(inbound);
      // 2. The method: one look-up in a table that was made at the start.
      if (method == null) {
        throw Refusal.unimplemented(path);
      }
      // 3. Deadline, identity, access, limits: all from the headers.
      Context.CancellableContext context = admit(call, headers, inbound);
      // 4. The method. An error of it stays in this request.
      inbound.readFor(call);
      return method.start(call, context, headers);
    } catch (Exception error) {
      call.fail(error);
    }
    return new Ended(call);
  }

  private static void checkHead(Inbound inbound) {
    if (inbound.headerBytes > MAX_HEADER_BYTES) {
      throw Refusal.of(ErrorReason.ERROR_REASON_HEADERS_TOO_LARGE,
          "the headers of the request have more than " + MAX_HEADER_BYTES + " bytes");
    }
    if (inbound.encoding != null && !inbound.encoding.equals("identity")) {
      throw Refusal.of(ErrorReason.ERROR_REASON_UNSUPPORTED_COMPRESSION,
          "the request is compressed, but only identity is accepted", Map.of("accepted", "identity"));
    }
  }

  private Context.CancellableContext admit(Call call, Metadata headers, Inbound inbound) {
    Policy policy = call.policy;
    long timeout = timeout(policy, inbound);
    Iterable<String> tokens = headers.getAll(AUTHORIZATION);
    Caller caller = server.identity.identify(tokens == null ? List.of() : ImmutableList.copyOf(tokens));
    call.identified(caller);
    policy.check(caller);
    if (policy.isStreaming && server.isDraining()) {
      throw Refusal.draining();
    }
    InetSocketAddress peer = (InetSocketAddress) call.raw().getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    Limits.Permit permit = server.limits.enter(policy, isCritical(policy, caller, headers), caller, peer);
    Request request = new Request(caller, policy.name, call.traceId());
    Context.CancellableContext context = within(Context.current().withValue(Request.KEY, request), timeout, inbound);
    if (!call.holds(permit, context)) {
      permit.answered().run();
      permit.sent().run();
    }
    context.addListener(ended -> endAtDeadline(call, ended), Runnable::run);
    if (policy.isStreaming) {
      server.streams.add(call);
      if (call.isOver()) {
        server.streams.remove(call);
      }
      // The drain may have begun meanwhile.
      if (server.isDraining()) {
        throw Refusal.draining();
      }
    }
    return context;
  }

  /** A service passes on how critical the work of its caller is; all others get the contract's. */
  private static boolean isCritical(Policy policy, Caller caller, Metadata headers) {
    String stated = caller.kind() == Caller.Kind.SERVICE ? headers.get(CRITICALITY) : null;
    if (stated == null || !stated.matches("(sheddable|critical)(_plus)?")) {
      return policy.isCritical;
    }
    return stated.startsWith("critical");
  }

  /** Returns the caller's time or the contract's, whichever is less; 0 for none. */
  private static long timeout(Policy policy, Inbound inbound) {
    if (inbound.timeout == null) {
      return policy.timeoutNanos;
    }
    long asked = Inbound.nanosOf(inbound.timeout);
    if (asked < 0) {
      throw Refusal.invalid(policy.domain, "grpc-timeout", TIMEOUT_RULE);
    }
    if (asked == 0) {
      throw Refusal.deadline();
    }
    return policy.timeoutNanos == 0 ? asked : Math.min(asked, policy.timeoutNanos);
  }

  private Context.CancellableContext within(Context context, long timeout, Inbound inbound) {
    if (timeout == 0 || timeout >= Inbound.LONGEST_NANOS) {
      return context.withCancellation();
    }
    long left = timeout - (System.nanoTime() - inbound.arrivedNanos);
    return context.withDeadlineAfter(left, TimeUnit.NANOSECONDS, server.scheduler);
  }

  private static void endAtDeadline(Call call, Context ended) {
    if (ended.cancellationCause() instanceof TimeoutException) {
      call.cut(Refusal.deadline());
    }
  }

  /** Listens to what is left of a call that was refused. */
  private static final class Ended extends ServerCall.Listener<byte[]> {
    private final Call call;

    Ended(Call call) {
      this.call = call;
    }

    @Override
    public void onCancel() {
      call.abandoned();
    }

    @Override
    public void onComplete() {
      call.sent();
    }
  }
}
