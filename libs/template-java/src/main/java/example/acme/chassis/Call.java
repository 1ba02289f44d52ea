package example.acme.chassis;

import example.souk.policy.v1.ErrorReason;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import java.util.LinkedHashMap;
import java.util.Map;

/** One call, from its headers to its line in the log. */
final class Call {
  private static final Metadata.Key<String> ACCEPTS = Inbound.key("grpc-accept-encoding");
  private static final double NANOS = 1e9;

  /** What the contract says of its method; null when there is none. */
  final Policy policy;
  final Span span;
  private final Server server;
  private final ServerCall<byte[], byte[]> raw;
  private final Inbound inbound;
  private Caller caller = Caller.ANONYMOUS;
  private Limits.Permit permit;
  private Context.CancellableContext context;
  private boolean isOver;
  private boolean isCut;

  Call(Server server, Policy policy, ServerCall<byte[], byte[]> raw, Metadata headers, Inbound inbound) {
    this.server = server;
    this.policy = policy;
    this.raw = raw;
    this.inbound = inbound;
    span = server.traces.start(headers, name());
  }

  String name() {
    return policy == null ? "unknown" : policy.name;
  }

  String traceId() {
    return span.getSpanContext().getTraceId();
  }

  ServerCall<byte[], byte[]> raw() {
    return raw;
  }

  synchronized void identified(Caller who) {
    caller = who;
  }

  /** Keeps what the call was admitted with; false when it is over already. */
  synchronized boolean holds(Limits.Permit admitted, Context.CancellableContext within) {
    if (isOver) {
      return false;
    }
    permit = admitted;
    context = within;
    return true;
  }

  /** Returns whether nothing more can be sent. */
  synchronized boolean isOver() {
    return isOver;
  }

  /** Returns whether the call was ended while its method still ran. */
  synchronized boolean isCut() {
    return isCut;
  }

  synchronized void begin(Metadata headers) {
    if (!isOver) {
      raw.sendHeaders(headers);
    }
  }

  synchronized void send(byte[] message) {
    if (!isOver) {
      raw.sendMessage(message);
    }
  }

  /** Ends the call well. */
  void succeed() {
    finish(Status.OK, new Metadata(), null, false);
  }

  /** Ends the call because its method failed, or was not reached. */
  void fail(Throwable error) {
    refuse(Refusal.from(error), false);
  }

  /** Ends the call while its method may still run. */
  void cut(Refusal refusal) {
    refuse(refusal, true);
  }

  void tooLarge() {
    String message = "the message is too large, at most " + policy.maxBytes + " bytes are allowed";
    cut(Refusal.of(ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE, message));
  }

  private void refuse(Refusal refusal, boolean isRunning) {
    Metadata trailers = refusal.trailers(traceId());
    if (refusal.code() == Status.Code.UNIMPLEMENTED) {
      trailers.put(ACCEPTS, "identity");
    }
    finish(refusal.status(), trailers, refusal, isRunning);
    if (policy != null && !policy.lists(refusal)) {
      server.metrics.unlisted(policy.name, refusal.reason());
      server.log.write(Log.Level.ERROR, policy.name + " failed with " + refusal.reason() + ", which its contract does not list");
    }
  }

  /** The caller went away. */
  void abandoned() {
    finish(Status.CANCELLED, null, null, true);
    sent();
  }

  /** The response has left. */
  void sent() {
    Limits.Permit held;
    synchronized (this) {
      held = permit;
      permit = null;
    }
    if (held != null) {
      held.sent().run();
    }
  }

  private void finish(Status status, Metadata trailers, Refusal refusal, boolean isRunning) {
    synchronized (this) {
      if (isOver) {
        return;
      }
      isOver = true;
      isCut = isRunning;
      if (permit != null) {
        permit.answered().run();
      }
      // Before the response leaves, so that a caller finds its call counted.
      tell(status.getCode().name(), refusal);
      if (trailers != null) {
        raw.close(status, trailers);
      }
    }
    server.streams.remove(this);
    if (context != null) {
      context.cancel(null);
    }
  }

  private void tell(String code, Refusal refusal) {
    double seconds = (System.nanoTime() - inbound.arrivedNanos) / NANOS;
    server.metrics.count(name(), code, seconds);
    span.setAttribute(AttributeKey.stringKey("rpc.response.status_code"), code);
    span.end();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("rpc.method", name());
    fields.put("rpc.code", code);
    if (refusal != null) {
      fields.put("rpc.reason", refusal.reason());
    }
    fields.put("rpc.duration_ms", Math.round(seconds * 1e6) / 1e3);
    fields.put("caller", caller.logged());
    fields.put("trace.id", traceId());
    if (refusal != null && refusal.hidden() != null) {
      fields.put("error", refusal.hidden());
    }
    boolean isBackground = policy != null && policy.isBackground;
    Log.Level usual = isBackground ? Log.Level.DEBUG : Log.Level.INFO;
    server.log.write(refusal != null && refusal.isOurFault() ? Log.Level.ERROR : usual, "request", fields);
  }
}
