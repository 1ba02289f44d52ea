package example.acme.chassis;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How much a process takes on at once, and how much of it one caller may have (C-LIMIT). */
final class Limits {
  private static final long LOG_EVERY_NANOS = 10_000_000_000L;
  private static final int WATCHES = 32;
  private static final int PROBES = 256;

  private final Settings settings;
  private final Metrics metrics;
  private final Log log;
  private final Networks proxies;
  private int requests;
  private int anonymous;
  private final Map<Object, Integer> counts = new HashMap<>();
  private final Map<String, Long> logged = new HashMap<>();

  Limits(Settings settings, Metrics metrics, Log log) {
    this.settings = settings;
    this.metrics = metrics;
    this.log = log;
    proxies = new Networks(settings.texts("server.trusted_proxies"));
    metrics.watchRequests(() -> requests());
  }

  /** What a call holds: the first until its response is ready, the second until it is sent. */
  record Permit(Runnable answered, Runnable sent) {}

  /** Admits a call, or refuses it. */
  synchronized Permit enter(Policy policy, boolean isCritical, Caller caller, InetSocketAddress peer) {
    if (policy.isBackground) {
      return enterBackground(policy, peer);
    }
    String address = peer.getAddress().getHostAddress();
    boolean isShared = caller.kind() == Caller.Kind.SERVICE || proxies.contains(peer.getAddress());
    Share connection = new Share("requests_per_connection", peer);
    Share host = new Share("requests_per_peer", address);
    if (!isShared) {
      checkShare(connection, address);
      checkShare(host, address);
    }
    boolean isAnonymous = caller.kind() == Caller.Kind.ANONYMOUS;
    checkProcess(isCritical && !isAnonymous, isAnonymous, address);
    Share stream = new Share("streams_per_caller", isAnonymous ? address : caller.key());
    if (policy.isStreaming && count(stream) >= settings.number("server.max_streams_per_caller")) {
      tell("streams_per_caller", "server.max_streams_per_caller", address);
      throw Refusal.tooManyStreams("at most " + settings.number("server.max_streams_per_caller")
          + " streams per caller may be open at once");
    }
    add(1, isAnonymous, policy.isStreaming ? stream : null);
    change(connection, 1);
    change(host, 1);
    return new Permit(
        () -> add(-1, isAnonymous, policy.isStreaming ? stream : null),
        () -> {
          change(connection, -1);
          change(host, -1);
        });
  }

  private record Share(String name, Object of) {}

  private Permit enterBackground(Policy policy, InetSocketAddress peer) {
    Share share = new Share(policy.isStreaming ? "watches" : "probes", peer);
    int most = policy.isStreaming ? WATCHES : PROBES;
    if (count(share) >= most) {
      tell("background_per_connection", "calls of health and reflection on one connection", peer.toString());
      throw Refusal.tooManyStreams("at most " + most + " calls of health and reflection may be open on one connection");
    }
    change(share, 1);
    return new Permit(() -> {}, () -> change(share, -1));
  }

  private void checkShare(Share share, String address) {
    String setting = "server.max_" + share.name();
    if (count(share) >= settings.number(setting)) {
      tell(share.name(), setting, address);
      throw Refusal.overloaded("too many requests from one address: " + setting + " is reached");
    }
  }

  /** The last tenth is for critical calls; of the rest anonymous callers have three quarters. */
  private void checkProcess(boolean isCritical, boolean isAnonymous, String address) {
    long all = settings.number("server.max_requests");
    long ordinary = all - all / 10;
    boolean isFull = requests >= (isCritical ? all : ordinary);
    if (isFull || isAnonymous && anonymous >= ordinary - ordinary / 4) {
      tell(isFull ? "requests" : "anonymous_requests", "server.max_requests", address);
      throw Refusal.overloaded("too many requests at once");
    }
  }

  private synchronized void add(int step, boolean isAnonymous, Share stream) {
    requests += step;
    anonymous += isAnonymous ? step : 0;
    if (stream != null) {
      change(stream, step);
    }
  }

  private synchronized void change(Share share, int step) {
    counts.merge(share, step, Integer::sum);
    counts.remove(share, 0);
  }

  private int count(Share share) {
    return counts.getOrDefault(share, 0);
  }

  synchronized int requests() {
    return requests;
  }

  /** Counts a refusal, and logs it at most once in ten seconds for each cap. */
  private void tell(String cap, String setting, String address) {
    metrics.refused(cap);
    long now = System.nanoTime();
    Long last = logged.get(cap);
    if (last == null || now - last > LOG_EVERY_NANOS) {
      logged.put(cap, now);
      log.write(Log.Level.WARN, "refused " + address + ": " + setting + " is reached", Map.of("cap", cap, "peer", address));
    }
  }

  /** Addresses and networks such as 10.0.0.0/8. */
  record Networks(List<String> texts) {
    boolean contains(InetAddress address) {
      return texts.stream().anyMatch(text -> isIn(text, address));
    }

    private static boolean isIn(String text, InetAddress address) {
      String[] parts = text.split("/", 2);
      byte[] network = literal(parts[0]);
      byte[] bytes = address.getAddress();
      if (network.length != bytes.length) {
        return false;
      }
      int bits = parts.length == 1 ? 8 * bytes.length : Integer.parseInt(parts[1]);
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> bit % 8;
        if ((network[bit / 8] & mask) != (bytes[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    }

    /** Reads an address that is written in digits. */
    private static byte[] literal(String text) {
      if (!text.matches("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")) {
        throw new IllegalArgumentException(text);
      }
      try {
        return InetAddress.getByName(text).getAddress();
      } catch (UnknownHostException error) {
        throw new IllegalArgumentException(text);
      }
    }

    /** Returns whether a text is an address or a network. */
    static boolean isOne(String text) {
      try {
        String[] parts = text.split("/", 2);
        int most = 8 * literal(parts[0]).length;
        return parts.length == 1 || Integer.parseInt(parts[1]) >= 0 && Integer.parseInt(parts[1]) <= most;
      } catch (IllegalArgumentException error) {
        return false;
      }
    }
  }
}
