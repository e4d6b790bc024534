"""Loads an experiment with Syne Tune and prints what it finds as JSON: load.py ROOT NAME"""

import json
import os
import sys
import zipfile

import matplotlib

matplotlib.use("Agg")

import numpy as np
from syne_tune.config_space import config_space_from_json_dict
from syne_tune.experiments import load_experiment

root, name = sys.argv[1:]
experiment = load_experiment(name, local_path=root)
results = experiment.results
figures = []
for plot in (experiment.plot, experiment.plot_trials_over_time):
    path = os.path.join(root, f"{plot.__name__}.png")
    plot(figure_path=path)
    figures.append(os.path.getsize(path) if os.path.exists(path) else 0)

with zipfile.ZipFile(os.path.join(root, name, "results.csv.zip")) as archive:
    problem = archive.testzip()
    members = archive.namelist()
    text = archive.read(members[0]).decode()


def plain(value):
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return str(value)
    return value


json.dump(
    {
        "best": {key: plain(value) for key, value in experiment.best_config().items()},
        "types": {column: str(kind) for column, kind in results.dtypes.items()},
        "columns": list(results.columns),
        "rows": [[plain(value) for value in row] for row in results.itertuples(index=False)],
        "space": {key: str(value) for key, value in config_space_from_json_dict(
            json.loads(experiment.metadata["config_space"])).items()},
        "metadata": experiment.metadata,
        "entrypoint": experiment.entrypoint_name(),
        "created": experiment.creation_date().timestamp(),
        "summary": str(experiment),
        "figures": figures,
        "problem": problem,
        "members": members,
        "text": text,
    },
    sys.stdout,
)
