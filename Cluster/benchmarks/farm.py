"""A farm of test hosts (Cluster/farm) and what runs there, seen from outside."""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import time

from measuring import processes
from pasha_run import ROOT

SCRIPT = os.path.join(ROOT, "Cluster", "farm")
PREFIX = "bench"


class Farm:
    def __init__(self, count):
        self.folder = self._run("up", str(count), capture=True).split(" -F ")[1].split("/ssh_config")[0]
        with open(os.path.join(self.folder, "farm.json")) as file:
            described = json.load(file)
        self.hosts = {host["name"]: host for host in described["hosts"]}
        self.names = list(self.hosts)

    def _run(self, *words, capture=False):
        done = subprocess.run(
            [SCRIPT, *words, "--prefix", PREFIX], check=True, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else subprocess.DEVNULL)
        return done.stdout if capture else None

    def down(self):
        self._run("down")

    def cluster(self, names, **more):
        """The `cluster` section of a cluster file for these hosts."""
        config = os.path.join(self.folder, "ssh_config")
        return dict({"hosts": names, "ssh_config": config, "gpus": "none"}, **more)

    def home(self, name):
        """The host's home folder, as it is called here."""
        return self.hosts[name]["home"]

    def forget(self, names, bundle=True):
        """Removes what runs have left on hosts; the agent's bundle too, or all but that."""
        for name in names:
            for entry in glob.glob(os.path.join(self.home(name), ".pasha", "*")):
                if bundle or os.path.basename(entry) != "bundles":
                    shutil.rmtree(entry)

    def in_run(self, name, run, *more):
        """Paths below the folder of a run on a host."""
        return glob.glob(os.path.join(self.home(name), ".pasha", "*", run, *more))

    def pasha_processes(self):
        """The processes of pasha's on all hosts, as {pid: words of the command line}."""
        insides = {os.readlink("/proc/%d/ns/pid" % host["pid"]) for host in self.hosts.values()}
        found = {}
        for pid, (_, words) in processes().items():
            with contextlib.suppress(OSError):
                if os.readlink("/proc/%d/ns/pid" % pid) in insides and any("pasha-agent" in word for word in words[:5]):
                    found[pid] = words
        return found

    def processor_seconds(self):
        """What all processes of all hosts have taken, those that have ended included."""
        insides = {os.readlink("/proc/%d/ns/pid" % host["pid"]) for host in self.hosts.values()}
        total = 0
        for pid in processes():
            with contextlib.suppress(OSError):
                if os.readlink("/proc/%d/ns/pid" % pid) in insides:
                    total += with_children(pid)
        return total

    def idle(self, seconds=30):
        """Waits until no process of pasha's runs on a host."""
        until = time.time() + seconds
        while self.pasha_processes():
            if time.time() > until:
                raise RuntimeError("still there: %s" % self.pasha_processes())
            time.sleep(0.05)


@contextlib.contextmanager
def farm(count):
    made = Farm(count)
    try:
        yield made
    finally:
        made.down()


def with_children(pid):
    """Processor seconds of a process and of those of its children that have ended."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def timed(command):
    begun = time.time()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.time() - begun
