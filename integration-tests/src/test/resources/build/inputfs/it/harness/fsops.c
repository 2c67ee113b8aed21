// Carries out file operations, one a line on standard input, and answers each with one line on
// standard output: "ok", a value, or the name of the error. What a line can say is in the table
// near the end. `fsops --dump DIR` lists a whole tree instead.
//
// Names and texts have %XX for bytes that are white space, '%', or not printable ASCII; "%" alone
// is the empty text. Open files, mappings and directory streams are named by small numbers.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SLOTS = 64, MAX_ARGS = 10, SHOWN = 64 };
// Times before this are told exactly; later ones are "now", as no two sides write at one moment.
static const long RECENT = 1500000000;

static int files[SLOTS];
static struct { char *at; size_t length; } maps[SLOTS];
static DIR *streams[SLOTS];

static char *argument[MAX_ARGS];
static int arguments;

static void die(const char *what) {
  fprintf(stderr, "fsops: %s\n", what);
  exit(2);
}

// ---- answers

static void answer(const char *text) { printf("%s\n", text); }

static void failed(void) {
  const char *name = strerrorname_np(errno);
  answer(name ? name : "E?");
}

static void done(long result) {
  if (result < 0) failed(); else answer("ok");
}

static void number(long result) {
  if (result < 0) failed(); else printf("%ld\n", result);
}

static void put_escaped(const char *text, size_t length) {
  if (length == 0) putchar('%');
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char) text[i];
    if (c > ' ' && c < 127 && c != '%') putchar(c); else printf("%%%02X", c);
  }
}

static uint64_t hash_of(uint64_t hash, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char) bytes[i]) * 1099511628211ULL;
  return hash;
}
static const uint64_t NO_HASH = 14695981039346656037ULL;

static void bytes(const char *data, long length) {
  if (length < 0) { failed(); return; }
  if (length <= SHOWN) put_escaped(data, (size_t) length);
  else printf("%ld bytes #%016llx", length,
              (unsigned long long) hash_of(NO_HASH, data, (size_t) length));
  putchar('\n');
}

// ---- arguments

static const char *text(int i) { return i < arguments ? argument[i] : ""; }
static long integer(int i) { return i < arguments ? strtol(argument[i], NULL, 0) : 0; }
static mode_t octal(int i) { return (mode_t) strtoul(text(i), NULL, 8); }
static int slot(int i) {
  long n = integer(i);
  if (n < 0 || n >= SLOTS) die("no such slot");
  return (int) n;
}
static int file(int i) { return files[slot(i)]; }

static const struct { const char *name; long value; } WORDS[] = {
  {"O_RDONLY", O_RDONLY}, {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR}, {"O_CREAT", O_CREAT},
  {"O_EXCL", O_EXCL}, {"O_TRUNC", O_TRUNC}, {"O_APPEND", O_APPEND}, {"O_NONBLOCK", O_NONBLOCK},
  {"O_DIRECTORY", O_DIRECTORY}, {"O_NOFOLLOW", O_NOFOLLOW}, {"O_PATH", O_PATH},
  {"O_TMPFILE", O_TMPFILE}, {"O_SYNC", O_SYNC}, {"O_DSYNC", O_DSYNC},
  {"O_NOATIME", O_NOATIME}, {"O_DIRECT", O_DIRECT},
  {"NOREPLACE", RENAME_NOREPLACE}, {"EXCHANGE", RENAME_EXCHANGE}, {"WHITEOUT", RENAME_WHITEOUT},
  {"KEEP_SIZE", FALLOC_FL_KEEP_SIZE}, {"PUNCH_HOLE", FALLOC_FL_PUNCH_HOLE},
  {"ZERO_RANGE", FALLOC_FL_ZERO_RANGE}, {"COLLAPSE_RANGE", FALLOC_FL_COLLAPSE_RANGE},
  {"SET", SEEK_SET}, {"CUR", SEEK_CUR}, {"END", SEEK_END}, {"DATA", SEEK_DATA}, {"HOLE", SEEK_HOLE},
  {"READ", PROT_READ}, {"WRITE", PROT_WRITE}, {"EXEC", PROT_EXEC},
  {"SHARED", MAP_SHARED}, {"PRIVATE", MAP_PRIVATE},
  {"REG", S_IFREG}, {"FIFO", S_IFIFO}, {"SOCK", S_IFSOCK}, {"CHR", S_IFCHR}, {"BLK", S_IFBLK},
  {"RDLCK", F_RDLCK}, {"WRLCK", F_WRLCK}, {"UNLCK", F_UNLCK},
  {"SH", LOCK_SH}, {"EX", LOCK_EX}, {"UN", LOCK_UN}, {"NB", LOCK_NB},
  {"XCREATE", XATTR_CREATE}, {"XREPLACE", XATTR_REPLACE},
  {"F_OK", F_OK}, {"R_OK", R_OK}, {"W_OK", W_OK}, {"X_OK", X_OK},
};

static long flags(int i) {
  long all = 0;
  char copy[256];
  snprintf(copy, sizeof copy, "%s", text(i));
  for (char *rest = NULL, *word = strtok_r(copy, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
    char *end;
    long value = strtol(word, &end, 0);
    size_t known = sizeof WORDS / sizeof *WORDS;
    for (size_t w = 0; *end && w < known; w++)
      if (strcmp(WORDS[w].name, word) == 0) { value = WORDS[w].value; end = ""; }
    if (*end) die(word);
    all |= value;
  }
  return all;
}

static size_t unescape(char *s) {
  if (strcmp(s, "%") == 0) { *s = 0; return 0; }
  char *out = s;
  for (const char *in = s; *in; in++) {
    if (*in != '%') { *out++ = *in; continue; }
    char hex[3] = {in[1], in[1] ? in[2] : 0, 0};
    *out++ = (char) strtol(hex, NULL, 16);
    in += 2;
  }
  *out = 0;
  return (size_t) (out - s);
}
static size_t argument_length[MAX_ARGS];
static size_t text_length(int i) { return i < arguments ? argument_length[i] : 0; }

// The bytes that a seed stands for; the tests' own code makes the same.
static void pattern(char *to, size_t length, long seed) {
  uint32_t state = (uint32_t) seed * 2654435761u + 1;
  for (size_t i = 0; i < length; i++) {
    state = state * 1664525u + 1013904223u;
    to[i] = (char) (state >> 24);
  }
}

// Room for `length` bytes, the same each time.
static char *room(size_t length) {
  static char *at;
  static size_t had;
  if (length + 1 > had) {
    free(at);
    had = length + 1;
    at = malloc(had);
    if (!at) die("out of memory");
  }
  return at;
}

static long whole_write(int fd, const char *from, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t n = write(fd, from + at, length - at);
    if (n < 0) return -1;
    at += (size_t) n;
  }
  return 0;
}

static void take_slot(int i, int fd) {
  int s = slot(i);
  if (fd < 0) { failed(); return; }
  if (files[s] >= 0) close(files[s]);
  files[s] = fd;
  answer("ok");
}

// ---- attributes

static const char *kind(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "dir";
    case S_IFLNK: return "link";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "sock";
    case S_IFCHR: return "chr";
    case S_IFBLK: return "blk";
    default: return "?";
  }
}

static void put_time(struct timespec t) {
  if (t.tv_sec >= RECENT) printf("now"); else printf("%ld.%09ld", (long) t.tv_sec, t.tv_nsec);
}

static void put_attributes(const struct stat *st) {
  printf("%s %04o %lu %u:%u", kind(st->st_mode), st->st_mode & 07777,
         (unsigned long) st->st_nlink, st->st_uid, st->st_gid);
  if (!S_ISDIR(st->st_mode)) printf(" %lld", (long long) st->st_size);
  putchar(' ');
  put_time(st->st_mtim);
}

static void attributes(int result, const struct stat *st) {
  if (result < 0) { failed(); return; }
  put_attributes(st);
  putchar('\n');
}

static struct timespec moment(int i) {
  struct timespec t = {0, 0};
  if (strcmp(text(i), "now") == 0) t.tv_nsec = UTIME_NOW;
  else if (strcmp(text(i), "omit") == 0) t.tv_nsec = UTIME_OMIT;
  else {
    char *end;
    t.tv_sec = strtol(text(i), &end, 10);
    if (*end == '.') t.tv_nsec = strtol(end + 1, NULL, 10);
  }
  return t;
}

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

// What another process meets that opens the path and asks for the same lock.
static void op_otherlock(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int fd = open(text(0), O_RDWR);
    struct flock lock = range(1);
    done(fd < 0 ? -1 : fcntl(fd, F_SETLK, &lock));
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}
static void op_otherflock(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int fd = open(text(0), O_RDONLY);
    done(fd < 0 ? -1 : flock(fd, (int) flags(1)));
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
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
static void touched(int signal) { siglongjmp(touching, signal); }
static int may_touch(void) {
  if (!maps[slot(0)].at) { answer("EFAULT"); return 0; }
  int signal = sigsetjmp(touching, 1);
  if (signal) answer(signal == SIGBUS ? "SIGBUS" : "SIGSEGV");
  return !signal;
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

// ---- operations on paths

static void op_put(void) {  // path, mode, text: a new file with this in it, whatever the umask
  int fd = open(text(0), O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0) { failed(); return; }
  long result = whole_write(fd, text(2), text_length(2));
  if (result == 0) result = fchmod(fd, octal(1));
  if (close(fd) < 0) result = -1;
  done(result);
}
static void op_putfill(void) {  // path, mode, length, seed
  int fd = open(text(0), O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0) { failed(); return; }
  size_t length = (size_t) integer(2);
  char *from = room(length);
  pattern(from, length, integer(3));
  long result = whole_write(fd, from, length);
  if (result == 0) result = fchmod(fd, octal(1));
  if (close(fd) < 0) result = -1;
  done(result);
}
static long slurp(const char *path, uint64_t *hash, char *head) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -1;
  char block[65536];
  long all = 0;
  ssize_t n;
  *hash = NO_HASH;
  while ((n = read(fd, block, sizeof block)) > 0) {
    for (ssize_t i = 0; i < n && all + i < SHOWN; i++) head[all + i] = block[i];
    *hash = hash_of(*hash, block, (size_t) n);
    all += n;
  }
  int error = errno;
  close(fd);
  errno = error;
  return n < 0 ? -1 : all;
}
static void put_content(const char *path) {
  uint64_t hash;
  char head[SHOWN];
  long length = slurp(path, &hash, head);
  if (length < 0) printf("%s", strerrorname_np(errno));
  else if (length <= SHOWN) put_escaped(head, (size_t) length);
  else printf("%ld bytes #%016llx", length, (unsigned long long) hash);
}
static void op_cat(void) {
  put_content(text(0));
  putchar('\n');
}
static void op_stat(void) {
  struct stat st;
  int result = stat(text(0), &st);
  attributes(result, &st);
}
static void op_lstat(void) {
  struct stat st;
  int result = lstat(text(0), &st);
  attributes(result, &st);
}
static void op_same(void) {  // whether two paths are one file
  struct stat a, b;
  if (lstat(text(0), &a) < 0 || lstat(text(1), &b) < 0) failed();
  else answer(a.st_ino == b.st_ino && a.st_dev == b.st_dev ? "same" : "different");
}
static void op_blocks(void) {  // whether all of a file, some, or nothing has disk space
  struct stat st;
  if (stat(text(0), &st) < 0) failed();
  else answer(st.st_blocks == 0 ? "none" : st.st_blocks * 512 >= st.st_size ? "all" : "some");
}
static void op_access(void) { done(faccessat(AT_FDCWD, text(0), (int) flags(1), AT_EACCESS)); }
static void op_truncate(void) { done(truncate(text(0), integer(1))); }
static void op_mkdir(void) { done(mkdir(text(0), octal(1))); }
static void op_rmdir(void) { done(rmdir(text(0))); }
static void op_unlink(void) { done(unlink(text(0))); }
static void op_rename(void) {
  done(syscall(SYS_renameat2, AT_FDCWD, text(0), AT_FDCWD, text(1), (unsigned) flags(2)));
}
static void op_link(void) { done(link(text(0), text(1))); }
static void op_linkfile(void) {  // a name for an open file
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file(0));
  done(linkat(AT_FDCWD, path, AT_FDCWD, text(1), AT_SYMLINK_FOLLOW));
}
static void op_symlink(void) { done(symlink(text(0), text(1))); }
static void op_readlink(void) {
  char *to = room(PATH_MAX);
  bytes(to, readlink(text(0), to, PATH_MAX));
}
static void op_mknod(void) {  // path, type, mode
  done(mknod(text(0), (mode_t) flags(1) | octal(2), makedev(1, 3)));
}
static void op_bind(void) {  // slot, path: a socket that listens
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", text(1));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && (bind(fd, (struct sockaddr *) &address, sizeof address) < 0 || listen(fd, 5) < 0)) {
    int error = errno;
    close(fd);
    errno = error;
    fd = -1;
  }
  take_slot(0, fd);
}
static void op_connect(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", text(1));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) < 0) {
    int error = errno;
    close(fd);
    errno = error;
    fd = -1;
  }
  take_slot(0, fd);
}
static void op_accept(void) { take_slot(0, accept4(file(1), NULL, NULL, SOCK_CLOEXEC)); }
static void op_chmod(void) { done(chmod(text(0), octal(1))); }
static void op_chown(void) { done(chown(text(0), (uid_t) integer(1), (gid_t) integer(2))); }
static void op_lchown(void) { done(lchown(text(0), (uid_t) integer(1), (gid_t) integer(2))); }
static void op_utimens(void) {
  struct timespec times[2] = {moment(1), moment(2)};
  done(utimensat(AT_FDCWD, text(0), times, 0));
}
static void op_lutimens(void) {
  struct timespec times[2] = {moment(1), moment(2)};
  done(utimensat(AT_FDCWD, text(0), times, AT_SYMLINK_NOFOLLOW));
}
static void op_setxattr(void) {
  done(setxattr(text(0), text(1), text(2), text_length(2), (int) flags(3)));
}
static void op_getxattr(void) {
  char *to = room(65536);
  bytes(to, getxattr(text(0), text(1), to, 65536));
}
static void op_removexattr(void) { done(removexattr(text(0), text(1))); }
static void op_statfs(void) {  // the longest name, and whether the sizes make sense
  struct statvfs fs;
  if (statvfs(text(0), &fs) < 0) { failed(); return; }
  int sound = fs.f_bsize > 0 && fs.f_blocks > 0 && fs.f_bfree <= fs.f_blocks
      && fs.f_bavail <= fs.f_bfree && fs.f_files > 0;
  printf("%lu %s\n", fs.f_namemax, sound ? "sound" : "absurd");
}
static void op_exec(void) {  // runs a program, answers its exit code
  fflush(stdout);
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) { failed(); return; }
  pid_t child = fork();
  if (child == 0) {
    char *command[] = {argument[0], NULL}, *nothing[] = {NULL};
    execve(argument[0], command, nothing);
    int error = errno;
    if (write(report[1], &error, sizeof error) < 0) _exit(126);
    _exit(127);
  }
  close(report[1]);
  int error = 0, status = 0;
  ssize_t told = read(report[0], &error, sizeof error);
  close(report[0]);
  waitpid(child, &status, 0);
  errno = error;
  if (told > 0) failed(); else printf("exit %d\n", WEXITSTATUS(status));
}

// ---- directories

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *) a, *(char *const *) b);
}

// The names in a directory with their types, sorted; null and errno when it can't be read.
static char **names(const char *path, size_t *count, int typed) {
  DIR *dir = opendir(path);
  if (!dir) return NULL;
  size_t had = 16;
  char **all = malloc(had * sizeof *all);
  *count = 0;
  errno = 0;
  for (struct dirent *e; (e = readdir(dir)) != NULL; errno = 0) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    if (*count == had) all = realloc(all, (had *= 2) * sizeof *all);
    char *name = malloc(strlen(e->d_name) + 3);
    const char *mark = e->d_type == DT_DIR ? "/" : e->d_type == DT_LNK ? "@"
        : e->d_type == DT_FIFO ? "|" : e->d_type == DT_SOCK ? "=" : e->d_type == DT_REG ? "" : "?";
    strcpy(name, e->d_name);
    if (typed) strcat(name, mark);
    all[(*count)++] = name;
  }
  int error = errno;
  closedir(dir);
  if (error) {
    errno = error;
    return NULL;
  }
  qsort(all, *count, sizeof *all, by_name);
  return all;
}
static void free_names(char **all, size_t count) {
  for (size_t i = 0; i < count; i++) free(all[i]);
  free(all);
}
static void op_list(void) {
  size_t count;
  char **all = names(text(0), &count, 1);
  if (!all) { failed(); return; }
  if (count == 0) putchar('%');
  for (size_t i = 0; i < count; i++) {
    if (i > 0) putchar(' ');
    put_escaped(all[i], strlen(all[i]));
  }
  putchar('\n');
  free_names(all, count);
}
static void op_count(void) {  // entries, and how many of them are listed twice
  size_t count, twice = 0;
  char **all = names(text(0), &count, 1);
  if (!all) { failed(); return; }
  for (size_t i = 1; i < count; i++) twice += strcmp(all[i - 1], all[i]) == 0;
  printf("%zu entries, %zu twice\n", count, twice);
  free_names(all, count);
}
static void op_opendir(void) {
  DIR *dir = opendir(text(1));
  if (dir) streams[slot(0)] = dir;
  done(dir ? 0 : -1);
}
static int dots(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }
static void op_next(void) {  // stream, how many: the number of entries that came
  long came = 0;
  errno = 0;
  while (came < integer(1)) {
    struct dirent *e = readdir(streams[slot(0)]);
    if (!e) break;
    if (!dots(e->d_name)) came++;
  }
  number(errno ? -1 : came);
}
static void op_rewind(void) {
  rewinddir(streams[slot(0)]);
  answer("ok");
}
static void op_seekdir(void) {  // directory, n: is what follows its nth entry the same on return?
  DIR *dir = opendir(text(0));
  if (!dir) { failed(); return; }
  for (long i = 0; i < integer(1); i++) readdir(dir);
  long place = telldir(dir);
  struct dirent *e = readdir(dir);
  char *first = e ? strdup(e->d_name) : NULL;
  for (int i = 0; i < 3; i++) readdir(dir);
  seekdir(dir, place);
  e = readdir(dir);
  answer(first && e && strcmp(first, e->d_name) == 0 ? "same" : !first && !e ? "end" : "different");
  free(first);
  closedir(dir);
}
static void op_closedir(void) { done(closedir(streams[slot(0)])); }
static void op_dots(void) {  // what "." and ".." of a listing name, by inode
  struct stat here, above;
  ino_t dot = 0, dotdot = 0;
  char up[PATH_MAX];
  snprintf(up, sizeof up, "%s/..", text(0));
  DIR *dir = opendir(text(0));
  if (!dir || stat(text(0), &here) < 0 || stat(up, &above) < 0) { failed(); return; }
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0) dot = e->d_ino;
    if (strcmp(e->d_name, "..") == 0) dotdot = e->d_ino;
  }
  closedir(dir);
  printf("%s %s\n", dot == here.st_ino ? "here" : dot ? "elsewhere" : "missing",
         dotdot == above.st_ino ? "above" : dotdot ? "elsewhere" : "missing");
}
static int remove_tree(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return -1;
  int result = 0;
  char below[PATH_MAX];
  for (struct dirent *e; result == 0 && (e = readdir(dir)) != NULL;) {
    if (dots(e->d_name)) continue;
    snprintf(below, sizeof below, "%s/%s", path, e->d_name);
    result = e->d_type == DT_DIR ? remove_tree(below) : unlink(below);
  }
  int error = errno;
  closedir(dir);
  errno = error;
  return result == 0 ? rmdir(path) : -1;
}
static void op_rmtree(void) { done(remove_tree(text(0))); }  // removes while it lists
static void op_makemany(void) {  // directory, count: that many empty files in it
  char path[PATH_MAX];
  for (long i = 0; i < integer(1); i++) {
    snprintf(path, sizeof path, "%s/entry-%06ld", text(0), i);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) { failed(); return; }
    close(fd);
  }
  answer("ok");
}

// ---- the process

static void op_as(void) {  // uid, gid: who asks from now on
  if (seteuid(0) < 0 || setegid((gid_t) integer(1)) < 0 || setgroups(0, NULL) < 0
      || seteuid((uid_t) integer(0)) < 0) failed();
  else answer("ok");
}
static void op_umask(void) {
  umask(octal(0));
  answer("ok");
}
static void op_chdir(void) { done(chdir(text(0))); }
static void op_cwd(void) {  // whether the working directory still has a path
  answer(getcwd(room(PATH_MAX), PATH_MAX) ? "ok" : strerrorname_np(errno));
}

static const struct { const char *name; void (*act)(void); } OPERATIONS[] = {
  {"open", op_open}, {"reopen", op_reopen}, {"openat", op_openat}, {"dup", op_dup},
  {"close", op_close}, {"read", op_read}, {"pread", op_pread}, {"write", op_write},
  {"pwrite", op_pwrite}, {"fill", op_fill}, {"seek", op_seek}, {"ftruncate", op_ftruncate},
  {"fallocate", op_fallocate}, {"copy", op_copy}, {"sendfile", op_sendfile}, {"fsync", op_fsync},
  {"fdatasync", op_fdatasync}, {"syncfs", op_syncfs}, {"fstat", op_fstat}, {"fchmod", op_fchmod},
  {"fchown", op_fchown}, {"futimens", op_futimens}, {"fsetxattr", op_fsetxattr},
  {"getfl", op_getfl}, {"clone", op_clone}, {"chattr", op_chattr}, {"mapfile", op_mapfile},
  {"handle", op_handle}, {"lock", op_lock}, {"ofdlock", op_ofdlock}, {"flock", op_flock},
  {"otherlock", op_otherlock}, {"otherflock", op_otherflock}, {"map", op_map}, {"mget", op_mget},
  {"mput", op_mput}, {"protect", op_protect}, {"msync", op_msync}, {"unmap", op_unmap},
  {"put", op_put}, {"putfill", op_putfill}, {"cat", op_cat}, {"stat", op_stat},
  {"lstat", op_lstat}, {"same", op_same}, {"blocks", op_blocks}, {"access", op_access},
  {"truncate", op_truncate}, {"mkdir", op_mkdir}, {"rmdir", op_rmdir}, {"unlink", op_unlink},
  {"rename", op_rename}, {"link", op_link}, {"linkfile", op_linkfile}, {"symlink", op_symlink},
  {"readlink", op_readlink}, {"mknod", op_mknod}, {"bind", op_bind}, {"connect", op_connect},
  {"accept", op_accept}, {"chmod", op_chmod}, {"chown", op_chown}, {"lchown", op_lchown},
  {"utimens", op_utimens}, {"lutimens", op_lutimens}, {"setxattr", op_setxattr},
  {"getxattr", op_getxattr}, {"removexattr", op_removexattr}, {"statfs", op_statfs},
  {"exec", op_exec}, {"list", op_list}, {"count", op_count}, {"opendir", op_opendir},
  {"next", op_next}, {"rewind", op_rewind}, {"seekdir", op_seekdir}, {"closedir", op_closedir},
  {"dots", op_dots}, {"rmtree", op_rmtree}, {"makemany", op_makemany}, {"as", op_as},
  {"umask", op_umask}, {"chdir", op_chdir}, {"cwd", op_cwd},
};

// ---- listing a tree

static void dump(const char *path, const char *shown) {
  struct stat st;
  put_escaped(shown, strlen(shown));
  putchar(' ');
  if (lstat(path, &st) < 0) { failed(); return; }
  put_attributes(&st);
  if (S_ISLNK(st.st_mode)) {
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target);
    printf(" -> ");
    put_escaped(target, n < 0 ? 0 : (size_t) n);
  } else if (S_ISREG(st.st_mode)) {
    putchar(' ');
    put_content(path);
  }
  putchar('\n');
  if (!S_ISDIR(st.st_mode)) return;
  size_t count;
  char **all = names(path, &count, 0);
  if (!all) { printf("  %s\n", strerrorname_np(errno)); return; }
  for (size_t i = 0; i < count; i++) {
    char *below, *name;
    if (asprintf(&below, "%s/%s", path, all[i]) < 0) die("out of memory");
    if (asprintf(&name, "%s%s%s", shown, *shown ? "/" : "", all[i]) < 0) die("out of memory");
    dump(below, name);
    free(below);
    free(name);
  }
  free_names(all, count);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--dump") == 0) {
    dump(argv[2], "");
    return 0;
  }
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  umask(022);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGBUS, touched);
  signal(SIGSEGV, touched);
  for (int i = 0; i < SLOTS; i++) files[i] = -1;
  char *line = NULL;
  size_t had = 0;
  while (getline(&line, &had, stdin) > 0) {
    arguments = 0;
    char *rest = NULL, *name = strtok_r(line, " \t\n", &rest);
    if (!name) continue;
    for (char *word; arguments < MAX_ARGS && (word = strtok_r(NULL, " \t\n", &rest)) != NULL;) {
      argument[arguments] = word;
      argument_length[arguments++] = unescape(word);
    }
    size_t known = sizeof OPERATIONS / sizeof *OPERATIONS, op = 0;
    while (op < known && strcmp(OPERATIONS[op].name, name) != 0) op++;
    if (op == known) die(name);
    errno = 0;
    OPERATIONS[op].act();
    fflush(stdout);
  }
  return 0;
}
