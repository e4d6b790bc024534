// libssh2, and the parts of OpenSSL's libcrypto that keys and known_hosts files need.
#ifndef PASHA_CSSH2_H
#define PASHA_CSSH2_H

#include <libssh2.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <sys/eventfd.h>

// A pipe whose ends are closed at exec: in unistd.h for GNU programs alone, which Swift's view of C is not.
extern int pipe2(int ends[2], int flags);

#endif
