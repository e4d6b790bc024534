"""Decisions of Syne Tune's schedulers in virtual time, without processes: what scheduling-benchmark does for pasha.

    syne_tune_decisions.py TYPE TRIALS WORKERS LIMIT_SECONDS SEED      TYPE: pasha | promotion | stopping

max_t 200, reduction factor 3, grace period 1, mode min; learning curves drawn as in scheduling-benchmark, from another
generator. Prints one line of JSON; with `cut` true when the limit of time ended it before all trials were started.
"""

import contextlib
import datetime
import heapq
import io
import json
import logging
import sys
import time

logging.disable(logging.CRITICAL)
with contextlib.redirect_stdout(io.StringIO()):
    import numpy
    from syne_tune.backend.trial_status import Trial
    from syne_tune.config_space import randint
    from syne_tune.optimizer.schedulers import HyperbandScheduler
    from syne_tune.optimizer.schedulers.searchers.searcher import BaseSearcher
logging.disable(logging.CRITICAL)

kind, count, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
limit, seed = float(sys.argv[4]), int(sys.argv[5])
max_t = 200
clock = time.perf_counter


class ListSearcher(BaseSearcher):
    """Hands out 0, 1, 2 ...: the search itself is not what is measured."""

    def __init__(self, space):
        super().__init__(space, metric="metric", points_to_evaluate=[], mode="min")
        self.next = 0

    def get_config(self, **arguments):
        if self.next >= count:
            return None
        self.next += 1
        return {"index": self.next - 1}

    def _update(self, trial_id, config, result):
        pass

    def clone_from_state(self, state):
        raise NotImplementedError


def curves():
    random = numpy.random.RandomState(seed)
    final = random.beta(2, 5, size=count)
    start = 0.85 + 0.15 * random.rand(count)
    rate = numpy.exp(random.normal(0, 0.6, size=count)) * numpy.exp(0.5 * (final - final.mean()) / final.std())
    scale = 1.5 / max(3.0, max_t**0.5)
    epochs = numpy.arange(1, max_t + 1)
    values = final[:, None] + (start - final)[:, None] * numpy.exp(-rate[:, None] * scale * epochs[None, :])
    values += 0.02 * random.standard_normal((count, max_t))
    return numpy.round(values, 6), numpy.exp(random.normal(0, 0.35, size=count)).tolist()


values, seconds = curves()
space = {"index": randint(0, count - 1)}
scheduler = HyperbandScheduler(
    space, searcher=ListSearcher(space), metric="metric", mode="min", resource_attr="epoch", max_t=max_t, type=kind,
    random_seed=seed, grace_period=1, reduction_factor=3)
queue, trials, level = [], {}, {}
order = reports = suggests = 0
reporting = suggesting = worst = 0.0


def suggest(now):
    global order, suggests, suggesting
    begun = clock()
    suggestion = scheduler.suggest(len(trials))
    suggesting += clock() - begun
    suggests += 1
    if suggestion is None:
        return False
    if suggestion.spawn_new_trial_id:
        number = len(trials)
        trials[number] = Trial(number, suggestion.config, datetime.datetime(2020, 1, 1))
        scheduler.on_trial_add(trials[number])
        level[number] = 0
    else:
        number = int(suggestion.checkpoint_trial_id)
    heapq.heappush(queue, (now + seconds[number], order, number))
    order += 1
    return True


begun = clock()
cut = drained = False
for _ in range(workers):
    suggest(0.0)
while queue:
    now, _, number = heapq.heappop(queue)
    level[number] += 1
    result = {"metric": float(values[number][level[number] - 1]), "epoch": level[number]}
    before = clock()
    decision = scheduler.on_trial_result(trials[number], result)
    spent = clock() - before
    reporting += spent
    worst = max(worst, spent)
    reports += 1
    if decision != "CONTINUE":
        scheduler.on_trial_remove(trials[number])
        drained = drained or not suggest(now)
    elif level[number] < max_t:
        heapq.heappush(queue, (now + seconds[number], order, number))
        order += 1
    if clock() - begun > limit:
        cut = True
        break
print(json.dumps({
    "type": kind, "trials": len(trials), "workers": workers, "reports": reports, "suggests": suggests, "cut": cut,
    "reports_per_s": reports / reporting, "suggests_per_s": suggests / suggesting,
    "us_report": 1e6 * reporting / reports,
    "us_suggest": 1e6 * suggesting / suggests, "worst_report_ms": 1e3 * worst, "wall": clock() - begun,
}))
