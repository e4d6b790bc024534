import pasha
import torch
from sklearn.datasets import load_digits
from torch import nn

settings = pasha.config()
torch.manual_seed(0)
images, digits = load_digits(return_X_y=True)
images = torch.tensor(images, dtype=torch.float32) / 16
digits = torch.tensor(digits)
train, valid = torch.randperm(len(images)).split([1400, len(images) - 1400])

device = "cuda" if torch.cuda.is_available() else "cpu"  # pasha shows a trial the GPUs of its slot alone
images, digits = images.to(device), digits.to(device)
model = nn.Sequential(nn.Linear(64, settings["hidden"]), nn.ReLU(), nn.Linear(settings["hidden"], 10)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=settings["lr"])
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings["epochs"])

epoch = 0
path = pasha.saved("state.pt")
if path:
    state = torch.load(path, map_location=device)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    epoch = state["epoch"]

for epoch in range(epoch + 1, settings["epochs"] + 1):
    torch.manual_seed(epoch)  # an epoch's order depends on the epoch alone, however often training is resumed
    model.train()
    for batch in train[torch.randperm(len(train))].split(32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[batch]), digits[batch]).backward()
        optimizer.step()
    scheduler.step()

    model.eval()
    with torch.no_grad():
        output = model(images[valid])
    with pasha.saving("state.pt") as path:
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "epoch": epoch,
            },
            path,
        )
    pasha.report(
        epoch=epoch,
        val_loss=nn.functional.cross_entropy(output, digits[valid]),
        val_accuracy=(output.argmax(1) == digits[valid]).float().mean(),
    )
