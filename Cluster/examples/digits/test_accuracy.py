"""Prints the test accuracy of the best configuration of a run, by default the one begun last; quickstart's last line.

The search ranks by the accuracy on validation data. Each report also holds the accuracy on test data, which nothing
was chosen by: this is the figure to quote.

    python3 Cluster/examples/digits/test_accuracy.py .build/release/pasha-coord [RUN]
"""

import json
import subprocess
import sys

MARKER = "[tune-metric]: "


def ask(*arguments):
    return subprocess.run([sys.argv[1], *arguments], check=True, stdout=subprocess.PIPE).stdout.decode()


run = sys.argv[2:3]
best = json.loads(ask("best", *run, "--json"))
if best is None:
    sys.exit("the run has no best configuration")
# A trial that was started again may have reported an epoch twice; the last report is the one of its checkpoint.
found = None
for line in ask("logs", str(best["trial"]), *(["--run", *run] if run else [])).splitlines():
    if line.startswith(MARKER):
        report = json.loads(line[len(MARKER) :])
        if report["epoch"] == best["resource"]:
            found = report
if found is None:
    sys.exit("trial %d has no report of epoch %d in its log" % (best["trial"], best["resource"]))
print(
    "test accuracy of trial %d after epoch %d: %.4f (validation: %.4f)"
    % (best["trial"], best["resource"], found["test_accuracy"], found["val_accuracy"])
)
