package build.inputfs.fuse.jnr;

import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;

/**
 * A {@link MemoryFileSystem} that libfuse has mounted, and surely unmounted when this is closed.
 */
final class JnrTestMount implements AutoCloseable {
  static final Posix POSIX = Posix.load();

  final Path folder;
  final Path path;
  final MemoryFileSystem fs;
  final JnrMount mount;

  private JnrTestMount(Path folder, MemoryFileSystem fs, JnrOptions options) throws IOException {
    this.folder = folder;
    this.fs = fs;
    this.path = Files.createDirectory(folder.resolve("mnt"));
    LinuxPlatform platform = new LinuxPlatform(POSIX);
    this.mount =
        JnrMount.mount(
            POSIX,
            platform,
            Libfuse.load(platform.libraries(), platform.advice()),
            fs,
            path,
            options);
  }

  static JnrTestMount of(JnrOptions options) throws IOException {
    return of(options, MemoryFileSystem::new);
  }

  /** A mount whose names are found as on a Mac. */
  static JnrTestMount ignoringCase() throws IOException {
    return of(JnrOptions.PRIVATE.withIgnoringCase(true));
  }

  static JnrTestMount of(JnrOptions options, BiFunction<Posix, Path, MemoryFileSystem> maker)
      throws IOException {
    requireFuse();
    Path folder = Files.createTempDirectory("inputfs-jnr-test");
    MemoryFileSystem fs = maker.apply(POSIX, Files.createDirectory(folder.resolve("disk")));
    try {
      return new JnrTestMount(folder, fs, options);
    } catch (IOException | RuntimeException e) {
      fs.close();
      delete(folder);
      throw e;
    }
  }

  /** Skips the test, and says why, where this machine does not let us mount. */
  static void requireFuse() {
    String reason = "";
    if (!Files.isWritable(Path.of("/dev/fuse")) || POSIX.geteuid() != 0) {
      reason = "skipped: mounting needs root and /dev/fuse";
    }
    LinuxPlatform platform = new LinuxPlatform(POSIX);
    try {
      Libfuse.load(platform.libraries(), platform.advice());
    } catch (IOException e) {
      reason = "skipped: " + e.getMessage();
    }
    if (!reason.isEmpty()) {
      System.out.println(reason);
      abort(reason);
    }
  }

  String sh(String script) throws IOException, InterruptedException {
    return Child.sh(path, script);
  }

  String python(String script) throws IOException, InterruptedException {
    return Child.python(path, script);
  }

  long count(Callback callback) {
    return mount.requests().getOrDefault(callback.name().toLowerCase(java.util.Locale.ROOT), 0L);
  }

  private static void delete(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve("mnt"));
    Files.deleteIfExists(folder.resolve("disk"));
    Files.deleteIfExists(folder);
  }

  @Override
  public void close() throws IOException {
    try {
      mount.close();
    } finally {
      // In case the mount did not do what it is tested for.
      POSIX.umount2(path, Posix.MNT_DETACH);
      fs.close();
      delete(folder);
    }
  }
}
