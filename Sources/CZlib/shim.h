// zlib (Debian's package zlib1g-dev): deflate and CRC-32 for zip files.
#include <zlib.h>
