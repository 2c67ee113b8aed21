package build.inputfs.app.doctor;

import build.inputfs.app.run.CommandEnd;
import build.inputfs.app.run.CommandRunner;
import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Invocation;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Processes.Redirect;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.tree.DirectoryBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Makes a view of a small tree and has a command work in it. It is done by a process of its own,
 * which may be killed when it hangs. For one thread.
 */
public final class Trial {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Reads, executes, writes, removes and renames, inputs among them. */
  private static final String SCRIPT =
      """
      read -r line <dir/input && test "$line" = hello
      ./tool
      echo more >dir/new && test -s dir/new
      mv dir/input input && rm input && test ! -e dir/input
      """;

  private final Posix posix;
  private final LocalStore store;
  private final CommandRunner commands;
  private final Digest root;

  /**
   * Puts the tree in a store.
   *
   * @param store an empty one
   */
  public Trial(Posix posix, LocalStore store, CommandRunner commands) throws IOException {
    this.posix = posix;
    this.store = store;
    this.commands = commands;
    DirectoryBuilder directory = new DirectoryBuilder();
    directory.addFile("input", put("hello\n"), false, null);
    DirectoryBuilder top = new DirectoryBuilder();
    top.addDirectory("dir", store.put(directory.build()));
    top.addFile("tool", put("#!/bin/sh\nexit 0\n"), true, null);
    this.root = store.put(top.build());
  }

  private Digest put(String text) throws IOException {
    return store.put(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Makes the view, uses it and ends it.
   *
   * @param point an empty directory
   * @return how the view was really made
   * @throws IOException when that did not work; the message says why
   */
  public String run(ViewStrategy strategy, Path point) throws IOException {
    ViewSpec spec =
        new ViewSpec(root, point, posix.geteuid(), posix.getegid(), false, List.of(), Quota.NONE);
    try (View view = strategy.open(spec)) {
      Path nothing = Path.of("/dev/null");
      CommandEnd end =
          commands.run(
              view.path(),
              new Invocation(
                  List.of("/bin/sh", "-ec", SCRIPT),
                  Environment.inherited(),
                  false,
                  "",
                  TIMEOUT,
                  List.of(
                      new Redirect.From(0, nothing),
                      new Redirect.To(1, nothing),
                      new Redirect.To(2, nothing))));
      for (ViewFailure failure : view.failures()) {
        throw new IOException("the view failed: " + failure.cause());
      }
      if (end.exitCode() != 0) {
        throw new IOException("a command in the view " + ended(end));
      }
      return view.mechanism();
    }
  }

  private static String ended(CommandEnd end) {
    String problem = end.problem();
    return problem == null ? "ended with exit code " + end.exitCode() : "failed: " + problem;
  }
}
