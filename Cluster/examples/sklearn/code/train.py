import joblib
import numpy
import pasha
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

settings = pasha.config()
images, digits = load_digits(return_X_y=True)
train_x, valid_x, train_y, valid_y = train_test_split(images / 16, digits, random_state=0)

path = pasha.saved("model.joblib")
if path:
    model, done = joblib.load(path)
else:
    model = MLPClassifier(
        hidden_layer_sizes=(settings["hidden"],),
        learning_rate_init=settings["lr"],
        alpha=settings["alpha"],
        random_state=0,
    )
    done = 0

for epoch in range(done + 1, settings["epochs"] + 1):
    model.partial_fit(train_x, train_y, classes=numpy.arange(10))
    with pasha.saving("model.joblib") as path:
        joblib.dump((model, epoch), path)
    pasha.report(epoch=epoch, val_accuracy=model.score(valid_x, valid_y), train_loss=model.loss_)
