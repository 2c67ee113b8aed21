package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import org.jspecify.annotations.Nullable;

/** An input directory as it is. */
record PlainListing(InputDirectory input) implements Listing {

  @Override
  public int size() {
    return input.size();
  }

  @Override
  public int find(byte[] name) {
    return input.find(name);
  }

  @Override
  public int nameLength(int index) {
    return input.nameLength(index);
  }

  @Override
  public void copyName(int index, byte[] target, int offset) {
    input.copyName(index, target, offset);
  }

  @Override
  public boolean isWhiteout(int index) {
    return false;
  }

  @Override
  public @Nullable ComposedListing composed(int index) {
    return null;
  }

  @Override
  public Digest directoryDigest(int index) {
    return input.digest(index);
  }

  @Override
  public boolean isDirectory(int index) {
    return input.kind(index) == Kind.DIRECTORY;
  }

  @Override
  public InputDirectory source(int index) {
    return input;
  }

  @Override
  public int sourceIndex(int index) {
    return index;
  }

  @Override
  public InputDirectory self() {
    return input;
  }

  @Override
  public int directoryCount() {
    return input.directoryCount();
  }
}
