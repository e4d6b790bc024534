"""What all benchmarks share: figures, tables, load, processes."""

import contextlib
import os
import sys
import time


def say(text):
    print("    " + text, file=sys.stderr, flush=True)


def load():
    """The load averages, as they are to be printed with every figure."""
    return "load average %.2f, %.2f, %.2f at %s UTC" % (*os.getloadavg(), time.strftime("%H:%M:%S", time.gmtime()))


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def median(values):
    upper = quantile(values, 0.5)
    return upper if len(values) % 2 else (upper + sorted(values)[len(values) // 2 - 1]) / 2


def number(value):
    """At three significant digits or as a whole number."""
    if value != value:
        return "–"
    if abs(value) >= 100:
        return "{:,.0f}".format(value)
    return "%.2g" % value if abs(value) < 0.1 else "%.3g" % value


def spread(values):
    """The median, with the range when there is one."""
    if not values:
        return "–"
    middle = number(median(values))
    return middle if len(values) == 1 else "%s (%s–%s)" % (middle, number(min(values)), number(max(values)))


def table(head, rows):
    print("\n| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def hand_over(stamps, workers):
    """Seconds from the end of a trial to the first line of the next: each start after those of the first round is
    matched with the earliest end that was not matched yet."""
    starts = sorted(time for kind, time in stamps if kind == "start")
    ends = sorted(time for kind, time in stamps if kind == "exit")
    return [start - end for start, end in zip(starts[workers:], ends)]


def stamps(path):
    with open(path) as file:
        return [(kind, float(time)) for kind, time in (line.split() for line in file)]


@contextlib.contextmanager
def while_sampling(sample, every=0.1):
    """Calls `sample` from a thread as long as the block runs."""
    import threading

    over = threading.Event()

    def loop():
        while not over.wait(every):
            sample()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Memory:
    """The memory of one process in MiB: resident, with its share of what others map too, and what is its own alone."""

    def __init__(self, pid):
        self.resident = self.proportional = self.private = 0.0
        with open("/proc/%d/status" % pid) as file:
            fields = dict(line.split(":", 1) for line in file)
        self.resident = int(fields["VmRSS"].split()[0]) / 1024
        with open("/proc/%d/smaps_rollup" % pid) as file:
            for line in file:
                words = line.split()
                if words[0] == "Pss:":
                    self.proportional = int(words[1]) / 1024
                if words[0] in ("Private_Clean:", "Private_Dirty:"):
                    self.private += int(words[1]) / 1024


def processes():
    """The command line and the parent of every process."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().decode(errors="replace").split("\0")[:-1]
            with open("/proc/%s/stat" % name) as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        found[int(name)] = (parent, words)
    return found


def descendants(root):
    """All processes below one, as {pid: words of its command line}."""
    everything = processes()
    below, news = {}, {root}
    while news:
        news = {pid for pid, (parent, _) in everything.items() if parent in news}
        below.update({pid: everything[pid][1] for pid in news})
    return below


def processor_seconds(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
