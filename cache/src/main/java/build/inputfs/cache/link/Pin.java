package build.inputfs.cache.link;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Keeps one tree of a {@link DirectoryCache} where it is until it is closed, from any thread.
 * Nothing in the tree may be changed.
 */
public final class Pin implements AutoCloseable {
  private final CachedTree tree;
  private final Consumer<CachedTree> release;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * A large subtree, which is an empty directory in the tree itself.
   *
   * @param path where it belongs, relative to the root
   * @param tree where it is; it may have joints in its turn, which come later in the list
   */
  public record Joint(String path, Path tree) {}

  Pin(CachedTree tree, Consumer<CachedTree> release) {
    this.tree = tree;
    this.release = release;
  }

  /** Where the tree is, without its large subtrees. */
  public Path path() {
    return tree.path;
  }

  /** All large subtrees, each before those within it. */
  public List<Joint> joints() {
    List<Joint> joints = new ArrayList<>();
    add(tree, "", joints);
    return joints;
  }

  private static void add(CachedTree tree, String prefix, List<Joint> joints) {
    for (CachedTree.Joint joint : tree.joints) {
      String path = prefix + joint.path();
      joints.add(new Joint(path, joint.tree().path));
      add(joint.tree(), path + "/", joints);
    }
  }

  /** Gives the tree back. Does nothing the second time. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release.accept(tree);
    }
  }
}
