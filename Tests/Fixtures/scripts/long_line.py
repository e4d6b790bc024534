"""Writes a line of `--bytes` bytes after the first report; with `--as_report 1` the line begins like a report."""

import argparse
import json
import math
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--bytes", type=int, default=100_000_000)
arguments.add_argument("--as_report", type=int, default=0)
options, _ = arguments.parse_known_args()


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


for epoch in range(1, options.epochs + 1):
    time.sleep(options.sleep)
    report(epoch=epoch, loss=loss(epoch))
    if epoch == 1:
        sys.stdout.write('[tune-metric]: {"epoch": 2, "loss": 0.0, "note": "' if options.as_report else "")
        left = options.bytes
        while left > 0:
            sys.stdout.write("x" * min(left, 1_000_000))
            left -= 1_000_000
        sys.stdout.write('"}\n' if options.as_report else "\n")
