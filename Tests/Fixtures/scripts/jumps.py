"""Reports only every `--stride` epochs, so that milestones are jumped over."""

import argparse
import json
import math
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--stride", type=int, default=2)
options, _ = arguments.parse_known_args()


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


for epoch in range(options.stride, options.epochs + 1, options.stride):
    time.sleep(options.sleep)
    report(epoch=epoch, loss=loss(epoch))
