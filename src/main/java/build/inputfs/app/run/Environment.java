package build.inputfs.app.run;

import build.inputfs.cas.posix.Host;
import build.inputfs.cas.proto.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The environment variables of a command. Immutable.
 *
 * <p>Values are kept byte for byte: text is decoded as ISO 8859-1 within, and given out again so.
 */
public final class Environment {
  /** How the start script hands on the LC_ALL that it was called with, when it needs another. */
  private static final String CALLERS_LC_ALL = "INPUTFS_LC_ALL";

  /** How it tells whether it has put this program in a namespace of its own. */
  public static final String OWN_NAMESPACE = "INPUTFS_OWN_NAMESPACE";

  /**
   * How the quick start hands on that it has not had a daemon do it, and why, where it asked one.
   */
  public static final String NO_DAEMON = "INPUTFS_NO_DAEMON";

  /** No variables at all. */
  public static final Environment EMPTY = new Environment(Map.of());

  private final Map<String, String> variables;

  private Environment(Map<String, String> variables) {
    this.variables = variables;
  }

  /** Exactly the variables of a command of the Remote Execution API. */
  public static Environment of(Command command) {
    Environment environment = EMPTY;
    for (Command.EnvironmentVariable variable : command.getEnvironmentVariablesList()) {
      environment = environment.with(variable.getName(), variable.getValue());
    }
    return environment;
  }

  /**
   * The variables that this program was started with: proc(5). On macOS, which has no such file,
   * they are as Java has decoded them.
   */
  public static Environment inherited() throws IOException {
    if (Host.isMac()) {
      StringBuilder block = new StringBuilder();
      System.getenv().forEach((name, value) -> block.append(name + "=" + value + "\0"));
      return ofBlock(block.toString().getBytes(StandardCharsets.UTF_8));
    }
    return ofBlock(Files.readAllBytes(Path.of("/proc/self/environ")));
  }

  /** The variables of a block of {@code NAME=value}, each with a NUL at its end. */
  static Environment ofBlock(byte[] block) {
    Map<String, String> variables = new LinkedHashMap<>();
    for (String variable : new String(block, StandardCharsets.ISO_8859_1).split("\0", -1)) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        variables.putIfAbsent(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    variables.remove(OWN_NAMESPACE);
    variables.remove(NO_DAEMON);
    String localeOfCaller = variables.remove(CALLERS_LC_ALL);
    if (localeOfCaller != null) {
      variables.remove("LC_ALL");
      if (!localeOfCaller.isEmpty()) {
        variables.put("LC_ALL", localeOfCaller);
      }
    }
    return new Environment(variables);
  }

  /** This environment with one variable set. */
  public Environment with(String name, String value) {
    if (name.isEmpty() || name.indexOf('=') >= 0 || (name + value).indexOf('\0') >= 0) {
      throw new IllegalArgumentException("'" + name + "' cannot be set in an environment");
    }
    Map<String, String> changed = new LinkedHashMap<>(variables);
    changed.put(bytesAsText(name), bytesAsText(value));
    return new Environment(changed);
  }

  /** This environment with {@code PWD} telling the new working directory, where it has a PWD. */
  Environment in(Path directory) {
    return variables.containsKey("PWD") ? with("PWD", directory.toString()) : this;
  }

  /** The value of a variable as text, or null when it is not set. */
  @Nullable String get(String name) {
    String value = variables.get(bytesAsText(name));
    return value == null
        ? null
        : new String(value.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** Each variable as {@code NAME=value}. */
  public List<byte[]> entries() {
    List<byte[]> entries = new ArrayList<>();
    variables.forEach(
        (name, value) -> entries.add((name + "=" + value).getBytes(StandardCharsets.ISO_8859_1)));
    return entries;
  }

  private static String bytesAsText(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
