package example.acme.chassis;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What gRPC reads of one request before and below its handler. It takes two headers out of gRPC's
 * hands, which would end the call without details, and counts the bytes of each message.
 */
final class Inbound extends ServerStreamTracer {
  static final Context.Key<Inbound> KEY = Context.key("souk-inbound");
  static final long LONGEST_NANOS = 180L * 24 * 3600 * 1_000_000_000;
  private static final Metadata.Key<String> TIMEOUT = key("grpc-timeout");
  private static final Metadata.Key<String> ENCODING = key("grpc-encoding");
  private static final Pattern TIMEOUT_FORM = Pattern.compile("(\\d{1,8})([HMSmun])");
  /** What HTTP/2 counts for each header beside its name and value. */
  private static final int HEADER_BYTES = 32;

  final long arrivedNanos = System.nanoTime();
  final String timeout;
  final String encoding;
  final int headerBytes;
  private volatile Call reader;
  private long messageBytes;

  Inbound(String method, Metadata headers) {
    headerBytes = method.length() + sizeOf(headers);
    timeout = headers.get(TIMEOUT);
    encoding = headers.get(ENCODING);
    headers.discardAll(TIMEOUT);
    headers.discardAll(ENCODING);
  }

  /** Makes one for each request. */
  static final class Factory extends ServerStreamTracer.Factory {
    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
      return new Inbound(method, headers);
    }
  }

  static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /** Returns the time that a grpc-timeout asks for; below zero when it cannot be read. */
  static long nanosOf(String timeout) {
    Matcher parts = TIMEOUT_FORM.matcher(timeout);
    if (!parts.matches()) {
      return -1;
    }
    long unit =
        switch (parts.group(2)) {
          case "H" -> 3_600_000_000_000L;
          case "M" -> 60_000_000_000L;
          case "S" -> 1_000_000_000L;
          case "m" -> 1_000_000L;
          case "u" -> 1_000L;
          default -> 1L;
        };
    long count = Long.parseLong(parts.group(1));
    return count > LONGEST_NANOS / unit ? LONGEST_NANOS : count * unit;
  }

  /** From now on messages are read for this call. */
  void readFor(Call call) {
    reader = call;
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(KEY, this);
  }

  @Override
  public void inboundMessage(int number) {
    messageBytes = 0;
  }

  @Override
  public void inboundWireSize(long bytes) {
    messageBytes += bytes;
    Call call = reader;
    if (call != null && messageBytes > call.policy.maxBytes) {
      call.tooLarge();
    }
  }

  private static int sizeOf(Metadata headers) {
    int size = 0;
    for (String name : headers.keys()) {
      boolean isBinary = name.endsWith(Metadata.BINARY_HEADER_SUFFIX);
      Metadata.Key<?> key = isBinary ? Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER) : key(name);
      Iterable<?> values = headers.getAll(key);
      for (Object value : values) {
        int bytes = isBinary ? ((byte[]) value).length * 4 / 3 : ((String) value).length();
        size += name.length() + bytes + HEADER_BYTES;
      }
    }
    return size;
  }
}
