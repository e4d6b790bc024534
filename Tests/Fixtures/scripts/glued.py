"""Writes two reports on one line, with other text before, between and behind them; epochs come in pairs."""

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


def text(epoch):
    return "[tune-metric]: " + json.dumps({"epoch": epoch, "loss": loss(epoch)})


for epoch in range(1, options.epochs + 1, 2):
    time.sleep(options.sleep)
    print(f"\r 50%|#####     | 5/10 {text(epoch)}{text(epoch + 1)} done {{}}", flush=True)
