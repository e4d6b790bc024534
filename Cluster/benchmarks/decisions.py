"""Decisions per second, without processes."""

import json
import os
import subprocess

from measuring import load, number, say, spread, table
from pasha_run import HERE

LIMIT = 120


def ours(context, name, trials, workers, seed):
    words = [context.pasha.scheduling, name, str(trials), str(workers), str(seed)]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def theirs(context, name, trials, workers, seed):
    words = [context.peers, os.path.join(HERE, "peers", "syne_tune_decisions.py"), name, str(trials), str(workers),
             str(LIMIT), str(seed)]
    output = subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(output.decode().splitlines()[-1])


def measure(context):
    print("## Decisions\n")
    print(
        "max_t 200, reduction factor 3, mode min, 4 and 64 workers in virtual time, noisy synthetic curves of one "
        "distribution; pasha and Syne Tune "
        "alternate, seeds 0, 1, 2; `stopping` is `asha` of that type. Median (range). Syne Tune is cut after %d s." % LIMIT)
    rows = []
    for ours_name, theirs_name in (("pasha", "pasha"), ("asha", "promotion"), ("stopping", "stopping")):
        for trials, workers in ((256, 4), (1_000, 4), (10_000, 4), (10_000, 64)):
            before = load()
            found, peer = [], []
            for seed in range(context.runs):
                found.append(ours(context, ours_name, trials, workers, seed))
                # What is cut shows nothing new the second time.
                if context.peers and not (peer and peer[-1]["cut"]):
                    peer.append(theirs(context, theirs_name, trials, workers, seed))
                say("%s, %d trials, %d workers, seed %d" % (ours_name, trials, workers, seed))
            rows.append(row("pasha, " + ours_name, workers, found, before))
            if peer:
                rows.append(row("Syne Tune 0.13.0, " + theirs_name, workers, peer, before))
    table(["scheduler", "workers", "trials", "runs", "reports", "µs a report", "reports/s", "worst report ms", "µs a suggestion",
           "suggestions/s", "whole run s", "before"], rows)


def row(name, workers, runs, before):
    def column(key):
        return spread([run[key] for run in runs])

    started = column("trials") if len({run["trials"] for run in runs}) > 1 else number(runs[0]["trials"])
    if any(run.get("cut") for run in runs):
        started += " (cut)"
    return [name, workers, started, len(runs), column("reports"), column("us_report"), column("reports_per_s"),
            column("worst_report_ms"), column("us_suggest"), column("suggests_per_s"), column("wall"), before]
