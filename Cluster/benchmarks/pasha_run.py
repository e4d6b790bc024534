"""Runs pasha on a cluster file made here, and reads what its journal says."""

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TRIALS = os.path.join(HERE, "trials")
ROOT = os.path.dirname(os.path.dirname(HERE))


class Pasha:
    """The release binaries, with a state folder for the benchmarks alone."""

    def __init__(self, binaries, folder):
        self.binaries = binaries
        self.coordinator = os.path.join(binaries, "pasha-coord")
        self.scheduling = os.path.join(binaries, "scheduling-benchmark")
        self.folder = folder
        self.environment = dict(os.environ, PASHA_STATE=os.path.join(folder, "state"), PASHA_NO_PAGE="1")
        self.count = 0

    def prepare(self, entry_point, space, scheduler, stop, slots, extra="", cluster=None):
        """Writes a cluster file; scripts of `trials` are its code. Gives its path and the path of a fresh log.

        With `cluster`, the hosts to use, a script is told to write its log into its own working directory."""
        self.count += 1
        home = os.path.join(self.folder, "b%d" % self.count)
        os.makedirs(home)
        shutil.copytree(TRIALS, os.path.join(home, "code"))
        # In a folder of its own: trials may write where they are allowed to alone.
        logs = os.path.join(home, "logs")
        os.makedirs(logs)
        log = os.path.join(logs, "log")
        open(log, "w").close()
        lines = ["experiment:", "  name: b%d" % self.count, "  code: ./code"]
        lines += ["  entry_point: " + json.dumps(entry_point), "  config_space:"]
        space = dict(space, log="log" if cluster else log)
        lines += ["    %s: %s" % (key, json.dumps(value)) for key, value in space.items()]
        lines += ["  metric: loss", "  resource_attr: epoch"]
        if extra:
            lines += ["  " + extra]
        lines += ["scheduler: " + json.dumps(scheduler), "stop_criterion: " + json.dumps(stop)]
        cluster = dict(cluster) if cluster else {"work_dir": os.path.join(home, "work"), "sandbox": {"writable": [logs]}}
        lines += ["cluster: " + json.dumps(dict(cluster, slots=slots))]
        path = os.path.join(home, "cluster.yml")
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        return path, log

    def start(self, path):
        return subprocess.Popen(
            [self.coordinator, "run", "--quiet", "--json", path], env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def run_folder(self, path):
        """The folder of the run of a cluster file, once its coordinator can be asked."""
        name = os.path.basename(os.path.dirname(path))
        runs = os.path.join(self.environment["PASHA_STATE"], "runs")
        for _ in range(1000):
            for run in os.listdir(runs) if os.path.isdir(runs) else []:
                folder = os.path.join(runs, run)
                if run.startswith(name + "-") and os.path.exists(os.path.join(folder, "control.sock")):
                    return folder
            time.sleep(0.01)
        raise RuntimeError("the coordinator of %s does not come up" % path)

    def finish(self, process):
        """The summary of a run; an error when it failed."""
        output, errors = process.communicate()
        if process.returncode != 0:
            raise RuntimeError("pasha-coord ended with %d: %s" % (process.returncode, errors.decode()))
        return json.loads(output)

    def run(self, path):
        """Runs to the end; the summary and the seconds it took."""
        begun = time.time()
        summary = self.finish(self.start(path))
        return summary, time.time() - begun

    def journal(self, run):
        return os.path.join(self.environment["PASHA_STATE"], "runs", run, "journal.sqlite")

    def ask(self, *arguments):
        """Seconds that a command took."""
        begun = time.time()
        subprocess.run([self.coordinator, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)
        return time.time() - begun


class Fact:
    def __init__(self, row):
        self.sequence, wall, self.kind, payload = row
        # Seconds since 1970, as time.time() gives them.
        self.time = wall / 1e6
        self.payload = payload


def facts(journal):
    connection = sqlite3.connect("file:%s?mode=ro" % journal, uri=True)
    try:
        return [Fact(row) for row in connection.execute("SELECT seq, wall_us, kind, payload FROM facts ORDER BY seq")]
    finally:
        connection.close()


class Report:
    """A fact of the kind report_received."""

    def __init__(self, fact):
        message = content(fact)
        self.received = fact.time
        self.attempt = attempt(message)
        self.resource = zigzag(message[4][0]) if 4 in message else None
        self.read = message[3][0] / 1e6 if 3 in message else None
        self.printed = None
        for field in message.get(6, []):
            entry = fields(field)
            if entry[1][0] == b"st_worker_timestamp" and 5 in entry:
                self.printed = struct.unpack("<d", entry[5][0])[0]


def content(fact):
    """What the fact holds: the one field of the outer message."""
    outer = fields(fact.payload)
    return fields(next(iter(outer.values()))[0])


def attempt(message):
    inner = fields(message[1][0])
    return inner.get(1, [0])[0], inner.get(2, [0])[0]


def fields(data):
    """The fields of a protobuf message by number, each with its values as they stand there."""
    found, place = {}, 0
    while place < len(data):
        key, place = varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = varint(data, place)
        elif kind == 1:
            value, place = data[place : place + 8], place + 8
        elif kind == 2:
            size, place = varint(data, place)
            value, place = data[place : place + size], place + size
        else:
            value, place = data[place : place + 4], place + 4
        found.setdefault(key >> 3, []).append(value)
    return found


def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        shift += 7
        if byte < 0x80:
            return value, place


def zigzag(value):
    return (value >> 1) ^ -(value & 1)
