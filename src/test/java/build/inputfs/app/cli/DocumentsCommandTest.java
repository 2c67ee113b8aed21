package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The manual pages and completions that the program writes of itself, read by those they are for.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class DocumentsCommandTest {
  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    DocumentsCommand.write(folder);
  }

  @Test
  void pages_tellAllCommandsAndTheirOptions() throws IOException {
    String overview = Files.readString(page("inputfs"));
    for (Command command : Command.listed()) {
      assertThat(overview).contains("\\fBinputfs\\-" + command.label().replace("-", "\\-"));
      String page = Files.readString(page("inputfs-" + command.label()));
      assertThat(page).contains(".SH \"SYNOPSIS\"", ".SH \"EXIT STATUS\"", ".SH \"SEE ALSO\"");
      for (OptionSpec option : Command.describe(command.label(), command.make()).options()) {
        for (String name : option.names()) {
          assertThat(page).contains("\\fB" + name.replace("-", "\\-") + "\\fR");
        }
      }
    }
    try (Stream<Path> pages = Files.list(folder.resolve("man/man1"))) {
      assertThat(pages).hasSize(Command.listed().size() + 1);
    }
  }

  @Test
  void pages_areSetWithoutWarnings() throws IOException, InterruptedException {
    assumeTrue(isInstalled("groff"), "groff, which sets manual pages, is not installed");
    try (Stream<Path> pages = Files.list(folder.resolve("man/man1"))) {
      for (Path page : pages.toList()) {
        // `z` prints nothing; what is left are warnings.
        assertThat(output("groff", "-man", "-Tutf8", "-ww", "-z", page.toString())).isEmpty();
      }
    }
  }

  @Test
  void bash_completesCommandsOptionsAndValues() throws IOException, InterruptedException {
    assumeTrue(isInstalled("bash"), "bash is not installed");
    for (Command command : Command.listed()) {
      assertThat(completions("inputfs", command.label())).contains(command.label());
      for (OptionSpec option : Command.describe(command.label(), command.make()).options()) {
        for (String name : option.names()) {
          assertThat(completions("inputfs", command.label(), name)).contains(name);
        }
      }
    }
    assertThat(completions("inputfs", "run", "--strategy", "=", "o")).containsExactly("overlay");
    assertThat(completions("inputfs", "cache", "--cas", "x", "")).contains("stat", "clear");
    Files.createDirectory(folder.resolve("two words"));
    assertThat(completions("inputfs", "run", "--inputs", "two")).containsExactly("two words");
    assertThat(completions("inputfs", "mount", "abc", "two")).containsExactly("two words");
    // What follows is the command's, even if it looks like an option.
    assertThat(completions("inputfs", "run", "--", "sh", "--strategy", "o")).isEmpty();
    assertThat(completions("inputfs", "run", "--", "bas")).contains("bash");
  }

  @Test
  void zshAndFish_readTheirs() throws IOException, InterruptedException {
    Path zsh = folder.resolve("zsh/vendor-completions/_inputfs");
    Path fish = folder.resolve("fish/vendor_completions.d/inputfs.fish");
    for (Command command : Command.listed()) {
      assertThat(Files.readString(zsh)).contains("'" + command.label() + ":");
      assertThat(Files.readString(fish)).contains(" -a " + command.label() + " -d ");
    }
    boolean both = isInstalled("zsh") && isInstalled("fish");
    assumeTrue(both, "the shells zsh and fish are not both installed");
    assertThat(output("zsh", "-n", zsh.toString())).isEmpty();
    assertThat(output("fish", "-n", fish.toString())).isEmpty();
    String asked = "source '" + fish + "'; complete -C 'inputfs run --strategy '";
    assertThat(output("fish", "--no-config", "-c", asked)).contains("overlay\t");
  }

  private Path page(String name) {
    return folder.resolve("man/man1/" + name + ".1");
  }

  private List<String> completions(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("bash", "--norc", "-c"));
    command.add(
        """
        . bash-completion/completions/inputfs
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _inputfs
        printf '%s\\n' "${COMPREPLY[@]}"
        """);
    command.add("bash");
    command.addAll(List.of(words));
    return output(command.toArray(String[]::new)).lines().filter(line -> !line.isEmpty()).toList();
  }

  /** What a program writes, errors included. */
  private String output(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  private boolean isInstalled(String program) throws IOException, InterruptedException {
    return !output("sh", "-c", "command -v " + program + " || :").isEmpty();
  }
}
