"""Large runs: a journal of a million facts read again, hundreds of agents that register at once and report."""

import collections
import json
import os
import subprocess

from measuring import load, number, processor_seconds, say, table
from pasha_run import facts

FACTS = 1_000_000
AGENTS = 500
RATE = 10_000
SECONDS = 30
PROGRAM = "scale-benchmark"


def measure(context):
    program = os.path.join(context.pasha.binaries, PROGRAM)
    replay(context, program)
    agents(context, program)


def replay(context, program):
    print("## A million facts read again\n")
    folder = os.path.join(context.folder, "million")
    before = load()
    rows = []
    for index in range(context.runs):
        figures = json.loads(subprocess.check_output([program, "journal", str(FACTS), folder]))
        status = context.pasha.ask("status", folder, "--json")
        rows.append([
            index + 1, number(figures["facts"]), number(figures["trials"]), number(figures["bytes"] / 2**20),
            number(figures["open_s"]), number(figures["read_s"]), number(figures["replay_s"]),
            number(figures["resume_s"]), number(status), before])
        say("replay, run %d" % (index + 1))
    kinds = figures["kinds"]
    print("What the facts are: %s.\n" % ", ".join("%s %s" % (number(count), kind) for kind, count in kinds.items()))
    table(["run", "facts", "trials", "MiB", "open and check s", "read s", "read and apply s", "**as `resume` does** s",
           "`status` s", "before"], rows)


def agents(context, program):
    print("## %d agents at once, %s reports a second\n" % (AGENTS, number(RATE)))
    before = load()
    rows = []
    for index in range(context.runs):
        path, _ = context.pasha.prepare(
            ["sh", "-c", "exec sleep 100000"], {"x": {"type": "uniform", "lower": 0, "upper": 1}},
            {"name": "pasha", "max_t": 1350, "grace_period": 50, "reduction_factor": 3},
            {"max_num_trials_started": 1_000_000}, 1)
        coordinator = context.pasha.start(path)
        folder = context.pasha.run_folder(path)
        crowd = subprocess.Popen(
            [program, "agents", os.path.join(folder, "control.sock"), str(AGENTS), str(RATE), str(SECONDS)],
            stdout=subprocess.PIPE)
        figures = json.loads(crowd.stdout.readline())
        busy, crowd_busy = processor_seconds(coordinator.pid), processor_seconds(crowd.pid)
        context.pasha.ask("stop", folder)
        coordinator.communicate()
        crowd.wait()
        found = facts(os.path.join(folder, "journal.sqlite"))
        kinds = collections.Counter(fact.kind for fact in found)
        received = [fact for fact in found if fact.kind == "report_received"]
        commits = len({fact.time for fact in received})
        rows.append([
            index + 1, figures["welcome"], number(figures["all_welcome_s"]), number(figures["reports"]),
            number(figures["acknowledged"]), number(figures["acknowledged_per_s"]), number(figures["ack_p50_ms"]),
            number(figures["ack_p99_ms"]), number(figures["ack_max_ms"]), kinds["agent_reachability"],
            figures["repeated_hellos"], number(len(received) / max(1, commits)), kinds["attempt_ended"],
            number(busy), number(crowd_busy), before])
        say("agents, run %d: %s" % (index + 1, figures))
    table(["run", "agents welcome", "the last after s", "reports", "acknowledged", "**acknowledged a second**",
           "report → acknowledgement p50 ms", "p99 ms", "worst ms", "called suspect or lost", "sessions begun again",
           "reports a commit", "attempts ended", "processor s, coordinator", "processor s, agents", "before"], rows)
