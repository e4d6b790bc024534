# One leg of a trial that does nothing but sleep: stamps its start into a log as its first act, its end as its last.
# It prints the report's line itself, so that the same script serves pasha and Syne Tune and imports nothing large.
import sys, time
STARTED = time.time()
import json

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
log = arguments["--log"]
with open(log, "a") as file:
    file.write("start %.6f\n" % STARTED)
for epoch in range(1, int(arguments["--epochs"]) + 1):
    time.sleep(float(arguments["--sleep"]))
    report = {"epoch": epoch, "loss": float(arguments["--x"]) + 1.0 / epoch, "st_worker_timestamp": time.time()}
    print("[tune-metric]: " + json.dumps(report), flush=True)
with open(log, "a") as file:
    file.write("exit %.6f\n" % time.time())
