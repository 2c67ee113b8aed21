package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.store.MemoryBlobs;
import build.inputfs.cas.tree.DirectoryBuilder;

/** Directory messages on the heap, for trees that have many of them and no file. */
public final class MemoryDirectories extends MemoryBlobs {

  /** Puts a message. */
  public Digest put(Directory directory) {
    return put(directory.toByteArray());
  }

  /** Puts {@code end} below so many directories, each with nothing else in it. */
  public Digest chain(Digest end, int levels) {
    Digest digest = end;
    for (int level = 0; level < levels; level++) {
      DirectoryBuilder directory = new DirectoryBuilder();
      directory.addDirectory("d", digest);
      digest = put(directory.build());
    }
    return digest;
  }
}
