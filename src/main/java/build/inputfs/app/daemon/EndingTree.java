package build.inputfs.app.daemon;

import build.inputfs.cache.view.ViewTree;
import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is in a view, for somebody who is to give up soon when the view is to end: from then on
 * every question fails. As thread-safe as the tree behind it.
 *
 * @param ending whether the view is to end
 */
record EndingTree(ViewTree tree, BooleanSupplier ending) implements ViewTree {

  @Override
  public @Nullable Node find(String path) throws IOException {
    check();
    Node node = tree.find(path);
    return node == null ? null : wrap(node);
  }

  private Node wrap(Node node) {
    return node instanceof Directory directory ? new EndingDirectory(directory) : node;
  }

  private void check() throws RefusedException {
    if (ending.getAsBoolean()) {
      throw new RefusedException(
          RefusedException.Kind.STATE, "the view was closed while its outputs were collected");
    }
  }

  private final class EndingDirectory implements Directory {
    private final Directory directory;

    EndingDirectory(Directory directory) {
      this.directory = directory;
    }

    @Override
    public build.inputfs.cas.digest.@Nullable Digest digest() {
      return directory.digest();
    }

    @Override
    public List<Child> children() throws IOException {
      check();
      return directory.children().stream()
          .map(child -> new Child(child.name(), wrap(child.node())))
          .toList();
    }
  }
}
