"""Reports up to `--crash_at`, then ends with an uncaught exception (or with `--status`)."""

import argparse
import json
import math
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--crash_at", type=int, default=2)
arguments.add_argument("--status", type=int, default=1)
options, _ = arguments.parse_known_args()


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


for epoch in range(1, options.epochs + 1):
    time.sleep(options.sleep)
    report(epoch=epoch, loss=loss(epoch))
    if epoch == options.crash_at:
        if options.status != 1:
            print("the trial gives up", file=sys.stderr, flush=True)
            sys.exit(options.status)
        raise ValueError(f"the trial broke on purpose after epoch {epoch}")
