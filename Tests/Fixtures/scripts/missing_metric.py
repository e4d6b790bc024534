"""Reports without the metric from epoch `--missing_from` on, and with an unknown key instead."""

import argparse
import json
import math
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--missing_from", type=int, default=1)
options, _ = arguments.parse_known_args()


def loss(epoch):
    """Best at a learning rate of 0.01, lower with every epoch; the same for the same arguments."""
    return round(abs(math.log10(options.lr) + 2.0) + 1.0 / epoch, 9)


def report(**values):
    print("[tune-metric]: " + json.dumps(values), flush=True)


for epoch in range(1, options.epochs + 1):
    time.sleep(options.sleep)
    if epoch < options.missing_from:
        report(epoch=epoch, loss=loss(epoch))
    else:
        report(epoch=epoch, los=loss(epoch))
