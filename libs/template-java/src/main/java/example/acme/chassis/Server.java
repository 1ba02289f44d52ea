package example.acme.chassis;

import com.google.protobuf.Descriptors.Descriptor;
import io.grpc.BindableService;
import io.grpc.DecompressorRegistry;
import io.grpc.HandlerRegistry;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The gRPC server. grpc-java asks it for every method, known or not, and passes on bytes. */
final class Server extends HandlerRegistry {
  private static final int THREADS = 32;
  private static final int MAX_HEADER_BYTES = 65_536;

  final Log log;
  final Metrics metrics;
  final Traces traces;
  final Identity identity;
  final Limits limits;
  final ScheduledExecutorService scheduler;
  /** The streams that are open, which end at a drain. */
  final Set<Call> streams = ConcurrentHashMap.newKeySet();
  private final Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();
  private final List<ServerServiceDefinition> services = new ArrayList<>();
  private final ExecutorService executor = executor();
  private io.grpc.Server running;
  private volatile boolean isDraining;

  Server(Log log, Metrics metrics, Traces traces, Identity identity, Limits limits, ScheduledExecutorService scheduler) {
    this.log = log;
    this.metrics = metrics;
    this.traces = traces;
    this.identity = identity;
    this.limits = limits;
    this.scheduler = scheduler;
  }

  /** Adds services, and compiles the rules of their requests. */
  void add(List<BindableService> added, long maxMessageBytes) {
    List<Policy> policies = new ArrayList<>();
    List<ServerMethodDefinition<?, ?>> generated = new ArrayList<>();
    for (BindableService service : added) {
      ServerServiceDefinition definition = service.bindService();
      services.add(definition);
      for (ServerMethodDefinition<?, ?> one : definition.getMethods()) {
        var schema = (ProtoMethodDescriptorSupplier) one.getMethodDescriptor().getSchemaDescriptor();
        policies.add(new Policy(schema.getMethodDescriptor(), maxMessageBytes));
        generated.add(one);
      }
    }
    List<Descriptor> requests =
        policies.stream().filter(policy -> !policy.isBackground).map(policy -> policy.method.getInputType()).toList();
    Validation validation = new Validation(requests);
    for (int at = 0; at < policies.size(); at++) {
      String name = policies.get(at).name;
      Method<?, ?> method = new Method<>(policies.get(at), generated.get(at), validation);
      methods.put(name, inBytes(name, new Incoming(this, name, method)));
    }
  }

  @Override
  public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
    ServerMethodDefinition<?, ?> known = methods.get(name);
    return known == null ? inBytes(name, new Incoming(this, name, null)) : known;
  }

  /** What reflection describes. */
  @Override
  public List<ServerServiceDefinition> getServices() {
    return services;
  }

  /** Binds and serves; returns the port. */
  int start(InetSocketAddress address) throws IOException {
    running =
        NettyServerBuilder.forAddress(address)
            .fallbackHandlerRegistry(this)
            .decompressorRegistry(DecompressorRegistry.emptyInstance())
            .addStreamTracerFactory(new Inbound.Factory())
            .executor(executor)
            .maxInboundMetadataSize(MAX_HEADER_BYTES)
            // Inbound refuses earlier, and with details.
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build()
            .start();
    return running.getPort();
  }

  boolean isDraining() {
    return isDraining;
  }

  /** Closes the listener, ends streams, and waits for other calls; false when some are left. */
  boolean drain(long seconds) throws InterruptedException {
    isDraining = true;
    running.shutdown();
    for (Call stream : streams) {
      stream.cut(Refusal.draining());
    }
    boolean isDone = running.awaitTermination(seconds, TimeUnit.SECONDS);
    running.shutdownNow();
    return isDone;
  }

  /** gRPC may not count messages: it would refuse a second one without details. */
  private static ServerMethodDefinition<byte[], byte[]> inBytes(String name, Incoming incoming) {
    MethodDescriptor<byte[], byte[]> descriptor =
        MethodDescriptor.newBuilder(Bytes.MARSHALLER, Bytes.MARSHALLER)
            .setType(MethodType.BIDI_STREAMING)
            .setFullMethodName(name)
            .build();
    return ServerMethodDefinition.create(descriptor, incoming);
  }

  private static ExecutorService executor() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(), Chassis::daemon);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** Messages as they are on the wire. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    static final Bytes MARSHALLER = new Bytes();

    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream message) {
      try {
        return message.readAllBytes();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }
}
