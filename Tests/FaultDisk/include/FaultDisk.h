#ifndef PASHA_FAULT_DISK_H
#define PASHA_FAULT_DISK_H

/// SQLite on a disk that fails when a test says so.
///
/// `fault_disk_install` puts a layer before SQLite's own access to files, for connections that are opened from then on
/// in this process. It passes everything through, but for files whose path begins with that of a plan: there writes,
/// syncs and truncations are counted, the N-th fails, and syncs do not wait for the disk (what a test loses, it loses by
/// copying and cutting files).

enum {
  FAULT_DISK_WRITE = 1,
  FAULT_DISK_SYNC = 2,
  FAULT_DISK_TRUNCATE = 4,
};

/// Makes the layer SQLite's default. Returns 0; may be called again.
int fault_disk_install(void);

/// Begins to count the operations on files below `prefix`; the `nth` of those in `operations` fails with SQLite's code
/// `code` (0: none fails). `bytes`: so much of a failing write is carried out (of more than that). `stays`: all operations
/// after it fail as well. Returns the plan's number; -1: there are too many.
int fault_disk_plan(const char *prefix, int operations, long nth, int code, int bytes, int stays);

/// Operations of the plan so far, the failing one included.
long fault_disk_seen(int plan);
/// Operations that were failed.
long fault_disk_failed(int plan);
/// From now on nothing of the plan fails; it is still counted.
void fault_disk_mend(int plan);
/// Ends the plan.
void fault_disk_forget(int plan);

#endif
