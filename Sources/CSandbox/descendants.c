#define _GNU_SOURCE
#include "CSandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int sandbox_enclose(void) {
  if (sandbox_landlock_version() < 6) return -ENOSYS;
  // A process of our own that is left outside.
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return -errno;
  pid_t outside = fork();
  if (outside == 0) {
    char byte;
    close(pipe[1]);
    while (read(pipe[0], &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(0);
  }
  int result = outside < 0 ? -errno : 0;
  close(pipe[0]);
  if (result == 0) {
    // Renames from folder to folder are denied by every ruleset that does not allow them.
    const uint64_t refer = 1U << 13;
    int ruleset = sandbox_landlock_create(refer, 1U << 1);
    if (ruleset < 0) result = ruleset;
    int root = result == 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (result == 0) result = root < 0 ? -errno : sandbox_landlock_allow(ruleset, root, refer);
    if (root >= 0) close(root);
    if (result == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) result = -errno;
    if (result == 0) result = sandbox_landlock_restrict(ruleset);
    if (ruleset >= 0) close(ruleset);
    if (result == 0 && (kill(outside, 0) == 0 || errno != EPERM)) result = -EPROTO;
  }
  close(pipe[1]);
  if (outside > 0) {
    while (waitpid(outside, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  return result;
}

int sandbox_signal_enclosed(int signal) { return kill(-1, signal) == 0 ? 0 : -errno; }

struct list {
  pid_t *pids;
  size_t count;
  size_t capacity;
};

static int append(struct list *list, pid_t pid) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
    pid_t *pids = realloc(list->pids, capacity * sizeof *pids);
    if (pids == NULL) return -ENOMEM;
    list->pids = pids;
    list->capacity = capacity;
  }
  list->pids[list->count++] = pid;
  return 0;
}

// Appends the children that a thread has started; how many could be read.
static int append_children(struct list *list, int tasks, const char *thread) {
  char path[64];
  snprintf(path, sizeof path, "%.20s/children", thread);
  int file = openat(tasks, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  char bytes[4096];
  pid_t pid = 0;
  ssize_t count;
  int result = 0;
  while (result == 0 && (count = read(file, bytes, sizeof bytes)) > 0) {
    for (ssize_t i = 0; i < count && result == 0; i++) {
      if (bytes[i] >= '0' && bytes[i] <= '9') {
        pid = pid * 10 + (bytes[i] - '0');
      } else if (pid > 1) {
        result = append(list, pid);
        pid = 0;
      }
    }
  }
  close(file);
  return result;
}

// Appends the children of all threads; how many threads there are, 0 when the process is gone.
static int64_t visit(struct list *list, pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return 0;
  int64_t threads = 0;
  int error = 0;
  struct dirent *entry;
  while (error != -ENOMEM && (entry = readdir(tasks)) != NULL) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    threads++;
    error = append_children(list, dirfd(tasks), entry->d_name);
  }
  closedir(tasks);
  return error == -ENOMEM ? error : threads;
}

int64_t sandbox_visit_descendants(int signal, int64_t most) {
  if (access("/proc/thread-self/children", R_OK) != 0) return -ENOENT;
  struct list list = {0};
  int64_t seen = 0;
  int64_t threads = visit(&list, getpid());
  for (size_t i = 0; i < list.count && threads >= 0; i++) {
    if (signal != 0) kill(list.pids[i], signal);
    threads = visit(&list, list.pids[i]);
    if (threads > 0) seen += threads;
    if (most > 0 && seen > most) break;
  }
  free(list.pids);
  return threads < 0 ? threads : seen;
}
