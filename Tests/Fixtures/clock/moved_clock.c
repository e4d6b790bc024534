/* A wall clock that can be moved while programs run: preloaded, it adds to the time of day as many seconds as stand in
 * MOVED_CLOCK_FILE (8 bytes, the machine's order), at each look. Monotonic clocks go on as they are.
 *
 * libfaketime does more, and adds a variable to the environment at its start; Swift's runtime on Linux looks for a
 * program's arguments beside the environment and finds none then.
 *
 *     clang -shared -fPIC -O2 -DMOVED_CLOCK_FILE='"/run/host/clock"' -o moved_clock.so moved_clock.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t moved_by(void) {
  static const volatile int64_t *seconds;
  if (seconds == NULL) {
    int file = open(MOVED_CLOCK_FILE, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    void *place = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (place == MAP_FAILED) return 0;
    seconds = place;
  }
  return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += moved_by();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int result = (int)syscall(SYS_gettimeofday, now, zone);
  if (result == 0 && now != NULL) now->tv_sec += moved_by();
  return result;
}

time_t time(time_t *place) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (place != NULL) *place = now.tv_sec;
  return now.tv_sec;
}
