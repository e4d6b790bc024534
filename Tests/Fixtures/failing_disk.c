/* In a process that this is preloaded into, writes or syncs of a journal's log fail while the file that FAILING_DISK
   names is there; its first letter says which: w or s. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int file, char what) {
  const char *flag = getenv("FAILING_DISK");
  if (!flag) return 0;
  int saved = errno;
  int opened = open(flag, O_RDONLY | O_CLOEXEC);
  char letter = 0;
  if (opened >= 0) {
    if (read(opened, &letter, 1) != 1) letter = 0;
    close(opened);
  }
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = letter == what ? readlink(link, path, sizeof path - 1) : -1;
  errno = saved;
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "journal.sqlite-wal") != 0;
}

static int fail(void) {
  errno = EIO;
  return -1;
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return fails(file, 's') ? fail() : real(file);
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return fails(file, 's') ? fail() : real(file);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  return fails(file, 'w') ? fail() : real(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  return fails(file, 'w') ? fail() : real(file, bytes, count, offset);
}
