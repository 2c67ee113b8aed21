// Operations on names: making, changing, moving and removing what they name.

#include "fsops.h"

#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

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
void put_content(const char *path) {
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

const struct operation PATH_OPERATIONS[] = {
  {"put", op_put}, {"putfill", op_putfill}, {"cat", op_cat}, {"stat", op_stat},
  {"lstat", op_lstat}, {"same", op_same}, {"blocks", op_blocks}, {"access", op_access},
  {"truncate", op_truncate}, {"mkdir", op_mkdir}, {"rmdir", op_rmdir}, {"unlink", op_unlink},
  {"rename", op_rename}, {"link", op_link}, {"linkfile", op_linkfile}, {"symlink", op_symlink},
  {"readlink", op_readlink}, {"mknod", op_mknod}, {"bind", op_bind}, {"connect", op_connect},
  {"accept", op_accept}, {"chmod", op_chmod}, {"chown", op_chown}, {"lchown", op_lchown},
  {"utimens", op_utimens}, {"lutimens", op_lutimens}, {"setxattr", op_setxattr},
  {"getxattr", op_getxattr}, {"removexattr", op_removexattr}, {"statfs", op_statfs},
  {"exec", op_exec}, {NULL, NULL},
};
