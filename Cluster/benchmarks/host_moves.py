"""A large checkpoint that moves from host to host, against scp; the code tree through two tunnels at once."""

import glob
import os
import re
import time

from farm import farm, timed
from measuring import load, median, number, say, spread, table
from pasha_run import attempt, content, facts

MEGABYTES = 1024
CODE_MEGABYTES = 256
# While one host runs a trial, the other one is waited for.
SLEEPS = "sleep 20; echo '[tune-metric]: {\"epoch\": 2, \"loss\": 1}'"


class Move:
    """One run in which trial 0 is paused on one host and goes on, with its checkpoint, on another."""

    def __init__(self, context, hosts, connect, megabytes):
        path, _ = context.pasha.prepare(
            ["python3", "large.py"],
            {"x": {"type": "uniform", "lower": 0, "upper": 1}, "megabytes": megabytes},
            {"name": "asha", "max_t": 2, "rung_levels": [1], "points_to_evaluate": [{"x": 0}, {"x": 1}]},
            {"max_num_trials_started": 2}, 1, cluster=hosts.cluster(hosts.names, connect=connect))
        self.context, self.hosts = context, hosts
        known = set(self.runs())
        process = context.pasha.start(path)
        try:
            self.wait(lambda: set(self.runs()) - known, process)
            self.run = (set(self.runs()) - known).pop()
            self.wait(lambda: self.find("report_received", (0, 1)) and self.find("attempt_started", (1, 1)), process)
            self.source, self.goal = (self.host_of(0), self.host_of(1))
            context.pasha.ask("hosts", "drain", self.run, self.source)
            self.wait(lambda: self.find("attempt_ended", (0, 1)), process)
            for folder in hosts.in_run(self.goal, self.run, "trials", "1", "work"):
                open(os.path.join(folder, "go"), "w").close()
            context.pasha.finish(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        ended = self.find("attempt_ended", (0, 1))
        self.pause = ended - self.find("attempt_ordered", (0, 1))
        self.restart = self.find("attempt_started", (0, 2)) - self.find("attempt_assigned", (0, 2))
        logs = hosts.in_run(self.goal, self.run, "agent-0", "log")
        with open(logs[0]) as file:
            lines = re.findall(r"fetched (\d+) bytes of checkpoint in ([\d.]+(?:e-?\d+)?) seconds", file.read())
        if [int(size) for size, _ in lines] != [megabytes << 20]:
            raise RuntimeError("%s does not tell of one checkpoint: %s" % (logs[0], lines))
        self.fetch = float(lines[0][1])
        hosts.idle()

    def runs(self):
        folder = os.path.join(self.context.pasha.environment["PASHA_STATE"], "runs")
        return [os.path.basename(os.path.dirname(path)) for path in glob.glob(folder + "/*/journal.sqlite")]

    def find(self, kind, which):
        """When the first fact of this kind about an attempt was established; None: not yet."""
        for fact in facts(self.context.pasha.journal(self.run)):
            if fact.kind == kind and attempt(content(fact)) == which:
                return fact.time
        return None

    def host_of(self, trial):
        return next(name for name in self.hosts.names if self.hosts.in_run(name, self.run, "trials", str(trial)))

    @staticmethod
    def wait(condition, process):
        until = time.time() + 300
        while not condition():
            if process.poll() is not None or time.time() > until:
                raise RuntimeError("the run does not come that far: %s" % process.stderr.read().decode())
            time.sleep(0.1)


def copies(hosts, megabytes):
    """Seconds of `scp` of a file of random bytes from one host to the other: through this machine, and directly; of the
    sync of the file there; and of a copy without a network, written and synced."""
    first, second = hosts.names[:2]
    source, goal = (os.path.join(hosts.home(name), "large") for name in (first, second))
    with open(source, "wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1 << 20))
        os.fsync(file.fileno())
    config = os.path.join(hosts.folder, "ssh_config")
    key = os.path.join(hosts.home(first), "key")
    with open(os.path.join(hosts.folder, "key")) as file:
        content = file.read()
    with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(content)
    direct = "scp -q -i key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null large root@%s:large" % second
    found = {}
    for name, command in (
        ("through", ["scp", "-q", "-3", "-F", config, first + ":large", second + ":large"]),
        ("direct", ["ssh", "-F", config, first, direct]),
    ):
        found[name] = timed(command)
        found[name + " synced"] = found[name] + timed(["sync", goal])
        os.remove(goal)
    found["local"] = timed(["dd", "if=" + source, "of=" + goal, "bs=1M", "conv=fsync", "status=none"])
    for path in (source, goal, key):
        os.remove(path)
    return found


def moves(context, megabytes=MEGABYTES):
    print("### A checkpoint of %d MiB moves\n" % megabytes)
    print(
        "A trial with one file of random bytes as its checkpoint is paused on one host (`hosts drain`) and goes on on "
        "another; `scp` of such a file between the same hosts. %d rounds in turn; seconds, median (range), MB/s of the "
        "median." % context.runs)
    before = load()
    found = {}

    def note(name, seconds):
        found.setdefault(name, []).append(seconds)

    with farm(2) as hosts:
        for index in range(context.runs):
            for connect in ("direct", "tunnel"):
                move = Move(context, hosts, connect, megabytes)
                name = "pasha, `connect: %s`: " % connect
                note(name + "**fetched**, hashed and synced", move.fetch)
                note(name + "assigned → the script runs (fetched, and copied for the script)", move.restart)
                note(name + "told to end → paused and sealed (on the first host)", move.pause)
                hosts.forget(hosts.names, bundle=False)
                say("%d MiB, %s, run %d: %.1f s" % (megabytes, connect, index + 1, move.fetch))
            scp = copies(hosts, megabytes)
            note("`scp -3`, through the coordinator's machine", scp["through"])
            note("`scp -3`, then `sync`", scp["through synced"])
            note("`scp` from host to host", scp["direct"])
            note("`scp` from host to host, then `sync`", scp["direct synced"])
            note("`dd conv=fsync`: the file copied on the disk", scp["local"])
            say("%d MiB, scp, run %d: %.1f s through, %.1f s directly" % (
                megabytes, index + 1, scp["through"], scp["direct"]))
    rows = [[name, spread(seconds), number((megabytes << 20) / 1e6 / median(seconds)), before]
            for name, seconds in found.items()]
    table(["what", "s", "MB/s", "load before"], rows)


def code_for_two(context, megabytes=CODE_MEGABYTES):
    print("### The code tree on two hosts at once\n")
    print(
        "A file of %d MiB in the code folder; from each agent's greeting until it is ready (`agent_prepared`), %d runs, "
        "median (range) of the slower and of the faster host." % (megabytes, context.runs))
    rows = []
    with farm(2) as hosts:
        for connect in ("direct", "tunnel"):
            before = load()
            slower, faster = [], []
            for index in range(context.runs):
                path, _ = context.pasha.prepare(
                    ["/bin/sh", "-c", SLEEPS], {"x": {"type": "uniform", "lower": 0, "upper": 1}, "epochs": 2},
                    {"name": "asha", "max_t": 2}, {"max_num_trials_started": 2}, 1, "max_resource_attr: epochs",
                    cluster=hosts.cluster(hosts.names, connect=connect))
                with open(os.path.join(os.path.dirname(path), "code", "data"), "wb") as file:
                    for _ in range(megabytes):
                        file.write(os.urandom(1 << 20))
                summary, _ = context.pasha.run(path)
                times = {}
                for fact in facts(context.pasha.journal(summary["run"])):
                    if fact.kind in ("agent_greeted", "agent_prepared"):
                        agent = content(fact).get(1, [0])[0]
                        times.setdefault(agent, {}).setdefault(fact.kind, fact.time)
                took = sorted(each["agent_prepared"] - each["agent_greeted"] for each in times.values()
                              if "agent_prepared" in each)
                faster.append(took[0])
                slower.append(took[1])
                hosts.idle()
                hosts.forget(hosts.names, bundle=False)
                os.remove(os.path.join(os.path.dirname(path), "code", "data"))
                say("code, %s, run %d: %s" % (connect, index + 1, took))
            rate = number((megabytes << 20) / 1e6 / median(slower))
            rows.append([connect, spread(faster), spread(slower), rate, before])
    table(["connect", "faster s", "slower s", "MB/s, each host at least", "load before"], rows)
