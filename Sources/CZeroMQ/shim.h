// libzmq and libsodium, and the parts of Linux that the Glibc module leaves out.
#ifndef PASHA_CZEROMQ_H
#define PASHA_CZEROMQ_H

#include <sodium.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <zmq.h>

// ZMQ_ZAP_ENFORCE_DOMAIN: in zmq.h among the draft options, taken by the stable build of 4.3.
#define PASHA_ZAP_ENFORCE_DOMAIN 93

// prctl is variadic and cannot be called from Swift. At most 15 bytes of the name are kept.
static inline void pasha_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

#endif
