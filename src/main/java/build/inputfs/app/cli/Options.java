package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.config.Key;
import build.inputfs.app.run.Interruption;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.Quota.Medium;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The options that several commands have, and how options are made and read. Stateless. */
final class Options {
  static final String CAS = "--cas";
  static final String CONFIG = "--config";
  static final String DAEMON = "--daemon";
  static final String DIGEST_FUNCTION = "--digest-function";
  static final String JSON = "--json";
  static final String REMOTE = "--remote";
  static final String REMOTE_TIMEOUT = "--remote-timeout";
  static final String NO_DAEMON = "--no-daemon";
  static final String SCRATCH = "--scratch";
  static final String SCRATCH_LIMIT = "--scratch-limit";
  static final String SCRATCH_KIND = "--scratch-kind";
  static final String STRATEGY = "--strategy";
  static final String TRANSPORT = "--transport";
  static final String VERBOSE = "--verbose";
  static final String HELP = "--help";

  private static final Pattern LIMIT = Pattern.compile("([^,]*)(?:,(\\d+))?");

  private Options() {}

  /** An option without a value. */
  static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).arity("0").type(boolean.class).description(description).build();
  }

  /** An option with a value. */
  static OptionSpec value(String name, String label, String description) {
    return OptionSpec.builder(name)
        .arity("1")
        .type(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  /** An option with a value, and what shells offer for that. */
  static OptionSpec choice(String name, String label, List<String> values, String description) {
    return value(name, label, description).toBuilder().completionCandidates(values).build();
  }

  /** An option that may be given several times. */
  static OptionSpec values(String name, String label, String arity, String description) {
    return OptionSpec.builder(name)
        .arity(arity)
        .type(List.class)
        .auxiliaryTypes(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  /** The argument at {@code index}. */
  static PositionalParamSpec argument(
      int index, boolean required, String label, String description) {
    return PositionalParamSpec.builder()
        .index(Integer.toString(index))
        .arity(required ? "1" : "0..1")
        .required(required)
        .type(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  /** All arguments from {@code index} on. */
  static PositionalParamSpec arguments(int index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index + "..*")
        .arity("0..*")
        .type(List.class)
        .auxiliaryTypes(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  static void addCommon(CommandSpec spec) {
    spec.addOption(
        value(
            CONFIG,
            "FILE",
            "The configuration file (default: $INPUTFS_CONFIG, else inputfs/inputfs.toml in"
                + " $XDG_CONFIG_HOME or ~/.config, else /etc/inputfs/inputfs.toml)."));
    spec.addOption(flag(VERBOSE, "Say more, and print the stack trace of a failure."));
    spec.addOption(
        OptionSpec.builder(HELP, "-h")
            .usageHelp(true)
            .arity("0")
            .type(boolean.class)
            .description("Print this text.")
            .build());
  }

  static void addCas(CommandSpec spec, String more) {
    spec.addOption(
        value(
            CAS,
            "DIR",
            "The store (default: $XDG_CACHE_HOME/inputfs or ~/.cache/inputfs)."
                + (more.isEmpty() ? "" : " " + more)));
    spec.addOption(
        choice(
            DIGEST_FUNCTION,
            "NAME",
            Stream.of(DigestFunction.values()).map(DigestFunction::resourceName).toList(),
            "The store's digest function: sha256, sha1, md5, sha384, sha512 or blake3 (default: that"
                + " of the blobs in --cas; else sha256)."));
  }

  /** The options of commands that read what the store may lack, or send what it has. */
  static void addRemote(CommandSpec spec) {
    spec.addOption(
        value(
            REMOTE,
            "grpc[s]://HOST:PORT[/INSTANCE]",
            "A CAS of the Remote Execution API: what the store lacks is fetched from it when it is"
                + " wanted, and kept in the store. Empty for none (default: what is configured)."));
    spec.addOption(
        value(
            REMOTE_TIMEOUT,
            "SECONDS",
            "How long whoever wants a blob waits while no byte of it comes (default: 60)."));
  }

  static void addView(CommandSpec spec) {
    spec.addOption(
        choice(
            STRATEGY,
            "NAME",
            List.of("auto", "overlay", "fuse", "hardlink", "clone", "copy"),
            "How the view is made: auto, overlay, fuse, or as a real tree by hardlink, clone or copy"
                + " (default: auto)."));
    spec.addOption(
        choice(
            TRANSPORT,
            "NAME",
            TransportChoice.names(),
            "How a view of the strategy fuse is served: kernel, by /dev/fuse; jnr, by libfuse 2 or"
                + " macFUSE; or auto, the first of them that works (default: auto)."));
    spec.addOption(
        value(
            SCRATCH,
            "DIR",
            "Where what is written in the view is kept until it ends: a folder on a local disk;"
                + " for a real tree on the store's (default: scratch in ~/.cache/inputfs)."));
  }

  /** The transport that the options ask for. */
  static TransportChoice transport(ParseResult arguments) {
    try {
      return TransportChoice.of(get(arguments, TRANSPORT));
    } catch (IllegalArgumentException e) {
      throw usage(arguments, String.valueOf(e.getMessage()));
    }
  }

  /** The options that say whether a daemon is used. */
  static void addDaemon(CommandSpec spec) {
    addDaemon(spec, "make the view");
  }

  /**
   * The same, where it does something else.
   *
   * @param what it does
   */
  static void addDaemon(CommandSpec spec, String what) {
    spec.addOption(
        flag(
            DAEMON,
            "Have the daemon %s, or fail (default: it does when it listens and has this store;"
                    .formatted(what)
                + " $INPUTFS_DAEMON, one of never, auto, start and require, says otherwise)."));
    spec.addOption(flag(NO_DAEMON, "Do without a daemon."));
  }

  /** The options that limit what is written in a view. */
  static void addScratchLimit(CommandSpec spec) {
    spec.addOption(
        value(
            SCRATCH_LIMIT,
            "SIZE[,FILES]",
            "How much may be written in the view at a time: bytes on the disk, such as 500MB or"
                + " 2GiB, and how many files. 0 is no limit (default: 0,0)."));
    spec.addOption(
        value(
            SCRATCH_KIND,
            "disk|tmpfs",
            "What the scratch is: on the disk of --scratch, or a tmpfs of the view's own, in memory,"
                + " which takes the right to mount (default: disk)."));
  }

  /** The number of bytes that an option which was given says. */
  static long size(ParseResult arguments, String option) {
    long size = Text.parseBytes(String.valueOf(get(arguments, option)));
    if (size < 0) {
      throw noSize(arguments, option);
    }
    return size;
  }

  /** Says that the value of an option is no size that makes sense. */
  static ParameterException noSize(ParseResult arguments, String option) {
    return usage(arguments, option + " takes a size such as 20GB, not " + get(arguments, option));
  }

  /** How much may be written in the view, and where it is kept. */
  static Quota scratch(ParseResult arguments) {
    Medium medium = medium(arguments);
    String value = get(arguments, SCRATCH_LIMIT);
    if (value == null) {
      return new Quota(0, 0, medium);
    }
    Matcher parts = LIMIT.matcher(value);
    if (parts.matches()) {
      try {
        long bytes = Text.parseBytes(parts.group(1));
        long files = parts.group(2) == null ? 0 : Long.parseLong(parts.group(2));
        if (bytes >= 0) {
          return new Quota(bytes, files, medium);
        }
      } catch (NumberFormatException e) {
        // Told below.
      }
    }
    throw usage(
        arguments, SCRATCH_LIMIT + " takes a size such as 500MB or 2GiB,10000, not " + value);
  }

  private static Medium medium(ParseResult arguments) {
    String kind = get(arguments, SCRATCH_KIND);
    return switch (kind == null ? "disk" : kind) {
      case "disk" -> Medium.DISK;
      case "tmpfs" -> Medium.MEMORY;
      default -> throw usage(arguments, SCRATCH_KIND + " takes disk or tmpfs, not " + kind);
    };
  }

  /** The digest function that is asked for, or null. */
  static @Nullable DigestFunction digestFunction(ParseResult arguments) {
    String name = get(arguments, DIGEST_FUNCTION);
    if (name == null) {
      return null;
    }
    DigestFunction function = DigestFunction.named(name.toLowerCase(Locale.ROOT).replace("-", ""));
    if (function == null) {
      throw usage(arguments, "there is no digest function '" + name + "'");
    }
    return function;
  }

  /** Gives options that were not given the values that are configured. */
  static void fill(ParseResult arguments, Configuration configuration) {
    for (Key key : Key.values()) {
      String value = configuration.get(key);
      OptionSpec option =
          key.option().isEmpty() ? null : arguments.commandSpec().findOption(key.option());
      if (value != null
          && option != null
          && !arguments.hasMatchedOption(option)
          && takes(option, value)) {
        option.setValue(option.arity().max() == 0 ? (Object) Boolean.valueOf(value) : value);
      }
    }
  }

  /** Whether it is a value for this command: some take fewer strategies. */
  private static boolean takes(OptionSpec option, String value) {
    Iterable<String> choices = option.completionCandidates();
    if (choices == null) {
      return true;
    }
    for (String choice : choices) {
      if (choice.equals(value)) {
        return true;
      }
    }
    return false;
  }

  static boolean has(ParseResult arguments, String flag) {
    return Boolean.TRUE.equals(valueOf(arguments, flag));
  }

  static @Nullable String get(ParseResult arguments, String option) {
    Object value = valueOf(arguments, option);
    return value == null ? null : value.toString();
  }

  private static @Nullable Object valueOf(ParseResult arguments, String option) {
    OptionSpec spec = arguments.commandSpec().findOption(option);
    return spec == null ? null : spec.getValue();
  }

  static @Nullable Path path(ParseResult arguments, String option) {
    String value = get(arguments, option);
    return value == null ? null : Path.of(value);
  }

  static List<String> list(ParseResult arguments, String option) {
    return arguments.matchedOptionValue(option, List.of());
  }

  /** The argument at {@code index}, or null when it was not given. */
  static @Nullable String argument(ParseResult arguments, int index) {
    return arguments.matchedPositionalValue(index, (String) null);
  }

  /** The argument at {@code index}, which has to be given. */
  static String required(ParseResult arguments, int index) {
    String value = argument(arguments, index);
    if (value == null) {
      throw usage(arguments, "an argument is missing");
    }
    return value;
  }

  static List<String> rest(ParseResult arguments, int index) {
    return arguments.matchedPositionalValue(index, List.of());
  }

  /** What comes of {@code reading} arguments; where they make no sense, that is wrong usage. */
  static <T extends @Nullable Object> T sensible(
      ParseResult arguments, Interruption.Work<T> reading) throws IOException {
    try {
      return reading.run();
    } catch (IllegalArgumentException e) {
      throw Options.usage(arguments, String.valueOf(e.getMessage()));
    }
  }

  static ParameterException usage(ParseResult arguments, String problem) {
    return new ParameterException(arguments.commandSpec().commandLine(), problem);
  }
}
