import pasha
import xgboost
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

settings = pasha.config()
images, digits = load_digits(return_X_y=True)
train_x, valid_x, train_y, valid_y = train_test_split(images, digits, random_state=0)
train, valid = xgboost.DMatrix(train_x, train_y), xgboost.DMatrix(valid_x, valid_y)

options = {
    "objective": "multi:softprob",
    "num_class": 10,
    "eval_metric": "mlogloss",
    "eta": settings["eta"],
    "max_depth": settings["max_depth"],
    "subsample": settings["subsample"],
    "nthread": 1,
}
booster = xgboost.Booster(options, [train, valid])
path = pasha.saved("model.ubj")
if path:
    booster.load_model(path)

for boosting_round in range(booster.num_boosted_rounds(), settings["rounds"]):
    booster.update(train, boosting_round)
    with pasha.saving("model.ubj") as path:
        booster.save_model(path)
    loss = booster.eval(valid).rpartition(":")[2]
    pasha.report(round=boosting_round + 1, val_loss=float(loss))
