"""Every trial runs to max_t, but for those that did not improve for some epochs: they are stopped."""

import json
import sys

best, since = {}, {}

for line in sys.stdin:
    message = json.loads(line)
    if message["event"] == "hello":
        sign = 1 if message["mode"] == "min" else -1
        patience = message["options"].get("patience", 3)
    elif message["event"] == "report":
        trial, value = message["trial"], sign * message["value"]
        if trial not in best or value < best[trial]:
            best[trial], since[trial] = value, message["resource"]
        elif message["resource"] - since[trial] >= patience:
            print(json.dumps({"stop": trial}), flush=True)
    elif message["event"] == "suggest":
        print(json.dumps({"start": {}}), flush=True)
