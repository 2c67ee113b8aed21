package build.inputfs.app.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What may be set in the configuration file: a name in one of its tables. Each says what an option
 * of some commands, or an environment variable, says too. Immutable.
 */
public enum Key {
  STORE_PATH("store", "path", Kind.PATH, "", "$XDG_CACHE_HOME/inputfs or ~/.cache/inputfs"),
  STORE_FUNCTION(
      "store",
      "digest-function",
      Kind.TEXT,
      "",
      "that of the blobs in path; else sha256",
      "sha256",
      "sha1",
      "md5",
      "sha384",
      "sha512",
      "blake3"),
  STRATEGY(
      "view",
      "strategy",
      Kind.TEXT,
      "--strategy",
      "auto",
      "auto",
      "overlay",
      "fuse",
      "hardlink",
      "clone",
      "copy"),
  TRANSPORT("view", "transport", Kind.TEXT, "--transport", "auto", "auto", "kernel", "jnr"),
  SCRATCH("view", "scratch", Kind.PATH, "--scratch", "scratch in ~/.cache/inputfs"),
  SCRATCH_LIMIT("view", "scratch-limit", Kind.TEXT, "--scratch-limit", "0,0"),
  SCRATCH_KIND("view", "scratch-kind", Kind.TEXT, "--scratch-kind", "disk", "disk", "tmpfs"),
  REMOTE("remote", "address", Kind.TEXT, "--remote", "none"),
  REMOTE_TIMEOUT("remote", "timeout", Kind.NUMBER, "--remote-timeout", "60"),
  REMOTE_COMPRESS("remote", "compress", Kind.FLAG, "", "true"),
  REMOTE_OUTPUTS("remote", "push-outputs", Kind.FLAG, "", "true"),
  REMOTE_CA("remote", "tls-ca", Kind.PATH, "", "those that Java knows"),
  REMOTE_CERTIFICATE("remote", "tls-cert", Kind.PATH, "", "none"),
  REMOTE_KEY("remote", "tls-key", Kind.PATH, "", "none"),
  REMOTE_TOKEN("remote", "token-file", Kind.PATH, "", "none"),
  REMOTE_HEADERS("remote", "headers-file", Kind.PATH, "", "none"),
  DAEMON_USE("daemon", "use", Kind.TEXT, "", "auto", "never", "auto", "start", "require") {
    @Override
    public String variable() {
      return "INPUTFS_DAEMON";
    }
  },
  DAEMON_SOCKET("daemon", "socket", Kind.PATH, "", "as inputfs daemon --help says") {
    @Override
    public String variable() {
      return "INPUTFS_SOCKET";
    }
  },
  DAEMON_GROUP("daemon", "group", Kind.TEXT, "--group", "none"),
  DAEMON_LISTEN("daemon", "listen", Kind.TEXT, "--listen", "nowhere"),
  DAEMON_CERTIFICATE("daemon", "tls-cert", Kind.PATH, "--tls-cert", "none"),
  DAEMON_KEY("daemon", "tls-key", Kind.PATH, "--tls-key", "none"),
  DAEMON_CLIENT_CA("daemon", "tls-client-ca", Kind.PATH, "--tls-client-ca", "none"),
  DAEMON_STORE_SIZE("daemon", "max-store-size", Kind.TEXT, "--max-store-size", "no limit"),
  DAEMON_VIEWS("daemon", "max-views", Kind.NUMBER, "--max-views", "10000"),
  DAEMON_STOP_TIMEOUT("daemon", "stop-timeout", Kind.NUMBER, "--stop-timeout", "10"),
  DAEMON_METRICS("daemon", "metrics", Kind.TEXT, "--metrics", "nowhere"),
  DAEMON_REAP("daemon", "reap", Kind.FLAG, "--reap", "false"),
  LOG_LEVEL(
      "daemon", "log-level", Kind.TEXT, "--log-level", "info", "error", "warn", "info", "debug"),
  LOG_FORMAT("daemon", "log-format", Kind.TEXT, "--log-format", "text", "text", "json");

  /** What a value is. */
  enum Kind {
    TEXT,
    NUMBER,
    FLAG,
    /** The path of a file, from the folder of the configuration file on. */
    PATH
  }

  private final String table;
  private final String label;
  private final Kind kind;
  private final String option;
  private final String otherwise;

  // It is one that cannot change.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> choices;

  Key(String table, String label, Kind kind, String option, String otherwise, String... choices) {
    this.table = table;
    this.label = label;
    this.kind = kind;
    this.option = option;
    this.otherwise = otherwise;
    this.choices = List.of(choices);
  }

  /** The setting of this name, or null. */
  static @Nullable Key named(String table, String label) {
    for (Key key : values()) {
      if (key.table.equals(table) && key.label.equals(label)) {
        return key;
      }
    }
    return null;
  }

  /** The table that it is in. */
  public String table() {
    return table;
  }

  /** Its name in that table. */
  public String label() {
    return label;
  }

  Kind kind() {
    return kind;
  }

  /** The option whose value it gives where the command has that; or empty. */
  public String option() {
    return option;
  }

  /** The environment variable that comes before it; or empty. */
  public String variable() {
    return "";
  }

  /** A value as it stands in the file. */
  public String inToml(String value) {
    return switch (kind) {
      case NUMBER, FLAG -> value;
      case TEXT, PATH -> '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    };
  }

  /** What is taken when nobody sets it, for people. */
  public String otherwise() {
    return otherwise;
  }

  /** The values that there are; empty for any. */
  List<String> choices() {
    return choices;
  }
}
