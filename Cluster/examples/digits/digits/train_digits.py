"""Trains a multilayer perceptron with one hidden layer on the UCI handwritten digits.

Written for pasha: hyperparameters come as --name value, the network is saved after every epoch, each epoch is reported,
and a start that finds a checkpoint goes on from it. The result does not depend on how often training was interrupted.

By hand, with pasha.py in reach:

    PYTHONPATH=../../../python python train_digits.py --lr 0.003 --hidden 64 --activation relu --epochs 9
"""

import argparse
import gzip
import importlib.util
import os
import pathlib

import numpy as np
from pasha import checkpoint_dir, report

CLASSES = 10
BATCH = 32


def load_digits():
    """1,797 images of 8 x 8 pixels as rows of numbers from 0 to 1, and their digits.

    The file comes with scikit-learn. It is read without importing scikit-learn, which would take a second at each
    start of a trial.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None:
        raise SystemExit("scikit-learn is not installed: pip install -r requirements.txt")
    path = pathlib.Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    with gzip.open(path, "rt") as file:
        table = np.array(file.read().replace("\n", ",").rstrip(",").split(","), dtype=np.float64).reshape(-1, 65)
    return table[:, :64] / 16.0, table[:, 64].astype(int)


def split(images, digits):
    """Training, validation and test set: 60, 20 and 20 per cent, the same in every trial."""
    order = np.random.default_rng(2026).permutation(len(images))
    parts = np.split(order, [int(0.6 * len(order)), int(0.8 * len(order))])
    return [(images[part], digits[part]) for part in parts]


class Network:
    """A hidden layer and a softmax output, trained with Adam (Kingma and Ba, ICLR 2015)."""

    def __init__(self, inputs, hidden, activation, seed):
        generator = np.random.default_rng(seed)
        gain = np.sqrt(2.0) if activation == "relu" else 1.0
        self.activation = activation
        self.weights = {
            "w1": generator.normal(0.0, gain / np.sqrt(inputs), (inputs, hidden)),
            "b1": np.zeros(hidden),
            "w2": generator.normal(0.0, 1.0 / np.sqrt(hidden), (hidden, CLASSES)),
            "b2": np.zeros(CLASSES),
        }
        self.mean = {name: np.zeros_like(value) for name, value in self.weights.items()}
        self.square = {name: np.zeros_like(value) for name, value in self.weights.items()}
        self.steps = 0

    def forward(self, images):
        """The hidden layer's output, and the probability of each digit."""
        inner = images @ self.weights["w1"] + self.weights["b1"]
        hidden = np.maximum(inner, 0.0) if self.activation == "relu" else np.tanh(inner)
        scores = hidden @ self.weights["w2"] + self.weights["b2"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, powers / powers.sum(axis=1, keepdims=True)

    def gradients(self, images, digits):
        """The cross-entropy's gradients by backpropagation, and its value."""
        hidden, probabilities = self.forward(images)
        rows = np.arange(len(digits))
        loss = -np.log(probabilities[rows, digits] + 1e-12).mean()
        error = probabilities
        error[rows, digits] -= 1.0
        error /= len(digits)
        slope = (hidden > 0.0) if self.activation == "relu" else 1.0 - hidden**2
        inner_error = (error @ self.weights["w2"].T) * slope
        return {
            "w1": images.T @ inner_error,
            "b1": inner_error.sum(axis=0),
            "w2": hidden.T @ error,
            "b2": error.sum(axis=0),
        }, loss

    def step(self, gradients, lr, decay1=0.9, decay2=0.999):
        self.steps += 1
        rate = lr * np.sqrt(1.0 - decay2**self.steps) / (1.0 - decay1**self.steps)
        for name, gradient in gradients.items():
            self.mean[name] += (1.0 - decay1) * (gradient - self.mean[name])
            self.square[name] += (1.0 - decay2) * (gradient**2 - self.square[name])
            self.weights[name] -= rate * self.mean[name] / (np.sqrt(self.square[name]) + 1e-8)

    def train_epoch(self, images, digits, lr, generator):
        """One pass over the data in a new order; the mean loss."""
        order = generator.permutation(len(images))
        losses = []
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            gradients, loss = self.gradients(images[batch], digits[batch])
            self.step(gradients, lr)
            losses.append(loss)
        return float(np.mean(losses))

    def accuracy(self, images, digits):
        return float((self.forward(images)[1].argmax(axis=1) == digits).mean())

    def save(self, folder, epoch):
        """Writes everything that training needs to go on, with one rename: a reader finds the old file or the new."""
        state = {"epoch": epoch, "steps": self.steps}
        for kind in ("weights", "mean", "square"):
            state.update({f"{kind}.{name}": value for name, value in getattr(self, kind).items()})
        new = folder / "network.npz.new"
        with open(new, "wb") as file:
            np.savez(file, **state)
        os.replace(new, folder / "network.npz")

    def load(self, folder):
        """Goes on from a checkpoint; the last epoch that it holds, 0 without one."""
        path = folder / "network.npz"
        if not path.exists():
            return 0
        with np.load(path) as state:
            self.steps = int(state["steps"])
            for kind in ("weights", "mean", "square"):
                for name in self.weights:
                    getattr(self, kind)[name] = state[f"{kind}.{name}"]
            return int(state["epoch"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--lr", type=float, required=True)
    arguments.add_argument("--hidden", type=int, required=True)
    arguments.add_argument("--activation", choices=["relu", "tanh"], required=True)
    arguments.add_argument("--epochs", type=int, default=81)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--st_checkpoint_dir", default=None)
    options = arguments.parse_args()

    folder = pathlib.Path(options.st_checkpoint_dir or checkpoint_dir() or "checkpoints")
    folder.mkdir(parents=True, exist_ok=True)

    training, validation, test = split(*load_digits())
    network = Network(training[0].shape[1], options.hidden, options.activation, options.seed)
    done = network.load(folder)
    for epoch in range(done + 1, options.epochs + 1):
        # The order of an epoch depends on the epoch alone, so that a resumed training repeats what it would have done.
        generator = np.random.default_rng([options.seed, epoch])
        loss = network.train_epoch(*training, options.lr, generator)
        network.save(folder, epoch)
        report(
            epoch=epoch,
            val_accuracy=network.accuracy(*validation),
            test_accuracy=network.accuracy(*test),
            train_loss=loss,
        )


if __name__ == "__main__":
    main()
