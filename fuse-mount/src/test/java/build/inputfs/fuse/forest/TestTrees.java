package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Puts small trees into a real store. Closes the store. */
final class TestTrees implements AutoCloseable {
  final Posix posix = Posix.load();
  final LocalStore store;
  final TreeReader reader;

  TestTrees(Path temp) throws IOException {
    store =
        LocalStore.open(
            temp.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            temp.resolve("own"),
            posix);
    reader = new TreeReader(store, 1 << 20);
  }

  /**
   * Puts a tree: paths and what is there. A content that starts with {@code ->} is a symlink's
   * target, one that starts with {@code #!} an executable's.
   */
  Digest put(Map<String, String> files) throws IOException {
    DirectoryBuilder builder = new DirectoryBuilder();
    Map<String, Map<String, String>> below = new TreeMap<>();
    for (Map.Entry<String, String> file : files.entrySet()) {
      String path = file.getKey();
      String content = file.getValue();
      int slash = path.indexOf('/');
      if (slash >= 0) {
        below
            .computeIfAbsent(path.substring(0, slash), key -> new TreeMap<>())
            .put(path.substring(slash + 1), content);
      } else if (content.startsWith("->")) {
        builder.addSymlink(path, content.substring(2), null);
      } else {
        Digest digest = store.put(content.getBytes(StandardCharsets.UTF_8));
        builder.addFile(path, digest, content.startsWith("#!"), null);
      }
    }
    for (Map.Entry<String, Map<String, String>> directory : below.entrySet()) {
      builder.addDirectory(directory.getKey(), put(directory.getValue()));
    }
    return store.put(builder.build());
  }

  /** The digest of the directory at {@code path} of a tree. */
  Digest directory(Digest root, String path) throws IOException {
    Digest digest = root;
    for (String part : path.split("/", -1)) {
      InputDirectory directory = reader.directory(digest);
      digest = directory.digest(directory.find(part.getBytes(StandardCharsets.UTF_8)));
    }
    return digest;
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
