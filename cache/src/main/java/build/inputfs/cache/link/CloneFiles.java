package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.nio.file.Path;

/** Directories of APFS, which clonefile(2) clones with all that is in them. Stateless. */
final class CloneFiles implements TreeCloner {
  private final Posix posix;
  private final Call clonefile;

  /** clonefile(2). */
  @FunctionalInterface
  interface Call {
    int clone(Path source, Path target);
  }

  CloneFiles(Posix posix, Call clonefile) {
    this.posix = posix;
    this.clonefile = clonefile;
  }

  /** Clones an empty directory. */
  @Override
  public int probe(Path path) {
    int made = create(path);
    if (made < 0) {
      return made;
    }
    Path probe = path.resolveSibling(path.getFileName() + "-probe");
    int cloned = clonefile.clone(path, probe);
    Path left = cloned < 0 ? path : probe;
    posix.unlinkat(Posix.AT_FDCWD, left.toString(), Posix.AT_REMOVEDIR);
    return cloned;
  }

  /** Any directory will do. */
  @Override
  public int create(Path path) {
    return posix.mkdirat(Posix.AT_FDCWD, path.toString(), Inodes.DIRECTORY_MODE);
  }

  @Override
  public int snapshot(Path source, Path path) {
    return clonefile.clone(source, path);
  }

  /** Never: no call removes a tree. */
  @Override
  public int destroy(Path path) {
    return -Errnos.ENOTEMPTY;
  }

  @Override
  public boolean movesTrees() {
    return true;
  }
}
