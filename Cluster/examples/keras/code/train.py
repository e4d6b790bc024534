import keras
import pasha
from sklearn.datasets import load_digits

settings = pasha.config()
keras.utils.set_random_seed(0)
images, digits = load_digits(return_X_y=True)
images = images / 16

callback = pasha.KerasCallback()
if callback.checkpoint:
    model = keras.models.load_model(callback.checkpoint)
else:
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(settings["hidden"], activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(settings["lr"]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
model.fit(
    images[:1400],
    digits[:1400],
    validation_data=(images[1400:], digits[1400:]),
    batch_size=32,
    initial_epoch=callback.epoch,
    epochs=settings["epochs"],
    callbacks=[callback],
    verbose=0,
)
