"""Stores a function to tune as Syne Tune's PythonBackend does, and prints the entry point, folder and hash with which
the backend would start it: make_function.py FOLDER"""

import json
import sys
from pathlib import Path

from syne_tune.backend import PythonBackend
from syne_tune.backend.python_backend import python_backend
from syne_tune.config_space import loguniform


def tuned(lr, epochs):
    import json
    import os
    import time

    from syne_tune import Reporter

    # A tuned function is not told of the checkpoint directory; the words of its process are.
    import sys

    folder = sys.argv[sys.argv.index("--st_checkpoint_dir") + 1]
    path = os.path.join(folder, "checkpoint.json")
    trained = 0
    if os.path.exists(path):
        with open(path) as file:
            trained = json.load(file)
    report = Reporter()
    for epoch in range(trained + 1, epochs + 1):
        time.sleep(0.05)
        trained += 1
        with open(path, "w") as file:
            json.dump(trained, file)
        report(epoch=epoch, loss=abs(lr - 0.01) + 1 / epoch, trained=trained)


backend = PythonBackend(tune_function=tuned, config_space={"lr": loguniform(1e-4, 1.0), "epochs": 9})
backend.set_path(results_root=sys.argv[1], tuner_name="tuned")
backend.tune_function_path.mkdir(parents=True, exist_ok=True)
backend.save_tune_function(tuned)
print()
print(
    json.dumps(
        {
            "entry": str(Path(python_backend.__file__).parent / "python_entrypoint.py"),
            "root": str(backend.tune_function_path),
            "hash": python_backend.file_md5(str(backend.tune_function_path / "tune_function.dill")),
        }
    )
)
