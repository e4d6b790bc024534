"""The text of Docs/paper.md, for Cluster/paper."""

import math
import os
import statistics

HEADING = ["approach", "whose", None, "runtime", "speed-up over ASHA", "max resources", "until trained", "epochs"]
APPROACHES = ["asha", "pasha", "one_epoch", "random"]
NAMES = {"pasha": "PASHA", "asha": "ASHA", "one_epoch": "one epoch", "random": "random"}
# Each criterion as it is by default, and two with other weights.
CRITERIA = [
    "soft_ranking_auto", "ranking", "soft_ranking_std", "soft_ranking_std::2", "soft_ranking_mean_dst",
    "soft_ranking_median_dst", "rbo", "rbo::1", "rrr", "arrr",
]

INTRO = """\
# The paper's experiments on measured learning curves

`Cluster/paper` writes this page and its pictures; the same tables give the same bytes. It runs
[`pasha-coord simulate`](simulate.md): the coordinator and an agent as they are, in virtual time, on learning curves that
were measured once. Beside the outcomes stand the figures that the authors of PASHA print
([`Cluster/tables/pasha-paper.csv`](../Cluster/tables/pasha-paper.csv): the notebook `PASHA-ICLR23.ipynb` of their code),
and below what Syne Tune 0.13.0's own simulator gives on the same tables.

Settings, as in the paper: 4 workers, lowest rung level 1, promotion, a run ends when all its configurations were handed
out and one more would start (`--at-limit now`); 15 seeds, each with an order of configurations of its own. Means ±
sample standard deviations over the seeds.

- **accuracy** (or what else the table measures): the best value, up to `max_t`, on the whole curve of the configuration
  that the run chose.
- **runtime**: when the last report came. **speed-up**: ASHA's mean runtime divided by this one.
- **max resources**: the highest epoch that any trial reported.
- **until trained**: when a fully trained model of the chosen configuration is there. PASHA's choice is seldom trained to
  the end when the run is over; what it still needs is added here, on one worker.

## What is the same data as the paper's, and what is not

| the paper | here |
| --- | --- |
| NAS-Bench-201, CIFAR-10: 256 configurations of 15,625, curves of single trainings | the same benchmark, but a random sample of 200 architectures, all of which are handed out, and curves that are means of two or three trainings on half of the training split (validation accuracy at most 91.365 %). Accuracies are therefore lower, differences between approaches smaller, and curves have less noise: PASHA stops earlier |
| NAS-Bench-201, CIFAR-100 and ImageNet16-120 | not here: no measured curves of them are to be had |
| PD1, WMT and ImageNet | not here: PD1 is not to be had. AlgoPerf's submissions on WMT and ImageNet stand in: the same tasks, other models, optimisers and budgets, `max_t` 40 of their own units |
| – | Deep ResNets on Tiny ImageNet, MetaQNN on CIFAR-10, TaskSet, NAS-Bench-NLP: not in the paper |
"""


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "| --- |" + " ---: |" * (len(heading) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def paper_rows(printed, dataset, factor):
    """The authors' figures, by approach."""
    rows = {}
    for row in printed:
        if row["dataset"] != dataset or int(row["reduction_factor"]) != factor:
            continue
        rows[row["approach"].replace("-", " ")] = [
            "%s ± %s" % (row["accuracy"], row["accuracy_sd"]), "%s ± %s h" % (row["runtime_h"], row["runtime_h_sd"]),
            row["speed_up"] + "×" if row["speed_up"] else "–",
            "%s ± %s" % (row["max_resources"], row["max_resources_sd"]), "–", "–"]
    return rows


def outcome(simulator, one, factor, printed, picture=None):
    """The table of one reduction factor; with a picture of the approaches that train longer than an epoch."""
    if picture:
        simulator.rows(one, factor, ["pasha", "asha", "one_epoch"], "--plot", picture)
    rows, notes = simulator.rows(one, factor, APPROACHES)
    authors = paper_rows(printed, one.stands_for, factor) if one.key == "nb201" else {}
    lines = []
    for row in rows:
        name = NAMES[row[0]]
        if name in authors:
            lines.append([name, "the paper"] + authors[name])
        lines.append([name, "here"] + row[1:])
    heading = [one.metric if cell is None else cell for cell in HEADING]
    if not authors:
        heading, lines = heading[:1] + heading[2:], [line[:1] + line[2:] for line in lines]
    return table(heading, lines), notes


def stand_in(printed, one):
    rows = paper_rows(printed, one.stands_for, 3)
    if not rows or one.key == "nb201":
        return ""
    told = ["%s %s %% in %s, maximum %s" % (name, row[0], row[1], row[3]) for name, row in rows.items()]
    return ("On `%s`, which is other data, the authors print: %s; speed-up %s.\n\n"
            % (one.stands_for, "; ".join(told), rows["PASHA"][2]))


def criteria(simulator, one):
    """PASHA with each of its ways to tell whether the ranking is settled."""
    names = ["pasha:" + name for name in CRITERIA + ["soft_ranking:%g" % epsilon for epsilon in one.epsilons]]
    rows, _ = simulator.rows(one, 3, ["asha"] + names)
    lines = [[row[0].removeprefix("pasha:") if row[0] != "asha" else "ASHA"] + row[1:] for row in rows]
    heading = ["ranking criterion", one.metric] + HEADING[3:]
    return ("PASHA with each of its [ranking criteria](cluster-file.md#scheduler), reduction factor 3. Behind "
            "colons stand `epsilon` and `epsilon_scaling` where they are not the criterion's own:\n\n" + table(heading, lines) + "\n")


def section(simulator, one, printed, pictures):
    name = one.key.replace("_", "-")
    parts = ["## %s\n\n" % one.title]
    for factor in one.factors:
        is_first = factor == one.factors[0]
        picture = os.path.join(pictures, name + ".svg") if is_first else None
        text, notes = outcome(simulator, one, factor, printed, picture)
        settings = "Reduction factor %d" % factor
        if is_first:
            settings += ", `max_t` %d, %d trials" % (one.max_t, one.trials)
            for note in notes:
                settings += "; " + note.split(": ", 1)[-1]
        parts.append(settings + ":\n\n" + text + "\n")
        if is_first and one.note:
            parts.append(one.note + "\n\n")
        if is_first:
            parts.append(stand_in(printed, one))
            parts.append("![How the maximum grew in each run, and what each run came to](paper/%s.svg)\n\n" % name)
    parts.append(criteria(simulator, one) if one.epsilons else "")
    return "".join(parts)


def difference(ours, theirs):
    """`91.12, 91.10 (+0.4)`: our mean, theirs, and how many of their standard errors lie between."""
    mean, (expected, deviation, count) = statistics.mean(ours), theirs
    error = deviation / math.sqrt(count)
    digits = 0 if abs(expected) >= 1000 else 2 if abs(expected) >= 10 else 4
    if error > 0:
        apart = "%+.1f" % (round((mean - expected) / error, 1) + 0.0)
    else:
        apart = "equal" if abs(mean - expected) <= 1e-9 * abs(expected) else "all %s there" % format(expected, ",.6g")
    return "%s, %s (%s)" % (format(mean, ",.%df" % digits), format(expected, ",.%df" % digits), apart)


def comparison(simulator, tables, reference):
    values = [("best_metric", "best metric"), ("runtime_seconds", "runtime, s"), ("max_resource", "max resources")]
    rows, worst = [], 0.0
    for one in tables:
        for factor in sorted(one.factors):
            schedulers = [name for name in ("asha", "pasha") if (one.key, factor, name, "best_metric") in reference]
            if not schedulers:
                continue
            found = simulator.results(one, factor, schedulers)
            for scheduler in schedulers:
                cells = [one.title, str(factor), NAMES[scheduler]]
                for key, _ in values:
                    theirs = reference[one.key, factor, scheduler, key]
                    ours = found[scheduler, key]
                    cells.append(difference(ours, theirs))
                    if theirs[1] > 0:
                        apart = (statistics.mean(ours) - theirs[0]) / (theirs[1] / math.sqrt(theirs[2]))
                        worst = max(worst, abs(apart))
                rows.append(cells)
    text = """\
## Against Syne Tune's simulator

The same tables, orders and settings in Syne Tune 0.13.0 (`asha` of type `promotion`, `pasha`). Each cell: the mean here,
the mean there, and in brackets the difference in standard errors of Syne Tune's mean. Its simulator adds 0.05 s to each
start, report and stop, and its tuner looks at the trials from time to time (in 0.13.0 it sleeps 5 s of virtual time
between two looks by default), so that a worker which is free waits; here nothing is added. Its PASHA takes the pairs for
epsilon in the order of a Python set; here each pair counts once.

"""
    text += table(["table", "η", "scheduler"] + [name for _, name in values], rows)
    return text + (
        "\nThe largest difference is %.1f standard errors. Where all runs of Syne Tune agree there is no such error: the "
        "means are equal, or the bracket says what all runs there have.\n" % worst)


def overview(simulator, tables):
    rows = []
    for one in tables:
        cells = {row[0]: row[1:] for row in simulator.rows(one, 3, APPROACHES)[0]}
        asha, pasha = cells["asha"], cells["pasha"]
        rows.append(
            [one.title, one.metric + (" ↑" if one.mode == "max" else " ↓"), asha[0], pasha[0], pasha[2], pasha[3], asha[4],
             pasha[4]])
    return ("\n## In short\n\nReduction factor 3; ↑ higher is better, ↓ lower is better.\n\n"
            + table(["table", "metric", "ASHA", "PASHA", "speed-up", "PASHA's max resources", "ASHA until trained",
                     "PASHA until trained"], rows))


def page(simulator, tables, missing, printed, reference, pictures):
    parts = [INTRO]
    if missing:
        parts.append("\nTables that were not there when this page was written: %s.\n" % "; ".join(missing))
    parts.append(overview(simulator, tables))
    parts.append("\n")
    for one in tables:
        parts.append(section(simulator, one, printed, pictures))
    parts.append(comparison(simulator, tables, reference))
    return "".join(parts)
