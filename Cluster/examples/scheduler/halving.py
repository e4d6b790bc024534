"""Successive halving in a few lines: at 3, 9 and 27 epochs the best third so far goes on.

pasha starts it and speaks with it in JSON lines; Docs/scheduler-protocol.md says how. The trials and their values are all
it keeps, and all of that comes from what it is told: after a restart it is told everything again.
"""

import json
import sys

values, promoted = {}, set()  # values[milestone][trial]; (trial, milestone)

for line in sys.stdin:
    message = json.loads(line)
    if message["event"] == "hello":
        sign = 1 if message["mode"] == "min" else -1
        rungs = [rung for rung in message["options"]["rungs"] if rung < message["max_t"]] + [message["max_t"]]
    elif message["event"] == "report" and message["resource"] in rungs[:-1]:
        values.setdefault(message["resource"], {})[message["trial"]] = sign * message["value"]
    elif message["event"] == "ended" and message["how"] in ("failed", "stopped"):
        promoted.update((message["trial"], rung) for rung in rungs)
    elif message["event"] == "decided" and "promote" in message:
        promoted.add((message["promote"], rungs[rungs.index(message["milestone"]) - 1]))
    elif message["event"] == "suggest":
        answer = {"start": {"milestone": rungs[0]}}
        for rung, higher in zip(rungs, rungs[1:]):
            ranked = sorted(values.get(rung, {}), key=values.get(rung, {}).get)
            for trial in ranked[: len(ranked) // 3]:
                if (trial, rung) not in promoted:
                    answer = {"promote": trial, "milestone": higher}
        print(json.dumps(answer), flush=True)
