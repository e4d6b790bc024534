"""Saves, then reports; what tells when and where it ran is in its own folders, since it may write nowhere else.

`pulse-ATTEMPT` in its working directory is touched every 20 ms: its time is the trial's last sign of life. Standard
error begins with `began TIME with N epochs`. With `--bytes` the checkpoint holds so many more. With `--notes FOLDER` it
notes there, with the clock that counts sleep and that nobody sets, its begin, each epoch and its end (`TRIAL-ATTEMPT`)
and every 20 ms that it lives (`TRIAL-ATTEMPT.alive`). A checkpoint that it cannot have saved ends it with status 9.
"""

import argparse
import json
import math
import os
import sys
import threading
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, default=0.01)
arguments.add_argument("--epochs", type=int, default=9)
arguments.add_argument("--sleep", type=float, default=0.0)
arguments.add_argument("--bytes", type=int, default=0)
arguments.add_argument("--notes", default="")
arguments.add_argument("--st_checkpoint_dir", default="checkpoints")
options, _ = arguments.parse_known_args()

name = os.environ["PASHA_TRIAL_ID"] + "-" + os.environ["PASHA_TRIAL_ATTEMPT"]
pulse = "pulse-" + os.environ["PASHA_TRIAL_ATTEMPT"]
with open(pulse, "w"):
    pass
alive = None


def now():
    return "%.6f" % time.clock_gettime(time.CLOCK_BOOTTIME)


def note(text):
    if options.notes:
        with open(os.path.join(options.notes, name), "a") as file:
            file.write(text + "\n")


def beat():
    while True:
        os.utime(pulse)
        if alive is not None:
            os.pwrite(alive, now().rjust(24).encode(), 0)
        time.sleep(0.02)


path = os.path.join(options.st_checkpoint_dir, "state.json")
epochs = []
if os.path.exists(path):
    with open(path) as file:
        epochs = json.load(file)
    if epochs != list(range(1, len(epochs) + 1)):
        print("this was never saved: %s" % epochs, file=sys.stderr)
        sys.exit(9)
note("begin %s %d %d" % (now(), os.getpid(), len(epochs)))
if options.notes:
    alive = os.open(os.path.join(options.notes, name + ".alive"), os.O_WRONLY | os.O_CREAT, 0o644)
if options.bytes and not epochs:
    os.makedirs(options.st_checkpoint_dir, exist_ok=True)
    with open(os.path.join(options.st_checkpoint_dir, "weights"), "wb") as file:
        file.write(os.urandom(options.bytes))
print(f"began {time.time()} with {len(epochs)} epochs", file=sys.stderr, flush=True)
threading.Thread(target=beat, daemon=True).start()
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
    note("epoch %s %d" % (now(), epoch))
note("end %s" % now())
