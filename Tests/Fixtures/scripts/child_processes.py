"""Starts children that outlive it: in its group, deaf to SIGTERM, in a session of its own. Reports their ids."""

import argparse
import json
import math
import subprocess
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
options, _ = arguments.parse_known_args()


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


SLEEP = "import time; time.sleep(3600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP

children = [
    subprocess.Popen([sys.executable, "-c", SLEEP]),
    subprocess.Popen([sys.executable, "-c", DEAF]),
    subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True),
]
for epoch in range(1, options.epochs + 1):
    time.sleep(options.sleep)
    report(epoch=epoch, loss=loss(epoch), same=children[0].pid, deaf=children[1].pid, session=children[2].pid)
