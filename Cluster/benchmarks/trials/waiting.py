# A trial with pasha.py: at its milestone report() waits for the decision. What report() took is written to a log.
import os
import sys
import time

import pasha

settings = pasha.config()
name = "%s %s" % (os.environ.get("PASHA_TRIAL_ID", "0"), os.environ.get("PASHA_TRIAL_ATTEMPT", "1"))
checkpoint = os.path.join(pasha.checkpoint_dir(), "epoch")
done = int(open(checkpoint).read()) if os.path.exists(checkpoint) else 0


def note(epoch, answer):
    now = time.time()
    with open(settings["log"], "a") as file:
        file.write("%s %d %s %.6f\n" % (name, epoch, answer, now))


for epoch in range(done + 1, settings["epochs"] + 1):
    time.sleep(settings["sleep"])
    with open(checkpoint + ".new", "w") as file:
        file.write(str(epoch))
    os.replace(checkpoint + ".new", checkpoint)
    try:
        pasha.report(epoch=epoch, loss=settings["x"] + 1.0 / epoch)
    except SystemExit:
        note(epoch, "paused")
        sys.exit(0)
    note(epoch, "went_on")
