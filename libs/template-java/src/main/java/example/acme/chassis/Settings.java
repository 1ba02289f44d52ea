package example.acme.chassis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where a setting comes from: the defaults, then a file, then the environment (C-CONFIG). The
 * defaults are complete, so they are also the list of what exists: a key that is not in them is
 * refused, and a value must have the type that it has there. An empty table takes any name.
 */
public final class Settings {
  private static final ObjectMapper TOML = new TomlMapper();

  private final ObjectNode known = TOML.createObjectNode();
  private final ObjectNode all = TOML.createObjectNode();
  private final Map<String, String> origins = new HashMap<>();

  /** Reads the defaults, a file if there is one, and variables that start with a prefix. */
  static Settings read(List<String> defaults, String file, String prefix, Map<String, String> environment) throws StartException {
    Settings settings = new Settings();
    for (String text : defaults) {
      merge(settings.known, parse(text, "the defaults"));
    }
    merge(settings.all, settings.known.deepCopy());
    if (file != null) {
      settings.lay(parse(content(file), file), settings.known, settings.all, "", file);
    }
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      if (variable.getKey().startsWith(prefix)) {
        settings.set(variable.getKey(), prefix, variable.getValue());
      }
    }
    SettingRules.check(settings);
    return settings;
  }

  /** Returns a text. */
  public String text(String key) {
    return at(key).asText();
  }

  /** Returns a whole number. */
  public long number(String key) {
    return at(key).asLong();
  }

  /** Returns a list of texts. */
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    at(key).forEach(item -> texts.add(item.asText()));
    return texts;
  }

  /** Refuses the value of a setting, and says what is allowed. */
  public StartException wrong(String key, String allowed) {
    String origin = origins.getOrDefault(key, "the defaults");
    return StartException.setting(key + " = " + shown(key, at(key)) + " (from " + origin + "): " + allowed);
  }

  JsonNode at(String key) {
    return all.at("/" + key.replace('.', '/'));
  }

  private static String content(String file) throws StartException {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException error) {
      throw StartException.setting("configuration file " + file + " cannot be read: " + error.getClass().getSimpleName());
    }
  }

  private static ObjectNode parse(String text, String source) throws StartException {
    try {
      return (ObjectNode) TOML.readTree(text);
    } catch (JsonProcessingException error) {
      int line = error.getLocation() == null ? 0 : error.getLocation().getLineNr();
      throw StartException.setting(source + " is not TOML in line " + line);
    }
  }

  private static void merge(ObjectNode into, ObjectNode from) {
    from.fields()
        .forEachRemaining(
            entry -> {
              if (entry.getValue() instanceof ObjectNode table && into.get(entry.getKey()) instanceof ObjectNode here) {
                merge(here, table);
              } else {
                into.set(entry.getKey(), entry.getValue());
              }
            });
  }

  /** Lays a table over what is there already. */
  private void lay(ObjectNode given, ObjectNode allowed, ObjectNode into, String path, String origin) throws StartException {
    for (Map.Entry<String, JsonNode> entry : given.properties()) {
      String key = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
      JsonNode standard = allowed.isEmpty() && !path.isEmpty() ? TextNode.valueOf("") : allowed.get(entry.getKey());
      if (standard == null) {
        throw StartException.setting("unknown setting " + key + " (from " + origin + ")");
      }
      if (standard.getNodeType() != entry.getValue().getNodeType()
          || standard.isIntegralNumber() != entry.getValue().isIntegralNumber()) {
        String value = shown(key, entry.getValue());
        throw StartException.setting(key + " = " + value + " (from " + origin + "): must be " + kind(standard));
      }
      if (standard instanceof ObjectNode table) {
        lay((ObjectNode) entry.getValue(), table, (ObjectNode) into.get(entry.getKey()), key, origin);
        continue;
      }
      into.set(entry.getKey(), entry.getValue());
      origins.put(key, origin);
    }
  }

  /** Sets one key from a variable, whose text is read as the type that the default has. */
  private void set(String variable, String prefix, String text) throws StartException {
    String[] keys = variable.substring(prefix.length()).toLowerCase(Locale.ROOT).split("__");
    JsonNode standard = known.at("/" + String.join("/", keys));
    ObjectNode given = TOML.createObjectNode();
    ObjectNode table = given;
    for (int at = 0; at < keys.length - 1; at++) {
      table = table.putObject(keys[at]);
    }
    table.set(keys[keys.length - 1], valueOf(standard, text));
    lay(given, known, all, "", variable);
  }

  private static JsonNode valueOf(JsonNode standard, String text) {
    if (standard.isTextual() || standard.isMissingNode() || standard.isObject()) {
      return TextNode.valueOf(text);
    }
    try {
      return TOML.readTree("value = " + text).get("value");
    } catch (JsonProcessingException error) {
      return TextNode.valueOf(text);
    }
  }

  private static String kind(JsonNode standard) {
    return switch (standard.getNodeType()) {
      case NUMBER -> standard.isIntegralNumber() ? "a whole number" : "a number";
      case BOOLEAN -> "true or false";
      case ARRAY -> "a list";
      case OBJECT -> "a table";
      default -> "a text";
    };
  }

  /** Hides what must never be printed (C-CONFIG-7). */
  private static String shown(String key, JsonNode value) {
    return key.matches(".*(key|password|secret|token|url)") ? "[hidden]" : value.toString();
  }
}
