"""How long a run on real hosts takes to recover from the end of an agent, of the coordinator, of a host."""

import os
import subprocess
import sys

from measuring import load


def measure(context):
    print("### Recovery\n")
    print(
        "A farm of two hosts, two trials that report every 0.1 s, heartbeats every second; `swift build` has made what "
        "runs. Load before: %s.\n" % load())
    sys.stdout.flush()
    count = max(5, context.runs)
    subprocess.run([os.path.join(context.binaries, "chaos"), "--recoveries", str(count)], check=True)
    print()
