package build.inputfs.cas.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import jnr.ffi.LibraryLoader;

/**
 * Numbers of users and groups by name, as the C library knows them: from files, or from the network
 * where the machine is set up so. Thread-safe; every call may wait for that.
 */
public final class Accounts {
  /** For a name that nobody has. */
  public static final int NONE = -1;

  private static final int ENTRY_BYTES = 64;
  private static final int LARGEST_BUFFER = 1 << 20;

  // In struct passwd: after two pointers. In struct group likewise.
  private static final long ID_OFFSET = 16;

  private final AccountLibC libc;

  private Accounts(AccountLibC libc) {
    this.libc = libc;
  }

  /** Binds the C library. */
  public static Accounts load() {
    return new Accounts(LibraryLoader.create(AccountLibC.class).load("c"));
  }

  @FunctionalInterface
  private interface Lookup {
    int find(String name, long entry, long buffer, long length, long[] result);
  }

  /** The number of a user: getpwnam_r(3), or {@link #NONE}. */
  public int user(String name) {
    return number(name, libc::getpwnam_r);
  }

  /** The number of a group: getgrnam_r(3), or {@link #NONE}. */
  public int group(String name) {
    return number(name, libc::getgrnam_r);
  }

  /** Whether a user whose first group is {@code first} is in {@code group}: getgrouplist(3). */
  public boolean isMember(String user, int first, int group) {
    int[] count = {64};
    int[] groups = new int[count[0]];
    while (libc.getgrouplist(user, first, groups, count) < 0 && count[0] > groups.length) {
      groups = new int[count[0]];
    }
    return IntStream.of(groups).limit(count[0]).anyMatch(one -> one == group);
  }

  private static int number(String name, Lookup lookup) {
    for (int size = 4096; size <= LARGEST_BUFFER; size *= 4) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment entry = arena.allocate(ENTRY_BYTES, Long.BYTES);
        long buffer = arena.allocate(size).address();
        long[] result = new long[1];
        int errno = lookup.find(name, entry.address(), buffer, size, result);
        if (errno == 0) {
          return result[0] == 0 ? NONE : entry.get(ValueLayout.JAVA_INT, ID_OFFSET);
        }
        if (errno != Errnos.ERANGE) {
          return NONE;
        }
      }
    }
    return NONE;
  }
}
