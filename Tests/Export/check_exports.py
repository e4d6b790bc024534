"""Reads a run's exports back with the packages that own the formats: check_exports.py PASHA_COORD RUN FOLDER

What must be there is taken from `--format jsonl`, which a test of the package holds against the journal. Python 3.11.
"""

import json
import math
import os
import sqlite3
import subprocess
import sys

coordinator, run, folder = sys.argv[1:]
METRIC = 'loss <i>"&\n'


def export(format, *words):
    command = [coordinator, "export", run, "--format", format, "--python", sys.executable, *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def expect(condition, what):
    if not condition:
        sys.exit("the export is not as it should be: " + what)


def same(a, b):
    """Equal in kind and value; NaN is equal to NaN."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and a == b


def near(a, b):
    return (math.isnan(a) and math.isnan(b)) or a == b or abs(a - b) <= 1e-6 * abs(b)


lines = [json.loads(line) for line in export("jsonl", "--output", "-").split("\n") if line]
about = lines[0]
trials = [line for line in lines if line["kind"] == "trial"]
reports = [line for line in lines if line["kind"] == "report"]
ranked = [report for report in reports if report["disposition"] == "ranked"]
counting = [report for report in reports if report["disposition"] in ("ranked", "recorded")]
expect(about["metric"] == METRIC and len(trials) == 20, "the run's record")
expect(any(trial["status"] == "failed" for trial in trials), "no trial failed")
expect(any(math.isnan(report["value"]) for report in ranked), "no value is NaN")
expect(any("rare" in report["report"] for report in ranked), "no trial came to epoch 3")


def check_pandas():
    import numpy
    import pasha

    frame = pasha.load(run, coordinator=coordinator)
    expect(len(frame) == len(counting) and frame.attrs["pasha"]["metric"] == METRIC, "rows of pasha.load")
    for index, report in enumerate(counting):
        row = frame.iloc[index]
        fields = report["report"]
        expect(row["trial"] == report["trial"] and row["resource"] == fields["epoch"], "trial and resource")
        expect(near(float(row[METRIC]), fields[METRIC]) and near(float(row["value"]), fields[METRIC]), "the metric")
        expect(int(row["large"]) == fields["large"], "large whole numbers")
        expect(row["never"] == fields["never"], "infinities")
        expect(row["nested"] == fields["nested"] or math.isnan(fields[METRIC]), "nested values")
        expect(row["note"] == fields["note"] and row["mixed"] == fields["mixed"] and row[""] == 7, "texts")
        expect(row["report_time"] == fields["time"] and row["report_trial"] == "x", "names that clash")
        expect(row["Loss"] == 1 and row["loss"] == 2 and row["report_config_lr"] == 5, "names that are alike")
        config = trials[report["trial"]]["config"]
        expect(all(row["config_" + name] == value for name, value in config.items()), "the configuration")
    expect(str(frame["rare"].dtype) == "Int64" and frame["flag"].dtype == numpy.bool_, "kinds of columns")
    expect(set(frame["rare"].dropna()) == {2**62 + 1}, "rare whole numbers")
    expect(len(pasha.load(run, "all", coordinator)) == len(reports), "all reports")
    table = pasha.load(run, what="trials", coordinator=coordinator)
    expect(list(table["status"]) == [trial["status"] for trial in trials], "the table of trials")

    # Without pasha-coord, from the folder's own table.
    os.environ.pop("PASHA_COORD", None)
    os.environ["PATH"] = "/usr/bin:/bin"
    plain = pasha.load(run)
    expect(len(plain) == len(counting), "rows of results.csv.zip")
    # A report that waited stands there where it began to count.
    expect(sorted(plain["trial"]) == sorted(report["trial"] for report in counting), "trials of results.csv.zip")
    expect(set(plain["report_trial"]) == {"x"} and "report_time" in plain, "names that clash in results.csv.zip")
    best = pasha.load(run, "trials").set_index("trial")
    for trial in trials:
        if trial["best_value"] is not None:
            expect(near(best.loc[trial["trial"], "best_value"], trial["best_value"]), "best values without pasha-coord")
    return "%d rows, %d columns" % frame.shape


def check_parquet():
    import pyarrow.parquet

    output = os.path.join(folder, "parquet")
    export("parquet", "--output", output)
    table = pyarrow.parquet.read_table(os.path.join(output, "reports.parquet"))
    expect(table.num_rows == len(reports), "rows of Parquet")
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    for index, report in enumerate(reports):
        fields = report["report"]
        for name in (METRIC, "large", "never", "flag", "note", "Loss", "loss", "", "rare", "nothing"):
            expect(same(columns[name][index], fields.get(name)), "%r in Parquet" % name)
        for name in ("nested", "mixed"):
            expect(same(str(json.loads(columns[name][index])), str(fields[name])), "%r in Parquet" % name)
        expect(columns["report_time"][index] == fields["time"], "names that clash in Parquet")
        config = trials[report["trial"]]["config"]
        expect(all(same(columns["config_" + name][index], value) for name, value in config.items()), "config in Parquet")
    expect(json.loads(table.schema.metadata[b"pasha.run"])["run"] == about["run"], "the run in Parquet's metadata")
    expect(table.schema.field("nested").metadata == {b"pasha.encoding": b"json"}, "the mark of JSON in Parquet")
    whole = pyarrow.parquet.read_table(os.path.join(output, "trials.parquet"))
    expect(whole.column("status").to_pylist() == [trial["status"] for trial in trials], "trials of Parquet")
    return "%d rows" % table.num_rows


def check_tensorboard():
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata
    from tensorboard.util import tensor_util

    output = os.path.join(folder, "tensorboard")
    export("tensorboard", "--output", output)

    def read(path):
        events = EventAccumulator(path, size_guidance={"tensors": 0})
        events.Reload()
        return events

    plugin = read(output).PluginTagToContent(metadata.PLUGIN_NAME)
    experiment = metadata.parse_experiment_plugin_data(plugin[metadata.EXPERIMENT_TAG])
    expect({info.name for info in experiment.hparam_infos} == {"lr", "kind", "layers", "part", "bias", "order"},
           "hyperparameters of TensorBoard")
    points = 0
    for trial in trials:
        events = read(os.path.join(output, "trial-%06d" % trial["trial"]))
        plugin = events.PluginTagToContent(metadata.PLUGIN_NAME)
        start = metadata.parse_session_start_info_plugin_data(plugin[metadata.SESSION_START_INFO_TAG])
        expect(start.hparams["lr"].number_value == trial["config"]["lr"], "lr of TensorBoard")
        expect(start.hparams["kind"].string_value == trial["config"]["kind"], "texts of TensorBoard")
        expect(start.hparams["bias"].bool_value is trial["config"]["bias"], "truth values of TensorBoard")
        own = [report for report in ranked if report["trial"] == trial["trial"]]
        if not own:
            continue
        for tag, value in ((METRIC, lambda fields: fields[METRIC]), ("never", lambda fields: fields["never"]),
                           ("nested/val/acc", lambda fields: fields["nested"]["val"]["acc"])):
            found = [(event.step, tensor_util.make_ndarray(event.tensor_proto).item()) for event in events.Tensors(tag)]
            expect([step for step, _ in found] == [report["resource"] for report in own], "steps of TensorBoard")
            expect(all(near(a, value(report["report"])) for (_, a), report in zip(found, own)), "values of TensorBoard")
            points += len(found)
        if trial["best_value"] is not None:
            best = tensor_util.make_ndarray(events.Tensors("pasha/best")[0].tensor_proto).item()
            expect(near(best, trial["best_value"]), "the best value of TensorBoard")
    return "%d points" % points


def check_mlflow():
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false")
    from mlflow.tracking import MlflowClient

    output = os.path.join(folder, "mlflow")
    export("mlflow", "--output", output)
    client = MlflowClient("sqlite:///%s/mlflow.db" % output)
    experiment = client.get_experiment_by_name("exported")
    found = client.search_runs([experiment.experiment_id], max_results=1000)
    parents = [one for one in found if "mlflow.parentRunId" not in one.data.tags]
    expect(len(found) == len(trials) + 1 and len(parents) == 1, "runs of MLflow")
    expect(parents[0].info.run_name == about["run"] and parents[0].info.status == "FINISHED", "the parent of MLflow")
    expect(near(parents[0].data.metrics[key_of(parents[0].data.metrics)], about["best_value"]),
           "the best value of MLflow")
    children = {int(one.data.tags["pasha.trial"]): one for one in found if one is not parents[0]}
    points = 0
    for trial in trials:
        child = children[trial["trial"]]
        expect(child.data.params["lr"] == repr(trial["config"]["lr"]), "parameters of MLflow")
        expect(child.data.params["kind"] == trial["config"]["kind"], "texts of MLflow")
        expect((child.info.status == "FAILED") == (trial["status"] == "failed"), "states of MLflow")
        own = [report for report in ranked if report["trial"] == trial["trial"]]
        if not own:
            continue
        names = {value: key[len("pasha.name."):] for key, value in child.data.tags.items()
                 if key.startswith("pasha.name.")}
        history = sorted(client.get_metric_history(child.info.run_id, names[METRIC]), key=lambda metric: metric.step)
        expect([metric.step for metric in history] == [report["resource"] for report in own], "steps of MLflow")
        expect(all(near(metric.value, report["value"]) for metric, report in zip(history, own)), "values of MLflow")
        points += len(history)
    path = client.download_artifacts(parents[0].info.run_id, "reports.jsonl")
    with open(path, encoding="utf-8") as file:
        kept = [json.loads(line) for line in file]
    expect(str(kept) == str(reports), "the reports beside MLflow's metrics")
    return "%d runs, %d points" % (len(found), points)


def key_of(metrics):
    """The only metric of the parent: its name is cleaned of what MLflow does not take."""
    expect(len(metrics) == 1, "metrics of MLflow's parent")
    return next(iter(metrics))


def check_optuna():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for output, storage in (
        ("optuna.db", lambda path: "sqlite:///" + path),
        ("optuna.log", lambda path: optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(path))),
    ):
        path = os.path.join(folder, output)
        export("optuna", "--output", path)
        study = optuna.load_study(study_name=about["run"], storage=storage(path))
        expect(study.direction == optuna.study.StudyDirection.MINIMIZE, "the direction of Optuna")
        expect(study.best_value == about["best_value"] and study.best_trial.number == about["best_trial"],
               "the best trial of Optuna")
        expect(len(study.trials) == len(trials), "trials of Optuna")
        for made, trial in zip(study.trials, trials):
            config = {name: value for name, value in trial["config"].items() if name != "epochs"}
            expect(all(same(made.params[name], value) for name, value in config.items()), "parameters of Optuna")
            expect(made.user_attrs["pasha:constants"] == {"epochs": 9}, "constants of Optuna")
            own = [report for report in ranked if report["trial"] == trial["trial"]]
            expect(sorted(made.intermediate_values) == [report["resource"] for report in own], "steps of Optuna")
            expect(all(near(made.intermediate_values[report["resource"]], report["value"]) for report in own),
                   "intermediate values of Optuna")
            expect((made.state == optuna.trial.TrialState.FAIL) == (trial["status"] == "failed"), "states of Optuna")
            if made.state == optuna.trial.TrialState.COMPLETE:
                expect(made.value == trial["best_value"], "values of Optuna")
        lr = study.trials[0].distributions["lr"]
        expect(lr == optuna.distributions.FloatDistribution(1e-4, 1.0, log=True), "distributions of Optuna")
        refused = subprocess.run([coordinator, "export", run, "--format", "optuna", "--output", path, "--python",
                                  sys.executable], stderr=subprocess.PIPE, text=True)
        expect(refused.returncode == 73 and "--force" in refused.stderr, "a second export to the same storage")
    return "%d trials" % len(study.trials)


def check_sqlite():
    path = os.path.join(folder, "run.sqlite")
    export("sqlite", "--output", path)
    database = sqlite3.connect(path)
    expect(database.execute("select count(*) from reports").fetchone() == (len(reports),), "rows of SQLite")
    rows = database.execute("select f.value from fields f join reports r using (sequence) where f.name = 'large' "
                            "order by r.sequence").fetchall()
    expect([value for (value,) in rows] == [report["report"]["large"] for report in reports], "whole numbers of SQLite")
    return "%d reports" % len(reports)


for check in (check_sqlite, check_parquet, check_tensorboard, check_optuna, check_mlflow, check_pandas):
    print("%s: %s" % (check.__name__[6:], check()), flush=True)
