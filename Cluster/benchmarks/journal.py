"""The journal: facts written with a sync, facts read again."""

import os
import time

from measuring import load, number, say, spread, table
from pasha_run import facts

REPORTS = 100_000


def measure(context):
    print("## The journal\n")
    print(
        "One trial prints %s reports at once: what is measured is the whole way of a report (read from the log, sent "
        "with CURVE, decided, committed with "
        "`synchronous=FULL`, acknowledged). A turn of the coordinator is one commit."
        % number(REPORTS))
    before = load()
    rows, notes = [], []
    for index in range(context.runs):
        path, _ = context.pasha.prepare(
            [context.python, "flood.py"], {"reports": REPORTS, "x": {"type": "uniform", "lower": 0, "upper": 1}},
            {"name": "asha", "max_t": 2 * REPORTS, "grace_period": REPORTS + 1, "reduction_factor": 1.9},
            {"max_num_trials_started": 1}, 1)
        summary, wall = context.pasha.run(path)
        journal = context.pasha.journal(summary["run"])
        found = facts(journal)
        reports = [fact for fact in found if fact.kind == "report_received"]
        span = reports[-1].time - reports[0].time
        commits = len({fact.time for fact in reports})
        seconds = [context.pasha.ask("status", summary["run"], "--json") for _ in range(3)]
        rows.append([
            index + 1, number(len(found)), number(span), number(len(reports) / span), number(commits),
            number(len(reports) / commits), number(1e3 * span / commits), number(os.path.getsize(journal) / 2**20),
            number(os.path.getsize(journal) / len(found)), spread(seconds), number(wall), before])
        say("journal, run %d" % (index + 1))
    table(["run", "facts", "first → last report s", "reports/s", "commits", "reports a commit", "ms a commit and turn",
           "MiB", "bytes a fact", "`status` s (reads all facts)", "command → end s", "before"], rows)
    print(
        "A raw sync of 4 KiB appended to a file on the same disk: %s ms (median, range of 200).\n"
        % spread(syncs(context)))


def syncs(context):
    found = []
    with open(os.path.join(context.folder, "sync"), "wb") as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            found.append(1e3 * (time.perf_counter() - begun))
    return found
