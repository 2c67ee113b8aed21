package build.inputfs.app.cli;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * What is logged and how. This class knows no logging framework: it notes what {@link
 * LogConfiguration} will find when the first logger is made, and a command that logs nothing never
 * loads one. Stateless, but for the system properties.
 */
final class Logging {
  static final String LOG_LEVEL = "--log-level";
  static final String LOG_FORMAT = "--log-format";

  private static final String LEVEL = "inputfs.log";
  private static final String FORMAT = "inputfs.log.format";
  private static final String DEBUG = "DEBUG";
  private static final String PLAIN = "PLAIN";

  private Logging() {}

  /** The options of a command that runs for long and tells of what happens. */
  static void addOptions(CommandSpec spec) {
    spec.addOption(
        Options.value(
            LOG_LEVEL,
            "LEVEL",
            "What to log to stderr: error, warn, info or debug (default: info)."));
    spec.addOption(
        Options.value(
            LOG_FORMAT,
            "FORMAT",
            "How: text, or json, which is an object a line (default: text)."));
  }

  /**
   * Says what is to be logged, before the first logger is made. What fails a command is told at its
   * end, so only one that stays needs warnings as they come; one that has {@link #addOptions} tells
   * of what happens.
   *
   * @throws picocli.CommandLine.ParameterException when there is no such level or format
   */
  static void choose(ParseResult arguments, boolean stays) {
    boolean verbose = Options.has(arguments, Options.VERBOSE);
    if (arguments.commandSpec().findOption(LOG_FORMAT) == null) {
      set(verbose ? DEBUG : stays ? "WARN" : "ERROR", PLAIN);
    } else {
      set(verbose ? DEBUG : wantedLevel(arguments), wantedFormat(arguments));
    }
  }

  private static String wantedLevel(ParseResult arguments) {
    @Nullable String name = Options.get(arguments, LOG_LEVEL);
    return switch (name) {
      case "error" -> "ERROR";
      case "warn" -> "WARN";
      case "info" -> "INFO";
      case "debug" -> DEBUG;
      case null -> "INFO";
      default -> throw Options.usage(arguments, LOG_LEVEL + " takes error, warn, info or debug");
    };
  }

  private static String wantedFormat(ParseResult arguments) {
    @Nullable String name = Options.get(arguments, LOG_FORMAT);
    return switch (name) {
      case "text" -> "TEXT";
      case "json" -> "JSON";
      case null -> "TEXT";
      default -> throw Options.usage(arguments, LOG_FORMAT + " takes text or json");
    };
  }

  private static void set(String level, String format) {
    System.setProperty(LEVEL, level);
    System.setProperty(FORMAT, format);
  }

  /** Has what libraries log through the JDK, as gRPC does, go where all else goes. */
  static void bridge() {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }

  /** The name of the level that was chosen. */
  static String level() {
    return System.getProperty(LEVEL, "WARN");
  }

  /** The name of the {@link LogFormat} that was chosen. */
  static String format() {
    return System.getProperty(FORMAT, PLAIN);
  }

  /** Tells of something that only --verbose shows. */
  static void detail(String message) {
    if (!level().equals(DEBUG)) {
      return;
    }
    if (format().equals(PLAIN)) {
      System.err.println("inputfs: " + message);
    } else {
      LoggerFactory.getLogger(Logging.class).debug("{}", message);
    }
  }
}
