package build.inputfs.fuse.jnr;

import com.kenai.jffi.Type;

/**
 * The operations of {@code struct fuse_operations} (fuse.h of libfuse 2.9) that the library may
 * call. What is missing here it answers itself: no extended attributes, and locks are the kernel's.
 */
enum Callback {
  GETATTR(0, "pp"),
  READLINK(1, "ppl"),
  MKNOD(3, "pul"),
  MKDIR(4, "pu"),
  UNLINK(5, "p"),
  RMDIR(6, "p"),
  SYMLINK(7, "pp"),
  RENAME(8, "pp"),
  LINK(9, "pp"),
  CHMOD(10, "pu"),
  CHOWN(11, "puu"),
  TRUNCATE(12, "pl"),
  OPEN(14, "pp"),
  READ(15, "ppllp"),
  WRITE(16, "ppllp"),
  STATFS(17, "pp"),
  RELEASE(19, "pp"),
  FSYNC(20, "pip"),
  OPENDIR(25, "pp"),
  READDIR(26, "ppplp"),
  RELEASEDIR(27, "pp"),
  FSYNCDIR(28, "pip"),
  INIT(29, "p"),
  CREATE(32, "pup"),
  FTRUNCATE(33, "plp"),
  FGETATTR(34, "ppp"),
  UTIMENS(36, "pp"),
  IOCTL(39, "pippup"),
  FALLOCATE(44, "pillp");

  /** Bytes of the structure. */
  static final int STRUCT_SIZE = 45 * Long.BYTES;

  /** Where its flags are. */
  static final int FLAGS = 38 * Long.BYTES;

  /** The path of an open file may be null: it was removed, or nobody needs it. */
  static final int FLAG_NULLPATH_OK = 1;

  /** Paths of open files need not be put together. */
  static final int FLAG_NOPATH = 2;

  /** UTIME_OMIT and UTIME_NOW of utimensat(2) are understood. */
  static final int FLAG_UTIME_OMIT_OK = 4;

  private final int slot;
  private final String signature;

  /**
   * @param slot which pointer of the structure
   * @param signature a letter for each parameter: pointer, int, unsigned, long
   */
  Callback(int slot, String signature) {
    this.slot = slot;
    this.signature = signature;
  }

  /** Where in the structure the pointer to it is. */
  int offset() {
    return slot * Long.BYTES;
  }

  Type[] parameters() {
    return signature
        .chars()
        .mapToObj(
            letter ->
                switch (letter) {
                  case 'p' -> Type.POINTER;
                  case 'i' -> Type.SINT32;
                  case 'u' -> Type.UINT32;
                  default -> Type.SLONG_LONG;
                })
        .toArray(Type[]::new);
  }

  Type result() {
    return this == INIT ? Type.POINTER : Type.SINT32;
  }
}
