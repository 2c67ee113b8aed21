package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Whatever a command of the user does to make a view and to remove it. */
final class CommandContender extends PlainContender {
  private final Probe probe;
  private final String command;
  private final Path folder;
  private final Path view;

  /**
   * @param command for the shell; it gets the arguments {@code make TREE VIEW}, or {@code remove
   *     TREE VIEW}
   * @param folder where the command is run
   * @param view where its views are: an empty directory
   */
  CommandContender(String name, String command, Probe probe, Path folder, Path view) {
    super(name, command);
    this.command = command;
    this.probe = probe;
    this.folder = folder;
    this.view = view;
  }

  @Override
  Made makeView(InputTree tree) throws IOException {
    long nanos = run("make", tree);
    long start = System.nanoTime();
    tree.applyTo(view);
    nanos += System.nanoTime() - start;
    return new Made(view, OptionalLong.of(nanos), () -> OptionalLong.of(run("remove", tree)));
  }

  private long run(String verb, InputTree tree) throws IOException {
    return probe.run(
        folder,
        List.of(
            "sh",
            "-c",
            command + " \"$@\"",
            "sh",
            verb,
            tree.directory().toString(),
            view.toString()));
  }
}
