package example.acme.chassis;

import example.souk.ops.v1.AuditCount;
import example.souk.ops.v1.AuditFinding;
import io.grpc.BindableService;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** A service as it is assembled: what it may use, and what it is made of. */
public final class Service {
  /** What a check of the records found (C-OPS-1). */
  public record Report(List<AuditCount> counts, List<AuditFinding> findings) {}

  /** Fails while the service cannot do its work. */
  @FunctionalInterface
  public interface Ready {
    void check() throws Exception;
  }

  public final Settings settings;
  public final Path dataDir;
  public final Log log;
  public final Metrics metrics;
  public final Clock clock;
  final List<BindableService> services = new ArrayList<>();
  Callable<Report> invariants;
  Ready ready = () -> {};
  AutoCloseable last = () -> {};

  Service(Settings settings, Path dataDir, Log log, Metrics metrics, Clock clock) {
    this.settings = settings;
    this.dataDir = dataDir;
    this.log = log;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** Serves a gRPC service. */
  public void serve(BindableService service) {
    services.add(service);
  }

  /** Says what must hold in the records. Without it the service does not start (C-OPS-4). */
  public void invariants(Callable<Report> check) {
    invariants = check;
  }

  /** Is asked every second whether the service can do its work. */
  public void ready(Ready check) {
    ready = check;
  }

  /** Is closed after the last request. */
  public void closeLast(AutoCloseable what) {
    last = what;
  }
}
