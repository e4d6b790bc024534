import pasha
import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Classifier(LightningModule):
    def __init__(self, lr, hidden):
        super().__init__()
        self.lr = lr
        self.layers = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def training_step(self, batch):
        images, digits = batch
        return nn.functional.cross_entropy(self.layers(images), digits)

    def validation_step(self, batch):
        images, digits = batch
        output = self.layers(images)
        self.log("val_loss", nn.functional.cross_entropy(output, digits))
        self.log("val_accuracy", (output.argmax(1) == digits).float().mean())

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.lr)


settings = pasha.config()
seed_everything(0)
images, digits = load_digits(return_X_y=True)
data = TensorDataset(torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(digits))
train, valid = random_split(data, [1400, len(data) - 1400])

callback = pasha.LightningCallback()
trainer = Trainer(
    max_epochs=settings["epochs"],
    callbacks=[callback],
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
)
trainer.fit(
    Classifier(settings["lr"], settings["hidden"]),
    DataLoader(train, batch_size=32, shuffle=True),
    DataLoader(valid, batch_size=256),
    ckpt_path=callback.checkpoint,
)
