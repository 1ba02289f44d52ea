package example.acme.chassis;

import io.grpc.Context;

/** What a method may know of the call that it serves: Request.current(). */
public record Request(Caller caller, String method, String traceId) {
  static final Context.Key<Request> KEY = Context.key("souk-request");

  /** Returns the request that the current thread serves. */
  public static Request current() {
    return KEY.get();
  }
}
