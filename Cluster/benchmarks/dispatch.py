"""From a free slot to the first line of the next trial."""

import json
import os
import subprocess
import threading
import time

from measuring import hand_over, load, quantile, say, spread, stamps, table
from pasha_run import HERE, TRIALS, content, facts

COUNT = 100
SLEEP = 0.01


def command(context, script):
    return [context.python] + (["-S", "-E"] if script == "bare.py" else []) + [script]


def with_pasha(context, script, workers):
    path, log = context.pasha.prepare(
        command(context, script), {"x": {"type": "uniform", "lower": 0, "upper": 1}, "epochs": 9, "sleep": SLEEP},
        {"name": "pasha", "max_t": 9, "rung_levels": [1, 2, 4], "random_seed": 1},
        {"max_num_trials_started": COUNT, "at_limit": "now"}, workers, "max_resource_attr: epochs")
    begun = time.time()
    summary, wall = context.pasha.run(path)
    found = facts(context.pasha.journal(summary["run"]))
    legs = [content(fact)[4][0] for fact in found if fact.kind == "attempt_assigned"]
    return dict(figures(log, workers, begun, wall), stages=stages(stamps(log), found)), legs


def stages(lines, found):
    """Where the time of a hand-over goes: the script's stamps matched in order with the facts' ones."""

    def times(kind):
        return sorted(fact.time for fact in found if fact.kind == kind)

    starts = sorted(time for kind, time in lines if kind == "start")
    ends = sorted(time for kind, time in lines if kind == "exit")
    steps = [("last line → its end known to the coordinator", ends, times("attempt_ended")),
             ("next trial assigned → its process runs, known to the coordinator",
              times("attempt_assigned"), times("attempt_started")),
             ("assigned → first line of the script", times("attempt_assigned"), starts)]
    return {name: [after - before for before, after in zip(earlier, later)] for name, earlier, later in steps}


def directly(context, script, workers, legs):
    """The same legs, each started as soon as a worker is free, with nothing between."""
    log = os.path.join(context.folder, "direct.log")
    open(log, "w").close()
    left, lock = list(legs), threading.Lock()

    def work():
        while True:
            with lock:
                if not left:
                    return
                epochs = left.pop(0)
            subprocess.run(
                command(context, os.path.join(TRIALS, script))[:-1]
                + [os.path.join(TRIALS, script), "--x", "0.5", "--epochs", str(epochs), "--sleep", str(SLEEP),
                   "--log", log],
                check=True, stdout=subprocess.DEVNULL)

    begun = time.time()
    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return figures(log, workers, begun, time.time() - begun)


def with_syne_tune(context, workers, poll):
    log = os.path.join(context.folder, "syne_tune.log")
    open(log, "w").close()
    begun = time.time()
    output = subprocess.run(
        [context.peers, os.path.join(HERE, "peers", "syne_tune_run.py"), str(workers), str(poll), str(COUNT), log,
         os.path.join(TRIALS, "leg.py")], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    result = json.loads(output.decode().splitlines()[-1])
    found = figures(log, workers, begun, time.time() - begun)
    found["decision"] = result["latencies"]
    return found


def figures(log, workers, begun, wall):
    found = stamps(log)
    starts = [time for kind, time in found if kind == "start"]
    ends = [time for kind, time in found if kind == "exit"]
    return {
        "launches": len(starts), "first": min(starts) - begun, "span": max(ends) - min(starts), "wall": wall,
        "gaps": hand_over(found, workers),
    }


def measure(context):
    print("## From a free slot to the next trial's first line\n")
    print(
        "%d trials, PASHA with levels 1, 2, 4 and max_t 9, `max_resource_attr: epochs` (a process each leg), epochs "
        "of %d ms. *Hand-over*: last line of a process to the first line of the next. *Directly*: the same processes "
        "from `subprocess` in as many threads, nothing between them. Median (range) of %d runs." %
        (COUNT, 1000 * SLEEP, context.runs))
    rows, parts, decisions = [], [], []
    for script in ("bare.py", "leg.py"):
        for workers in (2, 8):
            before = load()
            kinds = {"directly": [], "pasha": []}
            for index in range(context.runs):
                run, legs = with_pasha(context, script, workers)
                kinds["pasha"].append(run)
                kinds["directly"].append(directly(context, script, workers, legs))
                if context.peers and script == "leg.py":
                    found = with_syne_tune(context, workers, 0.1)
                    kinds.setdefault("Syne Tune 0.13.0, polling every 0.1 s", []).append(found)
                say("%s, %d workers, run %d" % (script, workers, index + 1))
            if context.peers and script == "leg.py" and context.default_poll:
                kinds["Syne Tune 0.13.0, polling every 5 s (its default)"] = [with_syne_tune(context, workers, 5.0)]
            for name in kinds["pasha"][0]["stages"]:
                samples = [run["stages"][name] for run in kinds["pasha"]]
                parts.append([script, workers, name, spread([1e3 * quantile(values, 0.5) for values in samples]),
                              spread([1e3 * quantile(values, 0.99) for values in samples])])
            for kind, runs in kinds.items():
                rows.append(row(script, workers, kind, runs, before))
                samples = [run["decision"] for run in runs if "decision" in run]
                if samples:
                    decisions.append([
                        kind, workers, spread([1e3 * quantile(values, 0.5) for values in samples]),
                        spread([1e3 * quantile(values, 0.99) for values in samples])])
    table(["script", "workers", "started by", "launches", "hand-over p50 ms", "p99 ms", "command → first line s",
           "first line → last exit s", "command → end s", "before"], rows)
    print("Where pasha's time goes (a new trial is assigned in the same turn in which the end is known):")
    table(["script", "workers", "step", "p50 ms", "p99 ms"], parts)
    if decisions:
        print("Syne Tune in these runs, from the print of a report to its decision:")
        table(["peer", "workers", "p50 ms", "p99 ms"], decisions)


def row(script, workers, kind, runs, before):
    return [
        script, workers, kind, spread([run["launches"] for run in runs]),
        spread([1e3 * quantile(run["gaps"], 0.5) for run in runs]),
        spread([1e3 * quantile(run["gaps"], 0.99) for run in runs]), spread([run["first"] for run in runs]),
        spread([run["span"] for run in runs]), spread([run["wall"] for run in runs]), before,
    ]
