"""Exports of pasha that are written by the packages which own their formats: `pasha-coord export --format FORMAT`.

`pasha-coord` starts it as `python3 -c TEXT FORMAT OUTPUT [--force]` with the lines of `--format jsonl` on its standard
input: the run, its trials, its reports. Exit statuses are those of pasha-coord: 66 a package is missing, 73 the output
cannot be written. Standard library but for the package of the format; Python 3.8 or newer.
"""

import sys

# With -c the working directory comes first: a file of the user's there must not be taken for a package.
sys.path[:] = [folder for folder in sys.path if folder]

import datetime
import json
import math
import os
import posixpath
import re
import shutil
import tempfile
import warnings

PACKAGES = {"parquet": "pyarrow", "tensorboard": "tensorboard", "mlflow": "mlflow", "optuna": "optuna"}


class Refusal(Exception):
    """Told as it is, without where it comes from."""


def main():
    name, output = sys.argv[1:3]
    force = "--force" in sys.argv[3:]
    export = {"parquet": parquet, "tensorboard": tensorboard, "mlflow": mlflow, "optuna": optuna}[name]
    try:
        export(Run(sys.stdin.buffer), output, force)
    except ImportError as error:
        package = PACKAGES[name]
        sys.stderr.write(
            "--format %s needs the Python package %s, which %s does not have (%s): %s -m pip install %s; or name another "
            "Python with --python\n" % (name, package, sys.executable, error, sys.executable, package))
        return 66
    except Refusal as refusal:
        sys.stderr.write("%s\n" % refusal)
        return 73
    except OSError as error:
        sys.stderr.write("cannot export to %s: %s\n" % (output, error))
        return 73
    return 0


class Run:
    """The records of a run. Reports are read as they are asked for, once."""

    def __init__(self, stream):
        self.stream = stream
        self.run = json.loads(next(stream))
        self.trials = []
        self.first = None
        for line in stream:
            record = json.loads(line)
            if record["kind"] != "trial":
                self.first = record
                break
            self.trials.append(record)

    def reports(self):
        if self.first is not None:
            yield self.first
            self.first = None
        for line in self.stream:
            yield json.loads(line)

    def by_trial(self):
        """The reports of each trial."""
        found = [[] for _ in self.trials]
        for report in self.reports():
            if report["trial"] < len(found):
                found[report["trial"]].append(report)
        return found

    @property
    def constants(self):
        return {entry["name"] for entry in self.run["space"] if entry["type"] == "constant"}


def refuse_existing(path, force):
    if os.path.exists(path) and not force:
        raise Refusal("%s exists; give another --output, or --force to replace it" % path)


# Names


class Names:
    """Names that a format takes, each for one name of ours."""

    def __init__(self, clean=lambda name: name):
        self.clean = clean
        self.names = {}
        self.taken = set()

    def __getitem__(self, key):
        if key not in self.names:
            name = self.clean("/".join(key) if isinstance(key, tuple) else key)
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            self.names[key] = name
        return self.names[key]


def numbers(fields, path=()):
    """The numbers of a report, those within others too, by their path."""
    items = fields.items() if isinstance(fields, dict) else ((str(index), value) for index, value in enumerate(fields))
    for name, value in items:
        if isinstance(value, (dict, list)):
            yield from numbers(value, path + (name,))
        elif isinstance(value, (int, float)):
            yield path + (name,), float(value)


def counts(report):
    return report["disposition"] == "ranked"


# Parquet


def parquet(run, output, force):
    import pyarrow
    import pyarrow.parquet

    os.makedirs(output, exist_ok=True)
    paths = {table: os.path.join(output, table + ".parquet") for table in ("reports", "trials")}
    for path in paths.values():
        refuse_existing(path, force)
    space = [entry["name"] for entry in run.run["space"]]
    configurations = [trial["config"] for trial in run.trials]

    rows = list(run.reports())
    own = [name for name in (rows[0] if rows else ()) if name not in ("kind", "report")]
    fields = list(dict.fromkeys(name for row in rows for name in row["report"]))
    columns = table_columns(own, space, fields)
    data = {column: [row[name] for row in rows] for name, column in columns[0]}
    for name, column in columns[1]:
        values = [configuration.get(name) for configuration in configurations]
        data[column] = [values[row["trial"]] if row["trial"] < len(values) else None for row in rows]
    for name, column in columns[2]:
        data[column] = [row["report"].get(name) for row in rows]
    tables = {"reports": data}

    own = [name for name in (run.trials[0] if run.trials else ()) if name not in ("kind", "config")]
    columns = table_columns(own, space, [])
    data = {column: [trial[name] for trial in run.trials] for name, column in columns[0]}
    for name, column in columns[1]:
        data[column] = [configuration.get(name) for configuration in configurations]
    tables["trials"] = data

    about = {"pasha.run": json.dumps(run.run)}
    for table, path in paths.items():
        arrays, schema = [], []
        for column, values in tables[table].items():
            array, is_json = arrow(pyarrow, values)
            arrays.append(array)
            schema.append(pyarrow.field(column, array.type, metadata={"pasha.encoding": "json"} if is_json else None))
        made = pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(schema, metadata=about))
        pyarrow.parquet.write_table(made, path + ".new")
        os.replace(path + ".new", path)


def table_columns(own, space, fields):
    """Columns as `--format csv` names them: those of every run, `config_NAME`, then reported names."""
    taken = set(own)

    def free(name, prefix):
        if name in taken:
            name = prefix + name
            while name in taken:
                name += "_"
        taken.add(name)
        return name

    return (
        [(name, name) for name in own],
        [(name, free("config_" + name, "")) for name in space],
        [(name, free(name, "report_")) for name in fields],
    )


def arrow(pyarrow, values):
    """An array of one kind; of several kinds, and of nested values, their JSON."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float} and all(abs(value) <= 1 << 53 for value in values if isinstance(value, int)):
        kinds = {float}
    types = {int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_(), str: pyarrow.string()}
    if not kinds:
        return pyarrow.array(values, pyarrow.null()), False
    if len(kinds) == 1 and next(iter(kinds)) in types:
        kind = kinds.pop()
        if kind is float:
            values = [None if value is None else float(value) for value in values]
        return pyarrow.array(values, types[kind], from_pandas=False), False
    texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    return pyarrow.array(texts, pyarrow.string()), True


# TensorBoard


def tensorboard(run, output, force):
    from tensorboard.compat.proto import event_pb2
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams import metadata as hparams
    from tensorboard.plugins.hparams import plugin_data_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    clear_tensorboard(output, force)
    scalar, about = tensorboard_summaries()

    def write(writer, wall_time, summary, step=0):
        writer.add_event(event_pb2.Event(wall_time=wall_time or 0, step=step, summary=summary))

    def plugin(tag, **content):
        return about(tag, hparams.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**content)))

    metric = run.run["metric"]
    writer = EventFileWriter(output)
    infos = [api_pb2.HParamInfo(name=entry["name"], **domain(api_pb2, entry)) for entry in run.run["space"]
             if entry["type"] != "constant"]
    metrics = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=title)
        for tag, title in ((metric, metric + ", last"), ("pasha/best", metric + ", best"))
    ]
    experiment = api_pb2.Experiment(
        name=run.run["run"], hparam_infos=infos, metric_infos=metrics, time_created_secs=run.run["started"] or 0)
    write(writer, run.run["started"], plugin(hparams.EXPERIMENT_TAG, experiment=experiment))
    writer.close()

    constants = run.constants
    names = Names()
    ends = {"failed": api_pb2.STATUS_FAILURE, "running": api_pb2.STATUS_RUNNING, "held": api_pb2.STATUS_RUNNING,
            "assigned": api_pb2.STATUS_RUNNING, "pending": api_pb2.STATUS_RUNNING}
    for trial, reports in zip(run.trials, run.by_trial()):
        writer = EventFileWriter(os.path.join(output, "trial-%06d" % trial["trial"]))
        started = trial["started"] or trial["created"] or 0
        ended = trial["ended"] or started
        start = plugin_data_pb2.SessionStartInfo(group_name="trial %d" % trial["trial"], start_time_secs=started)
        for name, value in trial["config"].items():
            if name in constants:
                continue
            kind = "bool_value" if isinstance(value, bool) else (
                "string_value" if isinstance(value, str) else "number_value")
            setattr(start.hparams[name], kind, value)
        write(writer, started, plugin(hparams.SESSION_START_INFO_TAG, session_start_info=start))
        for report in reports:
            for path, value in numbers(report["report"]):
                tag = names[path if counts(report) else ("not ranked",) + path]
                write(writer, report["read_at"], scalar(tag, value), report["resource"] or 0)
        if trial["best_value"] is not None:
            write(writer, ended, scalar("pasha/best", trial["best_value"]), trial["best_resource"])
        status = ends.get(trial["status"], api_pb2.STATUS_SUCCESS)
        if status != api_pb2.STATUS_RUNNING:
            end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=ended)
            write(writer, ended, plugin(hparams.SESSION_END_INFO_TAG, session_end_info=end))
        writer.close()


def tensorboard_summaries():
    """What makes a summary of a number, and one of a plugin's data. TensorBoard's own functions for it want TensorFlow."""
    from tensorboard.compat.proto import summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2

    kind = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"),
        data_class=summary_pb2.DATA_CLASS_SCALAR)

    def scalar(tag, value):
        # TensorBoard shows no numbers of double precision.
        tensor = tensor_pb2.TensorProto(
            dtype=types_pb2.DT_FLOAT, float_val=[value], tensor_shape=tensor_shape_pb2.TensorShapeProto())
        return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, metadata=kind, tensor=tensor)])

    def about(tag, metadata):
        tensor = tensor_pb2.TensorProto(
            dtype=types_pb2.DT_FLOAT, float_val=[0], tensor_shape=tensor_shape_pb2.TensorShapeProto())
        return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, metadata=metadata, tensor=tensor)])

    return scalar, about


def clear_tensorboard(output, force):
    """What an earlier export has left there."""
    def is_ours(name):
        return name.startswith("events.out.tfevents.") or re.fullmatch(r"trial-\d{6,}", name)

    left = [name for name in os.listdir(output) if is_ours(name)] if os.path.isdir(output) else []
    if left and not force:
        raise Refusal("%s holds events; give another --output, or --force to replace them" % output)
    for name in left:
        path = os.path.join(output, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    os.makedirs(output, exist_ok=True)


def domain(api, entry):
    """What TensorBoard's sliders and boxes need."""
    values = entry.get("values")
    if values is None:
        interval = api.Interval(min_value=entry["lower"], max_value=entry["upper"])
        return {"type": api.DATA_TYPE_FLOAT64, "domain_interval": interval}
    kinds = {type(value) for value in values}
    if kinds <= {int, float}:
        kind = api.DATA_TYPE_FLOAT64
    elif kinds == {bool}:
        kind = api.DATA_TYPE_BOOL
    else:
        # Of several kinds: TensorBoard tells them apart by itself.
        kind = api.DATA_TYPE_STRING if kinds == {str} else api.DATA_TYPE_UNSET
    found = {"type": kind}
    if kind != api.DATA_TYPE_UNSET:
        from google.protobuf import struct_pb2

        listed = struct_pb2.ListValue()
        listed.extend(values)
        found["domain_discrete"] = listed
    return found


# MLflow


def mlflow(run, output, force):
    import logging

    # An export tells nobody of itself.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.tracking import MlflowClient

    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    artifacts = None
    if "://" not in output and output != "databricks":
        os.makedirs(output, exist_ok=True)
        artifacts = "file://" + os.path.abspath(os.path.join(output, "artifacts"))
        output = "sqlite:///" + os.path.abspath(os.path.join(output, "mlflow.db"))
    client = MlflowClient(tracking_uri=output)
    name = run.run["run"]
    experiment = client.get_experiment_by_name(run.run["experiment"])
    number = experiment.experiment_id if experiment else client.create_experiment(run.run["experiment"], artifacts)
    clear_mlflow(client, number, name, force)

    keys = Names(mlflow_key)
    milliseconds = lambda seconds: int((seconds or 0) * 1000)
    started = milliseconds(run.run["started"])
    text = lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    about = {key: text(value)[:5000] for key, value in run.run.items() if key not in ("kind", "metadata")}
    parent = client.create_run(
        number, start_time=started, run_name=name,
        tags={"pasha.run": name, **{"pasha." + key: value for key, value in about.items() if key != "run"}})
    parent = parent.info.run_id
    spool = tempfile.mkdtemp()
    try:
        write_artifacts(run, spool, lambda path: client.log_artifact(parent, path))
        for trial, reports in zip(run.trials, spooled_by_trial(spool, len(run.trials))):
            mlflow_trial(client, number, parent, run, trial, reports, keys, Metric, Param, RunTag)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    if run.run["best_value"] is not None:
        client.log_metric(
            parent, keys["best " + run.run["metric"]], run.run["best_value"],
            timestamp=milliseconds(run.run["ended"] or run.run["started"]), step=run.run["best_resource"])
    ends = {"finished": "FINISHED", "failed": "FAILED"}
    if run.run["status"] in ends:
        client.set_terminated(parent, ends[run.run["status"]], end_time=milliseconds(run.run["ended"]))


def clear_mlflow(client, number, name, force):
    while True:
        # The name stands in a tag of the parent; it has nothing in it that must be escaped.
        found = client.search_runs([number], filter_string="tags.`pasha.run` = '%s'" % name, max_results=1000)
        if not found:
            return
        if not force:
            raise Refusal("MLflow's store has a run %s already; --force replaces it" % name)
        for one in found:
            client.delete_run(one.info.run_id)


def write_artifacts(run, folder, log):
    """Everything as it is: what is no number, and larger than a real number holds exactly, is in no metric."""
    paths = {kind: os.path.join(folder, kind) for kind in ("run.json", "trials.jsonl", "reports.jsonl")}
    with open(paths["run.json"], "w", encoding="utf-8") as file:
        file.write(json.dumps(run.run) + "\n")
    with open(paths["trials.jsonl"], "w", encoding="utf-8") as file:
        file.writelines(json.dumps(trial) + "\n" for trial in run.trials)
    with open(paths["reports.jsonl"], "w", encoding="utf-8") as file:
        file.writelines(json.dumps(report) + "\n" for report in run.reports())
    for path in paths.values():
        log(path)


def spooled_by_trial(folder, count):
    found = [[] for _ in range(count)]
    with open(os.path.join(folder, "reports.jsonl"), encoding="utf-8") as file:
        for line in file:
            report = json.loads(line)
            if report["trial"] < count:
                found[report["trial"]].append(report)
    return found


def mlflow_trial(client, number, parent, run, trial, reports, keys, Metric, Param, RunTag):
    started = int((trial["started"] or trial["created"] or 0) * 1000)
    tags = {"mlflow.parentRunId": parent, "pasha.run": run.run["run"]}
    for key in ("trial", "status", "resource", "best_value", "best_resource", "hosts", "failure_kind", "failure"):
        if trial[key] is not None:
            value = trial[key] if isinstance(trial[key], str) else json.dumps(trial[key], ensure_ascii=False)
            tags["pasha." + key] = value[:5000]
    made = client.create_run(number, start_time=started, run_name="trial %d" % trial["trial"], tags=tags)
    identifier = made.info.run_id
    params = [Param(keys[name], str(value)[:6000]) for name, value in trial["config"].items()]
    metrics, seen = [], set()
    for report in reports:
        for path, value in numbers(report["report"]):
            key = keys[path if counts(report) else ("not ranked",) + path]
            point = (key, value if value == value else "NaN", int(report["read_at"] * 1000), report["resource"] or 0)
            if point not in seen:
                seen.add(point)
                metrics.append(Metric(key, value, point[2], point[3]))
    if trial["best_value"] is not None:
        key = keys["best " + run.run["metric"]]
        metrics.append(Metric(key, trial["best_value"], started, trial["best_resource"]))
    # Names that MLflow does not take stand there with what they are called instead.
    renamed = {"/".join(key) if isinstance(key, tuple) else key: name for key, name in keys.names.items()}
    tags = [RunTag("pasha.name." + name, key[:5000]) for key, name in renamed.items() if key != name]
    for start in range(0, len(params), 100):
        client.log_batch(identifier, params=params[start : start + 100])
    for start in range(0, len(metrics), 1000):
        client.log_batch(identifier, metrics=metrics[start : start + 1000])
    for start in range(0, len(tags), 100):
        client.log_batch(identifier, tags=tags[start : start + 100])
    ends = {"failed": "FAILED", "stopped": "KILLED", "completed": "FINISHED", "paused": "FINISHED"}
    if trial["status"] in ends:
        client.set_terminated(identifier, ends[trial["status"]], end_time=int((trial["ended"] or 0) * 1000) or started)


def mlflow_key(name):
    """Letters, digits and `_-. :/`, at most 200 characters, no path but a plain one."""
    key = re.sub(r"[^\w\-. :/]", "_", name)[:200] or "_"
    if posixpath.normpath(key) != key or key.startswith("/") or key in (".", "..") or key.startswith("../"):
        key = re.sub(r"[/.]", "_", key)
    return key


# Optuna


def optuna(run, output, force):
    import optuna as package

    package.logging.set_verbosity(package.logging.WARNING)
    storage = optuna_storage(package, output)
    name = run.run["run"]
    if name in package.get_all_study_names(storage):
        if not force:
            raise Refusal("Optuna's storage %s has a study %s already; --force replaces it" % (output, name))
        package.delete_study(study_name=name, storage=storage)
    study = package.create_study(
        storage=storage, study_name=name, direction="minimize" if run.run["mode"] == "min" else "maximize")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.set_metric_names([run.run["metric"]])
    for key, value in run.run.items():
        if key not in ("kind", "run", "space"):
            study.set_user_attr("pasha:" + key, value)
    spaces = {entry["name"]: optuna_distribution(package.distributions, entry) for entry in run.run["space"]
              if entry["type"] != "constant"}
    top = max((trial["resource"] for trial in run.trials if trial["status"] == "paused"), default=0)
    for trial, reports in zip(run.trials, run.by_trial()):
        study.add_trial(optuna_trial(package, run, trial, reports, spaces, top))


def optuna_storage(package, output):
    if "://" in output:
        return package.storages.get_storage(output)
    if output.endswith((".log", ".journal")):
        return package.storages.JournalStorage(package.storages.journal.JournalFileBackend(output))
    return package.storages.get_storage("sqlite:///" + os.path.abspath(output))


def optuna_distribution(kinds, entry):
    """A finite range is a range of real numbers: Optuna has none with logarithmic steps."""
    if entry["type"] in ("choice", "ordinal", "logordinal"):
        return kinds.CategoricalDistribution(list(dict.fromkeys(entry["values"])))
    kind = kinds.IntDistribution if entry["type"] in ("randint", "lograndint") else kinds.FloatDistribution
    return kind(entry["lower"], entry["upper"], log=entry["log"])


def optuna_trial(package, run, trial, reports, spaces, top):
    states = package.trial.TrialState
    best = trial["best_value"]
    # Optuna has no state for a trial that could still be promoted. Those that came as far as any are complete.
    came_far = trial["status"] == "completed" or (trial["status"] == "paused" and trial["resource"] >= top)
    is_best = trial["trial"] == run.run["best_trial"]
    state = {"failed": states.FAIL, "pending": states.WAITING, "assigned": states.RUNNING, "running": states.RUNNING,
             "held": states.RUNNING}.get(trial["status"])
    if state is None:
        state = states.PRUNED
        if (came_far or is_best) and best is not None:
            state = states.COMPLETE
        elif came_far:
            state = states.FAIL
    params = {name: value for name, value in trial["config"].items() if name in spaces}
    attributes = {"pasha:" + key: value for key, value in trial.items() if key not in ("kind", "config")}
    attributes["pasha:constants"] = {name: value for name, value in trial["config"].items() if name not in spaces}
    ranked = [report for report in reports if counts(report)]
    if ranked:
        attributes["pasha:last_report"] = ranked[-1]["report"]
    others = [report for report in reports if not counts(report)]
    if others:
        attributes["pasha:reports_not_ranked"] = others
    value = best if state in (states.COMPLETE, states.PRUNED) else None
    made = package.trial.create_trial(
        state=state, value=value, params=params,
        distributions={name: spaces[name] for name in params}, user_attrs=attributes,
        intermediate_values={report["resource"]: report["value"] for report in ranked})
    moment = lambda seconds: None if seconds is None else datetime.datetime.fromtimestamp(seconds)
    made.datetime_start = moment(trial["started"] or trial["created"]) if state != states.WAITING else None
    made.datetime_complete = moment(trial["ended"] or trial["started"]) if state.is_finished() else None
    return made


if __name__ == "__main__":
    sys.exit(main())
