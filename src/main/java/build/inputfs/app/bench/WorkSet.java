package build.inputfs.app.bench;

import build.inputfs.cache.view.Folders;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.PutMode;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.TreeBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The trees that the work is done on: each made when it is first asked for, as a directory of the
 * native disk and as a tree in a store beside it. A file beside the directory, written when both
 * are there, tells the root, so that another run can use them again. For one thread.
 */
final class WorkSet {
  /** The name of the only file of {@link #largeFile}. */
  static final String LARGE_FILE = "large.bin";

  private static final int READ_LIMIT = 64 << 20;
  private static final List<Path> REAL = List.of(Path.of("/usr/include"), Path.of("/usr/lib/gcc"));

  private final Path folder;
  private final LocalStore store;
  private final TreeBuilder importer;
  private final Probe probe;
  private final Importing importing;
  private final Consumer<String> progress;
  private final Map<String, InputTree> made = new LinkedHashMap<>();

  /** Imports a directory, and can be interrupted. */
  @FunctionalInterface
  interface Importing {
    Digest run(TreeBuilder importer, Path directory) throws IOException;
  }

  /** Makes the directory of a tree, which does not exist. */
  @FunctionalInterface
  private interface DirectoryMaker {
    void make(Path directory) throws IOException;
  }

  /** Puts a tree into the store, and what may be there of its directory in order. */
  @FunctionalInterface
  private interface Maker {
    Digest make(Path directory) throws IOException;
  }

  /**
   * @param folder takes the directories
   * @param progress is told what takes long
   */
  WorkSet(
      Path folder,
      LocalStore store,
      Posix posix,
      Probe probe,
      Importing importing,
      Consumer<String> progress) {
    this.folder = folder;
    this.store = store;
    this.probe = probe;
    this.importing = importing;
    this.progress = progress;
    this.importer =
        new TreeBuilder(
            store,
            posix,
            PutMode.COPY,
            Set.of(),
            _ -> {},
            Runtime.getRuntime().availableProcessors());
  }

  /** A random tree of so many files. */
  InputTree files(int count) throws IOException {
    return imported(
        "files-" + count,
        "a tree of %,d files".formatted(count),
        directory -> new RandomTree(count).make(directory, count));
  }

  /** A copy of this machine's C headers and compiler, as far as it has any. */
  InputTree real() throws IOException {
    return imported(
        "real",
        "a copy of " + REAL,
        directory -> {
          Files.createDirectory(directory);
          for (Path original : REAL) {
            if (Files.isDirectory(original)) {
              probe.run(directory, List.of("cp", "-a", original.toString(), "."));
            }
          }
        });
  }

  /** The headers and C files of {@code tree}. */
  InputTree headers(int count, HeaderTree tree) throws IOException {
    return imported("headers-" + count, "a tree of %,d C headers".formatted(count), tree::make);
  }

  /** A tree of one large file. */
  InputTree largeFile(long bytes) throws IOException {
    return imported(
        "large-" + bytes,
        "a file of %,d MB".formatted(bytes >> 20),
        directory -> {
          Files.createDirectory(directory);
          byte[] block = new byte[1 << 20];
          Random random = new Random(bytes);
          try (var out = Files.newOutputStream(directory.resolve(LARGE_FILE))) {
            for (long left = bytes; left > 0; left -= block.length) {
              random.nextBytes(block);
              out.write(block, 0, (int) Math.min(left, block.length));
            }
          }
        });
  }

  /**
   * A tree of so many files in directories of a thousand, a hundred directories each, all with the
   * same content. It is in the store alone.
   */
  InputTree manyFiles(int count) throws IOException {
    return tree(
        "many-" + count,
        "a tree of %,d files in the store".formatted(count),
        _ -> storeManyFiles(count));
  }

  private Digest storeManyFiles(int count) throws IOException {
    Digest content = store.put("the same".getBytes(StandardCharsets.UTF_8));
    DirectoryBuilder root = new DirectoryBuilder();
    DirectoryBuilder middle = new DirectoryBuilder();
    DirectoryBuilder leaf = new DirectoryBuilder();
    for (int i = 1; i <= count; i++) {
      leaf.addFile("source_file_" + i + ".cc", content, false, null);
      if (i % 1000 == 0 || i == count) {
        middle.addDirectory("part" + i, store.put(leaf.build()));
        leaf = new DirectoryBuilder();
      }
      if (i % 100_000 == 0 || i == count) {
        root.addDirectory("library" + i, store.put(middle.build()));
        middle = new DirectoryBuilder();
      }
    }
    return store.put(root.build());
  }

  /** {@code tree} with other files: paths, whose directories exist, and contents. */
  InputTree changed(InputTree tree, Map<String, String> changes) throws IOException {
    Digest root = tree.root();
    for (Map.Entry<String, String> change : changes.entrySet()) {
      Digest content = store.put(change.getValue().getBytes(StandardCharsets.UTF_8));
      root = withFile(root, change.getKey(), content);
    }
    return new InputTree(root, tree.directory(), changes);
  }

  private Digest withFile(Digest root, String path, Digest content) throws IOException {
    Directory.Builder directory = Directory.parseFrom(store.read(root, READ_LIMIT)).toBuilder();
    int slash = path.indexOf('/');
    if (slash < 0) {
      return store.put(withFile(directory, path, content));
    }
    String name = path.substring(0, slash);
    for (int i = 0; i < directory.getDirectoriesCount(); i++) {
      DirectoryNode child = directory.getDirectories(i);
      if (child.getName().equals(name)) {
        Digest changed =
            withFile(Digests.fromProto(child.getDigest()), path.substring(slash + 1), content);
        directory.setDirectories(i, child.toBuilder().setDigest(Digests.toProto(changed)));
        return store.put(directory.build());
      }
    }
    throw new IOException("there is no directory " + name + " for " + path);
  }

  private static Directory withFile(Directory.Builder directory, String name, Digest content) {
    FileNode node = FileNode.newBuilder().setName(name).setDigest(Digests.toProto(content)).build();
    int i = 0;
    while (i < directory.getFilesCount() && directory.getFiles(i).getName().compareTo(name) < 0) {
      i++;
    }
    if (i < directory.getFilesCount() && directory.getFiles(i).getName().equals(name)) {
      directory.setFiles(i, node);
    } else {
      directory.addFiles(i, node);
    }
    return directory.build();
  }

  /** A tree that is a directory first. */
  private InputTree imported(String name, String what, DirectoryMaker maker) throws IOException {
    return tree(
        name,
        what,
        directory -> {
          if (Files.exists(directory)) {
            Folders.delete(directory);
          }
          maker.make(directory);
          return importing.run(importer, directory);
        });
  }

  private InputTree tree(String name, String what, Maker maker) throws IOException {
    InputTree known = made.get(name);
    if (known == null) {
      Path directory = folder.resolve(name);
      Path note = folder.resolve(name + ".root");
      if (!Files.exists(note)) {
        progress.accept("making " + what);
        Path written = folder.resolve(name + ".new");
        Files.writeString(written, maker.make(directory).toString());
        Files.move(written, note, StandardCopyOption.ATOMIC_MOVE);
      }
      known = new InputTree(Digest.parse(Files.readString(note)), directory, Map.of());
      made.put(name, known);
    }
    return known;
  }
}
