"""Real runs for the page's tests: made with the real programs, served by the real server.

    python3 real_runs.py BUILD [SCENARIO]      serves one until Enter is pressed

Each is made when it is asked for, in a folder of its own, and stands still once it is as it should be. Those that go on are
served beside their coordinator, the others by `pasha-page`.
"""

import atexit
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from synthetic_run import HOSTILE

# Waits in epoch 2 for ever, or from some trial on at once; the others go through.
SCRIPT = """
import argparse, json, math, os, pathlib, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--metric", default="loss")
parser.add_argument("--waits", default="never")
parser.add_argument("--st_checkpoint_dir")
options, rest = parser.parse_known_args()
trial = int(os.environ["PASHA_TRIAL_ID"])
state = pathlib.Path(options.st_checkpoint_dir or ".") / "epoch"
begin = int(state.read_text()) if state.exists() else 0
print("<img src=x onerror=alert(2)> \\x1b[31mred\\x1b[0m " + " ".join(rest), flush=True)
for epoch in range(begin + 1, 28):
    if options.waits == "second" and epoch == 2 or options.waits.isdigit() and trial >= int(options.waits):
        time.sleep(3600)
    if options.waits == "slow":
        time.sleep(1)
    value = abs(math.log10(options.lr) + 2) + 1 / epoch + 0.3 * math.sin(9 * options.lr) / epoch
    if options.metric != "loss" and trial == 3:
        value = [math.nan, math.inf, -math.inf][epoch % 3]
    if options.metric != "loss" and trial == 4:
        sys.exit("<b onmouseover=alert(3)>no memory</b>")
    state.write_text(str(epoch))
    print("[tune-metric]: " + json.dumps({"epoch": epoch, options.metric: value, "accuracy": 1 / (1 + value)}), flush=True)
"""


class Served:
    """A run with its server."""

    def __init__(self, folder, address, run, coordinator=None, server=None):
        self.folder, self.address, self.run, self.coordinator, self.server = folder, address, run, coordinator, server
        self.token = (pathlib.Path(run) / "page.token").read_text().strip()

    def get(self, path):
        request = urllib.request.Request(f"{self.address}/api/v1/{path}", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    @property
    def deepest(self):
        """The trial that came furthest."""
        rows = self.get("trials?sort=resource&order=desc&limit=1")["rows"]
        return rows[0]["trial"] if rows else None


class RealRuns:
    def __init__(self, build):
        self.build, self.work = pathlib.Path(build).resolve(), pathlib.Path(tempfile.mkdtemp(prefix="page-runs-"))
        self.processes, self.known, self.joined = [], {}, []
        # Whatever becomes of the tests.
        atexit.register(self.close)

    def serve(self, scenario):
        if scenario not in self.known:
            self.known[scenario] = getattr(self, scenario)()
        return self.known[scenario]

    def close(self):
        # Coordinators end their agents; what does not end is killed.
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + 20
        for process in self.processes:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # Trials of agents that joined by hand go on without them, to the end of their lease.
        for served, folder in self.joined:
            self.end(served, "--work-dir", folder)
        shutil.rmtree(self.work, ignore_errors=True)

    # The runs

    def empty(self):
        """Its agent never comes up."""
        agent = self.work / "no-agent"
        agent.write_text("#!/bin/sh\nexec sleep 300\n")
        agent.chmod(0o755)
        return self.start("empty", environment={"PASHA_AGENT": str(agent)})

    def three(self):
        served = self.start("three", arguments="--waits second", limit=3, slots=3)
        return self.until(served, lambda: served.get("run")["totals"]["reports"] >= 3 and self.standing(served, 1))

    def live(self):
        """It goes on."""
        served = self.start("live", arguments="--waits slow", limit=300, slots=2)
        return self.until(served, lambda: served.get("run")["totals"]["reports"] >= 3)

    def lab(self):
        """The last four of 36 trials go on for ever."""
        served = self.start("lab", arguments="--waits 32", limit=36, slots=4)
        return self.until(served, lambda: self.standing(served, 4) and served.get("run")["totals"]["trials"] == 36)

    def finished(self):
        return self.finish("finished", limit=24)

    def guarded(self):
        """Reading takes the token too."""
        return self.finish("guarded", "--guard-reading", limit=8)

    def interrupted(self):
        """Its coordinator was killed, and its agent with the one trial."""
        served = self.start("interrupted", arguments="--waits 0", limit=1, slots=1)
        self.until(served, lambda: self.standing(served, 1))
        served.coordinator.kill()
        self.processes.remove(served.coordinator)
        served.coordinator.wait()
        self.end(served)
        return self.serve_folder(served.folder, served.run)

    def hostile(self):
        """Whatever can be named is markup."""
        quoted = json.dumps(HOSTILE)
        space = f'{{lr: {{type: loguniform, lower: 1.0e-4, upper: 1.0}}, "a<b>c": {{type: choice, values: [{quoted}, "é"]}}}}'
        return self.finish("hostile", limit=12, metric=HOSTILE, space=space, more=["failures: {max_failures: 100}"])

    def synchronous(self):
        return self.finish("synchronous", limit=40, scheduler="name: sync_hyperband, brackets: 2")

    def brackets(self):
        return self.finish("brackets", limit=30, scheduler="name: asha, brackets: 3, rung_system_per_bracket: true")

    def lost(self):
        """Two of three hosts joined by hand: one of them has died, the other one is drained."""
        served = self.start("lost", arguments="--waits second", limit=8, slots=2, cluster=", heartbeat: 500ms, lost_after: 10m")
        for name in ("gpu2", "gpu3.lab.example.org"):
            folder = served.folder / name
            token = self.command(served, "invite").strip()
            process = subprocess.Popen(
                [self.build / "pasha-agent", "--connect", "127.0.0.1", "--name", name, "--slots", "2", "--work-dir", str(folder)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment(served.folder),
                start_new_session=True)
            process.stdin.write(token.encode() + b"\n")
            process.stdin.close()
            self.processes.append(process)
            self.joined.append((served, folder))
        self.until(served, lambda: served.get("run")["hosts"]["busy"] >= 5)
        self.processes[-1].kill()
        self.processes.pop().wait()
        self.end(served, "--work-dir", served.folder / "gpu3.lab.example.org")
        self.command(served, "hosts", "lost", "gpu3.lab.example.org")
        self.command(served, "hosts", "drain", "gpu2")
        return self.until(served, lambda: served.get("run")["hosts"]["troubled"] >= 1 and "lost" in json.dumps(served.get("hosts")))

    def many(self):
        """10,000 trials with their reports, in a journal that the real coordinator's machine wrote in virtual time."""
        folder = self.work / "many" / "scale-2026-11-20-10-00-00-001"
        folder.parent.mkdir()
        facts = os.environ.get("PAGE_FACTS", "250000")
        subprocess.run([self.build / "scale-benchmark", "fill", facts, folder], check=True, stdout=subprocess.DEVNULL)
        return self.serve_folder(folder.parent, folder)

    # How they are made

    def environment(self, folder, more={}):
        return dict(os.environ, PASHA_STATE=str(folder / "state"), PASHA_NO_PAGE="", HOME=str(folder), **more)

    def write(self, name, *, arguments="", metric="loss", space="{lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}, kind: {type: choice, values: [a, b]}}",
              scheduler="name: pasha", limit=24, slots=4, cluster="", more=()):
        folder = self.work / name
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "train.py").write_text(SCRIPT)
        command = json.dumps(["python3", "train.py", "--metric", metric, *arguments.split()])
        file = folder / "cluster.yml"
        file.write_text("\n".join([
            "experiment:", f"  name: {name}", f"  entry_point: {command}", f"  code: {folder}/code", f"  config_space: {space}",
            f"  metric: {json.dumps(metric)}", f"scheduler: {{{scheduler}, max_t: 27, random_seed: 7}}",
            f"stop_criterion: {{max_num_trials_started: {limit}}}", f"cluster: {{slots: {slots}{cluster}}}", *more]) + "\n")
        return folder, file

    def start(self, name, *, environment={}, **given):
        """A run that goes on, with the page that its coordinator has served."""
        folder, file = self.write(name, **given)
        with open(folder / "output", "w") as output:
            coordinator = subprocess.Popen([self.build / "pasha-coord", file], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                           env=self.environment(folder, environment))
        self.processes.append(coordinator)
        end = time.monotonic() + 60
        while not (match := re.search(r"the page of the run: (http://\S+)/\n", (folder / "output").read_text())):
            if time.monotonic() > end or coordinator.poll() is not None:
                raise RuntimeError((folder / "output").read_text())
            time.sleep(0.05)
        return Served(folder, match[1], next((folder / "state/runs").iterdir()), coordinator)

    def finish(self, name, *options, **given):
        """A run that is over."""
        folder, file = self.write(name, **given)
        subprocess.run([self.build / "pasha-coord", file, "--no-page", "--quiet"], check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, env=self.environment(folder))
        return self.serve_folder(folder, next((folder / "state/runs").iterdir()), *options)

    def serve_folder(self, folder, run, *options):
        server = subprocess.Popen([self.build / "pasha-page", run, "--port", "0", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.processes.append(server)
        address = json.loads(server.stdout.readline())["url"].rstrip("/")
        served = Served(folder, address, run, server=server)
        return self.until(served, lambda: served.get("run"), 120)

    def command(self, served, *words):
        return subprocess.run([self.build / "pasha-coord", *words, *(["--run", served.run] if words[0] == "show" else [])], check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=self.environment(served.folder)).stdout

    def end(self, served, *options):
        """Ends what agents of the run left on a host."""
        subprocess.run([self.build / "pasha-agent", "end", "--run", served.run.name, *options], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=60, env=self.environment(served.folder))

    def until(self, served, condition, seconds=60):
        end = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return served
            except OSError:
                # Answers come once the journal has been read.
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"{served.run} did not come to be as it should")
            time.sleep(0.1)

    @staticmethod
    def standing(served, running):
        """Whether so many trials run at least, and nothing has happened for a while."""
        run = served.get("run")
        if run["totals"]["by_status"]["running"] < running:
            return False
        time.sleep(1)
        return served.get("run")["sequence"] == run["sequence"]


def main():
    runs = RealRuns(sys.argv[1])
    try:
        served = runs.serve(sys.argv[2] if len(sys.argv) > 2 else "lab")
        print(f"{served.address}/#token={served.token}", flush=True)
        sys.stdin.readline()
    finally:
        runs.close()


if __name__ == "__main__":
    main()
