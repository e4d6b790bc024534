// System calls that Swift cannot make by itself: what must happen between fork and exec, and interfaces that are
// macros, packed structures or bare system call numbers. No decisions are taken here. Functions return a value of at
// least 0, or the negated errno.
#ifndef CSANDBOX_H
#define CSANDBOX_H

#include <stdint.h>
#include <sys/types.h>

/// A process to start. Strings and arrays belong to the caller; arrays of strings end with NULL.
struct sandbox_spawn {
  /// Paths tried in turn until one can be executed.
  const char *const *candidates;
  const char *const *arguments;
  const char *const *environment;
  const char *directory;
  /// What becomes descriptors 0, 1 and 2.
  int standard[3];
  /// A descriptor handed on under the number `inherited_as`; -1: none. All others are closed at exec.
  int inherited;
  int inherited_as;
  /// Whether the process leads a session of its own.
  int new_session;
  /// Whether it and what it starts can never gain privileges.
  int no_new_privileges;
  /// The signal that it gets when the thread that started it ends; 0: none.
  int death_signal;
  /// Soft and hard limit for core files in bytes; negative: as inherited.
  int64_t core_limit;
  /// The most processes and threads that its user may have for it to start another one, its hard limit included, where
  /// that is no lower already; negative: as inherited.
  int64_t process_limit;
  /// `cgroup.procs` of control groups that the process joins where it can; -1: none.
  int groups[2];
  /// A Landlock ruleset that confines the process and what it starts; -1: none.
  int ruleset;
};

/// Where a start failed.
enum sandbox_stage {
  SANDBOX_STAGE_FORK = 1,
  SANDBOX_STAGE_SESSION,
  SANDBOX_STAGE_DESCRIPTORS,
  SANDBOX_STAGE_LIMITS,
  SANDBOX_STAGE_CONFINEMENT,
  SANDBOX_STAGE_DIRECTORY,
  SANDBOX_STAGE_EXECUTE,
};

/// Starts a process and waits until it has executed its program. On failure `stage` says where, and nothing is left.
pid_t sandbox_spawn(const struct sandbox_spawn *request, int *stage);

/// The version of the kernel's Landlock interface, from 1; -ENOSYS: the kernel has none, -EOPNOTSUPP: it is switched off.
int sandbox_landlock_version(void);
/// A ruleset: accesses to files (`LANDLOCK_ACCESS_FS_*`) that are denied where no rule allows them, and what is scoped
/// (`LANDLOCK_SCOPE_*`).
int sandbox_landlock_create(uint64_t accesses, uint64_t scoped);
/// Confines the calling thread by the ruleset; it must not be able to gain privileges.
int sandbox_landlock_restrict(int ruleset);
/// Allows accesses to a file, or to a folder and all below it, given by a descriptor.
int sandbox_landlock_allow(int ruleset, int place, uint64_t accesses);

/// No other process of the user can trace the calling one, read its memory, its environment or its descriptors. Goes over
/// in a fork, ends at exec.
int sandbox_become_opaque(void);
/// From here on the calling process, which has one thread, can signal those alone that it starts from here on, and what
/// they start. 0 only where a process outside was tried and could not be signalled: then `sandbox_signal_enclosed` can be
/// used. -ENOSYS where the kernel cannot.
int sandbox_enclose(void);
/// A signal to every process that the calling one may signal, at once: those that are just being started get it too.
int sandbox_signal_enclosed(int signal);
/// Visits the processes below the calling one from parent to child, and sends each a signal before its children are
/// looked for; 0: none. Gives how many processes and threads were seen, at most about `most` where that is above 0;
/// -ENOENT where the kernel does not list children.
int64_t sandbox_visit_descendants(int signal, int64_t most);
/// Orphaned descendants become children of the calling process.
int sandbox_become_subreaper(void);
/// A descriptor that becomes readable when the process ends.
int sandbox_pidfd_open(pid_t pid);
/// A signal to the process that the descriptor stands for, whatever has become of its number.
int sandbox_pidfd_signal(int pidfd, int signal);

int sandbox_epoll_create(void);
int sandbox_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int sandbox_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t token);
int sandbox_epoll_remove(int epoll, int descriptor);
/// Waits for events; a negative timeout waits without end. An interruption by a signal counts as no events.
int sandbox_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int capacity, int milliseconds);
uint32_t sandbox_epoll_in(void);
uint32_t sandbox_epoll_out(void);
uint32_t sandbox_epoll_hangup(void);

/// A timer on CLOCK_BOOTTIME.
int sandbox_timer_create(void);
/// Sets the timer to an absolute time in nanoseconds; 0 disarms it.
int sandbox_timer_set(int timer, int64_t nanoseconds);
int64_t sandbox_boottime(void);
/// 1 when something keeps the wall clock (NTP, a hypervisor), 0 when nothing does.
int sandbox_clock_is_kept(void);

/// Blocks the signals in the calling thread and gives a descriptor to read them from.
int sandbox_signal_watch(const int *signals, int count);
/// The next signal, 0 when there is none.
int sandbox_signal_read(int descriptor);

/// A non-blocking counter to wake a poll loop from elsewhere.
int sandbox_event_create(void);

/// Shares the blocks of `from` with `to` where the file system can.
int sandbox_reflink(int to, int from);
/// Where the next data and the next hole begin at or after an offset; -ENXIO past the last data.
int64_t sandbox_next_data(int file, int64_t offset);
int64_t sandbox_next_hole(int file, int64_t offset);
/// Copies up to `count` bytes at an offset from one file to another; gives how many.
int64_t sandbox_copy_range(int from, int to, int64_t offset, int64_t count);
/// Waits until everything written to the file system that the descriptor lies on is on the disk.
int sandbox_sync_file_system(int descriptor);
/// 1 when the path lies on a network file system, 0 when not.
int sandbox_is_network_file_system(const char *path);
/// The next connection, non-blocking and close-on-exec.
int sandbox_accept(int listener);
/// Writes the peer's user id of a Unix socket.
int sandbox_peer_user(int socket, uid_t *user);
/// The process that made the peer's end of a Unix socket; 0 where it cannot be seen from here.
int sandbox_peer_process(int socket);

/// Names the process in lists of processes; 15 bytes are kept.
int sandbox_name_process(const char *name);
/// From here on names of hosts and users are looked up by the C library itself (files, and DNS for hosts), whatever
/// /etc/nsswitch.conf says: its plugins belong to the host's C library.
int sandbox_look_up_names_alone(void);

#endif
