// Reads the arguments of an operation, and writes its answer.

#include "fsops.h"

#include <linux/falloc.h>
#include <sys/file.h>
#include <sys/xattr.h>

// Times before this are told exactly; later ones are "now", as no two sides write at one moment.
static const long RECENT = 1500000000;

int files[SLOTS];

char *argument[MAX_ARGS];
size_t argument_length[MAX_ARGS];
int arguments;

void die(const char *what) {
  fprintf(stderr, "fsops: %s\n", what);
  exit(2);
}

// ---- answers

void answer(const char *text) { printf("%s\n", text); }

void failed(void) {
  const char *name = strerrorname_np(errno);
  answer(name ? name : "E?");
}

void done(long result) {
  if (result < 0) failed(); else answer("ok");
}

void number(long result) {
  if (result < 0) failed(); else printf("%ld\n", result);
}

void put_escaped(const char *text, size_t length) {
  if (length == 0) putchar('%');
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char) text[i];
    if (c > ' ' && c < 127 && c != '%') putchar(c); else printf("%%%02X", c);
  }
}

uint64_t hash_of(uint64_t hash, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char) bytes[i]) * 1099511628211ULL;
  return hash;
}

void bytes(const char *data, long length) {
  if (length < 0) { failed(); return; }
  if (length <= SHOWN) put_escaped(data, (size_t) length);
  else printf("%ld bytes #%016llx", length,
              (unsigned long long) hash_of(NO_HASH, data, (size_t) length));
  putchar('\n');
}

// ---- arguments

const char *text(int i) { return i < arguments ? argument[i] : ""; }
long integer(int i) { return i < arguments ? strtol(argument[i], NULL, 0) : 0; }
mode_t octal(int i) { return (mode_t) strtoul(text(i), NULL, 8); }
int slot(int i) {
  long n = integer(i);
  if (n < 0 || n >= SLOTS) die("no such slot");
  return (int) n;
}
int file(int i) { return files[slot(i)]; }

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

long flags(int i) {
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

size_t unescape(char *s) {
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
size_t text_length(int i) { return i < arguments ? argument_length[i] : 0; }

// The bytes that a seed stands for; the tests' own code makes the same.
void pattern(char *to, size_t length, long seed) {
  uint32_t state = (uint32_t) seed * 2654435761u + 1;
  for (size_t i = 0; i < length; i++) {
    state = state * 1664525u + 1013904223u;
    to[i] = (char) (state >> 24);
  }
}

// Room for `length` bytes, the same each time.
char *room(size_t length) {
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

long whole_write(int fd, const char *from, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t n = write(fd, from + at, length - at);
    if (n < 0) return -1;
    at += (size_t) n;
  }
  return 0;
}

void take_slot(int i, int fd) {
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

void put_attributes(const struct stat *st) {
  printf("%s %04o ", kind(st->st_mode), st->st_mode & 07777);
  int permissions = st->st_mode & 07777;
  int shared = getenv("FSOPS_HIDE_SHARED") && S_ISREG(st->st_mode)
      && (permissions == 0444 || permissions == 0555);
  if (shared || (S_ISDIR(st->st_mode) && getenv("FSOPS_HIDE_DIRECTORY_LINKS"))) putchar('-');
  else printf("%lu", (unsigned long) st->st_nlink);
  printf(" %u:%u", st->st_uid, st->st_gid);
  if (!S_ISDIR(st->st_mode)) printf(" %lld", (long long) st->st_size);
  putchar(' ');
  if (shared) putchar('-');
  else put_time(st->st_mtim);
}

void attributes(int result, const struct stat *st) {
  if (result < 0) { failed(); return; }
  put_attributes(st);
  putchar('\n');
}

struct timespec moment(int i) {
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
