"""Works for `--epochs` times `--sleep` seconds, prints lines that are no reports, ends with status 0."""

import argparse
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
options, _ = arguments.parse_known_args()

for epoch in range(1, options.epochs + 1):
    time.sleep(options.sleep)
    print(f"epoch {epoch} done, loss 0.5", flush=True)
    print('[tune-metric] {"epoch": 1, "loss": 0.5}', flush=True)
    print("[tune-metric]: no object", flush=True)
