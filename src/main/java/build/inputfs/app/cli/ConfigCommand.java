package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.config.Key;
import java.io.PrintStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs config}: prints all settings, as a configuration file that says the same. */
final class ConfigCommand implements Subcommand {

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs config [OPTION...]")
        .description(
            "Prints what is configured, as a configuration file that says the same: all settings that"
                + " there are, with the file and line, or the environment variable, that each is"
                + " from. Those that nobody sets are comments that tell what is taken instead.",
            "",
            "The file is TOML. It sets what options say, which come first when they are given. A name"
                + " that is no setting is an error. Relative paths start at the file's folder.",
            "");
  }

  @Override
  public int run(ParseResult arguments, Context context) {
    Configuration configuration = context.configuration();
    PrintStream out = context.console().out();
    Path file = configuration.file();
    out.println(file == null ? "# There is no configuration file." : "# " + file);
    String table = "";
    for (Key key : Key.values()) {
      if (!key.table().equals(table)) {
        table = key.table();
        out.printf("%n[%s]%n", table);
      }
      out.println(line(key, configuration, context));
    }
    return OK;
  }

  private static String line(Key key, Configuration configuration, Context context) {
    String inEnvironment = context.environment().getOrDefault(key.variable(), "");
    @Nullable String value = configuration.get(key);
    if (!inEnvironment.isEmpty() && !inEnvironment.equals(value)) {
      return "%-40s # $%s".formatted(assign(key, inEnvironment), key.variable());
    }
    if (value == null) {
      return "#%s: %s".formatted(key.label(), key.otherwise());
    }
    return "%-40s # %s".formatted(assign(key, value), configuration.place(key));
  }

  private static String assign(Key key, String value) {
    return key.label() + " = " + key.inToml(value);
  }
}
