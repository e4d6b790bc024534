# A trial with a checkpoint of --megabytes MiB of random bytes, written before its first report and deleted at its second
# epoch. A trial without one waits for a file `go` in its working directory before it reports.
import os
import sys
import time

import pasha

settings = pasha.config()
checkpoint = os.path.join(pasha.checkpoint_dir(), "large")
size = settings["megabytes"] << 20 if settings["x"] < 0.5 else 0
started = time.time()
begins = 1
if os.path.exists(checkpoint):
    begins = 2
    if os.path.getsize(checkpoint) != size:
        sys.exit("the checkpoint has %d bytes, not %d" % (os.path.getsize(checkpoint), size))
    os.remove(checkpoint)
elif size:
    with open(checkpoint + ".new", "wb") as file:
        for _ in range(settings["megabytes"]):
            file.write(os.urandom(1 << 20))
    os.replace(checkpoint + ".new", checkpoint)
else:
    while not os.path.exists("go"):
        time.sleep(0.02)
for epoch in range(begins, 3):
    pasha.report(epoch=epoch, loss=settings["x"] + 1.0 / epoch, started=started)
