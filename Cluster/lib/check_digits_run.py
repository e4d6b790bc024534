"""Looks at what a run of the digits example left: python3 check_digits_run.py PASHA_COORD [FOLDER], with PASHA_STATE set.

FOLDER is what Cluster/quickstart was given with --dir: with it the run must have gone over both hosts, and checkpoints
must have moved between them: exit status 3 where none did, which is chance (a trial that is promoted goes on where its
checkpoint is, if there is a slot).
"""

import csv
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

TRIALS = 64
# A random search of this size reaches 0.97 and more; below this something does not train, or does not resume.
LEAST_ACCURACY = 0.95
HOSTS = {"host2", "host3"}
MOVE = re.compile(r"trial (\d+)'s checkpoint moves from (\S+) to (\S+)")


def ask(*arguments):
    return json.loads(subprocess.run([sys.argv[1], *arguments, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def expect(condition, what):
    if not condition:
        sys.exit("the run is not as it should be: " + what)


def check_hosts(folder, status, best):
    """Both hosts took part, checkpoints moved both in words and in files, and nothing of the hosts is running."""
    names = {agent["name"] for agent in status["agents"]}
    expect(names == HOSTS, "its agents are %s" % sorted(names))
    expect(best["checkpoint"]["host"] in HOSTS, "the best checkpoint is on %s" % best["checkpoint"]["host"])
    moves = [match.groups() for match in MOVE.finditer((folder / "output").read_text(errors="replace"))]
    if not moves:
        # As good a run, and one that shows less: whoever asks for more starts another one.
        print("no checkpoint moved between the hosts")
        sys.exit(3)
    for trial, source, goal in moves:
        expect({source, goal} == HOSTS, "the checkpoint of trial %s moved from %s to %s" % (trial, source, goal))
    # A trial that moved has run on either host, and each keeps its part of the output.
    for host in HOSTS:
        there = {int(path.name) for path in (folder / host / "pasha").glob("*/*/trials/*") if path.name.isdigit()}
        expect(there, "no trial ran on %s" % host)
        lacking = {int(trial) for trial, _, _ in moves} - there
        expect(not lacking, "trials that moved have left nothing on %s: %s" % (host, sorted(lacking)))
    mark = ("PASHA_LOOPBACK_HOST=%s" % folder).encode()
    for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            expect(mark not in environment.read_bytes().split(b"\0"), "process %s is left" % environment.parent.name)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            pass
    return len(moves)


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
moved = check_hosts(pathlib.Path(sys.argv[2]).resolve(), status, best) if len(sys.argv) > 2 else None

folder = pathlib.Path(os.environ["PASHA_STATE"]) / "runs" / status["run"]
with zipfile.ZipFile(folder / "results.csv.zip") as archive:
    rows = list(csv.DictReader(io.StringIO(archive.read("results.csv").decode())))
expect({int(row["trial_id"]) for row in rows} == set(range(TRIALS)), "results.csv.zip lacks trials")
top = max(float(row["val_accuracy"]) for row in rows)
expect(top >= best["value"], "results.csv.zip says %s, best says %s" % (top, best["value"]))
reported = [(row["trial_id"], row["epoch"]) for row in rows]
expect(len(set(reported)) == len(reported), "an epoch of a trial stands twice in results.csv.zip")
print("the run is as it should be: %d trials, %d reports, best accuracy %.4f" % (TRIALS, len(rows), best["value"]))
if moved is not None:
    print("%d checkpoints moved between the hosts" % moved)
