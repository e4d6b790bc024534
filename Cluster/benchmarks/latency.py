"""From a printed report to the decision."""

from measuring import load, quantile, say, spread, table
from pasha_run import Report, facts

LEVELS = [1, 3, 9, 27]
TRIALS = 250
EPOCH = 0.01
NAMES = {
    "read": "read by the agent", "fact": "taken in by the coordinator (stamp of its fact)",
    "went_on": "milestone: script goes on in place, decision committed",
    "paused": "milestone: script is told to end, decision committed",
}


def one_run(context, slots, cluster=None, logs=None, python=None):
    """Seconds from the print, by what came of it. On hosts, `logs` gives the paths of a run's logs."""
    path, log = context.pasha.prepare(
        [python or context.python, "waiting.py"],
        {"x": {"type": "uniform", "lower": 0, "upper": 1}, "epochs": 81, "sleep": EPOCH},
        {"name": "pasha", "max_t": 81, "grace_period": 1, "reduction_factor": 3, "random_seed": 1},
        {"max_num_trials_started": TRIALS, "at_limit": "now"}, slots, cluster=cluster)
    summary, _ = context.pasha.run(path)
    found = [Report(fact) for fact in facts(context.pasha.journal(summary["run"])) if fact.kind == "report_received"]
    printed = {(report.attempt, report.resource): report.printed for report in found}
    answers = {"went_on": [], "paused": []}
    for one in logs(summary["run"]) if logs else [log]:
        with open(one) as file:
            for line in file:
                trial, attempt, epoch, answer, time = line.split()
                key = ((int(trial), int(attempt)), int(epoch))
                if int(epoch) in LEVELS and key in printed:
                    answers[answer].append(float(time) - printed[key])
    return {
        "read": [report.read - report.printed for report in found],
        "fact": [report.received - report.printed for report in found], **answers,
    }


def measure(context):
    print("## From a printed report to the decision\n")
    print(
        "`trials/waiting.py` with `pasha.py`, epochs of %d ms, %d trials, PASHA with levels 1, 3, 9, 27, 81; "
        "`st_worker_timestamp` is taken just before the print. Milliseconds; median (range) over %d runs of the p50 "
        "and the p99 of each." % (1000 * EPOCH, TRIALS, context.runs))
    rows = []
    for slots in (2, 4):
        before = load()
        runs = []
        for index in range(context.runs):
            runs.append(one_run(context, slots))
            say("report -> decision, %d slots, run %d" % (slots, index + 1))
        rows += [[slots, *row, before] for row in figures(runs)]
    table(["slots", "printed → …", "samples", "p50 ms", "p99 ms", "worst ms", "before"], rows)


def figures(runs):
    """For each of NAMES its samples, p50, p99 and worst in ms."""
    for key, name in NAMES.items():
        samples = [run[key] for run in runs if run[key]]
        yield [
            name, spread([len(values) for values in samples]),
            spread([1e3 * quantile(values, 0.5) for values in samples]),
            spread([1e3 * quantile(values, 0.99) for values in samples]),
            spread([1e3 * max(values) for values in samples]),
        ]
