"""Reports what formats lose: numbers that are not finite, large ones, nested values, names that clash or mean something
elsewhere. Its checkpoint is the epoch; one kind of configuration fails."""

import json
import os
import sys
import time

with open(os.environ["PASHA_CONFIG"]) as file:
    config = json.load(file)
path = os.path.join(os.environ["PASHA_CHECKPOINT_DIR"], "epoch")
first = 1
if os.path.exists(path):
    with open(path) as file:
        first = int(file.read()) + 1
if config["kind"] == 'a,"b"\n' and config["lr"] > 0.05:
    sys.exit("RuntimeError: <b>out of luck</b>")
for epoch in range(first, 10):
    time.sleep(0.01)
    with open(path, "w") as file:
        file.write(str(epoch))
    loss = float("nan") if config["lr"] > 0.5 else config["lr"] + 1 / epoch
    fields = {
        "epoch": epoch, 'loss <i>"&\n': loss, "large": 2**62 + epoch, "never": float("-inf") if epoch == 2 else 1.5,
        "flag": epoch % 2 == 0, "note": 'quoted "text",\r\nüé', "nested": {"val": {"acc": 1 - loss}, "list": [1, 2.5]},
        "Loss": 1, "loss": 2, "trial": "x", "time": epoch * 0.5, "mixed": epoch if epoch % 2 else "even", "": 7,
        "config_lr": 5, "nothing": None,
    }
    if epoch == 3:
        fields["rare"] = 2**62 + 1
    print("[tune-metric]: " + json.dumps(fields), flush=True)
