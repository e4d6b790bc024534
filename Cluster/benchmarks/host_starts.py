"""From the command to the first report over SSH, and to forty agents."""

import glob
import json
import os
import shutil
import subprocess
import time

from farm import farm, with_children
from measuring import Memory, descendants, load, median, number, say, spread, table
from pasha_run import ROOT, facts

MANY = 40
RUNS = 10
UNPACKED_RUNS = 3
STAGES = ["run_started", "agent_admitted", "agent_greeted", "agent_prepared", "attempt_assigned", "attempt_started",
          "report_received"]
STATES = ["the agent is on the host", "packed here, not on the host", "neither"]


def forget_packed(context):
    for path in glob.glob(os.path.join(context.pasha.environment["PASHA_STATE"], "bundles", "agent-*")):
        os.remove(path)


def prepare(context, hosts, state):
    """What the hosts and this machine have of the agent when a run begins."""
    hosts.forget(hosts.names, bundle=state != STATES[0])
    if state == STATES[2]:
        forget_packed(context)


def minimal(context, cluster):
    """The example `minimal` on hosts."""
    folder = os.path.join(context.folder, "minimal")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "Cluster", "examples", "minimal"), folder)
    path = os.path.join(folder, "cluster.yml")
    with open(path) as file:
        text = file.read()
    local = "cluster: {slots: 2}\n"
    if local not in text:
        raise RuntimeError("Cluster/examples/minimal/cluster.yml has no line `%s`" % local.strip())
    with open(path, "w") as file:
        file.write(text.replace(local, "cluster: %s\n" % json.dumps(dict(cluster, slots=2))))
    return path


def first_reports(context):
    print("### From the command to the first report, over SSH\n")
    print(
        "`Cluster/examples/minimal` on one host, 2 slots, %d runs each (of *neither* %d); seconds since the command was "
        "given, median (range)." % (RUNS, UNPACKED_RUNS))
    rows = []
    with farm(1) as hosts:
        for connect in ("direct", "tunnel"):
            path = minimal(context, hosts.cluster(hosts.names, connect=connect))
            context.pasha.run(path)
            for state in STATES:
                before = load()
                times = {stage: [] for stage in STAGES}
                whole = []
                for index in range(RUNS if state != STATES[2] else UNPACKED_RUNS):
                    prepare(context, hosts, state)
                    begun = time.time()
                    summary, wall = context.pasha.run(path)
                    whole.append(wall)
                    first = {}
                    for fact in facts(context.pasha.journal(summary["run"])):
                        first.setdefault(fact.kind, fact.time - begun)
                    for stage in STAGES:
                        times[stage].append(first[stage])
                    hosts.idle()
                    say("command -> first report, %s, %s, run %d" % (connect, state, index + 1))
                rows.append([connect, state, *(spread(times[stage]) for stage in STAGES if stage != "attempt_assigned"),
                             spread(whole), before])
    table(["connect", "before", "run_started", "admitted", "greeted", "prepared", "attempt_started",
           "**first report**", "end of the run (20 trials)", "load"], rows)


class Forty:
    """One start of agents on all hosts of a farm."""

    def __init__(self, context, hosts, connect):
        path, _ = context.pasha.prepare(
            ["/bin/sh", "-c", "echo '[tune-metric]: {\"epoch\": 1, \"loss\": 1}'; sleep 1000"],
            {"x": {"type": "uniform", "lower": 0, "upper": 1}}, {"name": "asha", "max_t": 2, "random_seed": 1},
            {"max_num_trials_started": MANY, "at_limit": "finish_running"}, 1,
            cluster=hosts.cluster(["ph[1-%d]" % MANY], connect=connect))
        known = set(glob.glob(os.path.join(context.pasha.environment["PASHA_STATE"], "runs", "*")))
        taken = hosts.processor_seconds()
        begun = time.time()
        process = context.pasha.start(path)
        try:
            self.watch(context, hosts, process, known, begun, taken)
        finally:
            subprocess.run([context.pasha.coordinator, "stop"], env=context.pasha.environment,
                           stdout=subprocess.DEVNULL, check=False)
            process.communicate()
        hosts.idle()

    def watch(self, context, hosts, process, known, begun, taken):
        until = time.time() + 300
        found = []
        while time.time() < until:
            time.sleep(0.25)
            if process.poll() is not None:
                raise RuntimeError("pasha-coord ended: %s" % process.stderr.read().decode())
            runs = set(glob.glob(os.path.join(context.pasha.environment["PASHA_STATE"], "runs", "*"))) - known
            if not runs or not os.path.exists(os.path.join(min(runs), "journal.sqlite")):
                continue
            found = facts(os.path.join(min(runs), "journal.sqlite"))
            if sum(fact.kind == "agent_prepared" for fact in found) >= MANY:
                break
        else:
            raise RuntimeError("not all agents came: %d" % sum(fact.kind == "agent_prepared" for fact in found))
        self.coordinator_seconds = with_children(process.pid) + sum(
            with_children(pid) for pid in descendants(process.pid))
        self.host_seconds = hosts.processor_seconds() - taken
        times = [fact.time - begun for fact in found if fact.kind == "agent_prepared"]
        self.first, self.half, self.last = min(times), median(times), max(times)
        time.sleep(3)
        self.coordinator = Memory(process.pid)
        self.tunnels = [Memory(pid) for pid, words in descendants(process.pid).items() if "pasha-launch" in words[0]]


def many_agents(context):
    print("### Agents on %d hosts\n" % MANY)
    print(
        "One slot each; from the command until the agents are ready for trials (`agent_prepared`), %d runs, median "
        "(range). Processor seconds until then: of the coordinator with its `pasha-launch` processes; of all hosts "
        "together (sshd, shells, unpacking, agents)." % context.runs)
    rows, notes = [], []
    with farm(MANY) as hosts:
        for connect in ("direct", "tunnel"):
            # Once for what is read for the first time.
            for state in [None, STATES[1], STATES[0]]:
                before = load()
                runs = []
                for index in range(context.runs if state else 1):
                    prepare(context, hosts, state or STATES[1])
                    runs.append(Forty(context, hosts, connect))
                    say("%d hosts, %s, %s, run %d: %.2f s" % (MANY, connect, state, index + 1, runs[-1].last))
                if not state:
                    continue
                rows.append([connect, state, *(spread([getattr(run, name) for run in runs]) for name in (
                    "first", "half", "last", "coordinator_seconds", "host_seconds")), before])
            memory = runs[-1].coordinator
            notes.append("`connect: %s`, %d agents: coordinator %s MiB resident, %s proportional, %s private" % (
                connect, MANY, number(memory.resident), number(memory.proportional), number(memory.private)))
            if runs[-1].tunnels:
                notes[-1] += "; %d `pasha-launch`, each %s MiB resident, %s proportional, %s private" % (
                    len(runs[-1].tunnels), *(number(median([getattr(one, key) for one in runs[-1].tunnels]))
                                             for key in ("resident", "proportional", "private")))
    table(["connect", "before", "first ready s", "half of them s", "**all ready s**", "processor s, coordinator's side",
           "processor s, hosts", "load"], rows)
    print("\n".join("- %s." % note for note in notes) + "\n")
