package build.inputfs.cas.posix;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The mounts of macOS, as getfsstat(2) has them: no filesystem is asked for it. Stateless. */
public final class MacMounts {
  private static final int MNT_NOWAIT = 2;

  // struct statfs with inode numbers of 64 bits, sys/mount.h: where it has what, and its size.
  private static final int ID = 48;
  private static final int TYPE = 72;
  private static final int PATH = 88;
  private static final int SOURCE = 1112;
  private static final int SOURCE_END = 2136;
  private static final int SIZE = 2168;

  /** Mounts may be made between the count and the list. */
  private static final int ROOM = 16;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private MacMounts() {}

  /**
   * One mount.
   *
   * @param id of the filesystem: unique among those that are mounted
   * @param type the filesystem's type
   * @param path the mount point
   * @param source what it was mounted from
   */
  public record Mounted(long id, String type, String path, String source) {}

  /** The mounts as they are now, in the order in which they were made. */
  public static List<Mounted> read() throws PosixException {
    CLibrary libc = new CLibrary();
    String function = MacCalls.symbol("getfsstat", System.getProperty("os.arch", ""));
    try (NativeMemory memory = new NativeMemory()) {
      int count = CLibrary.wrap(libc.call(function, 0, 0, MNT_NOWAIT));
      int size = (CLibrary.check(count, "getfsstat") + ROOM) * SIZE;
      long buffer = memory.block(size);
      count = CLibrary.wrap(libc.call(function, buffer, size, MNT_NOWAIT));
      byte[] raw = new byte[CLibrary.check(count, "getfsstat") * SIZE];
      memory.get(buffer, raw, 0, raw.length);
      return decode(raw);
    }
  }

  static List<Mounted> decode(byte[] raw) {
    List<Mounted> mounts = new ArrayList<>();
    for (int at = 0; at + SIZE <= raw.length; at += SIZE) {
      mounts.add(
          new Mounted(
              (long) LONGS.get(raw, at + ID),
              text(raw, at + TYPE, at + PATH),
              text(raw, at + PATH, at + SOURCE),
              text(raw, at + SOURCE, at + SOURCE_END)));
    }
    return List.copyOf(mounts);
  }

  private static String text(byte[] raw, int start, int limit) {
    int end = start;
    while (end < limit && raw[end] != 0) {
      end++;
    }
    return new String(raw, start, end - start, StandardCharsets.UTF_8);
  }
}
