"""A script for Syne Tune in the way of its height example: reports, has no checkpoint, and begins at 1 each time."""

import argparse
import time

from syne_tune import Reporter

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--sleep", type=float, default=0.05)
    args, _ = parser.parse_known_args()

    report = Reporter()
    for epoch in range(1, args.epochs + 1):
        report(epoch=epoch, loss=abs(args.lr - 0.01) + 1 / epoch)
        time.sleep(args.sleep)
