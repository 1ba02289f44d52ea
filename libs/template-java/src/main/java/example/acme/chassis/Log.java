package example.acme.chassis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The log of a process: one line for each entry on stderr, as text or JSON (C-LOG). */
public final class Log {
  /** The levels, the most urgent first. */
  public enum Level { ERROR, WARN, INFO, DEBUG, TRACE }

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
  private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  // Held here, because java.util.logging forgets loggers that no one holds.
  private static final Logger ROOT = Logger.getLogger("");

  private final FileOutputStream out = new FileOutputStream(FileDescriptor.err);
  private final boolean isJson;
  private final Level least;

  Log(String format, String level) {
    isJson = format.equals("json");
    least = Level.valueOf(level.toUpperCase(Locale.ROOT));
    LogManager.getLogManager().reset();
    ROOT.addHandler(new Libraries());
  }

  /** Writes a line if its level is written. */
  public void write(Level level, String message) {
    write(level, message, Map.of());
  }

  void write(Level level, String message, Map<String, Object> fields) {
    if (level.compareTo(least) > 0) {
      return;
    }
    String time = TIME.format(Instant.now());
    String line = isJson ? json(time, level, message, fields) : text(time, level, message, fields);
    synchronized (out) {
      try {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      } catch (IOException error) {
        // There is nobody left to tell.
      }
    }
  }

  private static String json(String time, Level level, String message, Map<String, Object> fields) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("timestamp", time);
    all.put("level", level.name());
    all.put("message", message);
    all.putAll(fields);
    try {
      return JSON.writeValueAsString(all);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }

  private static String text(String time, Level level, String message, Map<String, Object> fields) {
    StringBuilder line = new StringBuilder(String.format("%s %5s %s", time, level, escaped(message)));
    fields.forEach(
        (key, value) -> {
          String shown = escaped(String.valueOf(value));
          switch (key) {
            case "rpc.method" -> line.append(' ').append(shown);
            case "error" -> line.append(" error=\"").append(shown).append('"');
            default -> line.append(' ').append(key).append('=').append(shown);
          }
        });
    return line.toString();
  }

  /** Keeps a text from starting a line of its own. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    for (char letter : text.toCharArray()) {
      switch (letter) {
        case '"', '\\' -> escaped.append('\\').append(letter);
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        default -> {
          boolean isPlain = !Character.isISOControl(letter) && letter != '\u2028' && letter != '\u2029';
          escaped.append(isPlain ? String.valueOf(letter) : String.format("\\u%04x", (int) letter));
        }
      }
    }
    return escaped.toString();
  }

  /** What libraries log, in lines of the same form. */
  private final class Libraries extends Handler {
    @Override
    public void publish(LogRecord record) {
      if (record.getLevel().intValue() >= java.util.logging.Level.WARNING.intValue()) {
        // Callers cause most warnings of gRPC, and their calls have lines of their own.
        Level level = record.getLevel() == java.util.logging.Level.SEVERE ? Level.WARN : Level.DEBUG;
        String cause = record.getThrown() == null ? "" : ": " + record.getThrown();
        write(level, record.getLoggerName() + ": " + record.getMessage() + cause);
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
