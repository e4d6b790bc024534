"""Reports up to `--half_at`, writes the first half of the next report without a newline, and waits to be killed."""

import argparse
import json
import math
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--half_at", type=int, default=1)
options, _ = arguments.parse_known_args()


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


for epoch in range(1, options.half_at + 1):
    time.sleep(options.sleep)
    report(epoch=epoch, loss=loss(epoch))
sys.stdout.write(f'[tune-metric]: {{"epoch": {options.half_at + 1}, "lo')
sys.stdout.flush()
time.sleep(3600)
