"""A script for Syne Tune: its reporter, its helpers for checkpoints. Saves, then reports."""

import argparse
import json
import os
import time

from syne_tune import Reporter
from syne_tune.utils import (
    add_checkpointing_to_argparse,
    checkpoint_model_at_rung_level,
    resume_from_checkpointed_model,
)

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--sleep", type=float, default=0.05)
add_checkpointing_to_argparse(parser)
config = vars(parser.parse_known_args()[0])
state = {"trained": 0}


def load(folder):
    path = os.path.join(folder, "checkpoint.json")
    if os.path.exists(path):
        with open(path) as file:
            state.update(json.load(file))
    return state["trained"]


def save(folder, epoch):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "checkpoint.json"), "w") as file:
        json.dump(state, file)


report = Reporter()
for epoch in range(resume_from_checkpointed_model(config, load) + 1, config["epochs"] + 1):
    time.sleep(config["sleep"])
    state["trained"] += 1
    checkpoint_model_at_rung_level(config, save, epoch)
    report(epoch=epoch, loss=abs(config["lr"] - 0.01) + 1 / epoch, trained=state["trained"])
