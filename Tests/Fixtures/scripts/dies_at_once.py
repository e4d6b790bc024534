"""Ends with status 3 before it reports anything, its reason on standard error."""

import sys

print("first line of standard error", file=sys.stderr)
print("no such data set: /data/missing", file=sys.stderr)
sys.exit(3)
