"""Reports, saves nothing, and ignores SIGTERM, SIGINT and SIGHUP: only SIGKILL ends it before its last epoch."""

import argparse
import json
import math
import signal
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
options, _ = arguments.parse_known_args()

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


for epoch in range(1, options.epochs + 1):
    end = time.monotonic() + options.sleep
    while time.monotonic() < end:
        time.sleep(0.01)
    report(epoch=epoch, loss=loss(epoch))
