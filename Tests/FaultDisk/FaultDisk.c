#include "FaultDisk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

enum { PLANS = 64, PATH = 512 };

struct plan {
  char prefix[PATH];
  int is_used, operations, code, bytes, stays, is_broken;
  long nth, seen, failed;
};

struct fault_file {
  sqlite3_file base;
  char path[PATH];
  sqlite3_file *real;
};

static struct plan plans[PLANS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;

static sqlite3_file *real_of(sqlite3_file *file) { return ((struct fault_file *)file)->real; }

/* Counts an operation. Gives the code to fail with, 0 for none, -1 for no plan; `bytes` of a write go through. */
static int judge(sqlite3_file *file, int operation, int *bytes) {
  const char *path = ((struct fault_file *)file)->path;
  int result = -1;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLANS && result < 0; i++) {
    struct plan *plan = &plans[i];
    if (!plan->is_used || strncmp(path, plan->prefix, strlen(plan->prefix)) != 0) continue;
    result = 0;
    if (plan->operations & operation) plan->seen++;
    if (plan->code == 0) continue;
    int is_due = (plan->operations & operation) && plan->seen == plan->nth;
    if (is_due || (plan->is_broken && plan->stays)) {
      plan->is_broken = 1;
      plan->failed++;
      if (bytes) *bytes = plan->bytes;
      result = plan->code;
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int fault_close(sqlite3_file *file) { return real_of(file)->pMethods->xClose(real_of(file)); }

static int fault_read(sqlite3_file *file, void *to, int count, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), to, count, offset);
}

static int fault_write(sqlite3_file *file, const void *from, int count, sqlite3_int64 offset) {
  int bytes = 0;
  int code = judge(file, FAULT_DISK_WRITE, &bytes);
  if (code > 0) {
    if (bytes > 0 && bytes < count) real_of(file)->pMethods->xWrite(real_of(file), from, bytes, offset);
    return code;
  }
  return real_of(file)->pMethods->xWrite(real_of(file), from, count, offset);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size) {
  int code = judge(file, FAULT_DISK_TRUNCATE, 0);
  return code > 0 ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int fault_sync(sqlite3_file *file, int flags) {
  int code = judge(file, FAULT_DISK_SYNC, 0);
  return code >= 0 ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int fault_lock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }
static int fault_unlock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xUnlock(real_of(file), level); }

static int fault_reserved(sqlite3_file *file, int *result) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

static int fault_control(sqlite3_file *file, int operation, void *argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int fault_sector(sqlite3_file *file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
static int fault_traits(sqlite3_file *file) { return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)); }

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **map) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, map);
}

static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void fault_shm_barrier(sqlite3_file *file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }

static int fault_shm_unmap(sqlite3_file *file, int delete) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static int fault_fetch(sqlite3_file *file, sqlite3_int64 offset, int count, void **page) {
  return real_of(file)->pMethods->xFetch(real_of(file), offset, count, page);
}

static int fault_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page) {
  return real_of(file)->pMethods->xUnfetch(real_of(file), offset, page);
}

static const sqlite3_io_methods methods = {
  3,           fault_close,     fault_read,    fault_write,   fault_truncate, fault_sync,    fault_size,
  fault_lock,  fault_unlock,    fault_reserved, fault_control, fault_sector,  fault_traits,  fault_shm_map,
  fault_shm_lock, fault_shm_barrier, fault_shm_unmap, fault_fetch, fault_unfetch,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  struct fault_file *fault = (struct fault_file *)file;
  memset(fault, 0, sizeof *fault);
  if (name) strncpy(fault->path, name, PATH - 1);
  fault->real = (sqlite3_file *)(fault + 1);
  int code = real_vfs->xOpen(real_vfs, name, fault->real, flags, out_flags);
  /* Without methods SQLite does not close it. */
  fault->base.pMethods = fault->real->pMethods ? &methods : 0;
  return code;
}

int fault_disk_install(void) {
  int code = 0;
  pthread_mutex_lock(&lock);
  if (!real_vfs) {
    real_vfs = sqlite3_vfs_find(0);
    fault_vfs = *real_vfs;
    fault_vfs.zName = "fault";
    fault_vfs.pNext = 0;
    fault_vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    fault_vfs.xOpen = fault_open;
    code = sqlite3_vfs_register(&fault_vfs, 1);
  }
  pthread_mutex_unlock(&lock);
  return code;
}

int fault_disk_plan(const char *prefix, int operations, long nth, int code, int bytes, int stays) {
  int found = -1;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLANS && found < 0; i++) {
    if (plans[i].is_used) continue;
    memset(&plans[i], 0, sizeof plans[i]);
    strncpy(plans[i].prefix, prefix, PATH - 1);
    plans[i].is_used = 1;
    plans[i].operations = operations;
    plans[i].nth = nth;
    plans[i].code = code;
    plans[i].bytes = bytes;
    plans[i].stays = stays;
    found = i;
  }
  pthread_mutex_unlock(&lock);
  return found;
}

static long read_count(const long *count) {
  pthread_mutex_lock(&lock);
  long result = *count;
  pthread_mutex_unlock(&lock);
  return result;
}

long fault_disk_seen(int plan) { return read_count(&plans[plan].seen); }
long fault_disk_failed(int plan) { return read_count(&plans[plan].failed); }

void fault_disk_mend(int plan) {
  pthread_mutex_lock(&lock);
  plans[plan].code = 0;
  pthread_mutex_unlock(&lock);
}

void fault_disk_forget(int plan) {
  pthread_mutex_lock(&lock);
  plans[plan].is_used = 0;
  pthread_mutex_unlock(&lock);
}
