package build.inputfs.cache.link;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * How a worker plugs in: its "create exec dir" and "destroy exec dir", on any strategy.
 * Thread-safe, for one thread per operation.
 *
 * <p>Between the two the worker runs the action in the directory and collects what {@link
 * View#tree} holds, see {@link build.inputfs.cache.view.OutputCollector}.
 */
final class ExecDirectories implements AutoCloseable {
  private final ViewStrategy strategy;
  private final Path root;
  private final int uid;
  private final int gid;
  private final ConcurrentMap<Path, View> views = new ConcurrentHashMap<>();

  /**
   * @param strategy closed with this object
   * @param root an existing folder to have exec directories in
   * @param uid the user that actions run as
   * @param gid its group
   */
  ExecDirectories(ViewStrategy strategy, Path root, int uid, int gid) {
    this.strategy = strategy;
    this.root = root;
    this.uid = uid;
    this.gid = gid;
  }

  /**
   * Makes the exec directory of an operation.
   *
   * @param inputRoot digest of the action's {@code input_root_digest}
   * @param outputs the command's outputs, relative to the input root
   * @throws IOException when it cannot be made, for want of a blob say; nothing is left then
   */
  Path create(String operation, Digest inputRoot, List<String> outputs) throws IOException {
    Path directory = Files.createDirectory(root.resolve(operation));
    try {
      ViewSpec spec = new ViewSpec(inputRoot, directory, uid, gid, false, outputs, Quota.NONE);
      views.put(directory, strategy.open(spec));
      return directory;
    } catch (IOException | RuntimeException e) {
      Files.delete(directory);
      throw e;
    }
  }

  /** The view at an exec directory: its outputs, what it lacked, how it was made. */
  View view(Path directory) {
    View view = views.get(directory);
    if (view == null) {
      throw new IllegalArgumentException(directory + " is no exec directory");
    }
    return view;
  }

  /** Takes an exec directory away with all that was written in it. */
  void destroy(Path directory) throws IOException {
    View view = views.remove(directory);
    if (view != null) {
      view.close();
      Files.delete(directory);
    }
  }

  @Override
  public void close() throws IOException {
    try (strategy) {
      for (Path directory : views.keySet()) {
        destroy(directory);
      }
    }
  }
}
