package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;

/** Copies the bytes of a blob from descriptor to descriptor, holes as holes. Stateless. */
final class FileCopier {
  /** Files up to this size are copied whole: looking for holes costs more than it saves. */
  private static final long SMALL = 1 << 20;

  private static final int SEEK_SET = 0;

  private final Posix posix;

  FileCopier(Posix posix) {
    this.posix = posix;
  }

  /**
   * Copies {@code in} to {@code out}, which is empty and whose offset is 0.
   *
   * @throws IOException when it is not as long as its digest says
   */
  void copy(int in, int out, Digest digest, String what) throws IOException {
    long size = digest.size();
    long at = 0;
    while (at < size) {
      long data = size <= SMALL ? at : posix.lseek(in, at, Posix.SEEK_DATA);
      if (data == -Errnos.ENXIO) {
        break; // a hole to the end
      }
      if (data < 0) {
        data = at; // a disk that does not know its holes
      }
      long hole = size <= SMALL ? size : posix.lseek(in, data, Posix.SEEK_HOLE);
      long end = hole < 0 ? size : Math.min(hole, size);
      copyRange(in, out, data, end, what);
      at = end;
    }
    Posix.check(posix.ftruncate(out, size), "set the size of " + what);
  }

  private void copyRange(int in, int out, long start, long end, String what) throws IOException {
    long[] from = {start};
    long[] to = {start};
    while (from[0] < end) {
      long copied = posix.copyFileRange(in, from, out, to, end - from[0]);
      if (copied == -Errnos.EXDEV
          || copied == -Errnos.EINVAL
          || copied == -Errnos.EOPNOTSUPP
          || copied == -Errnos.ENOSYS) {
        Posix.check(posix.lseek(out, from[0], SEEK_SET), "seek in " + what);
        copied = posix.sendfile(out, in, from, end - from[0]);
        to[0] = from[0];
      }
      if (copied == 0) {
        throw new IOException("the blob of " + what + " ends too early");
      }
      if (copied < 0 && copied != -Errnos.EINTR) {
        throw new PosixException("copy to " + what, (int) -copied);
      }
    }
  }
}
