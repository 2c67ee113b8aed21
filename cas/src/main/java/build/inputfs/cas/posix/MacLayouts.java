package build.inputfs.cas.posix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Turns the structures of macOS, which are the same on its two kinds of processors, into those of
 * Linux that the callers of {@link Posix} know. Stateless.
 */
final class MacLayouts {
  /** Size of {@code struct stat} with inode numbers of 64 bits: sys/stat.h. */
  static final int STAT = 144;

  /** Size of {@code struct statvfs}: sys/statvfs.h. */
  static final int STATVFS = 64;

  // Where struct dirent has what: sys/dirent.h. Its length is where Linux has it.
  private static final int DIRENT_LENGTH = 16;
  private static final int MAC_DIRENT_TYPE = 20;
  private static final int MAC_DIRENT_NAME = 21;
  private static final int DIRENT_TYPE = 18;
  private static final int DIRENT_NAME = 19;

  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private MacLayouts() {}

  /** Turns a {@code struct stat} into a {@code struct statx} that tells nothing of the mount. */
  static void stat(byte[] from, byte[] to) {
    INTS.set(to, 0, 0);
    LONGS.set(to, 8, 0L);
    device(to, 136, (int) INTS.get(from, 0));
    SHORTS.set(to, 28, (short) SHORTS.get(from, 4));
    INTS.set(to, 16, (short) SHORTS.get(from, 6) & 0xffff);
    LONGS.set(to, 32, (long) LONGS.get(from, 8));
    INTS.set(to, 20, (int) INTS.get(from, 16));
    INTS.set(to, 24, (int) INTS.get(from, 20));
    device(to, 128, (int) INTS.get(from, 24));
    time(to, 64, from, 32);
    time(to, 112, from, 48);
    time(to, 96, from, 64);
    time(to, 80, from, 80); // when it was made
    LONGS.set(to, 40, (long) LONGS.get(from, 96));
    LONGS.set(to, 48, (long) LONGS.get(from, 104));
  }

  private static void time(byte[] to, int at, byte[] from, int fromAt) {
    LONGS.set(to, at, (long) LONGS.get(from, fromAt));
    INTS.set(to, at + 8, (int) (long) LONGS.get(from, fromAt + 8));
  }

  /** A device's number has its major in the highest 8 of 32 bits. */
  private static void device(byte[] to, int at, int number) {
    INTS.set(to, at, number >>> 24);
    INTS.set(to, at + 4, number & 0xffffff);
  }

  /** Turns a {@code struct statvfs}, whose counts have 32 bits, into that of Linux. */
  static void statvfs(byte[] from, byte[] to) {
    LONGS.set(to, 0, (long) LONGS.get(from, 0));
    LONGS.set(to, 8, (long) LONGS.get(from, 8));
    for (int i = 0; i < 6; i++) {
      LONGS.set(to, 16 + 8 * i, (int) INTS.get(from, 16 + 4 * i) & 0xffffffffL);
    }
  }

  /** Turns entries of a directory, in their place, into those of getdents64(2). */
  static void entries(MemorySegment entries) {
    long at = 0;
    while (at < entries.byteSize()) {
      int length = entries.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + DIRENT_LENGTH) & 0xffff;
      byte type = entries.get(ValueLayout.JAVA_BYTE, at + MAC_DIRENT_TYPE);
      entries.set(ValueLayout.JAVA_BYTE, at + DIRENT_TYPE, type);
      MemorySegment.copy(
          entries, at + MAC_DIRENT_NAME, entries, at + DIRENT_NAME, length - MAC_DIRENT_NAME);
      at += length;
    }
  }
}
