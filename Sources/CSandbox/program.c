#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <nss.h>
#include <sys/prctl.h>

int sandbox_name_process(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0) == 0 ? 0 : -errno; }

int sandbox_look_up_names_alone(void) {
#ifdef __GLIBC__
  static const char *const databases[][2] = {
      {"hosts", "files dns"}, {"passwd", "files"}, {"group", "files"}, {"services", "files"}, {"protocols", "files"},
  };
  for (unsigned i = 0; i < sizeof databases / sizeof databases[0]; i++) {
    if (__nss_configure_lookup(databases[i][0], databases[i][1]) != 0) return -errno;
  }
#endif
  return 0;
}
