"""The runs that the page is looked at with, each with the moment at which it is asked."""

import math

from synthetic_run import EVIL, HOSTILE, START, Run, parameter


def empty():
    return Run(name="digits-mlp-2026-11-24-19-43-59-920", trials=0, limit=64), START + 12


def three():
    run = Run(name="digits-mlp-2026-11-24-19-43-59-920", trials=3, limit=64, hosts=[("gpu1", 2), ("gpu2", 1)], pace=4,
              failing=0)
    return run, START + 10


def lab():
    """A run in its middle, of a size that a lab has."""
    run = Run(name="resnet-cifar-2026-11-24-08-15-02-114", trials=140, limit=140, max_t=200, pace=6, seed=9, mode="max",
              metric="val_accuracy", hosts=[(f"gpu{i}", 4 if i % 3 else 2) for i in range(1, 7)])
    return run, START + 0.7 * (run.end - START)


def lost():
    run = Run(name="digits-mlp-2026-11-24-19-43-59-920", trials=90, limit=120, pace=2.0, seed=5,
              hosts=[("gpu1", 2), ("gpu2", 2), ("gpu3.lab.example.org", 2), ("gpu4", 2), ("gpu5", 2), ("gpu6", 2)],
              lost={"gpu3.lab.example.org": 40}, drained={"gpu4": 52}, quarantined={("gpu2", 1): "GPU-3f1c is in use by others"},
              sick=("gpu6",))
    return run, START + 66


def many():
    """10,000 trials with more than 1,000,000 reports on 200 slots."""
    run = Run(name="wmt-xformer-2026-11-20-10-00-00-001", trials=10_000, limit=12_000, max_t=2025, grace=28, pace=1.3, seed=3,
              metric="val_loss", hosts=[(f"node{i:03}", 4) for i in range(1, 51)], failing=0.004, space=[
                  parameter("learning_rate", "loguniform", 1e-5, 0.1), parameter("d_model", "lograndint", 64, 2048),
                  parameter("dropout", "uniform", 0.0, 0.6), parameter("warmup_steps", "lograndint", 100, 20000),
                  parameter("optimizer", "choice", values=["adam", "adafactor", "sgd", "lamb"]),
                  parameter("label_smoothing", "uniform", 0.0, 0.3),
                  parameter("batch_size", "ordinal", values=[256, 512, 1024, 2048, 4096]),
                  parameter("weight_decay", "loguniform", 1e-6, 1e-2)])
    return run, max(trial.created for trial in run.trials) + 1


def finished():
    run = Run(name="digits-mlp-2026-11-24-19-43-59-920", trials=64, limit=64, pace=0.6, seed=2)
    return run, run.end + 600


def hostile():
    run = Run(name="evil-2026-11-24-19-43-59-920", metric=HOSTILE, space=EVIL, trials=24, limit=24, pace=1.0, seed=4,
              failing=0.2, hosts=[("<b onmouseover=alert(3)>h</b>", 2), ("x" * 120, 1)])
    for trial in run.trials[3:6]:
        for step, value in enumerate([math.nan, math.inf, -math.inf][: len(trial.values)]):
            trial.values[step] = value
    return run, START + 22


SCENARIOS = {"empty": empty, "three": three, "lab": lab, "lost": lost, "many": many, "finished": finished,
             "hostile": hostile}
