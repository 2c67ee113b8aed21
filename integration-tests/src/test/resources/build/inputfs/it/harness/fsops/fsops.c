// Carries out file operations, one a line on standard input, and answers each with one line on
// standard output: "ok", a value, or the name of the error. What a line can say is in the tables
// of operations. `fsops --dump DIR` lists a whole tree instead.
//
// Names and texts have %XX for bytes that are white space, '%', or not printable ASCII; "%" alone
// is the empty text. Open files, mappings and directory streams are named by small numbers.

#include "fsops.h"

#include <grp.h>
#include <signal.h>

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

static const struct operation PROCESS_OPERATIONS[] = {
  {"as", op_as}, {"umask", op_umask}, {"chdir", op_chdir}, {"cwd", op_cwd}, {NULL, NULL},
};

static const struct operation *find(const char *name) {
  const struct operation *tables[] = {
    FILE_OPERATIONS, PATH_OPERATIONS, DIRECTORY_OPERATIONS, PROCESS_OPERATIONS,
  };
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const struct operation *op = tables[t]; op->name; op++)
      if (strcmp(op->name, name) == 0) return op;
  die(name);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--dump") == 0) {
    dump(argv[2], "");
    return 0;
  }
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  umask(022);
  signal(SIGPIPE, SIG_IGN);
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
    errno = 0;
    find(name)->act();
    fflush(stdout);
  }
  return 0;
}
