package example.acme.chassis;

import io.grpc.BindableService;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The life of a process: configure, build, bind, serve, drain, exit (C-START, C-DRAIN). */
public final class Chassis {
  /** Assembles a service. */
  @FunctionalInterface
  public interface Build {
    void build(Service service) throws Exception;
  }

  private final String name;
  private final Settings settings;
  private final Log log;
  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2, Chassis::daemon);
  // Held as long as the process lives: only one process may use the folder.
  private FileChannel lock;
  private Service service;
  private Server server;
  private Health health;
  private Traces traces;
  private volatile boolean isDraining;

  private Chassis(String name, Settings settings) {
    this.name = name;
    this.settings = settings;
    log = new Log(settings.text("log.format"), settings.text("log.level"));
  }

  /**
   * Runs a service until SIGTERM or SIGINT. The only argument is --config FILE; the defaults are in
   * default.toml beside the class `home`. The exit code is 0 after a clean drain, 64 for a wrong
   * setting or argument, 1 for everything else.
   */
  public static void main(String name, Class<?> home, Build build, String[] arguments) {
    try {
      String prefix = name.toUpperCase(Locale.ROOT).replace('-', '_') + "__";
      List<String> defaults = List.of(resource(Chassis.class), resource(home));
      Settings settings = Settings.read(defaults, fileOf(arguments), prefix, System.getenv());
      new Chassis(name, settings).run(build);
    } catch (StartException wrong) {
      System.err.println(name + ": " + wrong.getMessage().replaceAll("\\s+", " "));
      Runtime.getRuntime().halt(wrong.exit);
    } catch (Exception error) {
      System.err.println(name + ": " + String.valueOf(error).replaceAll("\\s+", " "));
      Runtime.getRuntime().halt(1);
    }
  }

  static Thread daemon(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    return thread;
  }

  private static String fileOf(String[] arguments) throws StartException {
    if (arguments.length == 0) {
      return null;
    }
    if (arguments.length == 2 && arguments[0].equals("--config")) {
      return arguments[1];
    }
    throw StartException.setting(String.join(" ", arguments) + ": the only argument is --config FILE");
  }

  private static String resource(Class<?> home) throws IOException {
    try (InputStream file = home.getResourceAsStream("default.toml")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private void run(Build build) throws Exception {
    Path dataDir = Path.of(settings.text("data_dir"));
    lock(dataDir);
    Metrics metrics = new Metrics();
    service = new Service(settings, dataDir, log, metrics, Clock.systemUTC());
    build.build(service);
    if (service.invariants == null) {
      throw StartException.other("it says nothing of its invariants", null);
    }
    InetSocketAddress address = SettingRules.address(settings.text("server.listen"));
    traces = new Traces(settings.text("telemetry.otlp_endpoint"), name);
    Identity identity =
        new Identity(settings.text("identity.development_key"), address.getAddress().isLoopbackAddress(), service.clock);
    server = new Server(log, metrics, traces, identity, new Limits(settings, metrics, log), scheduler);
    server.add(served(), settings.number("server.max_message_bytes"));
    lookAfterHealth();
    InetSocketAddress pages = SettingRules.address(settings.text("server.metrics_listen"));
    int metricsPort = bound("server.metrics_listen", () -> new Pages(metrics, health).start(pages));
    int port = bound("server.listen", () -> server.start(address));
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
    writeReadyFile(address, port, pages, metricsPort);
    log.write(Log.Level.INFO, "serving on " + shown(address, port) + ", metrics on " + shown(pages, metricsPort));
    new CountDownLatch(1).await();
  }

  private List<BindableService> served() {
    List<String> names = service.services.stream().map(one -> one.bindService().getServiceDescriptor().getName()).toList();
    health = new Health(names);
    List<BindableService> all = new ArrayList<>(service.services);
    all.add(new Invariants(name, service.invariants));
    all.add(health);
    all.add(ProtoReflectionServiceV1.newInstance());
    all.add(oldReflection());
    return all;
  }

  /** Older tools ask for v1alpha. */
  @SuppressWarnings("deprecation")
  private static BindableService oldReflection() {
    return ProtoReflectionService.newInstance();
  }

  private void lock(Path dataDir) throws StartException {
    try {
      Files.createDirectories(dataDir);
      lock = FileChannel.open(dataDir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (lock.tryLock() == null) {
        throw StartException.other("data_dir " + dataDir + " is in use by another process", null);
      }
    } catch (IOException error) {
      throw StartException.other("data_dir " + dataDir + ": " + error.getMessage(), error);
    }
  }

  private void lookAfterHealth() {
    scheduler.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    look();
  }

  private void look() {
    boolean can = !isDraining;
    try {
      service.ready.check();
    } catch (Exception error) {
      can = false;
      log.write(Log.Level.WARN, "not ready: " + error);
    }
    // The drain may have begun during the check.
    synchronized (this) {
      health.set(can && !isDraining);
    }
  }

  private interface Bind {
    int bind() throws IOException;
  }

  private int bound(String key, Bind bind) throws StartException {
    try {
      return bind.bind();
    } catch (IOException error) {
      throw StartException.other(key + " = " + settings.text(key) + " cannot be bound: " + error.getMessage(), error);
    }
  }

  private void writeReadyFile(InetSocketAddress address, int port, InetSocketAddress pages, int metricsPort)
      throws StartException {
    if (settings.text("server.ready_file").isEmpty()) {
      return;
    }
    Path file = Path.of(settings.text("server.ready_file")).toAbsolutePath();
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(draft, "grpc=" + shown(address, port) + "\nmetrics=" + shown(pages, metricsPort) + "\n");
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException error) {
      throw StartException.other("server.ready_file cannot be written: " + error, error);
    }
  }

  private static String shown(InetSocketAddress address, int port) {
    String host = address.getHostString();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** Drains and exits; runs when a signal asks the process to end. */
  private void stop() {
    log.write(Log.Level.INFO, "draining");
    int exit = 0;
    try {
      synchronized (this) {
        isDraining = true;
        health.set(false);
      }
      if (!server.drain(settings.number("server.drain_seconds"))) {
        log.write(Log.Level.ERROR, "not everything ended in time: " + server.limits.requests() + " requests are left");
        exit = 1;
      }
      service.last.close();
      traces.stop();
    } catch (Exception error) {
      log.write(Log.Level.ERROR, "the drain failed: " + error);
      exit = 1;
    }
    // A hook cannot choose the exit code in any other way.
    Runtime.getRuntime().halt(exit);
  }
}
