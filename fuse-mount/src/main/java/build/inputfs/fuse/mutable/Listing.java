package build.inputfs.fuse.mutable;

import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileType;

/**
 * One listing of a loaded directory into a sink, until that is full. Made and run with the tree's
 * lock.
 *
 * <p>Positions: first the input directory's entries by index, gone ones included, then added names
 * by number. Both stay what they are while names come and go.
 */
final class Listing {
  /** What the sink's offsets are ahead of positions: {@code .} and {@code ..}. */
  private static final int DOTS = 2;

  private final Tree tree;
  private final DirectoryNode directory;
  private final DirectorySink sink;
  private final Entry entry = new Entry();

  Listing(Tree tree, DirectoryNode directory, DirectorySink sink) {
    this.tree = tree;
    this.directory = directory;
    this.sink = sink;
  }

  /** Lists from {@code offset} on. */
  void run(long offset) {
    long position = Math.max(0, offset - DOTS);
    int inputs = directory.inputCount();
    if (position < inputs && !listInputs((int) position)) {
      return;
    }
    AddedNames added = directory.added();
    for (int at = added.position(position - inputs); at < added.positions(); at++) {
      AddedNames.Added name = added.at(at);
      Inode node = name.node;
      if (node != null) {
        if (!sink.hasRoom(name.name.length)) {
          return;
        }
        describe(node);
        sink.add(name.name, 0, name.name.length, entry, DOTS + inputs + name.number + 1);
      }
    }
  }

  /** Lists the input directory's entries from {@code first} on: whether the sink took them all. */
  private boolean listInputs(int first) {
    InputDirectory input = directory.input();
    byte[] name = new byte[255];
    for (int index = first; index < input.size(); index++) {
      if (directory.isGone(index)) {
        continue;
      }
      int length = input.nameLength(index);
      if (!sink.hasRoom(length)) {
        return false;
      }
      Inode node = directory.touched(index);
      if (node != null) {
        describe(node);
      } else {
        describeUntouched(input, index);
      }
      input.copyName(index, name, 0);
      sink.add(name, 0, length, entry, DOTS + index + 1L);
    }
    return true;
  }

  /** Fills in a node; without attributes where getting them means asking the disk or the store. */
  private void describe(Inode node) {
    boolean atHand =
        switch (node) {
          case FileNode file -> !file.needsStat();
          case DirectoryNode child -> child.loaded();
          case SymlinkNode link -> true;
          case SpecialNode special -> true;
        };
    entry.attributes.ino = node.id;
    entry.attributes.mode = node.type();
    entry.node = 0;
    if (atHand && sink.wantsNodes()) {
      node.lookups++;
      entry.node = node.id;
      node.fill(entry.attributes);
    }
  }

  private void describeUntouched(InputDirectory input, int index) {
    entry.node = 0;
    entry.attributes.ino = directory.entryId(index);
    boolean isDirectory = input.kind(index) == Kind.DIRECTORY;
    if (isDirectory) {
      entry.attributes.mode = FileType.DIRECTORY;
    } else {
      tree.fillUntouched(directory, index, entry.attributes);
      if (sink.wantsNodes()) {
        directory.countLookup(index);
        entry.node = directory.entryId(index);
      }
    }
  }
}
