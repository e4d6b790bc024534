#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// The numbers are the same on all architectures; older headers lack them.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

static int result(long value) { return value < 0 ? -errno : (int)value; }

struct failure {
  int stage;
  int error;
};

static void fail(int report, int stage) {
  struct failure failure = {stage, errno};
  ssize_t written = write(report, &failure, sizeof failure);
  (void)written;
  _exit(127);
}

static void close_others_at_exec(int report) {
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  struct rlimit limit;
  long last = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (long)limit.rlim_cur : 1024;
  if (last > 65536) last = 65536;
  for (long fd = 3; fd < last; fd++) {
    if (fd == report) continue;
    int flags = fcntl((int)fd, F_GETFD);
    if (flags >= 0) fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC);
  }
}

// Runs in the child: only functions that are safe after a fork in a process with threads.
static void start(const struct sandbox_spawn *request, pid_t parent, int report) {
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  if (request->new_session && setsid() < 0) fail(report, SANDBOX_STAGE_SESSION);
  if (request->death_signal != 0) {
    if (prctl(PR_SET_PDEATHSIG, request->death_signal, 0, 0, 0) != 0) fail(report, SANDBOX_STAGE_LIMITS);
    // The parent may have died before the request stood.
    if (getppid() != parent) _exit(127);
  }

  // Above every number that is about to be given out, so that none of these is overwritten by another.
  int lowest = request->inherited_as >= 3 ? request->inherited_as + 1 : 3;
  int copies[3];
  for (int i = 0; i < 3; i++) {
    copies[i] = fcntl(request->standard[i], F_DUPFD_CLOEXEC, lowest);
    if (copies[i] < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);
  }
  int inherited = -1;
  if (request->inherited >= 0) {
    inherited = fcntl(request->inherited, F_DUPFD_CLOEXEC, lowest);
    if (inherited < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);
  }
  int kept = fcntl(report, F_DUPFD_CLOEXEC, lowest);
  if (kept < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);
  report = kept;
  for (int i = 0; i < 3; i++) {
    if (dup2(copies[i], i) < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);
  }
  int groups[2] = {-1, -1};
  for (int i = 0; i < 2; i++) {
    if (request->groups[i] < 0) continue;
    groups[i] = fcntl(request->groups[i], F_DUPFD_CLOEXEC, lowest);
    if (groups[i] < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);
  }
  int ruleset = -1;
  if (request->ruleset >= 0) {
    ruleset = fcntl(request->ruleset, F_DUPFD_CLOEXEC, lowest);
    if (ruleset < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);
  }
  close_others_at_exec(report);
  if (inherited >= 0 && dup2(inherited, request->inherited_as) < 0) fail(report, SANDBOX_STAGE_DESCRIPTORS);

  if (request->core_limit >= 0) {
    struct rlimit limit = {(rlim_t)request->core_limit, (rlim_t)request->core_limit};
    if (setrlimit(RLIMIT_CORE, &limit) != 0) fail(report, SANDBOX_STAGE_LIMITS);
  }
  if (request->process_limit >= 0) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NPROC, &limit) != 0) fail(report, SANDBOX_STAGE_LIMITS);
    rlim_t most = (rlim_t)request->process_limit;
    if (most < limit.rlim_max) limit.rlim_max = most;
    if (most < limit.rlim_cur) limit.rlim_cur = most;
    if (setrlimit(RLIMIT_NPROC, &limit) != 0) fail(report, SANDBOX_STAGE_LIMITS);
  }
  for (int i = 0; i < 2; i++) {
    // 0 is the writer. Who asked looks afterwards whether it is there.
    if (groups[i] >= 0 && write(groups[i], "0", 1) < 0) continue;
  }
  if (request->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(report, SANDBOX_STAGE_LIMITS);
  if (ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0) fail(report, SANDBOX_STAGE_CONFINEMENT);
  if (request->directory != NULL && chdir(request->directory) != 0) fail(report, SANDBOX_STAGE_DIRECTORY);

  int error = ENOENT;
  for (const char *const *candidate = request->candidates; *candidate != NULL; candidate++) {
    execve(*candidate, (char *const *)request->arguments, (char *const *)request->environment);
    // A file that is there but cannot be run says more than one that is not there.
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  errno = error;
  fail(report, SANDBOX_STAGE_EXECUTE);
}

pid_t sandbox_spawn(const struct sandbox_spawn *request, int *stage) {
  int pipe[2];
  *stage = SANDBOX_STAGE_FORK;
  if (pipe2(pipe, O_CLOEXEC) != 0) return -errno;
  pid_t parent = getpid();
  // A handler of the parent's must not run in the child before its handlers are put back.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) {
    close(pipe[0]);
    start(request, parent, pipe[1]);
    _exit(127);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(pipe[1]);
  if (pid < 0) {
    close(pipe[0]);
    return -error;
  }
  struct failure failure;
  ssize_t count;
  do {
    count = read(pipe[0], &failure, sizeof failure);
  } while (count < 0 && errno == EINTR);
  close(pipe[0]);
  if (count == 0) return pid;
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (count != (ssize_t)sizeof failure) return -EIO;
  *stage = failure.stage;
  return -failure.error;
}

// The structures of <linux/landlock.h>, whose older versions lack the later fields.
struct ruleset_attributes {
  uint64_t accesses;
  uint64_t network;
  uint64_t scoped;
};
struct place_attributes {
  uint64_t accesses;
  int32_t place;
} __attribute__((packed));

int sandbox_landlock_version(void) { return result(syscall(SYS_landlock_create_ruleset, NULL, 0, 1U)); }

int sandbox_landlock_create(uint64_t accesses, uint64_t scoped) {
  struct ruleset_attributes attributes = {accesses, 0, scoped};
  size_t size = scoped != 0 ? sizeof attributes : sizeof attributes.accesses;
  return result(syscall(SYS_landlock_create_ruleset, &attributes, size, 0U));
}

int sandbox_landlock_restrict(int ruleset) { return result(syscall(SYS_landlock_restrict_self, ruleset, 0U)); }

int sandbox_landlock_allow(int ruleset, int place, uint64_t accesses) {
  struct place_attributes attributes = {accesses, place};
  return result(syscall(SYS_landlock_add_rule, ruleset, 1, &attributes, 0U));
}

int sandbox_become_opaque(void) { return result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)); }
int sandbox_become_subreaper(void) { return result(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }
int sandbox_pidfd_open(pid_t pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }
int sandbox_pidfd_signal(int pidfd, int signal) {
  return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int sandbox_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return result(epoll_ctl(epoll, operation, descriptor, &event));
}

int sandbox_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, descriptor, events, token);
}
int sandbox_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, descriptor, events, token);
}
int sandbox_epoll_remove(int epoll, int descriptor) { return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int sandbox_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int capacity, int milliseconds) {
  struct epoll_event ready[64];
  if (capacity > 64) capacity = 64;
  int count = epoll_wait(epoll, ready, capacity, milliseconds);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    tokens[i] = ready[i].data.u64;
    events[i] = ready[i].events;
  }
  return count;
}
uint32_t sandbox_epoll_in(void) { return EPOLLIN; }
uint32_t sandbox_epoll_out(void) { return EPOLLOUT; }
uint32_t sandbox_epoll_hangup(void) { return EPOLLHUP | EPOLLERR | EPOLLRDHUP; }

int sandbox_timer_create(void) { return result(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)); }
int sandbox_timer_set(int timer, int64_t nanoseconds) {
  struct itimerspec value = {{0, 0}, {nanoseconds / 1000000000, nanoseconds % 1000000000}};
  return result(timerfd_settime(timer, TFD_TIMER_ABSTIME, &value, NULL));
}
int sandbox_clock_is_kept(void) {
  struct timex state = {.modes = 0};
  int answer = adjtimex(&state);
  if (answer < 0) return -errno;
  return answer != TIME_ERROR && !(state.status & STA_UNSYNC);
}

int64_t sandbox_boottime(void) {
  struct timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int sandbox_signal_watch(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error != 0) return -error;
  return result(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}
int sandbox_signal_read(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int sandbox_event_create(void) { return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int sandbox_reflink(int to, int from) { return result(ioctl(to, FICLONE, from)); }

int64_t sandbox_next_data(int file, int64_t offset) {
  off_t found = lseek(file, offset, SEEK_DATA);
  return found < 0 ? -errno : found;
}
int64_t sandbox_next_hole(int file, int64_t offset) {
  off_t found = lseek(file, offset, SEEK_HOLE);
  return found < 0 ? -errno : found;
}
int64_t sandbox_copy_range(int from, int to, int64_t offset, int64_t count) {
  off64_t input = offset, output = offset;
  ssize_t copied = copy_file_range(from, &input, to, &output, (size_t)count, 0);
  return copied < 0 ? -errno : copied;
}

int sandbox_sync_file_system(int descriptor) { return result(syncfs(descriptor)); }

int sandbox_is_network_file_system(const char *path) {
  struct statfs info;
  if (statfs(path, &info) != 0) return -errno;
  switch ((unsigned long)info.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case 0xFF534D42UL:  // CIFS
    case 0xFE534D42UL:  // SMB2
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case 0x0BD00BD0UL:  // Lustre
    case 0x47504653UL:  // GPFS
    case 0x19830326UL:  // BeeGFS
    case 0x01161970UL:  // GFS2
      return 1;
    default:
      return 0;
  }
}

int sandbox_accept(int listener) { return result(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

int sandbox_peer_user(int socket, uid_t *user) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -errno;
  *user = peer.uid;
  return 0;
}

int sandbox_peer_process(int socket) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -errno;
  return peer.pid;
}
