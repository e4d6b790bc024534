"""Looks at what a run of the digits example left: python3 check_digits_run.py PASHA_COORD, with PASHA_STATE set."""

import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

TRIALS = 64
# A random search of this size reaches 0.97 and more; below this something does not train, or does not resume.
LEAST_ACCURACY = 0.95


def ask(*arguments):
    return json.loads(subprocess.run([sys.argv[1], *arguments, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def expect(condition, what):
    if not condition:
        sys.exit("the run is not as it should be: " + what)


status = ask("status")
expect(status["status"] == "finished", "its status is %s" % status["status"])
trials = ask("trials")
expect(len(trials) == TRIALS, "%d trials were started instead of %d" % (len(trials), TRIALS))
best = ask("best")
expect(best is not None, "there is no best trial")
expect(best["value"] >= LEAST_ACCURACY, "the best accuracy is %s" % best["value"])
expect(best["checkpoint"] is not None, "the best trial has no checkpoint")
checkpoint = pathlib.Path(best["checkpoint"]["path"])
expect((checkpoint / "network.npz").exists(), "%s holds no network" % checkpoint)

folder = pathlib.Path(os.environ["PASHA_STATE"]) / "runs" / status["run"]
with zipfile.ZipFile(folder / "results.csv.zip") as archive:
    rows = list(csv.DictReader(io.StringIO(archive.read("results.csv").decode())))
expect({int(row["trial_id"]) for row in rows} == set(range(TRIALS)), "results.csv.zip lacks trials")
top = max(float(row["val_accuracy"]) for row in rows)
expect(top >= best["value"], "results.csv.zip says %s, best says %s" % (top, best["value"]))
reported = [(row["trial_id"], row["epoch"]) for row in rows]
expect(len(set(reported)) == len(reported), "an epoch of a trial stands twice in results.csv.zip")
print("the run is as it should be: %d trials, %d reports, best accuracy %.4f" % (TRIALS, len(rows), best["value"]))
