"""Saves, then reports; tells of itself in the folder `--notes`: who ran when, and whether two attempts ever overlapped."""

import argparse
import fcntl
import json
import math
import os
import subprocess
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--notes", required=True)
arguments.add_argument("--child", type=int, default=0)
arguments.add_argument("--st_checkpoint_dir", default="checkpoints")
options, _ = arguments.parse_known_args()

trial = os.environ["PASHA_TRIAL_ID"]
attempt = os.environ["PASHA_TRIAL_ATTEMPT"]


def note(name, text):
    with open(os.path.join(options.notes, name), "a") as file:
        file.write(f"{trial} {attempt} {os.getpid()} {text}\n")


# Held until the process ends, by whatever means.
lock = open(os.path.join(options.notes, f"lock-{trial}"), "a")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("overlaps", "")

if options.child:
    # A grandchild in a session of its own, which is harder to find.
    subprocess.Popen(["sleep", "300"], start_new_session=True)

path = os.path.join(options.st_checkpoint_dir, "state.json")
epochs = []
if os.path.exists(path):
    with open(path) as file:
        epochs = json.load(file)
note("starts", len(epochs))
for epoch in range(len(epochs) + 1, options.epochs + 1):
    time.sleep(options.sleep)
    epochs.append(epoch)
    os.makedirs(options.st_checkpoint_dir, exist_ok=True)
    with open(path + ".new", "w") as file:
        json.dump(epochs, file)
    os.replace(path + ".new", path)
    wave = 0.2 * math.sin(epoch * (1 + 40 * options.lr))
    loss = abs(math.log10(options.lr) + 2.0) + 1.0 / epoch + wave
    print("[tune-metric]: " + json.dumps({"epoch": epoch, "loss": loss, "trained": len(epochs)}), flush=True)
