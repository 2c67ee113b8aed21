package build.inputfs.app.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration file says. Immutable.
 *
 * <p>There is one file: the first that there is of that which an option names, that which {@code
 * $INPUTFS_CONFIG} names (empty for none at all), {@code $XDG_CONFIG_HOME/inputfs/inputfs.toml} and
 * {@code /etc/inputfs/inputfs.toml}. What is wrong in it is told with its file and line, and
 * nothing is taken from it.
 */
public final class Configuration {
  /** The environment variable that names the file. */
  public static final String VARIABLE = "INPUTFS_CONFIG";

  /** Nothing is configured. */
  public static final Configuration NONE = new Configuration(null, Map.of());

  private static final Path SYSTEM = Path.of("/etc/inputfs/inputfs.toml");

  private final @Nullable Path file;
  private final Map<Key, Setting> settings;

  private Configuration(@Nullable Path file, Map<Key, Setting> settings) {
    this.file = file;
    this.settings = settings;
  }

  /** A value, and the line where it stands. */
  private record Setting(String value, int line) {}

  /**
   * Finds and reads the file.
   *
   * @param given the file that an option names, or null
   * @throws IOException when it cannot be read, or something in it is wrong
   */
  public static Configuration read(@Nullable Path given, Map<String, String> environment)
      throws IOException {
    Path file = find(given, environment);
    if (file == null) {
      return NONE;
    }
    String text = text(file);
    List<Entry> simple = SimpleToml.read(text.lines().toList());
    return of(file, simple == null ? FullToml.read(file, text) : simple);
  }

  /** The same, but null where the file takes more than a moment to read. */
  public static @Nullable Configuration readQuickly(Map<String, String> environment)
      throws IOException {
    Path file = find(null, environment);
    if (file == null) {
      return NONE;
    }
    List<Entry> simple = SimpleToml.read(text(file).lines().toList());
    return simple == null ? null : of(file, simple);
  }

  private static @Nullable Path find(@Nullable Path given, Map<String, String> environment) {
    if (given != null) {
      return given.toAbsolutePath();
    }
    String named = environment.get(VARIABLE);
    if (named != null) {
      return named.isEmpty() ? null : Path.of(named).toAbsolutePath();
    }
    Path own = own(environment);
    if (own != null && Files.exists(own)) {
      return own;
    }
    return Files.exists(SYSTEM) ? SYSTEM : null;
  }

  private static @Nullable Path own(Map<String, String> environment) {
    String folder = environment.getOrDefault("XDG_CONFIG_HOME", "");
    if (folder.startsWith("/")) {
      return Path.of(folder, "inputfs/inputfs.toml");
    }
    String home = environment.getOrDefault("HOME", "");
    return home.startsWith("/") ? Path.of(home, ".config/inputfs/inputfs.toml") : null;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no configuration file " + file, e);
    } catch (CharacterCodingException e) {
      throw new IOException("the configuration file " + file + " is not UTF-8", e);
    } catch (IOException e) {
      throw new IOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static Configuration of(Path file, List<Entry> entries) throws IOException {
    Map<Key, Setting> settings = new EnumMap<>(Key.class);
    for (Entry entry : entries) {
      String place = file + ":" + entry.line() + ": ";
      Key key = Key.named(entry.table(), entry.label());
      if (key == null) {
        throw new IOException(
            place
                + (entry.table().isEmpty()
                    ? "there is no setting '%s' outside of tables".formatted(entry.label())
                    : "there is no setting '%s' in [%s]".formatted(entry.label(), entry.table()))
                + "; inputfs config lists all");
      }
      settings.put(key, new Setting(value(file, place, key, entry.value()), entry.line()));
    }
    return new Configuration(file, settings);
  }

  private static String value(Path file, String place, Key key, Object value) throws IOException {
    String text = String.valueOf(value);
    boolean fits =
        switch (key.kind()) {
          case TEXT -> value instanceof String || value instanceof Long;
          case PATH -> value instanceof String && !text.isEmpty();
          case NUMBER -> value instanceof Long number && number >= 0;
          case FLAG -> value instanceof Boolean;
        };
    if (!fits) {
      throw new IOException(
          place
              + key.label()
              + switch (key.kind()) {
                case TEXT -> " takes a string";
                case PATH -> " takes a string with a path";
                case NUMBER -> " takes a number";
                case FLAG -> " is true or false";
              });
    }
    if (!key.choices().isEmpty() && !key.choices().contains(text)) {
      throw new IOException(
          place + key.label() + " is one of " + String.join(", ", key.choices()) + ", not " + text);
    }
    return key.kind() == Key.Kind.PATH ? file.resolveSibling(text).normalize().toString() : text;
  }

  /** The file, or null where there is none. */
  public @Nullable Path file() {
    return file;
  }

  /** What the file sets, or null. */
  public @Nullable String get(Key key) {
    Setting setting = settings.get(key);
    return setting == null ? null : setting.value();
  }

  /** Where the file sets it: {@code file:line}; or null. */
  public @Nullable String place(Key key) {
    Setting setting = settings.get(key);
    return setting == null ? null : file + ":" + setting.line();
  }

  /** An environment in which what it does not say itself is as configured. */
  public Map<String, String> under(Map<String, String> environment) {
    Map<String, String> all = new HashMap<>(environment);
    for (Key key : settings.keySet()) {
      String value = get(key);
      if (!key.variable().isEmpty() && value != null) {
        all.merge(key.variable(), value, (there, mine) -> there.isEmpty() ? mine : there);
      }
    }
    return all;
  }
}
