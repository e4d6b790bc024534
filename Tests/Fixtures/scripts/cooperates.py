"""Saves, then reports through pasha.py. `trained` must equal `epoch`; `pid` and `attempt` tell the processes apart."""

import json
import os
import sys
import time

import pasha

settings = pasha.config()
path = os.path.join(pasha.checkpoint_dir(), "state.json")
epochs = []
if os.path.exists(path):
    with open(path) as file:
        epochs = json.load(file)
print(f"starts with {len(epochs)} epochs", file=sys.stderr, flush=True)
try:
    for epoch in range(len(epochs) + 1, settings["epochs"] + 1):
        time.sleep(settings.get("sleep", 0))
        epochs.append(epoch)
        with open(path + ".new", "w") as file:
            json.dump(epochs, file)
        os.replace(path + ".new", path)
        pasha.report(
            epoch=epoch,
            loss=settings["lr"] + 1 / epoch,
            trained=len(epochs),
            pid=os.getpid(),
            attempt=int(os.environ["PASHA_TRIAL_ATTEMPT"]),
        )
finally:
    print(f"leaves after {len(epochs)} epochs", file=sys.stderr, flush=True)
