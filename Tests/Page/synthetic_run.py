"""A run that never was: hosts, trials, rungs and a maximum that rises, drawn from a seed and laid out over time.

The whole run is made at once; what is asked of it is asked at a moment, and what lies after that moment is not yet
known. So one run serves as an empty one, one that goes on and one that ended.
"""

import bisect
import heapq
import math
import random
from array import array
from dataclasses import dataclass, field

START = 1_795_000_000.0
NOISE = [random.Random(n).gauss(0, 1) for n in range(8192)]
HOSTILE = "<script>alert(1)</script>\"'&"


@dataclass
class Leg:
    """An attempt at a trial in a slot. It is held at its milestone, and may go on in place."""

    attempt: int
    lane: int
    reason: str
    assigned: float
    started: float
    begin: int
    goal: int
    pace: float
    moves: bool = False
    held: list = field(default_factory=list)  # (from, to, resource)
    ended: float = math.inf
    how: str | None = None
    text: str = ""

    def time_of(self, resource):
        """When it reported a resource; what it was held counts."""
        pause = sum(to - since for since, to, at in self.held if at < resource)
        return self.started + (resource - self.begin) * self.pace + pause

    def reached(self, now):
        """The last resource reported by then."""
        last = self.begin
        low, high = self.begin, self.goal
        while low < high:
            middle = (low + high + 1) // 2
            if self.time_of(middle) <= min(now, self.ended):
                low = middle
            else:
                high = middle - 1
        return max(last, low)


@dataclass
class Trial:
    id: int
    configuration: dict
    values: array
    shape: tuple
    pace: float
    created: float
    legs: list = field(default_factory=list)
    promotions: list = field(default_factory=list)  # (time, level, to, rank, size, value, cut-off)
    entries: dict = field(default_factory=dict)  # level: time
    failure: tuple | None = None  # (time, message)


class Run:
    def __init__(self, *, name="digits", hosts=None, trials=64, max_t=81, grace=1, eta=3, seed=1, metric="val_error",
                 space=None, lost=None, drained=None, quarantined=None, pace=1.0, limit=None, mode="min", failing=0.02,
                 sick=()):
        self.random = random.Random(seed)
        self.seed, self.name, self.metric, self.mode, self.limit = seed, name, metric, mode, limit or trials
        self.max_t, self.grace, self.eta = max_t, grace, eta
        self.levels = []
        level = grace
        while level < max_t:
            self.levels.append(level)
            level = round(level * eta)
        self.steps = self.levels + [max_t]
        self.hosts = hosts if hosts is not None else [("gpu1", 2), ("gpu2", 2), ("gpu3", 2), ("gpu4", 2)]
        self.lanes = [(host, slot) for host, count in self.hosts for slot in range(count)]
        self.lost, self.drained, self.quarantined, self.sick = lost or {}, drained or {}, quarantined or {}, sick
        self.pace, self.failing = pace, failing
        self.space = space or DIGITS
        self.trials, self.events, self.rises = [], [], []
        self.maximum = self.steps[min(1, len(self.steps) - 1)]
        self.first_maximum = self.maximum
        self.epsilon = None
        self.latest = START
        self.rungs = {level: [] for level in self.steps}  # sorted (loss, trial)
        self.open = {level: [] for level in self.levels}  # the same, not promoted yet
        self.starts(trials)
        self.events.sort(key=lambda event: event["time"])
        for sequence, event in enumerate(self.events):
            event["sequence"] = 3 * sequence + 2
        keys = {(event["kind"], event["time"]): event["sequence"] for event in self.events}
        for rise in self.rises:
            rise["sequence"] = keys["maximum_raised", rise["at"]]
        self.end = max([event["time"] for event in self.events], default=START)

    # Values

    def draw(self):
        configuration = {}
        for entry in self.space:
            kind, low, high = entry["type"], entry["lower"], entry["upper"]
            if kind == "constant":
                value = entry["constant"]
            elif entry["values"]:
                value = self.random.choice(entry["values"])
            elif entry["scale"] == "log":
                value = math.exp(self.random.uniform(math.log(low), math.log(high)))
            else:
                value = self.random.uniform(low, high)
            configuration[entry["name"]] = int(round(value)) if entry["whole"] and not entry["values"] else value
        return configuration

    def unit(self, name, configuration):
        entry = next(entry for entry in self.space if entry["name"] == name)
        value = configuration[name]
        if entry["values"]:
            return entry["values"].index(value) / max(1, len(entry["values"]) - 1)
        low, high = entry["lower"], entry["upper"]
        if entry["scale"] == "log":
            value, low, high = math.log(value), math.log(low), math.log(high)
        return (value - low) / (high - low)

    def shape(self, configuration):
        """What the curve of a configuration is like: its floor, its start, how it falls, how it trembles."""
        names = [entry["name"] for entry in self.space if entry["type"] != "constant"]
        floor = 0.02 + 0.004 * self.random.random()
        for place, (name, weight) in enumerate(zip(names, [1.0, 0.45, 0.2, 0.1, 0.05, 0.03])):
            floor += 0.5 * weight * (self.unit(name, configuration) - (0.35 + 0.1 * place)) ** 2
        floor = min(0.9, floor + abs(self.random.gauss(0, 0.012)))
        return (floor, 0.9 + self.random.uniform(-0.05, 0.05), 1 + self.random.uniform(0.5, 1.0),
                self.random.uniform(1.0, 2.2) * self.grace, self.random.uniform(0.002, 0.007))

    def extend(self, trial, length):
        """Values are drawn as far as the trial goes: a curve that falls to its floor, with noise."""
        floor, start, rate, scale, noise = trial.shape
        for step in range(len(trial.values) + 1, length + 1):
            loss = floor + (start - floor) * (1 + step / scale) ** -rate + noise * NOISE[(trial.id * 7919 + step) & 8191]
            trial.values.append(loss if self.mode == "min" else 1 - loss)

    def loss(self, value):
        if value != value:
            return math.inf
        return value if self.mode == "min" else -value

    # The course of the run

    def say(self, time, kind, text, severity="info", trial=None, host=None):
        self.events.append({"time": time, "active_seconds": time - START, "kind": kind, "severity": severity,
                            "text": text, "trial": trial, "host": host})

    def starts(self, count):
        self.say(START, "run_started", f"run {self.name} — PASHA: {self.mode}imise {self.metric}", "notice")
        for host, slots in self.hosts:
            self.say(START + 0.4, "agent_greeted", f"{host}: {slots} slots", host=host)
            for at, kind in [(self.lost.get(host), "lost"), (self.drained.get(host), "draining")]:
                if at is not None:
                    self.say(START + at, "agent_reachability" if kind == "lost" else "host_marked",
                             f"{host} is lost; its trials go on elsewhere, from their checkpoints" if kind == "lost"
                             else f"{host} is drained: it takes no new trials", "error" if kind == "lost" else "notice",
                             host=host)
        free = [(START + 1 + 0.1 * lane, lane) for lane in range(len(self.lanes))]
        heapq.heapify(free)
        again = []  # trials whose host was lost: (from when, trial)
        while free:
            now, lane = heapq.heappop(free)
            host = self.lanes[lane][0]
            gone = min(self.lost.get(host, math.inf), self.drained.get(host, math.inf)) + START
            if now >= gone or (host, self.lanes[lane][1]) in self.quarantined or host in self.sick:
                continue
            if again and again[0][0] <= now:
                trial = heapq.heappop(again)[2]
                done = self.leg(trial, lane, now, "restarted", again)
            elif (level := self.promotable()) is not None:
                done = self.leg(self.promote(level, now), lane, now, "promoted", again)
            elif len(self.trials) < count:
                done = self.leg(self.create(now), lane, now, "created", again)
            elif now < self.latest:  # something still runs that may be promoted, or lost
                heapq.heappush(free, (now + 1, lane))
                continue
            else:
                continue
            self.latest = max(self.latest, done)
            heapq.heappush(free, (done, lane))

    def promotable(self):
        for level in reversed(self.levels):
            if level >= self.maximum:
                continue
            rung, open_ = self.rungs[level], self.open[level]
            places = int(len(rung) / self.eta)
            if places and open_ and open_[0] <= rung[places - 1]:
                return level
        return None

    def create(self, now):
        configuration = self.draw()
        trial = Trial(len(self.trials), configuration, array("d"), self.shape(configuration),
                      self.pace * self.random.uniform(0.7, 1.6), now)
        self.trials.append(trial)
        return trial

    def promote(self, level, now):
        rung = self.rungs[level]
        loss, index = self.open[level].pop(0)
        trial = self.trials[index]
        place = bisect.bisect_left(rung, (loss, index))
        to = self.steps[self.steps.index(level) + 1]
        cut = rung[max(0, int(len(rung) / self.eta) - 1)][0]
        value, cut = (loss, cut) if self.mode == "min" else (-loss, -cut)
        trial.promotions.append((now, level, to, place + 1, len(rung), value, cut))
        self.say(now, "promotion", f"trial {index} is promoted from {level} to {to}: {value:.6g} is rank {place + 1} of "
                 f"{len(rung)}, cut-off {cut:.6g}", trial=index)
        return trial

    def leg(self, trial, lane, now, reason, again):
        host, slot = self.lanes[lane]
        begin = max((leg.goal if leg.how == "paused" else leg.begin for leg in trial.legs), default=0)
        goal = trial.promotions[-1][2] if trial.promotions else self.grace
        moves = bool(trial.legs) and self.lanes[trial.legs[-1].lane][0] != host
        delay = (3.0 if moves else 1.2) * self.random.uniform(0.7, 1.5)
        self.extend(trial, goal)
        leg = Leg(len(trial.legs) + 1, lane, reason, now, now + delay, begin, goal, trial.pace, moves)
        trial.legs.append(leg)
        self.say(now, "attempt_assigned", f"trial {trial.id} " + (
            f"starts on slot {lane}/{slot}, to epoch {goal}" if reason == "created" else
            f"goes on from its checkpoint on {host}, slot {slot}, to epoch {goal}"), trial=trial.id, host=host)
        done = leg.time_of(goal)
        gone = self.lost.get(host, math.inf) + START
        if done > gone:
            leg.ended, leg.how, leg.text = gone + 4, "lost", f"{host} is lost"
            heapq.heappush(again, (gone + 5, trial.id, trial))
            return gone + 5
        if reason == "created" and self.random.random() < self.failing:
            at = leg.started + self.random.uniform(0.2, 0.9) * (done - leg.started)
            leg.ended, leg.how = at, "failed"
            leg.text = "exit code 1: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.17 GiB"
            trial.failure = (at, leg.text)
            self.say(at, "attempt_ended", f"trial {trial.id} failed: {leg.text}", "error", trial.id, host)
            return at + 0.3
        self.enter(trial, goal, done)
        hold = self.random.uniform(0.05, 0.5)
        while self.goes_on(trial, goal):
            self.promote(goal, done)
            goal = trial.promotions[-1][2]
            self.extend(trial, goal)
            leg.held.append((done, done + hold, leg.goal))
            leg.goal = goal
            self.say(done + hold, "attempt_proceeded", f"trial {trial.id} goes on in place to epoch {goal}", trial=trial.id)
            done = leg.time_of(goal)
            self.enter(trial, goal, done)
        if goal == self.max_t:
            leg.ended, leg.how, leg.text = done + 0.2, "completed", f"it trained up to epoch {goal}"
            self.say(done + 0.2, "attempt_ended", f"trial {trial.id} completed", "notice", trial.id, host)
        else:
            hold = min(60.0, self.random.uniform(0.3, 3.0) * (1 if len(self.trials) > 500 else 4))
            leg.held.append((done, done + hold, goal))
            leg.ended, leg.how, leg.text = done + hold + 0.8, "paused", f"at its milestone, epoch {goal}; sealed"
        return leg.ended + 0.1

    def goes_on(self, trial, level):
        if level >= self.maximum or level not in self.open or not self.open[level]:
            return False
        return self.promotable() == level and self.open[level][0][1] == trial.id

    def enter(self, trial, level, at):
        loss = self.loss(trial.values[level - 1])
        trial.entries[level] = at
        bisect.insort(self.rungs[level], (loss, trial.id))
        if level in self.open:
            bisect.insort(self.open[level], (loss, trial.id))
        if level == self.maximum and level < self.max_t:
            self.judge(level, at)

    def judge(self, level, at):
        below = self.steps[self.steps.index(level) - 1]
        top = self.rungs[level]
        if len(top) < 3:
            return
        members = {index for _, index in top}
        lower = [(loss, index) for loss, index in self.rungs[below] if index in members]
        epsilon = 0.004
        for place, (_, index) in enumerate(top):
            value = self.loss(self.trials[index].values[below - 1])
            held, holder = lower[place]
            if abs(value - held) <= epsilon:
                continue
            to = self.steps[self.steps.index(level) + 1]
            sign = 1 if self.mode == "min" else -1
            self.maximum, self.epsilon = to, epsilon
            text = (f"the maximum rises from {level} to {to}: at {level}, trial {index} has place {place + 1}; at {below} it "
                    f"was trial {holder}, and {abs(value - held):.4g} lies between them, more than epsilon {epsilon:.4g}")
            self.rises.append({
                "at": at, "active_seconds": at - START, "from": level, "to": to, "top_level": level,
                "previous_level": below, "criterion": "soft_ranking_auto", "position": place, "trial": index,
                "trial_value": sign * value, "trial_top_value": self.trials[index].values[level - 1], "holder": holder,
                "holder_value": sign * held, "holder_top_value": self.trials[holder].values[level - 1],
                "epsilon": epsilon, "score": None, "text": text})
            self.say(at, "maximum_raised", text, "notice", trial=index)
            return


def parameter(name, type_, lower=None, upper=None, values=None, constant=None):
    scale = {"uniform": "linear", "randint": "linear", "choice": "none", "constant": "none", "ordinal": "none"}
    return {"name": name, "type": type_, "scale": scale.get(type_, "log"),
            "whole": "int" in type_, "lower": lower, "upper": upper, "values": values, "constant": constant}


DIGITS = [
    parameter("lr", "loguniform", 1e-5, 0.1), parameter("hidden", "lograndint", 8, 512),
    parameter("dropout", "uniform", 0.0, 0.6), parameter("optimizer", "choice", values=["adam", "sgd", "rmsprop"]),
    parameter("batch_size", "ordinal", values=[16, 32, 64, 128, 256]),
    parameter("weight_decay", "loguniform", 1e-6, 1e-2), parameter("epochs", "constant", constant=81),
]
EVIL = [
    parameter("\"><img src=x onerror=alert(2)>", "loguniform", 1e-5, 0.1), parameter("__proto__", "uniform", 0.0, 1.0),
    parameter("constructor", "choice", values=["'); alert(4)//", "${alert(5)}", "\u202egnp.exe"]),
    parameter("a_name_without_end_" + "x" * 160, "lograndint", 8, 512),
    parameter("javascript:alert(6)", "constant", constant="</style><script>alert(7)</script>"),
]
