package example.acme.chassis;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** The second listener: /metrics, /healthz and /readyz (C-HEALTH-5, C-METRIC-1). */
final class Pages {
  private static final int THREADS = 4;

  private final Metrics metrics;
  private final Health health;
  private HttpServer server;

  Pages(Metrics metrics, Health health) {
    this.metrics = metrics;
    this.health = health;
  }

  /** Binds and serves; returns the port. */
  int start(InetSocketAddress address) throws IOException {
    server = HttpServer.create(address, 0);
    server.setExecutor(Executors.newFixedThreadPool(THREADS, Chassis::daemon));
    server.createContext("/", this::serve);
    server.start();
    return server.getAddress().getPort();
  }

  private void serve(HttpExchange exchange) throws IOException {
    switch (exchange.getRequestURI().getPath()) {
      case "/metrics" -> send(exchange, 200, PrometheusTextFormatWriter.CONTENT_TYPE, metrics.page());
      case "/healthz" -> sendText(exchange, 200, "ok\n");
      case "/readyz" -> {
        boolean isReady = health.isServing();
        sendText(exchange, isReady ? 200 : 503, isReady ? "ok\n" : health.trouble());
      }
      default -> sendText(exchange, 404, "not found\n");
    }
  }

  private static void sendText(HttpExchange exchange, int status, String text) throws IOException {
    send(exchange, status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String kind, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("content-type", kind);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
