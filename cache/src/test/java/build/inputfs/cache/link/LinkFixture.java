package build.inputfs.cache.link;

import static java.nio.charset.StandardCharsets.UTF_8;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.proto.NodeProperties;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.TreeReader;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A store with what makes and removes trees beside it, in a folder of the test's. */
final class LinkFixture implements AutoCloseable {
  static final int THREADS = 3;

  final Posix posix;
  final Path folder;
  final LocalStore store;
  final TreeReader reader;
  final TreeRemover remover;
  final Materializer materializer;

  LinkFixture(Path folder) throws IOException {
    this(folder, Materializer.DISK_LINK_LIMIT);
  }

  LinkFixture(Path folder, int linkLimit) throws IOException {
    this(folder, linkLimit, Posix.load());
  }

  LinkFixture(Path folder, int linkLimit, Posix posix) throws IOException {
    this.posix = posix;
    this.folder = folder;
    this.remover = new TreeRemover(posix, THREADS);
    this.store =
        LocalStore.open(
            folder.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolve("private"),
            posix);
    this.reader = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
    this.materializer = new Materializer(posix, store, reader, remover, THREADS, linkLimit);
  }

  /** Makes the tree as the process's own user, and says what was made. */
  TreeCounts make(Digest root, Path destination, Mechanism mechanism) throws IOException {
    return materializer.materialize(root, destination, options(mechanism), TreeListener.NONE);
  }

  TreeOptions options(Mechanism mechanism) {
    return new TreeOptions(mechanism, posix.geteuid(), posix.getegid());
  }

  Digest put(String content) throws IOException {
    return store.put(content.getBytes(UTF_8));
  }

  FileStat stat(Path file) throws IOException {
    FileStat stat = new FileStat();
    Posix.check(posix.lstat(file, stat), "stat " + file);
    return stat;
  }

  /** Permission bits. */
  int mode(Path file) throws IOException {
    return stat(file).mode() & 07777;
  }

  /** Whether two names are one inode. */
  boolean same(Path one, Path other) throws IOException {
    FileStat a = stat(one);
    FileStat b = stat(other);
    return a.ino() == b.ino() && a.device() == b.device();
  }

  /** Runs a program and returns its exit code. */
  static int run(String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    materializer.close();
    remover.close();
    store.close();
  }

  static NodeProperties mode(int mode, @Nullable Long mtime) {
    NodeProperties.Builder properties = NodeProperties.newBuilder();
    if (mode >= 0) {
      properties.setUnixMode(UInt32Value.of(mode));
    }
    if (mtime != null) {
      properties.setMtime(Timestamp.newBuilder().setSeconds(mtime));
    }
    return properties.build();
  }

  /** A tree that a test describes by paths; directories on the way are there by themselves. */
  final class Tree {
    private final Map<String, Tree> directories = new TreeMap<>();
    private final DirectoryBuilder builder = new DirectoryBuilder();

    Tree file(String path, String content) throws IOException {
      return file(path, content, false, null);
    }

    Tree executable(String path, String content) throws IOException {
      return file(path, content, true, null);
    }

    Tree file(String path, String content, boolean executable, @Nullable NodeProperties properties)
        throws IOException {
      parent(path).builder.addFile(last(path), put(content), executable, properties);
      return this;
    }

    Tree blob(String path, Digest digest) {
      parent(path).builder.addFile(last(path), digest, false, null);
      return this;
    }

    Tree symlink(String path, String target) {
      parent(path).builder.addSymlink(last(path), target, null);
      return this;
    }

    Tree directory(String path) {
      var _ = parent(path + "/.");
      return this;
    }

    Tree properties(String path, NodeProperties properties) {
      parent(path + "/.").builder.setProperties(properties);
      return this;
    }

    /** Of the tree's root. */
    Tree properties(NodeProperties properties) {
      builder.setProperties(properties);
      return this;
    }

    /** Puts the tree in the store. */
    Digest put() throws IOException {
      for (Map.Entry<String, Tree> entry : directories.entrySet()) {
        builder.addDirectory(entry.getKey(), entry.getValue().put());
      }
      return store.put(builder.build());
    }

    private Tree parent(String path) {
      int slash = path.indexOf('/');
      return slash < 0
          ? this
          : directories
              .computeIfAbsent(path.substring(0, slash), name -> new Tree())
              .parent(path.substring(slash + 1));
    }

    private static String last(String path) {
      return path.substring(path.lastIndexOf('/') + 1);
    }

    private Digest put(String content) throws IOException {
      return LinkFixture.this.put(content);
    }
  }

  Tree tree() {
    return new Tree();
  }

  /** All that is below a folder: type, mode, time, content or target by path. */
  Map<String, String> dump(Path top) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (var paths = Files.walk(top)) {
      paths.forEach(path -> found.put(top.relativize(path).toString(), describe(path)));
    }
    return found;
  }

  private String describe(Path path) {
    try {
      FileStat stat = stat(path);
      String content =
          Files.isSymbolicLink(path)
              ? "-> " + Files.readSymbolicLink(path)
              : Files.isDirectory(path)
                  ? ""
                  : stat.size() > 1 << 16 ? stat.size() + " bytes" : Files.readString(path);
      return "%o %s".formatted(stat.mode(), content);
    } catch (IOException e) {
      throw new UncheckedIOException(new PosixException(path + ": " + e, 0));
    }
  }
}
