"""Memory of the coordinator, the agent and the supervisors."""

import glob
import json
import os
import time

from measuring import Memory, descendants, load, median, number, processor_seconds, say, table, while_sampling

MANY = 2_000


class Watch:
    """The largest figures of a run's processes while it goes on."""

    def __init__(self, context, process):
        self.context, self.process, self.folder = context, process, None
        self.largest, self.last_seconds = {}, {}

    def look(self):
        if self.folder is None:
            runs = glob.glob(os.path.join(self.context.pasha.environment["PASHA_STATE"], "runs", "*", "agent.json"))
            self.folder = os.path.dirname(max(runs, key=os.path.getmtime)) if runs else None
        try:
            self.take("coordinator", self.process.pid)
            with open(os.path.join(self.folder, "agent.json")) as file:
                agent = json.load(file)["pid"]
            self.take("agent", agent)
            for pid, words in descendants(agent).items():
                if "supervise" in words:
                    self.take("supervisor", pid)
        except (OSError, KeyError, TypeError, ValueError):
            pass  # It ends, or has not begun.

    def take(self, name, pid):
        memory = Memory(pid)
        # A supervisor that has just been forked is its agent still.
        if name != "supervisor" or memory.resident > 1:
            known = self.largest.setdefault(name, {})
            for key in ("resident", "proportional", "private"):
                known.setdefault(key, []).append(getattr(memory, key))
        self.last_seconds[name] = processor_seconds(pid)


def observed(context, script, space, stop, scheduler, extra=""):
    path, _ = context.pasha.prepare(script, space, scheduler, stop, 4, extra)
    begun = time.time()
    process = context.pasha.start(path)
    watch = Watch(context, process)
    with while_sampling(watch.look):
        summary = context.pasha.finish(process)
    return watch, summary, time.time() - begun


def measure(context):
    print("## Memory\n")
    print(
        "MiB, sampled ten times a second, 4 slots: median / largest sample. *Resident* counts pages of "
        "libraries in full that all processes share; *proportional* (Pss) counts each process's share.")
    rows = []
    x = {"type": "uniform", "lower": 0, "upper": 1}
    scenarios = [
        ("20 trials with pasha.py, epochs of 0.1 s", [context.python, "waiting.py"],
         {"x": x, "epochs": 27, "sleep": 0.1}, {"max_num_trials_started": 20},
         {"name": "pasha", "max_t": 27, "random_seed": 1}, ""),
        ("%d trials of a shell script" % context.many, ["/bin/sh", "tiny.sh"], {"x": x, "epochs": 9},
         {"max_num_trials_started": context.many},
         {"name": "pasha", "max_t": 9, "rung_levels": [1, 2, 4], "random_seed": 1},
         "max_resource_attr: epochs"),
    ]
    notes = []
    for name, script, space, stop, scheduler, extra in scenarios:
        before = load()
        watch, summary, wall = observed(context, script, space, stop, scheduler, extra)
        say("memory: %s" % name)
        for process, figures in watch.largest.items():
            rows.append([
                name, process, *("%s / %s" % (number(median(figures[key])), number(max(figures[key])))
                                 for key in ("resident", "proportional", "private")), before])
        notes.append(
            "%s: %s trials and %s reports in %s s; processor seconds of the coordinator %s, of the agent %s (without "
            "its supervisors)." % (
                name, number(summary["trials"]), number(summary["reports"]), number(wall),
                number(watch.last_seconds.get("coordinator", float("nan"))),
                number(watch.last_seconds.get("agent", float("nan")))))
    table(["run", "process", "resident", "proportional", "private", "before"], rows)
    print("\n".join("- " + note for note in notes) + "\n")
