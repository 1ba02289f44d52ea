package example.acme.chassis;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the values of the chassis' settings must be beyond their types (C-CONFIG-4). */
final class SettingRules {
  private static final long MOST = 4_294_967_295L;
  private static final int MAX_MESSAGE_BYTES = 16_777_216;
  private static final Pattern ADDRESS = Pattern.compile("\\[?([^\\[\\]]+)]?:(\\d{1,5})");
  private static final Map<String, String> FORMS =
      Map.of(
          "data_dir", ".+",
          "log.format", "text|json",
          "log.level", "error|warn|info|debug|trace",
          "telemetry.otlp_endpoint", "(https?://.+)?",
          "identity.scopes", "(?=.{0,1000}$)(\\*|([a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)+ *)*)");

  private record Range(String key, long least, long most) {}

  private static final List<Range> RANGES =
      List.of(
          new Range("server.drain_seconds", 0, MOST),
          new Range("server.send_seconds", 1, 3600),
          new Range("server.max_requests", 0, MOST),
          new Range("server.max_requests_per_connection", 1, MOST),
          new Range("server.max_requests_per_peer", 1, MOST),
          new Range("server.max_unsent_bytes_per_peer", 1, MOST),
          new Range("server.max_streams_per_caller", 0, MOST),
          new Range("server.max_connections", 1, MOST),
          new Range("server.max_connections_per_peer", 1, MOST),
          new Range("server.max_message_bytes", 1, MAX_MESSAGE_BYTES),
          new Range("server.max_decoding_bytes", 0, MOST));

  private SettingRules() {}

  static void check(Settings settings) throws StartException {
    for (Map.Entry<String, String> form : FORMS.entrySet()) {
      if (!settings.text(form.getKey()).matches(form.getValue())) {
        throw settings.wrong(form.getKey(), "must match " + form.getValue());
      }
    }
    for (Range range : RANGES) {
      long value = settings.number(range.key());
      if (value < range.least() || value > range.most()) {
        throw settings.wrong(range.key(), "must be " + range.least() + " to " + range.most());
      }
    }
    for (String key : List.of("server.listen", "server.metrics_listen")) {
      if (address(settings.text(key)) == null) {
        throw settings.wrong(key, "must be an address with a port, such as 127.0.0.1:7300");
      }
    }
    if (settings.number("server.max_decoding_bytes") < settings.number("server.max_message_bytes")) {
      throw settings.wrong("server.max_decoding_bytes", "must be at least server.max_message_bytes");
    }
    for (JsonNode item : settings.at("server.trusted_proxies")) {
      if (!Limits.Networks.isOne(item.asText())) {
        throw settings.wrong("server.trusted_proxies", "must be a list of addresses or networks like \"10.0.0.0/8\"");
      }
    }
    for (Map.Entry<String, JsonNode> upstream : settings.at("upstreams").properties()) {
      if (!upstream.getValue().asText().matches("\\s*https?://[^\\s,]+(\\s*,\\s*https?://[^\\s,]+)*\\s*")) {
        throw settings.wrong("upstreams." + upstream.getKey(), "must name an address like http://127.0.0.1:7302");
      }
    }
  }

  /** Reads HOST:PORT; null when it is none. */
  static InetSocketAddress address(String text) {
    Matcher parts = ADDRESS.matcher(text);
    boolean isOne = parts.matches() && Integer.parseInt(parts.group(2)) <= 65_535;
    return isOne ? new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2))) : null;
  }
}
