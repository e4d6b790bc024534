"""Answers of the API about a synthetic run at one moment, thinned as the server thins them."""

import bisect
import math
import operator as operator_
import re
import shlex

from synthetic_run import START

ORDER = ["running", "held", "assigned", "pending", "paused", "completed", "stopped", "failed"]


TERM = re.compile(r"(.+?)(<=|>=|!=|<|>|=)(.*)")
COLUMNS = ["epoch", "resource", "status", "host"]


class Problem(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def number(value):
    if value is None or math.isfinite(value):
        return value
    return "nan" if value != value else "inf" if value > 0 else "-inf"


def thin(items, count, keep=(), logarithmic=False):
    """At most so many, spread evenly, or in the logarithm; first and last stay, and those of `keep` go first."""
    if len(items) <= count:
        return list(items)
    chosen = {0, len(items) - 1}
    for index in keep:
        if len(chosen) < count:
            chosen.add(index)
    step = (len(items) - 1) / max(1, count - 1)
    ratio = math.log(len(items)) / max(1, count - 1)
    for place in range(count):
        if len(chosen) >= count:
            break
        chosen.add(min(len(items) - 1, round(math.exp(place * ratio)) - 1) if logarithmic else round(place * step))
    return [items[index] for index in sorted(chosen)]


class State:
    """What is known of a trial at a moment."""

    def __init__(self, run, trial, now):
        self.trial = trial
        self.legs = [leg for leg in trial.legs if leg.assigned <= now]
        leg = self.legs[-1] if self.legs else None
        self.leg = leg
        self.resource = max((min(leg.reached(now), leg.goal) for leg in self.legs if leg.started <= now), default=0)
        self.level = sum(1 for at in trial.entries.values() if at <= now)
        self.active = leg is not None and leg.ended > now
        self.phase = None
        self.milestone = run.grace
        if leg:
            self.milestone = leg.goal
            for since, to, at in leg.held:
                if since <= now and to > now:
                    self.milestone = at
                    break
                if since > now:
                    self.milestone = at
                    break
        if leg is None:
            self.status = "pending"
        elif self.active:
            self.phase = ("assigned" if leg.started > now else
                          "held" if any(since <= now < to for since, to, _ in leg.held) else "running")
            self.status = self.phase
            if self.phase == "assigned" and leg.moves:
                self.phase = "moving"
        else:
            self.status = {"lost": "pending"}.get(leg.how, leg.how)
        losses = [run.loss(value) for value in trial.values[: self.resource]]
        finite = [loss for loss in losses if loss < math.inf]
        self.loss = min(finite) if finite else math.inf
        self.best_resource = losses.index(self.loss) + 1 if finite else None
        self.value = trial.values[self.best_resource - 1] if finite else None
        self.last = trial.values[self.resource - 1] if self.resource else None
        self.last_at = self.legs[-1].time_of(self.resource) if self.legs and self.resource else None
        self.failure = trial.failure[1] if trial.failure and trial.failure[0] <= now else None


class Answers:
    def __init__(self, run, now, token="token"):
        self.run, self.now, self.token = run, now, token
        self.states = [State(run, trial, now) for trial in run.trials if trial.created <= now]
        self.ranking = sorted((state.loss, state.trial.id) for state in self.states if state.loss < math.inf)
        self.events = [event for event in run.events if event["time"] <= now]
        self.ended = bool(run.trials) and now > run.end
        self.sequence = self.events[-1]["sequence"] if self.events else 0
        self.rises = [rise for rise in run.rises if rise["at"] <= now]
        self.maximum = self.rises[-1]["to"] if self.rises else run.first_maximum
        self.names = [entry["name"] for entry in run.space if entry["type"] != "constant"]
        self.active = (min(now, run.end) if self.ended else now) - START
        self.spent = sum(state.resource for state in self.states)

    # The run

    def get_run(self):
        run, states = self.run, self.states
        by_status = dict.fromkeys(sorted(ORDER), 0)
        for state in states:
            by_status[state.status] += 1
        hosts = self.get_hosts()["hosts"]
        draining = len(states) >= run.limit
        status = "finished" if self.ended else "draining" if draining else "running"
        best = self.states[self.ranking[0][1]] if self.ranking else None
        left = None
        if len(states) > 10 and not self.ended:
            rest = max(0.0, run.end - self.now)
            left = {"seconds": rest, "low": rest * 0.8, "high": rest * 1.35,
                    "basis": f"{run.limit - len(states)} trials to start, at the pace of the last 20"}
        return {
            "run": run.name, "experiment": run.name.split("-2026")[0], "version": "0.9.0", "metric": run.metric, "mode": run.mode,
            "resource_attr": "epoch", "max_t": run.max_t,
            "scheduler": {"name": "pasha", "title": "PASHA", "options": [
                {"name": "grace_period", "value": str(run.grace)}, {"name": "reduction_factor", "value": str(run.eta)},
                {"name": "ranking_criterion", "value": "soft_ranking_auto"}]},
            "brackets": [{"bracket": 0, "levels": run.levels}], "status": status,
            "reason": {"finished": f"all {run.limit} trials were started, and nothing can be promoted",
                       "draining": f"all {run.limit} trials were started; promotions go on",
                       "running": "trials are started and promoted"}[status],
            "message": None, "coordinator": "none" if self.ended else "running", "started_at": START,
            "ended_at": run.end if self.ended else None, "now": self.now, "active_seconds": self.active,
            "space": run.space,
            "limits": [{"name": "max_num_trials_started", "limit": run.limit, "used": len(states)},
                       {"name": "max_wallclock_time", "limit": 14400, "used": self.active}],
            "estimate": left,
            "no_estimate": None if left else "the run is not going on" if self.ended else "too few reports yet",
            "totals": {"trials": len(states), "by_status": by_status, "reports": self.spent, "resource": self.spent,
                       "slot_seconds": sum(min(leg.ended, self.now) - leg.assigned for state in states for leg in state.legs),
                       "cost": None, "restarts": sum(leg.reason == "restarted" for state in states for leg in state.legs),
                       "moves": sum(leg.moves for state in states for leg in state.legs),
                       "continued_in_place": sum(to <= self.now for state in states for leg in state.legs for _, to, _ in leg.held[:-1])},
            "best": best and {"trial": best.trial.id, "value": number(best.value), "resource": best.best_resource},
            "hosts": {"total": len(hosts), "ready": sum(host["state"] == "ready" for host in hosts),
                      "troubled": sum(host["troubled"] for host in hosts), "slots": len(run.lanes),
                      "busy": sum(state.active for state in states)},
            "commands": {"accepted": not self.ended, "reason": f"the run has ended; `pasha-coord extend {run.name} --trials N`, or `--time T`, lets it go on" if self.ended else None},
            "sequence": self.sequence}

    def get_best(self, x="time", points=500, results=0):
        spent, best, steps, dots = 0, math.inf, [], []
        by_time = sorted((state for state in self.states if state.last_at), key=lambda state: state.last_at)
        for state in by_time:
            spent += state.resource
            place = state.last_at - START if x == "time" else spent
            if state.loss < best:
                best = state.loss
                steps.append({"x": place, "value": number(state.value), "trial": state.trial.id,
                              "resource": state.best_resource, "at": state.last_at})
            if state.value is not None:
                dots.append({"x": place, "value": number(state.value), "trial": state.trial.id, "level": state.level})
        return {"x": x, "end": self.active if x == "time" else float(self.spent), "total": len(steps),
                "steps": thin(steps, points), "results": thin(dots, results) if results else []}

    def get_ladder(self):
        run, rungs = self.run, []
        for index, level in enumerate(run.steps):
            entered = [(loss, i) for loss, i in run.rungs[level] if run.trials[i].entries[level] <= self.now]
            promoted = {i for _, i in entered for at, source, *_ in run.trials[i].promotions if source == level and at <= self.now}
            place = int(len(entered) / run.eta)
            value = lambda loss: number(loss if run.mode == "min" else -loss)
            last = level == run.max_t
            rungs.append({
                "level": level, "trials": len(entered), "promoted": len(promoted),
                "waiting": 0 if last else sum(i not in promoted and self.states[i].status in ("paused", "held") for _, i in entered),
                "running": sum(s.active and s.milestone == level for s in self.states),
                "best": value(entered[0][0]) if entered else None,
                "cut_off": value(entered[place - 1][0]) if place and not last else None})
        return {"grows": True, "brackets": [{"bracket": 0, "rungs": rungs, "first_maximum": run.first_maximum,
                "maximum": self.maximum, "epsilon": run.epsilon if self.rises else None, "rises": self.rises}]}

    def get_importance(self):
        if len(self.ranking) < 10:
            return {"method": "Variance of the best value that each hyperparameter explains by itself (a forest's, 64 trees)",
                    "trials": len(self.ranking), "parameters": [],
                    "note": f"{len(self.ranking)} trials with a value are too few; 10 are needed"}
        weights = [0.47, 0.21, 0.13, 0.08, 0.05, 0.03, 0.02, 0.01][: len(self.names)]
        spread = min(0.12, 1.0 / math.sqrt(len(self.ranking)))
        return {"method": "Variance of the best value that each hyperparameter explains by itself (a forest's, 64 trees)",
                "trials": len(self.ranking), "note": None,
                "parameters": [{"name": name, "share": share, "low": max(0, share - spread), "high": min(1, share + spread)}
                               for name, share in zip(self.names, weights)]}

    def get_events(self, before=None, after=None, limit=100, trial=None, severity="info"):
        if before is not None and after is not None:
            raise Problem(400, "bad_request", "before and after exclude each other")
        ranks = ["info", "notice", "warning", "error"]
        found = [event for event in self.events if ranks.index(event["severity"]) >= ranks.index(severity)
                 and (trial is None or event["trial"] == trial)]
        if after is not None:
            found = [event for event in found if event["sequence"] > after][:limit]
        else:
            found = [event for event in found if before is None or event["sequence"] < before][-limit:]
        return {"first": self.events[0]["sequence"] if self.events else 0, "last": self.sequence, "events": found}

    # Trials

    def get_curves(self, which="best", trials=50, ids=None, points=100):
        if (which == "ids") != (ids is not None):
            raise Problem(400, "bad_request", "ids goes with which=ids")
        if which == "running":
            chosen = [state for state in self.states if state.active]
        elif which == "ids":
            chosen = [self.states[i] for i in ids if i < len(self.states)]
        else:
            chosen = [self.states[i] for _, i in self.ranking]
        total = len(chosen)
        chosen = thin(chosen, trials) if which == "spread" else chosen[:trials]
        curves = []
        for state in chosen:
            pairs = [[step + 1, number(value)] for step, value in enumerate(state.trial.values[: state.resource])]
            keep = [level - 1 for level in self.run.steps if level <= len(pairs)] + [(state.best_resource or 1) - 1]
            curves.append({"trial": state.trial.id, "status": state.status, "bracket": 0, "level": state.level,
                           "milestone": state.milestone, "resource": state.resource, "value": number(state.value),
                           "points": thin(pairs, points, keep, logarithmic=True)})
        return {"total": total, "milestones": self.run.steps, "curves": curves}

    def get_configurations(self, rows=1000):
        ranked = [self.states[i] for _, i in self.ranking]
        without = [state for state in self.states if state.loss == math.inf]
        chosen = ranked[: rows // 2] + thin(ranked[rows // 2:] + without, rows - min(rows // 2, len(ranked)))
        return {"names": self.names, "total": len(self.states), "rows": [
            {"trial": state.trial.id, "status": state.status, "level": state.level, "resource": state.resource,
             "value": number(state.value), "values": [state.trial.configuration[name] for name in self.names]}
            for state in chosen[:rows]]}

    def row(self, state):
        leg = state.leg
        host, slot = self.run.lanes[leg.lane] if state.active else (None, None)
        return {"trial": state.trial.id, "status": state.status, "bracket": 0, "level": state.level,
                "milestone": state.milestone, "resource": state.resource, "value": number(state.value),
                "best_resource": state.best_resource, "last_value": number(state.last), "attempt": leg.attempt if leg else 0,
                "restarts": sum(leg.reason == "restarted" for leg in state.legs), "host": host, "slot": slot,
                "started_at": state.legs[0].assigned if state.legs else None,
                "slot_seconds": sum(min(leg.ended, self.now) - leg.assigned for leg in state.legs),
                "failure": state.failure, "configuration": state.trial.configuration}

    def get_trials(self, offset=0, limit=100, sort="trial", parameter=None, order="asc", status=None, text=None, filter=None):
        if (sort == "parameter") != (parameter is not None):
            raise Problem(400, "bad_request", "parameter goes with sort=parameter")
        if parameter is not None and parameter not in {entry["name"] for entry in self.run.space}:
            raise Problem(400, "bad_request", "there is no such hyperparameter")
        found = self.states
        if status:
            found = [state for state in found if state.status in status]
        if text:
            found = [state for state in found if self.holds(state, text)]
        for term in shlex.split(filter or ""):
            if (match := TERM.fullmatch(term)) and match[1] not in (names := self.names + [self.run.metric, *COLUMNS]):
                raise Problem(400, "bad_request", f"there is no column or hyperparameter `{match[1]}`; there are {', '.join(names)}")
            found = [state for state in found if self.matches(state, term)]
        keys = {
            "trial": lambda state: state.trial.id, "status": lambda state: ORDER.index(state.status),
            "value": lambda state: state.value, "last_value": lambda state: state.last,
            "resource": lambda state: state.resource, "attempt": lambda state: state.leg.attempt if state.leg else 0,
            "slot_seconds": lambda state: sum(min(leg.ended, self.now) - leg.assigned for leg in state.legs),
            "started_at": lambda state: state.legs[0].assigned if state.legs else None,
            "restarts": lambda state: sum(leg.reason == "restarted" for leg in state.legs),
            "host": lambda state: self.run.lanes[state.leg.lane][0] if state.active else None,
            "parameter": lambda state: state.trial.configuration[parameter]}
        key = keys[sort]
        there = [state for state in found if key(state) is not None and key(state) == key(state)]
        missing = [state for state in found if key(state) is None or key(state) != key(state)]
        turned = order == "desc" or order == "best" and sort in ("value", "last_value") and self.run.mode == "max"
        there.sort(key=key, reverse=turned)
        found = there + missing
        return {"total": len(self.states), "matched": len(found), "offset": offset,
                "rows": [self.row(state) for state in found[offset: offset + limit]]}

    def holds(self, state, text):
        return text.lower() in " ".join(
            [str(state.trial.id), state.failure or "", self.run.lanes[state.leg.lane][0] if state.active else ""]
            + [f"{name}={value}" for name, value in state.trial.configuration.items()]).lower()

    def matches(self, state, term):
        """A part of what the server's filter understands."""
        if term.startswith("#"):
            return term[1:] == str(state.trial.id)
        match = TERM.fullmatch(term)
        if not match:
            return self.holds(state, term)
        name, operator, wanted = match.groups()
        known = {**state.trial.configuration, self.run.metric: state.value, "epoch": state.resource, "resource": state.resource,
                 "status": state.status, "host": self.run.lanes[state.leg.lane][0] if state.active else None}
        value = known[name]
        if value is None:
            return operator == "!="
        if isinstance(value, (int, float)):
            try:
                wanted = float(wanted)
            except ValueError:
                raise Problem(400, "bad_request", f"`{name}` is a number, and `{wanted}` is none") from None
        return {"<": operator_.lt, "<=": operator_.le, ">": operator_.gt, ">=": operator_.ge, "=": operator_.eq,
                "!=": operator_.ne}[operator](value, wanted)

    def state(self, trial):
        if not 0 <= trial < len(self.states):
            raise Problem(404, "not_found", f"there is no trial {trial}")
        return self.states[trial]

    def get_trial(self, trial):
        state = self.state(trial)
        rank = bisect.bisect_left(self.ranking, (state.loss, trial)) + 1 if state.value is not None else None
        attempts = []
        for leg in state.legs:
            over = leg.ended <= self.now
            attempts.append({
                "attempt": leg.attempt, "host": self.run.lanes[leg.lane][0], "slot": self.run.lanes[leg.lane][1],
                "reason": leg.reason, "from_resource": leg.begin, "milestone": leg.goal, "assigned_at": leg.assigned,
                "started_at": leg.started if leg.started <= self.now else None, "ended_at": leg.ended if over else None,
                "ended": leg.how if over else None, "text": leg.text if over else ""})
        seals = [leg for leg in state.legs if leg.how == "paused" and leg.ended <= self.now][-2:]
        return self.row(state) | {
            "status_text": {"running": f"runs to epoch {state.milestone}", "paused": "waits at its milestone; may be promoted",
                            "held": "held at its milestone: a decision is due"}.get(state.status, state.status),
            "origin": "the first of points_to_evaluate" if trial == 0 else "drawn at random", "rank": rank,
            "reports": state.resource, "rejected_reports": 0, "moves": sum(leg.moves for leg in state.legs), "cost": None,
            "attempts": attempts,
            "checkpoints": [{"generation": place + 1, "attempt": leg.attempt, "resource": leg.goal, "bytes": 138_240 + 4096 * place,
                             "holders": [{"host": self.run.lanes[leg.lane][0],
                                          "path": f"~/.pasha/4f1c/{self.run.name}/trials/{trial}/seals/{place + 1}"}]}
                            for place, leg in enumerate(seals)],
            "can": (["pause_trial"] if state.active and not self.ended else [])
            + (["stop_trial"] if not self.ended and state.status not in ("completed", "stopped", "failed") else [])}

    def get_trial_curve(self, trial, points=500):
        state = self.state(trial)
        series = []
        for name, turn in [(self.run.metric, lambda value, step: value), ("train_loss", lambda value, step: abs(value) * 0.8 + 0.3 / step),
                           ("lr_now", lambda value, step: 0.1 * 0.97 ** step)]:
            rows = []
            for step in range(1, state.resource + 1):
                leg = next((leg for leg in state.legs if leg.begin < step <= leg.goal), state.legs[-1])
                rows.append({"resource": step, "value": number(turn(state.trial.values[step - 1], step)), "at": leg.time_of(step),
                             "attempt": leg.attempt, "counts": True})
            keep = [level - 1 for level in self.run.steps if level <= len(rows)]
            series.append({"name": name, "total": len(rows), "points": thin(rows, points, keep, logarithmic=True)})
        rungs = []
        for level, at in sorted(state.trial.entries.items()):
            if at > self.now:
                continue
            rung = [entry for entry in self.run.rungs[level] if self.run.trials[entry[1]].entries[level] <= self.now]
            promotion = next((p for p in state.trial.promotions if p[1] == level and p[0] <= self.now), None)
            place = int(len(rung) / self.run.eta)
            cut = promotion[6] if promotion else (rung[place - 1][0] * (1 if self.run.mode == "min" else -1) if place else None)
            rungs.append({"level": level, "at": at, "value": number(state.trial.values[level - 1]),
                          "rank": [i for _, i in rung].index(trial) + 1, "of": len(rung),
                          "promoted_at": promotion[0] if promotion else None, "cut_off": number(cut)})
        return {"trial": trial, "series": series if state.resource else [], "rungs": rungs, "attempts": [
            {"attempt": leg.attempt, "from_resource": leg.begin, "host": self.run.lanes[leg.lane][0]} for leg in state.legs]}

    def get_trial_log(self, trial, attempt=None, stream="output", offset=-65536, limit=65536):
        state = self.state(trial)
        newest = state.legs[-1].attempt if state.legs else 0
        if attempt is not None and attempt > newest:
            raise Problem(404, "not_found", f"trial {trial} has no attempt {attempt}")
        number_ = attempt or newest
        lines = []
        if number_:
            leg = state.legs[number_ - 1]
            if stream == "output":
                lines.append(f"seed {trial}, device cuda:0 (NVIDIA A100 80GB PCIe), {len(self.names)} hyperparameters")
                if leg.begin:
                    lines.append(f"resumed from checkpoint at epoch {leg.begin}")
                for step in range(leg.begin + 1, leg.reached(self.now) + 1):
                    lines.append(f"epoch {step:>3}: 100%|██████████| 391/391 [00:04<00:00, 88.1it/s]")
                    lines.append('[tune-metric]: {"epoch": %d, "%s": %r}' % (step, self.run.metric, state.trial.values[step - 1]))
            elif leg.how == "failed" and leg.ended <= self.now:
                lines += ["Traceback (most recent call last):", "  File \"train.py\", line 84, in <module>", "    main()", leg.text,
                          "\x1b[31m<b>red</b>\x1b[0m \u202e<script>alert(8)</script>"]
        data = "".join(line + "\n" for line in lines).encode()
        begin = max(0, len(data) + offset) if offset < 0 else min(offset, len(data))
        piece = data[begin: begin + limit]
        after = begin + len(piece)
        text = piece.decode("utf-8", "ignore")
        return {"trial": trial, "attempt": number_, "stream": stream, "offset": begin, "next": after, "size": len(data),
                "ended": after == len(data) and not state.active, "text": text, "failure": None}

    def get_trial_explanation(self, trial):
        self.state(trial)
        steps = [{key: event[key] for key in ("time", "active_seconds", "kind", "text")}
                 for event in self.events if event["trial"] == trial]
        return {"trial": trial, "total": len(steps), "steps": steps[-500:], "now": self.get_trial(trial)["status_text"] + "."}

    # Hosts

    def get_hosts(self):
        run, found = self.run, []
        by_lane = {state.leg.lane: state for state in self.states if state.active}
        for host, count in run.hosts:
            lost = run.lost.get(host, math.inf) + START <= self.now
            drained = run.drained.get(host, math.inf) + START <= self.now
            slots = []
            for slot in range(count):
                state = by_lane.get(run.lanes.index((host, slot))) if not lost else None
                slots.append({"slot": slot, "device": f"GPU {slot} A100 80GB", "trial": state.trial.id if state else None,
                              "phase": state.phase if state else None, "unusable": run.quarantined.get((host, slot))})
            quarantined = any(slot["unusable"] for slot in slots)
            sick = host in run.sick
            found.append({
                "host": host, "state": "lost" if lost else "cannot be started" if sick else "draining" if drained
                else "quarantined" if quarantined else "ready", "troubled": lost or quarantined or sick,
                "since": START + (run.lost[host] if lost else run.drained[host] if drained else 0.4),
                "reason": "its trials were given up and go on elsewhere" if lost else
                "ssh: connect to host gpu6 port 22: No route to host" if sick else
                "an operator asked for it" if drained else "GPU-3f1c is in use by others" if quarantined else "",
                "next": "the next start is at 19:46:10 (2 starts failed)" if lost else "the next start is at 19:45:40 (3 starts failed)"
                if sick else "its trials go on to their milestones, then elsewhere" if drained else "",
                "note": None, "agent": None if sick else len(found), "hostname": None if sick else host.split(".")[0],
                "version": None if sick else "0.9.0", "joined": False, "slots": [] if sick else slots,
                "can": [] if self.ended else ["add_host"] if drained or lost or sick else ["drain_host"]})
        found.sort(key=lambda host: (not host["troubled"], host["state"] == "ready"))
        return {"hosts": found}

    def get_timeline(self, **given):
        start = given.get("from", START)
        end = given.get("to", self.now if not self.ended else self.run.end)
        width, offset, lanes = given.get("width", 1000), given.get("offset", 0), given.get("lanes", 200)
        if end <= start:
            raise Problem(400, "bad_request", "to must be after from")
        pixel = (end - start) / width
        legs = {}
        for state in self.states:
            for leg in state.legs:
                if leg.assigned < end and min(leg.ended, self.now) > start:
                    legs.setdefault(leg.lane, []).append((leg, state.trial.id))
        words = {host["host"]: host["state"] for host in self.get_hosts()["hosts"]}
        rows = []
        for lane in range(offset, min(len(self.run.lanes), offset + lanes)):
            host, slot = self.run.lanes[lane]
            found = []
            for leg, trial in sorted(legs.get(lane, []), key=lambda item: item[0].assigned):
                over = min(leg.ended, self.now)
                marks = [("moving" if leg.moves else "starting", leg.assigned, leg.started)]
                at = leg.started
                for since, to, _ in leg.held:
                    marks += [("running", at, since), ("held", since, to)]
                    at = to
                marks.append(("running" if leg.how in ("failed", "lost") else "ending", at, over))
                if not leg.held or leg.held[-1][2] != leg.goal:
                    marks[-1] = ("running", at, over)
                for kind, since, to in marks:
                    since, to = max(since, start), min(to, over, end)
                    if to > since:
                        found.append({"start": since, "end": to, "kind": kind, "trial": trial, "attempt": leg.attempt, "busy": 1})
            absences = []
            lost = self.run.lost.get(host)
            if lost is not None and START + lost < min(end, self.now):
                absences.append({"start": max(start, START + lost), "end": min(end, self.now), "kind": "lost"})
            drained = self.run.drained.get(host)
            if drained is not None and START + drained < min(end, self.now):
                absences.append({"start": max(start, START + drained), "end": min(end, self.now), "kind": "draining"})
            if (host, slot) in self.run.quarantined or host in self.run.sick:
                absences.append({"start": max(start, START), "end": min(end, self.now),
                                 "kind": "absent" if host in self.run.sick else "unusable"})
            rows.append({"host": host, "state": words[host], "slot": slot, "device": f"GPU {slot} A100 80GB",
                         "segments": merged(found, pixel), "absences": absences})
        return {"from": start, "to": end, "total_lanes": len(self.run.lanes), "offset": offset, "lanes": rows}


def merged(segments, pixel):
    """Segments narrower than two pixels become one with their neighbours."""
    out = []
    for segment in segments:
        last = out[-1] if out else None
        narrow = segment["end"] - segment["start"] < 2 * pixel
        if last and narrow and (last["kind"] == "mixed" or last["end"] - last["start"] < 2 * pixel) \
                and segment["start"] - last["end"] < 2 * pixel and segment["end"] - last["start"] < 24 * pixel:
            busy = last["busy"] * (last["end"] - last["start"]) + segment["end"] - segment["start"]
            same = last["trial"] == segment["trial"]
            out[-1] = {"start": last["start"], "end": segment["end"], "kind": "mixed", "trial": last["trial"] if same else None,
                       "attempt": None, "busy": min(1, busy / (segment["end"] - last["start"]))}
        else:
            out.append(segment)
    return out
