"""Looks at what a run of an example left: python3 check_example_run.py PASHA_COORD EXAMPLE, with PASHA_STATE set.

A trial was promoted and went on from its checkpoint, no epoch was trained twice, and the best trial has its checkpoint.
Exit code 3: all is well, but that each promotion was one in place, as it comes now and then.
"""

import collections
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

# What each script saves.
SAVED = {
    "shell": "state",
    "sklearn": "model.joblib",
    "xgboost": "model.ubj",
    "pytorch": "state.pt",
    "lightning": "last.ckpt",
    "huggingface": "checkpoint-*/trainer_state.json",
    "keras": "keras/model.keras",
}


def ask(*arguments):
    return json.loads(subprocess.run([sys.argv[1], *arguments, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def expect(condition, what):
    if not condition:
        sys.exit("%s is not as it should be: %s" % (sys.argv[2], what))


status = ask("status")
expect(status["status"] == "finished", "its status is %s" % status["status"])
trials = ask("trials")
expect(all(trial["status"] != "failed" for trial in trials), "a trial failed")

folder = pathlib.Path(os.environ["PASHA_STATE"]) / "runs" / status["run"]
attribute = "round" if sys.argv[2] == "xgboost" else "epoch"
reported = collections.defaultdict(list)
with zipfile.ZipFile(folder / "results.csv.zip") as archive:
    for row in csv.DictReader(io.StringIO(archive.read("results.csv").decode())):
        reported[int(row["trial_id"])].append(int(row[attribute]))

resumed = 0
for trial in trials:
    number = trial["trial"]
    epochs = reported[number]
    expect(epochs == list(range(1, len(epochs) + 1)), "trial %d reported the %ss %s" % (number, attribute, epochs))
    for attempt in ask("show", str(number))["attempts"]:
        if attempt["reason"] == "promoted":
            # From the checkpoint of the epoch before the first one that it trained.
            expect(attempt["resumed_at"], "trial %d began again: %s" % (number, attempt))
            expect(attempt["resource"] > attempt["resumed_at"], "trial %d did not go on: %s" % (number, attempt))
            resumed += 1
best = ask("best")
expect(best is not None and best["checkpoint"] is not None, "the best trial has no checkpoint")
expect(list(pathlib.Path(best["checkpoint"]["path"]).glob(SAVED[sys.argv[2]])), "%s is not saved" % SAVED[sys.argv[2]])
words = subprocess.run([sys.argv[1], "best", "--config"], check=True, stdout=subprocess.PIPE).stdout.decode().strip()
expect(json.loads(words) == best["config"], "best --config prints %s" % words)
if resumed == 0:
    sys.exit(3)
print("%s: %d trials, %d promoted ones went on from their checkpoints; best %s %s after %s %ss with %s" % (
    sys.argv[2], len(trials), resumed, best["metric"], best["value"], best["resource"], attribute, words))
