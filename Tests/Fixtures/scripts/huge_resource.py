"""Reports a resource near the largest whole number, then one that is too large to be a whole number."""

import json

for epoch in (9_000_000_000_000_000_000, 1e16):
    print("[tune-metric]: " + json.dumps({"epoch": epoch, "loss": 0.5}), flush=True)
