"""Reports what is no finite number in the metric, a different kind at each epoch, and a number at every seventh."""

import argparse
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
options, _ = arguments.parse_known_args()

VALUES = ["NaN", "Infinity", "-Infinity", "1e400", "null", '"0.5"', "0.25"]

for epoch in range(1, options.epochs + 1):
    time.sleep(options.sleep)
    value = VALUES[(epoch - 1) % len(VALUES)]
    print(f'[tune-metric]: {{"epoch": {epoch}, "loss": {value}}}', flush=True)
