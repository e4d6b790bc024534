"""Writes down how it was started: words, environment, config.json, working directory, files beside it. One report."""

import json
import os
import sys

with open(os.environ["PASHA_CONFIG"]) as file:
    config = json.load(file)
files = sorted(
    os.path.relpath(os.path.join(folder, name), ".")
    for folder, _, names in os.walk(".", followlinks=True)
    for name in names
)
with open(os.path.join(os.environ["PASHA_CHECKPOINT_DIR"], "told.json"), "w") as file:
    told = {"words": sys.argv[1:], "environment": dict(os.environ), "config": config, "cwd": os.getcwd()}
    told["files"] = files
    told["input"] = sys.stdin.read()
    json.dump(told, file)
print('[tune-metric]: {"epoch": 1, "loss": 0.5}', flush=True)
