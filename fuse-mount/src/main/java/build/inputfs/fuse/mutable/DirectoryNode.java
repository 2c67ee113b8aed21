package build.inputfs.fuse.mutable;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A directory: an input directory, shared and immutable, with this view's changes beside it.
 *
 * <p>An entry of the input directory is <em>untouched</em> until it needs a state of its own. What
 * an untouched entry is, is all in the shared {@link InputDirectory}; its node number is that of
 * the directory's run plus its index, and what it costs here is the count of its lookups, four
 * bytes. A touched entry has a slot, which holds the node that its name stands for now, or {@link
 * Gone}. So a name of the input tree that is removed and made again uses its old place, and only
 * names that the input tree does not have go to {@link AddedNames}.
 *
 * <p>An input directory must be loaded before its entries are asked for: {@link Tree#directory}.
 */
final class DirectoryNode extends Inode {
  /** In a slot: the name of this entry does not exist. */
  private enum Gone {
    GONE
  }

  private static final int BLOCK = 4096;

  /** The input directory's digest, or null where the view's action made this one. */
  final @Nullable Digest digest;

  /** The directory that holds it; itself for the root. */
  DirectoryNode parent;

  /** Its name there; empty for the root. */
  byte[] name;

  private @Nullable InputDirectory input;

  /** Inode number of the input directory's first entry. */
  private long firstEntry;

  private @Nullable Object @Nullable [] slots;
  private int @Nullable [] lookupCounts;
  private final AddedNames added = new AddedNames();
  private int inputsLeft;
  private int subdirectories;
  private boolean changed;

  @SuppressWarnings("this-escape") // the root is its own parent
  DirectoryNode(
      long id,
      @Nullable Digest digest,
      @Nullable DirectoryNode parent,
      byte[] name,
      int mode,
      int uid,
      int gid) {
    super(id, mode, uid, gid);
    this.digest = digest;
    this.parent = parent == null ? this : parent;
    this.name = name;
    nlink = 2;
  }

  @Override
  int type() {
    return FileType.DIRECTORY;
  }

  @Override
  void fillContent(Attributes out) {
    out.size = BLOCK;
    out.blocks = BLOCK / 512;
    if (nlink > 0) {
      out.nlink = 2 + subdirectories;
    }
  }

  boolean loaded() {
    return digest == null || input != null;
  }

  /** Takes the decoded input directory, whose entries have the numbers from {@code first} on. */
  void load(InputDirectory decoded, long first) {
    input = decoded;
    firstEntry = first;
    inputsLeft = decoded.size();
    subdirectories = decoded.directoryCount();
  }

  /** The decoded input directory. Only where {@link #inputCount} is above zero. */
  InputDirectory input() {
    if (input == null) {
      throw new IllegalStateException("no input directory at " + path());
    }
    return input;
  }

  /** How many entries the input directory has, gone ones included. */
  int inputCount() {
    return input == null ? 0 : input.size();
  }

  long entryId(int index) {
    return firstEntry + index;
  }

  int entryIndex(long id) {
    return (int) (id - firstEntry);
  }

  boolean isUntouched(long index) {
    return index < inputCount() && (slots == null || slots[(int) index] == null);
  }

  boolean isGone(int index) {
    return slots != null && slots[index] instanceof Gone;
  }

  /** Index of the untouched entry called {@code name}, or -1. */
  int untouched(byte[] name) {
    int index = input == null ? -1 : input.find(name);
    return index >= 0 && isUntouched(index) ? index : -1;
  }

  /** The node at a touched index, or null where the entry is gone or untouched. */
  @Nullable Inode touched(int index) {
    return slots != null && slots[index] instanceof Inode node ? node : null;
  }

  /** The node called {@code name}, or null where there is none or its entry is untouched. */
  @Nullable Inode named(byte[] name) {
    int index = input == null ? -1 : input.find(name);
    return index >= 0 ? touched(index) : added.get(name);
  }

  AddedNames added() {
    return added;
  }

  /** Gives an untouched entry a node of its own; the name keeps meaning the same. */
  void touch(int index, Inode node) {
    slots()[index] = node;
  }

  /** Undoes {@link #touch}: the entry needs no node any more. */
  void untouch(int index) {
    slots()[index] = null;
  }

  /** Lets {@code name} stand for {@code node}, whatever it stood for before. */
  void put(byte[] name, Inode node) {
    changed = true;
    int index = input == null ? -1 : input.find(name);
    Inode before = index >= 0 ? touched(index) : added.get(name);
    if (before instanceof DirectoryNode) {
      subdirectories--;
    }
    if (node instanceof DirectoryNode) {
      subdirectories++;
    }
    if (index < 0) {
      added.put(name, node);
    } else {
      if (isGone(index)) {
        inputsLeft++;
      }
      slots()[index] = node;
    }
  }

  /** Removes {@code name}, which stands for a node. */
  void remove(byte[] name) {
    changed = true;
    int index = input == null ? -1 : input.find(name);
    Inode before = index >= 0 ? touched(index) : added.get(name);
    if (before instanceof DirectoryNode) {
      subdirectories--;
    }
    if (index < 0) {
      added.remove(name);
    } else {
      slots()[index] = Gone.GONE;
      inputsLeft--;
    }
  }

  boolean isEmpty() {
    return inputsLeft == 0 && added.size() == 0;
  }

  void countLookup(int index) {
    if (lookupCounts == null) {
      lookupCounts = new int[inputCount()];
    }
    lookupCounts[index]++;
  }

  void forgetLookups(int index, long count) {
    if (lookupCounts != null) {
      lookupCounts[index] -= (int) count;
    }
  }

  /** Takes the lookups of an entry away from here, to be kept by its node. */
  int takeLookups(int index) {
    if (lookupCounts == null) {
      return 0;
    }
    int count = lookupCounts[index];
    lookupCounts[index] = 0;
    return count;
  }

  void giveLookups(int index, long count) {
    if (count > 0) {
      countLookup(index);
      forgetLookups(index, 1 - count);
    }
  }

  /** All names in it, in no order. */
  List<byte[]> names() {
    List<byte[]> names = new ArrayList<>(inputsLeft + added.size());
    for (int index = 0; index < inputCount(); index++) {
      if (!isGone(index)) {
        names.add(input().name(index));
      }
    }
    for (int at = 0; at < added.positions(); at++) {
      if (added.at(at).node != null) {
        names.add(added.at(at).name);
      }
    }
    return names;
  }

  /** Whether a name in it, not counting those below its subdirectories, is not the input tree's. */
  boolean isChanged() {
    return changed;
  }

  /** Path in the view now, relative to its root; empty for the root itself. */
  String path() {
    if (parent == this) {
      return "";
    }
    String above = parent.path();
    return above.isEmpty() ? new Name(name).toString() : above + "/" + new Name(name);
  }

  /** Path of an entry, as {@link #path}. */
  String pathOf(byte[] entry) {
    String above = path();
    return above.isEmpty() ? new Name(entry).toString() : above + "/" + new Name(entry);
  }

  private @Nullable Object[] slots() {
    if (slots == null) {
      slots = new @Nullable Object[inputCount()];
    }
    return slots;
  }
}
