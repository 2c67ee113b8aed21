package build.inputfs.fuse.kernel;

import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;

/** A {@link MemoryFileSystem} that is mounted, and surely unmounted when this is closed. */
final class TestMount implements AutoCloseable {
  static final Posix POSIX = Posix.load();

  /** Has all tests of this package try their mounts over io_uring. */
  private static final boolean RING = Boolean.getBoolean("inputfs.test.ring");

  final Path folder;
  final Path path;
  final MemoryFileSystem fs;
  final FuseSession session;

  private TestMount(Path folder, MemoryFileSystem fs, MountOptions options) throws IOException {
    this.folder = folder;
    this.fs = fs;
    this.path = Files.createDirectory(folder.resolve("mnt"));
    this.session = FuseSession.mount(POSIX, fs, path, RING ? options.withRing(true) : options);
  }

  static TestMount of(MountOptions options) throws IOException {
    return of(options, MemoryFileSystem::new);
  }

  static TestMount of(MountOptions options, BiFunction<Posix, Path, MemoryFileSystem> maker)
      throws IOException {
    requireFuse();
    Path folder = Files.createTempDirectory("inputfs-kernel-test");
    MemoryFileSystem fs = maker.apply(POSIX, Files.createDirectory(folder.resolve("disk")));
    try {
      return new TestMount(folder, fs, options);
    } catch (IOException | RuntimeException e) {
      fs.close();
      delete(folder);
      throw e;
    }
  }

  /** Skips the test, and says why, where this machine does not let us mount. */
  static void requireFuse() {
    if (!Files.isWritable(Path.of("/dev/fuse")) || POSIX.geteuid() != 0) {
      String reason = "skipped: mounting needs root and /dev/fuse";
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

  long count(Opcode opcode) {
    return session.counters().of(opcode);
  }

  static void delete(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve("mnt"));
    Files.deleteIfExists(folder.resolve("disk"));
    Files.deleteIfExists(folder);
  }

  @Override
  public void close() throws IOException {
    try {
      session.close();
    } finally {
      // In case the session did not do what it is tested for.
      POSIX.umount2(path, Posix.MNT_DETACH);
      fs.close();
      delete(folder);
    }
  }
}
