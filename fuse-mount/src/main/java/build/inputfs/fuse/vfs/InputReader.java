package build.inputfs.fuse.vfs;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads bytes of inputs into memory, from whatever file has them at the moment: also while the rest
 * of a large one is still on its way. Stateless; any thread may call it.
 */
public final class InputReader {
  /** How often a file may go between being found and being opened, before that is a failure. */
  private static final int ATTEMPTS = 100;

  private final Posix posix;
  private final BlobSource source;

  public InputReader(Posix posix, BlobSource source) {
    this.posix = posix;
    this.source = source;
  }

  /**
   * Reads, and waits for the bytes if it must.
   *
   * @param length how many bytes are wanted; may reach beyond the end
   * @param address where they go
   * @param watcher see {@link BlobSource#locate(Digest, boolean, long, long, BlobSource.Watcher)}
   * @return how many there were
   */
  public long read(
      Digest digest,
      boolean executable,
      long offset,
      long length,
      long address,
      BlobSource.Watcher watcher)
      throws IOException {
    long wanted = Math.min(length, digest.size() - offset); // the kernel asks for whole pages
    int descriptor = open(digest, executable, offset, Math.max(0, wanted), watcher);
    try {
      long done = 0;
      while (done < wanted) {
        long read =
            Posix.check(
                posix.pread(descriptor, address + done, wanted - done, offset + done), "read");
        if (read == 0) {
          break;
        }
        done += read;
      }
      return done;
    } finally {
      posix.close(descriptor);
    }
  }

  /**
   * A descriptor of the whole input, which the caller closes. Waits until all of it is there and is
   * right.
   */
  public int open(Digest digest, boolean executable) throws IOException {
    BlobSource.Located located = source.locate(digest, executable, 0, 0, cause -> {});
    if (located.verified()) {
      int descriptor = posix.open(located.path(), Posix.O_RDONLY, 0);
      if (descriptor != -Errnos.ENOENT) {
        return Posix.check(descriptor, "open " + located.path());
      }
    }
    Path path = source.locate(digest, executable);
    return Posix.check(posix.open(path, Posix.O_RDONLY, 0), "open " + path);
  }

  private int open(
      Digest digest, boolean executable, long offset, long length, BlobSource.Watcher watcher)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      BlobSource.Located located = source.locate(digest, executable, offset, length, watcher);
      int descriptor = posix.open(located.path(), Posix.O_RDONLY, 0);
      if (descriptor != -Errnos.ENOENT || attempt == ATTEMPTS) {
        return Posix.check(descriptor, "open " + located.path());
      }
    }
  }
}
