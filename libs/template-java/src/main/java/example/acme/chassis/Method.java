package example.acme.chassis;

import com.google.protobuf.Message;
import com.google.protobuf.MessageLite;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;

/** A method of generated code: it sees only messages that keep the rules of the contract. */
final class Method<Q, R> {
  final Policy policy;
  private final ServerMethodDefinition<Q, R> generated;
  private final Validation validation;

  Method(Policy policy, ServerMethodDefinition<Q, R> generated, Validation validation) {
    this.policy = policy;
    this.generated = generated;
    this.validation = validation;
  }

  /** Starts the generated code for one call. */
  ServerCall.Listener<byte[]> start(Call call, Context.CancellableContext context, Metadata headers) throws Exception {
    ServerCall.Listener<Q> inner =
        context.call(() -> generated.getServerCallHandler().startCall(new Responses(call), headers));
    return new Requests(call, context, inner);
  }

  /** Decodes and checks a message. */
  @SuppressWarnings("unchecked")
  private Q read(byte[] bytes, Caller caller) {
    Message message;
    try {
      message = (Message) generated.getMethodDescriptor().parseRequest(new ByteArrayInputStream(bytes));
    } catch (RuntimeException error) {
      throw Refusal.invalid(policy.domain, "", "is not a valid protobuf message of its type");
    }
    if (policy.isBackground) {
      return (Q) message;
    }
    validation.check(message, policy.domain);
    return (Q) policy.owned.check(caller, message);
  }

  /** The messages of a call as they come. */
  private final class Requests extends ServerCall.Listener<byte[]> {
    private final Call call;
    private final Context.CancellableContext context;
    private final ServerCall.Listener<Q> inner;
    private boolean isRead;

    Requests(Call call, Context.CancellableContext context, ServerCall.Listener<Q> inner) {
      this.call = call;
      this.context = context;
      this.inner = inner;
    }

    @Override
    public void onMessage(byte[] bytes) {
      run(
          () -> {
            if (isRead && !policy.method.isClientStreaming()) {
              throw Refusal.invalid(policy.domain, "", "has more than one message, but this method takes one");
            }
            isRead = true;
            inner.onMessage(read(bytes, Request.current().caller()));
          });
    }

    @Override
    public void onHalfClose() {
      run(
          () -> {
            if (!isRead && !policy.method.isClientStreaming()) {
              throw Refusal.invalid(policy.domain, "", "has no message");
            }
            inner.onHalfClose();
          });
    }

    @Override
    public void onReady() {
      run(inner::onReady);
    }

    @Override
    public void onCancel() {
      call.abandoned();
      context.run(inner::onCancel);
    }

    @Override
    public void onComplete() {
      call.sent();
      // The generated code must know that nobody listens any more.
      context.run(call.isCut() ? inner::onCancel : inner::onComplete);
    }

    private void run(Runnable step) {
      if (call.isOver()) {
        return;
      }
      try {
        context.run(step);
      } catch (RuntimeException | StackOverflowError error) {
        call.fail(error);
      }
    }
  }

  /** A call as generated code answers it. */
  private final class Responses extends ServerCall<Q, R> {
    private final Call call;

    Responses(Call call) {
      this.call = call;
    }

    @Override
    public void request(int messages) {
      call.raw().request(messages);
    }

    @Override
    public void sendHeaders(Metadata headers) {
      call.begin(headers);
    }

    @Override
    public void sendMessage(R message) {
      call.send(((MessageLite) message).toByteArray());
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (status.isOk()) {
        call.succeed();
      } else {
        call.fail(status.asException());
      }
    }

    @Override
    public boolean isReady() {
      return call.raw().isReady();
    }

    @Override
    public boolean isCancelled() {
      return call.isOver();
    }

    @Override
    public Attributes getAttributes() {
      return call.raw().getAttributes();
    }

    @Override
    public String getAuthority() {
      return call.raw().getAuthority();
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
      return generated.getMethodDescriptor();
    }
  }
}
