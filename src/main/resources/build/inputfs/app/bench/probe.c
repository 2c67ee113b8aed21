/*
 * The probe of `inputfs bench`: does the measured work in a view, in a process of its own.
 *
 * It reads one command a line from stdin, fields separated by tabs, and answers each with one
 * line: "ok" and fields NAME=NUMBER, or "error" and a message. Times are in nanoseconds and leave
 * out what is said to be untimed. It holds nothing open between two commands but stdin and stdout,
 * so that what it looked at can be unmounted.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_FIELDS 64
#define READ_BLOCK (128 * 1024)
#define LARGE_BLOCK (1024 * 1024)
#define PAGE 4096

static char *block; /* LARGE_BLOCK bytes that are not all zero */

static char **files; /* paths relative to a root, in the order in which `read` opens them */
static size_t file_count;
static size_t file_room;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void answer(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

static void fail(const char *what, const char *path) {
  answer("error\t%s %s: %s", what, path, strerror(errno));
}

static void *must(void *memory) {
  if (memory == NULL) {
    fputs("probe: out of memory\n", stderr);
    exit(1);
  }
  return memory;
}

static int is_dot(const char *name) {
  return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/* Lists the directory fd, which it closes, and all below it, with one lstat for every entry. */
static int64_t walk_below(int fd) {
  DIR *directory = fdopendir(fd);
  if (directory == NULL) {
    close(fd);
    return -1;
  }
  int64_t entries = 0;
  struct dirent *entry;
  while ((errno = 0, entry = readdir(directory)) != NULL) {
    struct stat status;
    if (is_dot(entry->d_name)) {
      continue;
    }
    if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      entries = -1;
      break;
    }
    entries++;
    if (S_ISDIR(status.st_mode)) {
      int child = openat(dirfd(directory), entry->d_name,
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      int64_t below = child < 0 ? -1 : walk_below(child);
      if (below < 0) {
        entries = -1;
        break;
      }
      entries += below;
    }
  }
  int failure = errno;
  closedir(directory);
  errno = failure;
  return failure == 0 || entries < 0 ? entries : -1;
}

/* walk DIR */
static void walk(char **arguments) {
  int64_t start = now();
  int fd = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int64_t entries = fd < 0 ? -1 : walk_below(fd);
  int64_t end = now();
  if (entries < 0) {
    fail("walk", arguments[0]);
  } else {
    answer("ok\tnanos=%lld\tentries=%lld", (long long)(end - start), (long long)entries);
  }
}

static void remember(const char *path) {
  if (file_count == file_room) {
    file_room = file_room == 0 ? 1024 : 2 * file_room;
    files = must(realloc(files, file_room * sizeof *files));
  }
  files[file_count++] = must(strdup(path));
}

/* Remembers the regular files below the directory fd, which it closes. */
static int find_files(int fd, char *path, size_t length) {
  DIR *directory = fdopendir(fd);
  if (directory == NULL) {
    close(fd);
    return -1;
  }
  int result = 0;
  struct dirent *entry;
  while (result == 0 && (errno = 0, entry = readdir(directory)) != NULL) {
    struct stat status;
    size_t name = strlen(entry->d_name);
    if (is_dot(entry->d_name) || length + name + 2 > PATH_MAX) {
      continue;
    }
    memcpy(path + length, entry->d_name, name + 1);
    if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      result = -1;
    } else if (S_ISREG(status.st_mode)) {
      remember(path);
    } else if (S_ISDIR(status.st_mode)) {
      int child = openat(dirfd(directory), entry->d_name,
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      path[length + name] = '/';
      result = child < 0 ? -1 : find_files(child, path, length + name + 1);
    }
  }
  int failure = errno;
  closedir(directory);
  errno = failure;
  return result;
}

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* files DIR SEED: what `read` is to read, in an order that depends on the names and SEED alone. */
static void choose_files(char **arguments) {
  char path[PATH_MAX];
  uint64_t random = strtoull(arguments[1], NULL, 10) * 2 + 1;
  while (file_count > 0) {
    free(files[--file_count]);
  }
  int fd = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || find_files(fd, path, 0) != 0) {
    fail("list", arguments[0]);
    return;
  }
  if (file_count > 0) {
    qsort(files, file_count, sizeof *files, compare);
  }
  for (size_t i = file_count; i > 1; i--) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    size_t other = (random >> 33) % i;
    char *swapped = files[i - 1];
    files[i - 1] = files[other];
    files[other] = swapped;
  }
  answer("ok\tfiles=%lld", (long long)file_count);
}

/* read DIR: opens, reads and closes each of the files that `files` has chosen. */
static void read_files(char **arguments) {
  int64_t bytes = 0;
  int64_t start = now();
  int root = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    fail("open", arguments[0]);
    return;
  }
  for (size_t i = 0; i < file_count; i++) {
    int fd = openat(root, files[i], O_RDONLY | O_CLOEXEC);
    ssize_t count = -1;
    while (fd >= 0 && (count = read(fd, block, READ_BLOCK)) > 0) {
      bytes += count;
    }
    if (fd < 0 || count < 0) {
      fail("read", files[i]);
      close(fd);
      close(root);
      return;
    }
    close(fd);
  }
  close(root);
  answer("ok\tnanos=%lld\tfiles=%lld\tbytes=%lld", (long long)(now() - start),
         (long long)file_count, (long long)bytes);
}

/* readfile PATH: reads one file from end to end. */
static void read_file(char **arguments) {
  int64_t bytes = 0;
  int64_t start = now();
  int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
  ssize_t count = -1;
  while (fd >= 0 && (count = read(fd, block, LARGE_BLOCK)) > 0) {
    bytes += count;
  }
  int64_t end = now();
  if (count < 0) {
    fail("read", arguments[0]);
  } else {
    answer("ok\tnanos=%lld\tbytes=%lld", (long long)(end - start), (long long)bytes);
  }
  close(fd);
}

/* mapfile PATH: maps one file and takes a byte of every page of it. */
static void map_file(char **arguments) {
  struct stat status;
  unsigned sum = 0;
  int64_t start = now();
  int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) != 0) {
    fail("open", arguments[0]);
    return;
  }
  size_t size = (size_t)status.st_size;
  volatile const unsigned char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) {
    fail("map", arguments[0]);
    close(fd);
    return;
  }
  for (size_t i = 0; i < size; i += PAGE) {
    sum += map[i];
  }
  munmap((void *)map, size);
  close(fd);
  answer("ok\tnanos=%lld\tbytes=%lld\tsum=%u", (long long)(now() - start), (long long)size, sum);
}

/* write PATH BYTES BLOCK: writes a new file in blocks; untimed, it is deleted again. */
static void write_file(char **arguments) {
  int64_t left = strtoll(arguments[1], NULL, 10);
  size_t size = (size_t)strtoll(arguments[2], NULL, 10);
  if (size == 0 || size > LARGE_BLOCK) {
    answer("error\tthe block size must be within 1 and %d", LARGE_BLOCK);
    return;
  }
  int64_t start = now();
  int fd = open(arguments[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  int good = fd >= 0;
  while (good && left > 0) {
    ssize_t count = write(fd, block, (int64_t)size < left ? size : (size_t)left);
    good = count > 0;
    left -= count;
  }
  good = good && close(fd) == 0;
  int64_t end = now();
  if (!good) {
    fail("write", arguments[0]);
  } else if (unlink(arguments[0]) != 0) {
    fail("delete", arguments[0]);
  } else {
    answer("ok\tnanos=%lld", (long long)(end - start));
  }
}

/* churn DIR COUNT: makes empty files in a new directory, then deletes them, each timed alone. */
static void churn(char **arguments) {
  char path[PATH_MAX];
  int count = atoi(arguments[1]);
  if (mkdir(arguments[0], 0755) != 0) {
    fail("make", arguments[0]);
    return;
  }
  int64_t start = now();
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/output-%d.o", arguments[0], i);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
      fail("create", path);
      return;
    }
    close(fd);
  }
  int64_t made = now();
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/output-%d.o", arguments[0], i);
    if (unlink(path) != 0) {
      fail("delete", path);
      return;
    }
  }
  int64_t end = now();
  if (rmdir(arguments[0]) != 0) {
    fail("delete", arguments[0]);
    return;
  }
  answer("ok\tcreate=%lld\tunlink=%lld", (long long)(made - start), (long long)(end - made));
}

/* run DIR COMMAND ARGUMENT...: its output goes where the probe's messages go. */
static void run(char **arguments) {
  int64_t start = now();
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDONLY);
    if (getppid() == parent && dup2(nothing, 0) == 0 && dup2(2, 1) == 1 &&
        chdir(arguments[0]) == 0) {
      execvp(arguments[1], arguments + 1);
    }
    fprintf(stderr, "cannot run %s in %s: %s\n", arguments[1], arguments[0], strerror(errno));
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child) {
    fail("run", arguments[1]);
    return;
  }
  answer("ok\tnanos=%lld\tstatus=%d", (long long)(now() - start),
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static const struct {
  const char *name;
  int arguments; /* at least */
  void (*serve)(char **arguments);
} commands[] = {
    {"walk", 1, walk},          {"files", 2, choose_files}, {"read", 1, read_files},
    {"readfile", 1, read_file}, {"mapfile", 1, map_file},   {"write", 3, write_file},
    {"churn", 2, churn},        {"run", 2, run},
};

static void serve(char *line) {
  char *fields[MAX_FIELDS + 1];
  int count = 0;
  for (char *rest = line; rest != NULL && count < MAX_FIELDS;) {
    fields[count++] = strsep(&rest, "\t");
  }
  fields[count] = NULL;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(fields[0], commands[i].name) == 0 && count > commands[i].arguments) {
      commands[i].serve(fields + 1);
      return;
    }
  }
  answer("error\tthe probe does not know '%s' with %d arguments", fields[0], count - 1);
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  block = must(malloc(LARGE_BLOCK));
  for (size_t i = 0; i < LARGE_BLOCK; i++) {
    block[i] = (char)(i * 2654435761u >> 13);
  }
  while ((length = getline(&line, &room, stdin)) > 0) {
    if (line[length - 1] == '\n') {
      line[length - 1] = 0;
    }
    serve(line);
  }
  return 0;
}
