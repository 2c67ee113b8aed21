// What the parts of fsops share.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { SLOTS = 64, MAX_ARGS = 10, SHOWN = 64 };
static const uint64_t NO_HASH = 14695981039346656037ULL;

struct operation {
  const char *name;
  void (*act)(void);
};

// Each ends with a null name.
extern const struct operation FILE_OPERATIONS[], PATH_OPERATIONS[], DIRECTORY_OPERATIONS[];

// The words of the line that is carried out, behind its first.
extern char *argument[MAX_ARGS];
extern size_t argument_length[MAX_ARGS];
extern int arguments;

// The open files, -1 where there is none.
extern int files[SLOTS];

// talk.c: answers, arguments and attributes
void die(const char *what);
void answer(const char *text);
void failed(void);
void done(long result);
void number(long result);
void put_escaped(const char *text, size_t length);
uint64_t hash_of(uint64_t hash, const char *bytes, size_t length);
void bytes(const char *data, long length);
const char *text(int i);
long integer(int i);
mode_t octal(int i);
int slot(int i);
int file(int i);
long flags(int i);
size_t unescape(char *s);
size_t text_length(int i);
void pattern(char *to, size_t length, long seed);
char *room(size_t length);
long whole_write(int fd, const char *from, size_t length);
void take_slot(int i, int fd);
void put_attributes(const struct stat *st);
void attributes(int result, const struct stat *st);
struct timespec moment(int i);

// paths.c
void put_content(const char *path);

// directories.c: lists a whole tree
void dump(const char *path, const char *shown);
