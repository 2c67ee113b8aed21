package build.inputfs.app.manual;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes all that an installed program brings along for people. Stateless. */
public final class Documents {
  private Documents() {}

  /**
   * Writes them in {@code share}, as they lie in a system's folder of that name: {@code man/man1},
   * {@code bash-completion/completions}, {@code zsh/vendor-completions} and {@code
   * fish/vendor_completions.d}.
   */
  public static void write(Overview overview, List<Described> commands, Path share)
      throws IOException {
    Path pages = share.resolve("man/man1");
    write(pages.resolve("inputfs.1"), OverviewPage.of(overview, commands));
    for (Described command : commands) {
      write(
          pages.resolve(command.page() + ".1"),
          ManualPage.of(command, overview.program(), overview.exitCodes()));
    }
    List<Completed> completed = commands.stream().map(Completed::of).toList();
    write(share.resolve("bash-completion/completions/inputfs"), BashCompletion.of(completed));
    write(share.resolve("zsh/vendor-completions/_inputfs"), ZshCompletion.of(completed));
    write(share.resolve("fish/vendor_completions.d/inputfs.fish"), FishCompletion.of(completed));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
