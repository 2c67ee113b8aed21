// Operations on directories, and the listing of whole trees.

#include "fsops.h"

static DIR *streams[SLOTS];

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

const struct operation DIRECTORY_OPERATIONS[] = {
  {"list", op_list}, {"count", op_count}, {"opendir", op_opendir}, {"next", op_next},
  {"rewind", op_rewind}, {"seekdir", op_seekdir}, {"closedir", op_closedir}, {"dots", op_dots},
  {"rmtree", op_rmtree}, {"makemany", op_makemany}, {NULL, NULL},
};

// ---- listing a tree

void dump(const char *path, const char *shown) {
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
