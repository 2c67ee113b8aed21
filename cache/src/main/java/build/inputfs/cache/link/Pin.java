package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Keeps one tree of a {@link DirectoryCache} where it is until it is closed, from any thread.
 * Nothing in the tree may be changed.
 */
public final class Pin implements AutoCloseable {
  private final Part whole;
  private final Map<Digest, CachedTree> trees;
  private final Consumer<CachedTree> release;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * A large subtree, which is an empty directory in the tree itself.
   *
   * @param path where it belongs, relative to the root
   * @param tree where it is; it may have joints in its turn, which come later in the list
   */
  public record Joint(String path, Path tree) {}

  /**
   * @param whole the part with the tree's root
   * @param trees each part's tree by its key, pinned once
   * @param release takes the pin of a tree back
   */
  Pin(Part whole, Map<Digest, CachedTree> trees, Consumer<CachedTree> release) {
    this.whole = whole;
    this.trees = Map.copyOf(trees);
    this.release = release;
  }

  /** Where the tree is, without its large subtrees. */
  public Path path() {
    return path(whole);
  }

  /** All large subtrees, each before those within it. */
  public List<Joint> joints() {
    List<Joint> joints = new ArrayList<>();
    add(whole, "", joints);
    return joints;
  }

  private void add(Part part, String prefix, List<Joint> joints) {
    for (Part.Joint joint : part.joints()) {
      String path = prefix + joint.name();
      joints.add(new Joint(path, path(joint.part())));
      add(joint.part(), path + "/", joints);
    }
  }

  private Path path(Part part) {
    return Objects.requireNonNull(trees.get(part.key())).path;
  }

  /** Gives the tree back. Does nothing the second time. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      trees.values().forEach(release);
    }
  }
}
