"""Opens /dev/stdout anew for each report, which empties the file that its standard output is."""

import json
import time

for epoch in range(1, 10):
    with open("/dev/stdout", "w") as output:
        output.write("[tune-metric]: " + json.dumps({"epoch": epoch, "loss": 1.0 / epoch}) + "\n")
    time.sleep(0.05)
time.sleep(5)
