"""From the command to the first report."""

import os
import subprocess
import time

from measuring import load, say, spread, table
from pasha_run import ROOT, facts

RUNS = 10


def measure(context):
    print("## From the command to the first report\n")
    print("`Cluster/examples/minimal` (epochs of 20 ms), %d runs, seconds, median (range)." % RUNS)
    example = os.path.join(ROOT, "Cluster", "examples", "minimal")
    before = load()
    stages = ["run_started", "agent_admitted", "agent_greeted", "agent_prepared", "attempt_assigned", "attempt_started",
              "report_received"]
    times = {stage: [] for stage in stages}
    alone, whole = [], []
    for index in range(RUNS):
        begun = time.time()
        summary, wall = context.pasha.run(os.path.join(example, "cluster.yml"))
        whole.append(wall)
        first = {}
        for fact in facts(context.pasha.journal(summary["run"])):
            first.setdefault(fact.kind, fact.time - begun)
        for stage in stages:
            times[stage].append(first[stage])
        alone.append(script_alone(os.path.join(example, "code", "curve.py"), context))
        say("command -> first report, run %d" % (index + 1))
    rows = [["`pasha-coord run` → " + stage, spread(times[stage]), before] for stage in stages]
    rows.append(["`pasha-coord run` → end of the run (20 trials, 2 slots)", spread(whole), before])
    rows.append(["`python3 curve.py` → its first report, without pasha", spread(alone), before])
    table(["from … to …", "s", "before"], rows)


def script_alone(script, context):
    begun = time.time()
    process = subprocess.Popen(
        ["python3", script, "--lr", "0.01", "--width", "64", "--epochs", "1", "--sleep", "0.02",
         "--st_checkpoint_dir", os.path.join(context.folder, "alone%d" % time.time_ns())],
        env=context.pasha.environment, stdout=subprocess.PIPE)
    process.stdout.readline()
    elapsed = time.time() - begun
    process.wait()
    return elapsed
