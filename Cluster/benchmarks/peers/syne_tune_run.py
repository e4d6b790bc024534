"""A whole PASHA experiment with Syne Tune's Tuner and LocalBackend, and trials/leg.py as the script.

    syne_tune_run.py WORKERS POLL_SECONDS TRIALS LOG SCRIPT

Prints one line of JSON: the wall-clock time, and for each report the seconds from its print to its decision.
"""

import os
import sys
import time

LAUNCHED = time.time()
workers, poll, count, log, script = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
os.environ["SYNETUNE_FOLDER"] = os.path.dirname(log)

import json
import logging
import resource

logging.disable(logging.CRITICAL)
from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend import LocalBackend
from syne_tune.config_space import uniform
from syne_tune.optimizer.schedulers import HyperbandScheduler
from syne_tune.results_callback import StoreResultsCallback
from syne_tune.tuner_callback import TunerCallback


class Latencies(TunerCallback):
    def __init__(self):
        self.seconds = []

    def on_trial_result(self, trial, status, result, decision):
        self.seconds.append(time.time() - result["st_worker_timestamp"])


space = {"x": uniform(0, 1), "epochs": 9, "sleep": 0.01, "log": log}
scheduler = HyperbandScheduler(
    space, searcher="random", metric="loss", mode="min", random_seed=1, type="pasha", resource_attr="epoch",
    max_resource_attr="epochs", rung_levels=[1, 2, 4])
latencies = Latencies()
tuner = Tuner(
    trial_backend=LocalBackend(script), scheduler=scheduler, n_workers=workers, sleep_time=poll, tuner_name="b",
    # Its rule tests for "more than".
    stop_criterion=StoppingCriterion(max_num_trials_started=count - 1), print_update_interval=1e9,
    callbacks=[StoreResultsCallback(), latencies])
begun, cpu = time.time(), os.times()
tuner.run()
ended, spent = time.time(), os.times()
print("\n" + json.dumps({
    "launched": LAUNCHED, "wall": ended - begun, "latencies": latencies.seconds,
    "cpu": spent.user + spent.system - cpu.user - cpu.system,
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
