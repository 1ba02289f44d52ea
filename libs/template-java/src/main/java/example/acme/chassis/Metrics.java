package example.acme.chassis;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.IntSupplier;

/** What is counted (C-METRIC). */
public final class Metrics {
  private static final double[] SECONDS = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};

  /** Where a service registers its own. */
  public final PrometheusRegistry registry = new PrometheusRegistry();

  private final Histogram calls =
      Histogram.builder()
          .name("rpc_server_call_duration_seconds")
          .help("How long calls took, by method and outcome.")
          .labelNames("rpc_system_name", "rpc_method", "rpc_response_status_code", "error_type")
          .classicOnly()
          .classicUpperBounds(SECONDS)
          .register(registry);
  private final Counter refused =
      Counter.builder().name("souk_refused").help("Calls refused by a limit.").labelNames("cap").register(registry);
  private final Counter unlisted =
      Counter.builder()
          .name("souk_unlisted_reasons")
          .help("Errors with a reason that the contract does not list for the method.")
          .labelNames("rpc_method", "reason")
          .register(registry);

  void count(String method, String code, double seconds) {
    calls.labelValues("grpc", method, code, code.equals("OK") ? "" : code).observe(seconds);
  }

  void refused(String cap) {
    refused.labelValues(cap).inc();
  }

  void unlisted(String method, String reason) {
    unlisted.labelValues(method, reason).inc();
  }

  void watchRequests(IntSupplier count) {
    GaugeWithCallback.builder()
        .name("souk_requests_in_work")
        .help("Requests and streams in work now.")
        .callback(gauge -> gauge.call(count.getAsInt()))
        .register(registry);
  }

  /** Returns the page. */
  byte[] page() throws IOException {
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.builder().build().write(page, registry.scrape());
    return page.toByteArray();
  }
}
