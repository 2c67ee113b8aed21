package build.inputfs.it.harness;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where processes of a test live: among all others, or in a user and mount namespace of its own.
 * Root there is not root of the machine, so the kernel gives a FUSE server no passthrough, and what
 * is mounted there nobody outside sees. Used by one thread.
 */
public final class Namespace implements AutoCloseable {
  private static final int USERS = 100_000;

  /** The one that this process lives in. */
  public static final Namespace OWN = new Namespace(null);

  private final @Nullable Process keeper;

  private Namespace(@Nullable Process keeper) {
    this.keeper = keeper;
  }

  /** A new one, in which users and groups have the numbers that they have outside. Needs root. */
  static Namespace make(Map<String, String> environment) {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(
              "unshare", "--user", "--mount", "--propagation", "private", "sleep", "1000000");
      builder.environment().putAll(environment);
      Namespace namespace = new Namespace(builder.start());
      namespace.settle();
      return namespace;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Prepares a process that starts here, in a directory as it is seen here. */
  ProcessBuilder process(Path directory, List<String> command) {
    Process entered = keeper;
    if (entered == null) {
      return new ProcessBuilder(command).directory(directory.toFile());
    }
    ProcessBuilder builder =
        new ProcessBuilder(
            "nsenter",
            "--target=" + entered.pid(),
            "--user",
            "--mount",
            "--setuid=0",
            "--setgid=0",
            "--wdns=" + directory,
            "--");
    builder.command().addAll(command);
    return builder.directory(new File("/"));
  }

  /** The mount points at and below a folder, as they are here. */
  List<String> mountsBelow(Path folder) {
    return ProcFs.mountsBelow(folder, keeper == null ? "self" : Long.toString(keeper.pid()));
  }

  @Override
  public void close() {
    if (keeper != null) {
      keeper.destroyForcibly();
      try {
        keeper.waitFor(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits until the keeper is in its namespaces, and says who is who there. */
  private void settle() throws IOException {
    Process process = Objects.requireNonNull(keeper);
    Path facts = Path.of("/proc", Long.toString(process.pid()));
    while (!Files.readString(facts.resolve("cmdline")).startsWith("sleep")) {
      if (!process.isAlive()) {
        throw new AssertionError("unshare ended with " + process.exitValue());
      }
      Workbench.pause();
    }
    String identity = "0 0 " + USERS + "\n";
    Files.writeString(facts.resolve("uid_map"), identity);
    Files.writeString(facts.resolve("gid_map"), identity);
  }
}
