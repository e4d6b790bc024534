"""Hosts that are reached over SSH: a farm of namespaces on this machine, as root (Cluster/farm)."""

import glob
import json
import os

import host_moves
import host_starts
import latency
from farm import farm
from measuring import Memory, descendants, load, median, number, say, table, while_sampling


def reports(context):
    print("### From a printed report to the decision, over the farm\n")
    print(
        "As above with `trials/waiting.py`, on two hosts with one slot each: epochs of %d ms, %d trials. Milliseconds; "
        "median (range) over %d runs." % (1000 * latency.EPOCH, latency.TRIALS, context.runs))
    rows = []
    with farm(2) as hosts:
        for connect in ("direct", "tunnel"):
            before = load()
            cluster = hosts.cluster(hosts.names, connect=connect)
            runs = []
            for index in range(context.runs):
                runs.append(latency.one_run(
                    context, 1, cluster,
                    lambda run: [path for name in hosts.names for path in hosts.in_run(
                        name, run, "trials", "*", "work", "log")], "python3"))
                hosts.idle()
                hosts.forget(hosts.names, bundle=False)
                say("report -> decision, %s, run %d" % (connect, index + 1))
            rows += [[connect, *row, before] for row in latency.figures(runs)]
    table(["connect", "printed → …", "samples", "p50 ms", "p99 ms", "worst ms", "load before"], rows)


def memory(context):
    print("### Memory on both sides\n")
    print(
        "Two hosts with two slots each, 20 trials with `pasha.py`, epochs of 0.1 s. MiB, sampled ten times a second: "
        "median / largest sample; as in *Memory* above.")
    rows = []
    with farm(2) as hosts:
        for connect in ("direct", "tunnel"):
            before = load()
            path, _ = context.pasha.prepare(
                ["python3", "waiting.py"],
                {"x": {"type": "uniform", "lower": 0, "upper": 1}, "epochs": 27, "sleep": 0.1},
                {"name": "pasha", "max_t": 27, "random_seed": 1}, {"max_num_trials_started": 20}, 2,
                cluster=hosts.cluster(hosts.names, connect=connect))
            process = context.pasha.start(path)
            found = {}

            def take(name, pid):
                one = Memory(pid)
                # One that has just been forked is its parent still.
                if one.resident > 1:
                    found.setdefault(name, []).append(one)

            def look():
                try:
                    take("coordinator", process.pid)
                except (OSError, KeyError):
                    return
                for pid, words in {**descendants(process.pid), **hosts.pasha_processes()}.items():
                    try:
                        take(role(words), pid)
                    except (OSError, KeyError):
                        pass  # It ends.

            with while_sampling(look):
                context.pasha.finish(process)
            hosts.idle()
            for name in ("coordinator", "pasha-launch", "agent", "relay", "supervisor"):
                if name in found:
                    rows.append([connect, name if name == "coordinator" else name + ", each", len(found[name]), *(
                        "%s / %s" % (number(median([getattr(one, key) for one in found[name]])),
                                     number(max(getattr(one, key) for one in found[name])))
                        for key in ("resident", "proportional", "private")), before])
            say("memory, " + connect)
    table(["connect", "process", "samples", "resident", "proportional", "private", "load before"], rows)


def role(words):
    if "pasha-launch" in words[0]:
        return "pasha-launch"
    for word in ("supervise", "relay"):
        if word in words:
            return "supervisor" if word == "supervise" else word
    return "agent"


def bundle(context):
    found = glob.glob(os.path.join(context.pasha.environment["PASHA_STATE"], "bundles", "agent-*.json"))
    if not found:
        return
    newest = max(found, key=os.path.getmtime)
    with open(newest) as file:
        unpacked = json.load(file)["unpacked_bytes"]
    packed = os.path.getsize(newest[: -len(".json")] + ".tar.gz")
    print("The agent's bundle: %s MB packed, %s MB unpacked.\n" % (number(packed / 1e6), number(unpacked / 1e6)))


STEPS = {
    "first-report": host_starts.first_reports, "agents": host_starts.many_agents, "reports": reports,
    "moves": host_moves.moves, "code": host_moves.code_for_two, "memory": memory,
}


def measure(context, steps=STEPS):
    print("## Hosts over SSH\n")
    for name in steps:
        STEPS[name](context)
    bundle(context)
