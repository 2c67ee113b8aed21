// Operations on open files: reading, writing, locks and mappings.

#include "fsops.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static struct { char *at; size_t length; } maps[SLOTS];

// ---- operations on open files

static void op_open(void) { take_slot(0, open(text(1), (int) flags(2) | O_CLOEXEC, octal(3))); }
static void op_reopen(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file(1));
  take_slot(0, open(path, (int) flags(2) | O_CLOEXEC));
}
static void op_openat(void) {
  take_slot(0, openat(file(1), text(2), (int) flags(3) | O_CLOEXEC, octal(4)));
}
static void op_dup(void) { take_slot(0, fcntl(file(1), F_DUPFD_CLOEXEC, 0)); }
static void op_close(void) {
  int s = slot(0);
  int result = close(files[s]);
  files[s] = -1;
  done(result);
}
static void op_read(void) {
  char *to = room((size_t) integer(1));
  bytes(to, read(file(0), to, (size_t) integer(1)));
}
static void op_pread(void) {
  char *to = room((size_t) integer(2));
  bytes(to, pread(file(0), to, (size_t) integer(2), integer(1)));
}
static void op_write(void) { number(write(file(0), text(1), text_length(1))); }
static void op_pwrite(void) { number(pwrite(file(0), text(2), text_length(2), integer(1))); }
static void op_fill(void) {  // slot, offset (-1: where it stands), length, seed
  size_t length = (size_t) integer(2);
  char *from = room(length);
  pattern(from, length, integer(3));
  number(integer(1) < 0 ? write(file(0), from, length)
                        : pwrite(file(0), from, length, integer(1)));
}
static void op_seek(void) {
  struct stat st;  // where a directory's entries and its "holes" are is the disk's own business
  if (fstat(file(0), &st) == 0 && S_ISDIR(st.st_mode)) answer("EISDIR");
  else number(lseek(file(0), integer(1), (int) flags(2)));
}
static void op_ftruncate(void) { done(ftruncate(file(0), integer(1))); }
static void op_fallocate(void) { done(fallocate(file(0), (int) flags(1), integer(2), integer(3))); }
static void op_copy(void) {  // from, offset, to, offset, length
  off_t in = integer(1), out = integer(3);
  number(copy_file_range(file(0), &in, file(2), &out, (size_t) integer(4), 0));
}
static void op_sendfile(void) { number(sendfile(file(1), file(0), NULL, (size_t) integer(2))); }
static void op_fsync(void) { done(fsync(file(0))); }
static void op_fdatasync(void) { done(fdatasync(file(0))); }
static void op_syncfs(void) { done(syncfs(file(0))); }
static void op_fstat(void) {
  struct stat st;
  int result = fstat(file(0), &st);
  attributes(result, &st);
}
static void op_fchmod(void) { done(fchmod(file(0), octal(1))); }
static void op_fchown(void) { done(fchown(file(0), (uid_t) integer(1), (gid_t) integer(2))); }
static void op_futimens(void) {
  struct timespec times[2] = {moment(1), moment(2)};
  done(futimens(file(0), times));
}
static void op_fsetxattr(void) {
  done(fsetxattr(file(0), text(1), text(2), text_length(2), 0));
}
static void op_getfl(void) { number(fcntl(file(0), F_GETFL) & (O_ACCMODE | O_APPEND)); }

static void op_clone(void) { done(ioctl(file(0), FICLONE, file(1))); }  // onto, from
static void op_chattr(void) {  // sets a flag of the inode itself, as chattr(1) does
  int bits = 0;
  if (ioctl(file(0), FS_IOC_GETFLAGS, &bits) < 0) { failed(); return; }
  bits |= FS_NODUMP_FL | FS_NOATIME_FL;
  done(ioctl(file(0), FS_IOC_SETFLAGS, &bits));
}
static void op_mapfile(void) {  // slot, map, flags: opens what the kernel says is mapped there
  char path[96];
  unsigned long start = (unsigned long) maps[slot(1)].at;
  snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", start,
           start + ((maps[slot(1)].length + 4095) & ~4095UL));
  take_slot(0, open(path, (int) flags(2) | O_CLOEXEC));
}
static void op_handle(void) {  // slot, path, flags: opens by the file's handle
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } h = {.handle.handle_bytes = MAX_HANDLE_SZ};
  int mount, here = open(".", O_RDONLY | O_CLOEXEC);
  int fd = name_to_handle_at(AT_FDCWD, text(1), &h.handle, &mount, 0) < 0
      ? -1 : open_by_handle_at(here, &h.handle, (int) flags(2) | O_CLOEXEC);
  int error = errno;
  close(here);
  errno = error;
  take_slot(0, fd);
}

// ---- locks

static struct flock range(int i) {
  struct flock lock = {.l_type = (short) flags(i), .l_whence = SEEK_SET,
                       .l_start = integer(i + 1), .l_len = integer(i + 2)};
  return lock;
}
static void op_lock(void) {
  struct flock lock = range(1);
  done(fcntl(file(0), F_SETLK, &lock));
}
static void op_ofdlock(void) {
  struct flock lock = range(1);
  done(fcntl(file(0), F_OFD_SETLK, &lock));
}
static void op_flock(void) { done(flock(file(0), (int) flags(1))); }

// What another process meets that opens the path and asks for the same lock. That process says it by
// its exit code: when the answer is read it is gone.
static void answer_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  done(errno == 0 ? 0 : -1);
}
static void op_otherlock(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int fd = open(text(0), O_RDWR);
    struct flock lock = range(1);
    _exit(fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 ? errno : 0);
  }
  answer_of(child);
}
static void op_otherflock(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int fd = open(text(0), O_RDONLY);
    _exit(fd < 0 || flock(fd, (int) flags(1)) < 0 ? errno : 0);
  }
  answer_of(child);
}

// ---- mappings

static void op_map(void) {  // map, slot, offset, length, protection, kind
  void *at = mmap(NULL, (size_t) integer(3), (int) flags(4), (int) flags(5), file(1), integer(2));
  maps[slot(0)].at = NULL;
  if (at == MAP_FAILED) { failed(); return; }
  maps[slot(0)].at = at;
  maps[slot(0)].length = (size_t) integer(3);
  answer("ok");
}
// Touching a mapping may raise a signal: beyond the file's end, and where the mapping forbids it.
static sigjmp_buf touching;
static void touched(int number) { siglongjmp(touching, number); }
static int may_touch(void) {
  signal(SIGBUS, touched);
  signal(SIGSEGV, touched);
  if (!maps[slot(0)].at) { answer("EFAULT"); return 0; }
  int raised = sigsetjmp(touching, 1);
  if (raised) answer(raised == SIGBUS ? "SIGBUS" : "SIGSEGV");
  return !raised;
}
static void op_mget(void) {
  if (may_touch()) {
    size_t length = (size_t) integer(2);
    char *copy = room(length);
    memcpy(copy, maps[slot(0)].at + integer(1), length);
    bytes(copy, (long) length);
  }
}
static void op_mput(void) {
  if (may_touch()) {
    memcpy(maps[slot(0)].at + integer(1), text(2), text_length(2));
    answer("ok");
  }
}
static void op_protect(void) {
  done(mprotect(maps[slot(0)].at, maps[slot(0)].length, (int) flags(1)));
}
static void op_msync(void) { done(msync(maps[slot(0)].at, maps[slot(0)].length, MS_SYNC)); }
static void op_unmap(void) {
  done(munmap(maps[slot(0)].at, maps[slot(0)].length));
  maps[slot(0)].at = NULL;
}

const struct operation FILE_OPERATIONS[] = {
  {"open", op_open}, {"reopen", op_reopen}, {"openat", op_openat}, {"dup", op_dup},
  {"close", op_close}, {"read", op_read}, {"pread", op_pread}, {"write", op_write},
  {"pwrite", op_pwrite}, {"fill", op_fill}, {"seek", op_seek}, {"ftruncate", op_ftruncate},
  {"fallocate", op_fallocate}, {"copy", op_copy}, {"sendfile", op_sendfile}, {"fsync", op_fsync},
  {"fdatasync", op_fdatasync}, {"syncfs", op_syncfs}, {"fstat", op_fstat}, {"fchmod", op_fchmod},
  {"fchown", op_fchown}, {"futimens", op_futimens}, {"fsetxattr", op_fsetxattr},
  {"getfl", op_getfl}, {"clone", op_clone}, {"chattr", op_chattr}, {"mapfile", op_mapfile},
  {"handle", op_handle}, {"lock", op_lock}, {"ofdlock", op_ofdlock}, {"flock", op_flock},
  {"otherlock", op_otherlock}, {"otherflock", op_otherflock}, {"map", op_map}, {"mget", op_mget},
  {"mput", op_mput}, {"protect", op_protect}, {"msync", op_msync}, {"unmap", op_unmap}, {NULL, NULL},
};
