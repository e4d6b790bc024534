/// The training-side Python module, as the agent puts it on a trial's path. The text is that of
/// `Cluster/python/pasha.py`, which is where it is changed; a test holds the two together, and writes this file anew
/// when `PASHA_UPDATE` is set.
public enum PythonModule {
  public static let source = #"""
    """The training side of pasha: one file, standard library only, Python 3.7 or newer.

        import pasha

        settings = pasha.config()                  # this trial's hyperparameters
        folder = pasha.checkpoint_dir()            # where checkpoints go and are found again
        for epoch in range(first, settings["epochs"] + 1):
            train()
            save(folder)                           # before the report: a report says what the checkpoint covers
            pasha.report(epoch=epoch, val_loss=loss)

    ``saved`` and ``saving`` find and replace a file of that folder. ``LightningCallback``, ``HuggingFaceCallback`` and
    ``KerasCallback`` do all of it for those libraries, which are imported when one of the classes is first used.

    ``report`` prints one line on standard output and, once the trial has come to its milestone, waits there until
    pasha has decided: then it returns, or raises ``SystemExit(0)``. Save before you report, and nothing is lost by it.

    Outside a trial the same script runs as it is: ``report`` prints and goes on, ``config`` reads the command line,
    and ``checkpoint_dir`` is ``./checkpoints``.

    ``pasha.load(RUN)`` gives what a run's trials reported as a pandas DataFrame; only this function needs pandas.
    """

    import contextlib
    import json
    import os
    import re
    import shutil
    import socket
    import stat
    import sys
    import threading
    import time

    __all__ = ["report", "checkpoint_dir", "saved", "saving", "config", "trial_id", "load"]

    _MARKER = "[tune-metric]: "
    # What the reader of reports takes; Syne Tune's own reporter refuses from 50,000 bytes on.
    _LARGEST = 50000


    def report(**fields):
        """Reports metrics: ``report(epoch=3, val_loss=0.41)``.

        Values are numbers, strings, truth values, lists and dictionaries of these, and numpy's scalars and one-element
        tensors (anything with ``item()``). NaN and infinities are reported as they are; they rank worst. ``None`` is
        refused with ``ValueError``, as are keys that begin with ``st_`` and reports of 50,000 bytes or more: a value
        that is missing is left out of the call.

        The line is that of Syne Tune's reporter, with ``st_worker_timestamp`` (``time.time()``), ``st_worker_time``
        (seconds since this module was imported) and ``st_worker_iter`` (reports of this process before this one).
        """
        if not fields:
            raise ValueError("report() needs at least one value, for example report(epoch=1, val_loss=0.5)")
        for key, value in fields.items():
            if key.startswith("st_"):
                raise ValueError("report(): the key %r begins with 'st_', which is kept for pasha itself" % key)
            if value is None:
                raise ValueError("report(): the value of %r is None; leave it out" % key)
        with _lock:
            _reporter.report({key: _plain(value, key) for key, value in fields.items()})


    def checkpoint_dir():
        """The folder for this trial's checkpoints as a string; it exists. What was saved there by an earlier run of the
        trial is there again. Outside a trial: ``--st_checkpoint_dir`` where the command line names one, else
        ``./checkpoints``.
        """
        path = os.environ.get("PASHA_CHECKPOINT_DIR")
        if not path and not _in_trial():
            path = _arguments().get("st_checkpoint_dir")
        path = os.path.abspath(str(path or "checkpoints"))
        os.makedirs(path, exist_ok=True)
        return path


    def saved(name):
        """The path of what was saved under this name in the checkpoint folder; None where nothing was."""
        path = _place(name)
        if not os.path.exists(path) and os.path.exists(_place(name, ".old.")):
            # Killed between the two renames that replace a folder.
            os.rename(_place(name, ".old."), path)
        return path if os.path.exists(path) else None


    @contextlib.contextmanager
    def saving(name):
        """Saves a file under this name in the checkpoint folder, whole or not at all::

            with pasha.saving("state.pt") as path:
                torch.save(state, path)

        ``path`` is beside the old file and ends as the name does; after the block it is renamed, so that whenever the
        process is killed the old file is there or the new one. A block that raises leaves the old one. What is saved may
        be a folder too: make it at ``path``. One process of a trial saves.
        """
        path = _begin_saving(name)
        try:
            yield path
        except BaseException:
            _remove(path)
            raise
        _finish_saving(name)


    def config():
        """The trial's configuration as a dictionary: hyperparameters and constants by name. Outside a trial what the
        command line says as ``--name value``, numbers and truth values read as such."""
        path = os.environ.get("PASHA_CONFIG")
        if path:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        arguments = _arguments()
        arguments.pop("st_checkpoint_dir", None)
        return arguments


    def trial_id():
        """The number of the trial; None outside a trial."""
        text = os.environ.get("PASHA_TRIAL_ID")
        return int(text) if text else None


    def load(run=None, what="reports", coordinator=None):
        """A run as a pandas DataFrame: ``pasha.load("digits")``. ``run`` is a run's name, a unique prefix of it, or its
        folder; None: the run begun last. The run may go on meanwhile.

        ``what="reports"``: a row for each report that counts, in order: ``trial``, ``attempt``, ``resource``, ``value`` (the
        metric), ``time`` (seconds since the run began), ``config_NAME`` for each hyperparameter and constant, and what the
        trial reported under its own names. A name that a column has already gets ``report_`` before it. ``what="all"``: also
        reports that do not count; ``disposition`` tells them apart. ``what="trials"``: a row for each trial.

        Whole numbers stay whole where values are missing (``Int64``), NaN and infinities are what was reported. The run
        itself is ``frame.attrs["pasha"]``.

        Asks ``pasha-coord``: ``coordinator`` or the variable ``PASHA_COORD`` says where it is, else it is looked for in
        ``PATH``. Where there is none, the reports that count are read from ``results.csv.zip`` in the run's folder.
        """
        if what not in ("reports", "all", "trials"):
            raise ValueError("load(): what must be 'reports', 'all' or 'trials', not %r" % (what,))
        import shutil

        program = coordinator or os.environ.get("PASHA_COORD") or shutil.which("pasha-coord")
        return _load_lines(program, run, what) if program else _load_results(run, what)


    def _load_lines(program, run, what):
        import subprocess

        words = [program, "export"] + ([] if run is None else [os.fspath(run)])
        words += ["--format", "jsonl", "--output", "-"]
        about, trials, reports = {}, [], []
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # What it says of errors is short: the pipe holds it.
        for line in process.stdout:
            record = json.loads(line.decode("utf-8"))
            kind = record.pop("kind")
            if kind == "run":
                about = record
            elif kind == "trial":
                trials.append(record)
            elif what == "all" or record["disposition"] in ("ranked", "recorded"):
                reports.append(record)
        message = process.stderr.read().decode("utf-8", "replace").strip()
        process.stdout.close()
        process.stderr.close()
        if process.wait() != 0:
            error = FileNotFoundError if process.returncode == 66 else RuntimeError
            raise error("load(): %s" % (message or "%s ended with status %d" % (program, process.returncode)))
        return _frame(trials if what == "trials" else reports, trials, about, what)


    def _frame(rows, trials, about, what):
        import pandas

        rest = "config" if what == "trials" else "report"
        columns = {}

        def add(name, values, prefix=""):
            if name in columns:
                name = prefix + name
                while name in columns:
                    name += "_"
            columns[name] = _column(values)

        for name in rows[0] if rows else ():
            if name != rest:
                add(name, [row[name] for row in rows])
        for entry in about["space"]:
            add("config_" + entry["name"], [trials[row["trial"]]["config"].get(entry["name"]) for row in rows])
        if rest == "report":
            for name in dict.fromkeys(name for row in rows for name in row["report"]):
                add(name, [row["report"].get(name) for row in rows], "report_")
        frame = pandas.DataFrame(columns)
        frame.attrs["pasha"] = about
        return frame


    def _column(values):
        """A column of one kind where all values are of one; others keep theirs."""
        import pandas

        kinds = {type(value) for value in values if value is not None}
        has_gaps = any(value is None for value in values)
        if kinds == {int, float} and all(abs(value) <= 2**53 for value in values if isinstance(value, int)):
            kinds = {float}
        if kinds == {float}:
            return pandas.Series([float("nan") if value is None else float(value) for value in values], dtype="float64")
        if kinds == {int}:
            return pandas.Series(values, dtype="Int64" if has_gaps else "int64")
        if kinds == {bool}:
            return pandas.Series(values, dtype="boolean" if has_gaps else "bool")
        return pandas.Series(values) if kinds == {str} else pandas.Series(values, dtype="object")


    def _load_results(run, what):
        """Without pasha-coord: what the run's folder has in Syne Tune's form."""
        import pandas

        if what == "all":
            raise RuntimeError("load(): what='all' needs pasha-coord, and there is none in PATH; coordinator=... names it")
        folder = _run_folder(run)
        path = os.path.join(folder, "results.csv.zip")
        if not os.path.exists(path):
            raise FileNotFoundError("load(): %s holds no results.csv.zip: no report has come yet, or it is no run" % folder)
        with open(os.path.join(folder, "metadata.json"), encoding="utf-8") as file:
            about = json.load(file)
        rows = pandas.read_csv(path)
        sources = {"trial": "trial_id", "resource": about["resource_attr"], "value": about["metric_names"][0],
                   "time": "st_tuner_time"}
        reported = {}
        for name in sources:
            if name in rows.columns:
                reported[name] = "report_" + name
                while reported[name] in rows.columns:
                    reported[name] += "_"
        rows = rows.rename(columns=reported)
        for place, (name, source) in enumerate(sources.items()):
            rows.insert(place, name, rows[reported.get(source, source)])
        rows = rows.drop(columns="trial_id")
        if what == "trials":
            ascending = about["metric_mode"] == "min"
            best = rows.sort_values("value", ascending=ascending, kind="stable").groupby("trial").head(1).set_index("trial")
            groups = rows.groupby("trial")
            values = {"resource": groups["resource"].max(), "best_value": best["value"], "best_resource": best["resource"]}
            settings = groups[[name for name in rows.columns if name.startswith("config_")]].first()
            rows = pandas.DataFrame(values).join(settings).reset_index()
        rows.attrs["pasha"] = about
        return rows


    def _run_folder(run):
        if run is not None and os.path.isdir(os.fspath(run)):
            return os.fspath(run)
        state = os.environ.get("PASHA_STATE")
        if not state:
            shared = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
            state = os.path.join(shared, "pasha")
        home = os.path.join(state, "runs")
        names = os.listdir(home) if os.path.isdir(home) else []
        if run in names:
            return os.path.join(home, run)
        # Names end with the time of the start.
        found = sorted((name for name in names if run is None or name.startswith(run)), key=lambda name: name[-23:])
        if not found or (run is not None and len(found) > 1):
            what = "may be %s" % ", ".join(found[:5]) if found else "is no run in %s" % home
            raise FileNotFoundError("load(): %s %s" % (run, what))
        return os.path.join(home, found[-1])


    def _place(name, prefix=""):
        if not name or name in (".", "..") or os.path.basename(name) != name:
            raise ValueError("%r must be the name of a file in the checkpoint folder, without a path" % (name,))
        return os.path.join(checkpoint_dir(), prefix + name)


    def _begin_saving(name):
        """Where to save; what a process left there that was killed is gone."""
        path = _place(name, ".new.")
        _remove(path)
        return path


    def _finish_saving(name):
        path, new, old = _place(name), _place(name, ".new."), _place(name, ".old.")
        if not os.path.lexists(new):
            raise FileNotFoundError("nothing was saved at %s" % new)
        if not (os.path.isdir(new) or os.path.isdir(path)):
            os.replace(new, path)
            return
        # A folder with something in it cannot be replaced by one rename; saved() knows of the moment between the two.
        if os.path.lexists(path):
            _remove(old)
            os.rename(path, old)
        os.rename(new, path)
        _remove(old)


    def _remove(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)


    def _in_trial():
        return bool(os.environ.get("PASHA_TRIAL_ID"))


    def _plain(value, key):
        """The value as JSON can hold it."""
        if isinstance(value, (bool, str)):
            return value
        # Subclasses of int and float too (numpy.float64 is one), by value.
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value)
        if value is None:
            return None
        if isinstance(value, dict):
            return {str(name): _plain(element, key) for name, element in value.items()}
        if isinstance(value, (list, tuple)):
            return [_plain(element, key) for element in value]
        item = getattr(value, "item", None)
        if callable(item):
            try:
                single = item()
            except Exception as error:
                raise ValueError("report(): the value of %r is not a single number: %s" % (key, error))
            if isinstance(single, (bool, int, float, str)):
                return _plain(single, key)
        raise ValueError("report(): the value of %r is a %s, which cannot be reported" % (key, type(value).__name__))


    def _arguments():
        """The command line as far as it is ``--name value``."""
        found = {}
        words = sys.argv[1:]
        index = 0
        while index < len(words):
            word = words[index]
            index += 1
            if not word.startswith("--") or len(word) == 2:
                continue
            name, equals, text = word[2:].partition("=")
            if not equals:
                if index < len(words) and not words[index].startswith("--"):
                    text = words[index]
                    index += 1
                else:
                    text = "True"
            found[name] = _value(text)
        return found


    def _value(text):
        if text in ("True", "False"):
            return text == "True"
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
        return text


    class _Reporter:
        def __init__(self):
            self.begun = time.perf_counter()
            self.count = 0
            self.channel = _Channel.open()

        def report(self, fields):
            line = dict(fields)
            line["st_worker_timestamp"] = time.time()
            line["st_worker_time"] = time.perf_counter() - self.begun
            line["st_worker_iter"] = self.count
            text = json.dumps(line)
            if len(text) >= _LARGEST:
                raise ValueError("report(): %d bytes, allowed are fewer than %d" % (len(text), _LARGEST))
            self.count += 1
            _print(_MARKER + text + "\n")
            if self.channel is not None:
                self.channel.wait_if_due(fields)


    def _print(line):
        """Prints a whole line with one write, so that no other output comes into it."""
        stream = sys.stdout
        if not _in_trial():
            if stream is not None:
                stream.write(line)
                stream.flush()
            return
        try:
            # What the script printed before comes before.
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
        # Whatever the script has put in the place of sys.stdout: the reader of reports reads descriptor 1.
        data = line.encode("ascii")
        while data:
            data = data[os.write(1, data) :]


    class _Channel:
        """The line to the trial's supervisor: one JSON object a packet."""

        def __init__(self, connection):
            self.connection = connection
            # Workers made by fork share the socket; only the process that reports first speaks.
            self.owner = None
            self.resource = os.environ.get("PASHA_RESOURCE_ATTR") or ""
            self.milestone = _milestone(os.environ.get("PASHA_MILESTONE"))

        @classmethod
        def open(cls):
            number = os.environ.get("PASHA_CHANNEL", "")
            if not _in_trial() or not number.isdigit():
                return None
            try:
                # A launcher in between may have closed the descriptor, or used its number for something else.
                if not stat.S_ISSOCK(os.fstat(int(number)).st_mode):
                    return None
                os.set_inheritable(int(number), False)
                connection = socket.socket(fileno=int(number))
                if connection.family != socket.AF_UNIX:
                    connection.detach()
                    return None
                connection.setblocking(True)
                return cls(connection)
            except (OSError, ValueError, OverflowError):
                return None

        def wait_if_due(self, fields):
            if self.connection is None:
                return
            if self.owner is None:
                self.owner = os.getpid()
            if self.owner != os.getpid():
                return
            try:
                self._take_news()
                resource = fields.get(self.resource)
                if isinstance(resource, float) and resource.is_integer():
                    resource = int(resource)
                if isinstance(resource, bool) or not isinstance(resource, int):
                    return
                if self.milestone is None or resource < self.milestone:
                    return
                message = json.dumps({"op": "waiting", "resource": resource})
                self.connection.sendall(message.encode("ascii"))
                while self.milestone is not None and resource >= self.milestone:
                    if self._take(self.connection.recv(4096)) == "continue" or self.connection is None:
                        return
            except OSError:
                # Without a supervisor nobody decides; it takes the trial with it in any case.
                self._close()

        def _take_news(self):
            """Takes what was said while the trial was busy."""
            while self.connection is not None:
                try:
                    packet = self.connection.recv(4096, socket.MSG_DONTWAIT)
                except (BlockingIOError, InterruptedError):
                    return
                self._take(packet)

        def _take(self, packet):
            """Carries out what the supervisor said, and gives its operation."""
            if not packet:
                self._close()
                return None
            try:
                message = json.loads(packet.decode("utf-8"))
                operation = message.get("op")
            except (ValueError, AttributeError):
                return None
            if operation == "pause":
                raise SystemExit(0)
            if operation == "milestone":
                milestone = message.get("milestone")
                self.milestone = milestone if isinstance(milestone, int) else None
            return operation

        def _close(self):
            if self.connection is not None:
                self.connection.close()
            self.connection = None


    def _milestone(text):
        try:
            return int(text) if text else None
        except ValueError:
            return None


    def __getattr__(name):
        """The callbacks: classes of libraries that are not imported before one of them is used."""
        if name not in _CALLBACKS:
            raise AttributeError("module 'pasha' has no attribute %r" % name)
        made = globals()[name] = _CALLBACKS[name]()
        return made


    def _resource(name):
        return name or os.environ.get("PASHA_RESOURCE_ATTR") or "epoch"


    def _report_metrics(name, resource, metrics):
        """Reports what of a library's metrics can be reported, at this resource."""
        fields = {}
        for key, value in metrics.items():
            if value is None or str(key).startswith("st_"):
                continue
            try:
                fields[str(key)] = _plain(value, key)
            except ValueError:
                continue
        fields[name] = resource
        report(**fields)


    def _make_lightning_callback():
        # The two names of the package are two packages; a Trainer takes callbacks of its own alone.
        if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
            from pytorch_lightning import Callback
        else:
            try:
                from lightning.pytorch import Callback
            except ImportError:
                from pytorch_lightning import Callback

        class LightningCallback(Callback):
            """For Lightning's Trainer: after each epoch saves ``last.ckpt`` and reports what the modules have logged.

                callback = pasha.LightningCallback()
                trainer = Trainer(max_epochs=settings["epochs"], callbacks=[callback], enable_checkpointing=False)
                trainer.fit(model, data, ckpt_path=callback.checkpoint)

            ``resource``: the key of the epochs in reports; default: the run's ``resource_attr``, else ``epoch``.
            """

            def __init__(self, resource=None):
                super().__init__()
                self.resource = _resource(resource)

            @property
            def checkpoint(self):
                """For ``ckpt_path``; None at the trial's first start."""
                return saved("last.ckpt")

            def on_train_epoch_end(self, trainer, pl_module):
                if trainer.is_global_zero:
                    _begin_saving("last.ckpt")
                trainer.strategy.barrier()
                # All processes of a trial take part in it.
                trainer.save_checkpoint(_place("last.ckpt", ".new."))
                if trainer.is_global_zero:
                    _finish_saving("last.ckpt")
                    _report_metrics(self.resource, trainer.current_epoch + 1, trainer.callback_metrics)

        return LightningCallback


    def _make_hugging_face_callback():
        from transformers import TrainerCallback

        class HuggingFaceCallback(TrainerCallback):
            """For Hugging Face's Trainer: reports each evaluation once the checkpoint after it is saved.

                callback = pasha.HuggingFaceCallback()
                arguments = TrainingArguments(
                    pasha.checkpoint_dir(), eval_strategy="epoch", save_strategy="epoch", save_total_limit=1, ...)
                trainer = Trainer(model, arguments, callbacks=[callback], ...)
                trainer.train(resume_from_checkpoint=callback.checkpoint)

            ``resource``: the key of the resource in reports; default: the run's ``resource_attr``, else ``epoch``. With
            ``epoch`` or ``epochs`` it is the Trainer's epoch, rounded, else its step.
            """

            def __init__(self, resource=None):
                self.resource = _resource(resource)
                self.metrics = None

            @property
            def checkpoint(self):
                """For ``resume_from_checkpoint``: the newest ``checkpoint-N`` that is whole; None without one."""
                found = []
                folder = checkpoint_dir()
                for name in os.listdir(folder):
                    # The Trainer writes its state last.
                    if re.fullmatch("checkpoint-[0-9]+", name) and _is_json(os.path.join(folder, name, "trainer_state.json")):
                        found.append((int(name.rpartition("-")[2]), os.path.join(folder, name)))
                return max(found)[1] if found else None

            def on_evaluate(self, args, state, control, metrics=None, **kwargs):
                self.metrics = metrics or {}
                if not control.should_save:
                    self._report(state)

            def on_save(self, args, state, control, **kwargs):
                if self.metrics is not None:
                    self._report(state)

            def _report(self, state):
                metrics, self.metrics = self.metrics, None
                if state.is_world_process_zero:
                    is_epoch = self.resource in ("epoch", "epochs")
                    _report_metrics(self.resource, round(state.epoch or 0) if is_epoch else state.global_step, metrics)

        return HuggingFaceCallback


    def _is_json(path):
        try:
            with open(path, encoding="utf-8") as file:
                json.load(file)
            return True
        except (OSError, ValueError):
            return False


    def _make_keras_callback():
        from keras.callbacks import Callback

        class KerasCallback(Callback):
            """For Keras: after each epoch saves the model with its optimizer and the epoch, and reports what Keras logs.

                callback = pasha.KerasCallback()
                model = keras.models.load_model(callback.checkpoint) if callback.checkpoint else build()
                model.fit(..., initial_epoch=callback.epoch, epochs=settings["epochs"], callbacks=[callback])

            ``resource``: the key of the epochs in reports; default: the run's ``resource_attr``, else ``epoch``.
            """

            def __init__(self, resource=None):
                super().__init__()
                self.resource = _resource(resource)

            @property
            def checkpoint(self):
                """The saved model, for ``keras.models.load_model``; None at the trial's first start."""
                folder = saved("keras")
                return folder and os.path.join(folder, "model.keras")

            @property
            def epoch(self):
                """Epochs that the saved model has been trained, for ``initial_epoch``."""
                folder = saved("keras")
                if folder is None:
                    return 0
                with open(os.path.join(folder, "epoch"), encoding="utf-8") as file:
                    return int(file.read())

            def on_epoch_end(self, epoch, logs=None):
                with saving("keras") as folder:
                    os.mkdir(folder)
                    self.model.save(os.path.join(folder, "model.keras"))
                    with open(os.path.join(folder, "epoch"), "w", encoding="utf-8") as file:
                        file.write(str(epoch + 1))
                _report_metrics(self.resource, epoch + 1, logs or {})

        return KerasCallback


    _CALLBACKS = {
        "LightningCallback": _make_lightning_callback,
        "HuggingFaceCallback": _make_hugging_face_callback,
        "KerasCallback": _make_keras_callback,
    }

    _lock = threading.RLock()
    _reporter = _Reporter()

    """#
}
