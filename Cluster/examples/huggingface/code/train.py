import pasha
import torch
from sklearn.datasets import load_digits
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

settings = pasha.config()
images, digits = load_digits(return_X_y=True)
# An image is a sentence of 64 words: its pixels, which have 17 shades.
data = [{"input_ids": image.astype(int), "labels": digit} for image, digit in zip(images, digits)]

# Small and untrained, so that nothing is downloaded; from_pretrained() goes here.
torch.manual_seed(0)
model = BertForSequenceClassification(
    BertConfig(
        vocab_size=17,
        max_position_embeddings=64,
        hidden_size=settings["hidden"],
        intermediate_size=2 * settings["hidden"],
        num_hidden_layers=1,
        num_attention_heads=4,
        num_labels=10,
    )
)

callback = pasha.HuggingFaceCallback()
trainer = Trainer(
    model,
    TrainingArguments(
        pasha.checkpoint_dir(),
        learning_rate=settings["lr"],
        num_train_epochs=settings["epochs"],
        per_device_train_batch_size=32,
        per_device_eval_batch_size=256,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    ),
    train_dataset=data[:1400],
    eval_dataset=data[1400:],
    compute_metrics=lambda result: {"accuracy": (result.predictions.argmax(1) == result.label_ids).mean()},
    callbacks=[callback],
)
trainer.train(resume_from_checkpoint=callback.checkpoint)
