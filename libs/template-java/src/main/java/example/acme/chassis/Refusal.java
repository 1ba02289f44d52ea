package example.acme.chassis;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.ProtocolMessageEnum;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import example.souk.policy.v1.ErrorReason;
import example.souk.policy.v1.ReasonPolicy;
import example.souk.policy.v1.ReasonProto;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An error that a caller gets, with the reason that the contract gives it (C-ERROR-1). */
public final class Refusal extends RuntimeException {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Status.Code code;
  private final String reason;
  private final String domain;
  private final Map<String, String> facts;
  private final List<Message> details = new ArrayList<>();

  private Refusal(Status.Code code, String reason, String domain, String message, Map<String, String> facts, Throwable cause) {
    super(message, cause, false, cause != null);
    this.code = code;
    this.reason = reason;
    this.domain = domain;
    this.facts = facts;
  }

  /** Returns a refusal with a reason of a contract and its metadata. */
  public static Refusal of(ProtocolMessageEnum reason, String message, Map<String, String> facts) {
    EnumValueDescriptor value = reason.getValueDescriptor();
    ReasonPolicy policy = value.getOptions().getExtension(ReasonProto.reason);
    Status.Code code = Status.fromCodeValue(policy.getCodeValue()).getCode();
    return new Refusal(code, value.getName(), domainOf(value.getFile()), message, facts, null);
  }

  /** Returns a refusal with a reason that has no metadata. */
  public static Refusal of(ProtocolMessageEnum reason, String message) {
    return of(reason, message, Map.of());
  }

  /** Returns a refusal of fields of a request. The domain is that of the method. */
  public static Refusal invalid(String domain, List<FieldViolation> violations) {
    FieldViolation first = violations.get(0);
    String field = first.getField().isEmpty() ? "request" : "field " + first.getField();
    String message = field + " " + first.getDescription();
    Refusal plain = of(ErrorReason.ERROR_REASON_INVALID_FIELD, message);
    return new Refusal(plain.code, plain.reason, domain, message, Map.of(), null).naming(violations);
  }

  /** Returns a refusal of one field. */
  public static Refusal invalid(String domain, String field, String rule) {
    return invalid(domain, List.of(violation(field, rule)));
  }

  static Refusal overloaded(String message) {
    return of(ErrorReason.ERROR_REASON_OVERLOADED, message).retry(100);
  }

  static Refusal tooManyStreams(String message) {
    return of(ErrorReason.ERROR_REASON_TOO_MANY_STREAMS, message).retry(1000);
  }

  static Refusal deadline() {
    return of(ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED, "the deadline has passed");
  }

  static Refusal draining() {
    return of(ErrorReason.ERROR_REASON_DRAINING, "this process is shutting down, retry");
  }

  static Refusal unimplemented(String method) {
    return of(ErrorReason.ERROR_REASON_UNIMPLEMENTED, "no method /" + method + " here");
  }

  /** Returns the refusal for anything that a method failed with. */
  static Refusal from(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof Refusal refusal) {
        return refusal;
      }
    }
    Status status = Status.fromThrowable(error);
    String message = status.getDescription() == null ? "" : status.getDescription();
    Refusal plain =
        switch (status.getCode()) {
          case UNAVAILABLE -> of(ErrorReason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "an upstream service does not respond");
          case DEADLINE_EXCEEDED -> deadline();
          // Health: the standard names the code, and no reason has it.
          case NOT_FOUND, UNIMPLEMENTED -> of(ErrorReason.ERROR_REASON_UNIMPLEMENTED, message);
          default -> of(ErrorReason.ERROR_REASON_INTERNAL, "internal error");
        };
    Status.Code code = status.getCode() == Status.Code.NOT_FOUND ? status.getCode() : plain.code;
    return new Refusal(code, plain.reason, plain.domain, plain.getMessage(), Map.of(), error);
  }

  /** Adds the fields at fault. */
  public Refusal naming(List<FieldViolation> violations) {
    details.add(BadRequest.newBuilder().addAllFieldViolations(violations).build());
    return this;
  }

  private Refusal retry(int milliseconds) {
    Duration delay = Duration.newBuilder().setSeconds(milliseconds / 1000).setNanos(milliseconds % 1000 * 1_000_000).build();
    details.add(RetryInfo.newBuilder().setRetryDelay(delay).build());
    return this;
  }

  Status.Code code() {
    return code;
  }

  String domain() {
    return domain;
  }

  String reason() {
    return reason;
  }

  /** Returns whether the error needs an operator, so that the caller must not see its cause. */
  boolean isOurFault() {
    return code == Status.Code.INTERNAL || code == Status.Code.UNKNOWN || code == Status.Code.DATA_LOSS;
  }

  /** Returns what is logged beside code and reason; null when the caller knows everything. */
  String hidden() {
    boolean isHidden = isOurFault() || code == Status.Code.UNAVAILABLE && getCause() != null;
    return isHidden ? String.valueOf(getCause() == null ? getMessage() : getCause()) : null;
  }

  /** Returns the status that a caller gets. */
  Status status() {
    return code.toStatus().withDescription(isOurFault() ? "internal error" : getMessage());
  }

  /** Returns the trailers that a caller gets. */
  Metadata trailers(String traceId) {
    Map<String, String> shown = isOurFault() ? Map.of("trace_id", traceId) : facts;
    ErrorInfo info = ErrorInfo.newBuilder().setReason(reason).setDomain(domain).putAllMetadata(shown).build();
    com.google.rpc.Status.Builder whole = com.google.rpc.Status.newBuilder().setCode(code.value());
    whole.setMessage(status().getDescription()).addDetails(Any.pack(info));
    details.forEach(detail -> whole.addDetails(Any.pack(detail)));
    Metadata trailers = new Metadata();
    trailers.put(DETAILS, whole.build().toByteArray());
    return trailers;
  }

  static FieldViolation violation(String field, String rule) {
    return FieldViolation.newBuilder().setField(field).setDescription(rule).build();
  }

  /** Returns the package without its version, so that it stays the same in the next version. */
  static String domainOf(FileDescriptor file) {
    return file.getPackage().replaceFirst("\\.v[^.]*$", "");
  }
}
