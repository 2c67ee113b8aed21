package build.inputfs.cas.posix;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What statx(2) says of one file. A plain buffer: fill it with {@link Posix#statx}, then read. Not
 * thread-safe.
 */
public final class FileStat {
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  // struct statx of linux/stat.h, 256 bytes on every architecture.
  final byte[] bytes = new byte[256];

  private static final int STATX_MNT_ID = 0x1000;
  private static final long STATX_ATTR_MOUNT_ROOT = 0x2000;

  /** Whether the mount was told: {@link #mountId} and {@link #isMountRoot} say something then. */
  public boolean knowsMount() {
    return ((int) INTS.get(bytes, 0) & STATX_MNT_ID) != 0;
  }

  /** Number of the mount that the file was found on, as in {@code /proc/self/mountinfo}. */
  public long mountId() {
    return (long) LONGS.get(bytes, 144);
  }

  /** Whether the file is the root of a mount. */
  public boolean isMountRoot() {
    return ((long) LONGS.get(bytes, 8) & STATX_ATTR_MOUNT_ROOT) != 0;
  }

  /** Number of hard links. */
  public int nlink() {
    return (int) INTS.get(bytes, 16);
  }

  public int uid() {
    return (int) INTS.get(bytes, 20);
  }

  public int gid() {
    return (int) INTS.get(bytes, 24);
  }

  /** Type and permission bits, as in inode(7). */
  public int mode() {
    return (short) SHORTS.get(bytes, 28) & 0xffff;
  }

  public long ino() {
    return (long) LONGS.get(bytes, 32);
  }

  /** Size in bytes. */
  public long size() {
    return (long) LONGS.get(bytes, 40);
  }

  /** Allocated blocks of 512 bytes. */
  public long blocks() {
    return (long) LONGS.get(bytes, 48);
  }

  public long atimeSeconds() {
    return (long) LONGS.get(bytes, 64);
  }

  public int atimeNanos() {
    return (int) INTS.get(bytes, 72);
  }

  public long ctimeSeconds() {
    return (long) LONGS.get(bytes, 96);
  }

  public int ctimeNanos() {
    return (int) INTS.get(bytes, 104);
  }

  public long mtimeSeconds() {
    return (long) LONGS.get(bytes, 112);
  }

  public int mtimeNanos() {
    return (int) INTS.get(bytes, 120);
  }

  /** Of a device file: which device, major in the high 32 bits. */
  public long rdev() {
    return ((long) (int) INTS.get(bytes, 128) << 32) | ((int) INTS.get(bytes, 132) & 0xffffffffL);
  }

  /** The device's number, major in the high 32 bits. */
  public long device() {
    return ((long) (int) INTS.get(bytes, 136) << 32) | ((int) INTS.get(bytes, 140) & 0xffffffffL);
  }
}
