"""A synthetic learning curve: NOTHING IS TRAINED HERE, the metric is a formula with noise.

It shows all that a training script needs: arguments, a report after each epoch, and a checkpoint to go on from. With
the Python standard library alone, and without pasha.py: a report is a line on standard output.
"""

import argparse
import json
import math
import os
import random
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, required=True)
arguments.add_argument("--width", type=int, required=True)
arguments.add_argument("--epochs", type=int, required=True)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--st_checkpoint_dir", default="checkpoints")
options = arguments.parse_args()

os.makedirs(options.st_checkpoint_dir, exist_ok=True)
checkpoint = os.path.join(options.st_checkpoint_dir, "epoch.json")
done = 0
if os.path.exists(checkpoint):
    with open(checkpoint) as file:
        done = json.load(file)["epoch"]

# Lowest at a learning rate of 0.01 and a width of 128; wide networks are slower to get there.
floor = 0.1 + 0.05 * math.log10(options.lr / 0.01) ** 2 + 0.03 * math.log2(options.width / 128) ** 2
speed = 0.4 / (1.0 + options.width / 256)

for epoch in range(done + 1, options.epochs + 1):
    time.sleep(options.sleep)
    noise = random.Random(f"{options.lr} {options.width} {epoch}").gauss(0.0, 0.02)
    val_loss = floor + math.exp(-speed * epoch) + noise / math.sqrt(epoch)

    # First the checkpoint, with one rename, then the report: what is reported can be gone on from.
    with open(checkpoint + ".new", "w") as file:
        json.dump({"epoch": epoch}, file)
    os.replace(checkpoint + ".new", checkpoint)
    print("[tune-metric]: " + json.dumps({"epoch": epoch, "val_loss": val_loss}), flush=True)
