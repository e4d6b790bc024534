"""A script for Syne Tune in the way of its checkpoint example: reports, then writes the checkpoint in place, and counts
its epochs by the checkpoint."""

import argparse
import json
import logging
import time
from pathlib import Path

from syne_tune import Reporter

report = Reporter()

if __name__ == "__main__":
    logging.getLogger().setLevel(logging.INFO)
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--sleep", type=float, default=0.05)
    parser.add_argument("--st_checkpoint_dir", type=str)
    args, _ = parser.parse_known_args()

    trained = 0
    path = None
    if args.st_checkpoint_dir is not None:
        path = Path(args.st_checkpoint_dir) / "checkpoint.json"
        if path.exists():
            trained = json.loads(path.read_text())["trained"]
            logging.info("resumes after %d epochs", trained)

    for epoch in range(trained + 1, args.epochs + 1):
        trained += 1
        report(epoch=epoch, loss=abs(args.lr - 0.01) + 1 / epoch, trained=trained)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"trained": trained}))
        time.sleep(args.sleep)
