"""Reports epochs that go back: 1, 2, 3, 2, 1, 4, 4, 5, ...; a repeated one has another loss."""

import argparse
import json
import math
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


for count, epoch in enumerate([1, 2, 3, 2, 1, 4, 4] + list(range(5, options.epochs + 1))):
    time.sleep(options.sleep)
    report(epoch=epoch, loss=loss(epoch) + (10.0 if count in (3, 4, 6) else 0.0))
