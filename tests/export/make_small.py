"""Writes the two files beside it: small exported networks with torch's own outputs in them, for tests that run without torch."""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here.parents[1] / "packaging" / "python"), str(here)]

import torch  # noqa: E402
from torch import nn  # noqa: E402

import assay_export  # noqa: E402
import networks  # noqa: E402


class Image(nn.Module):
    """Windows, strides, groups, a shortcut, running statistics, and a flattening in PyTorch's order."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4)
        self.deep, self.fc = nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        x = x + torch.tanh(self.deep(x))
        return self.fc(torch.flatten(torch.max_pool2d(x, 3, 2, 1), 1))


class Words(nn.Module):
    """Embeddings of words and places, one layer of nn.TransformerEncoder."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(5, 4), nn.Parameter(torch.zeros(1, 3, 4))
        self.encoder, self.fc = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), nn.Linear(4, 2)

    def forward(self, words):
        return self.fc(self.encoder(self.words(words) + self.places).mean(1))


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(2)
    assay_export.export(networks.lively(Image()), torch.randn(4, 2, 7, 6, generator=generator), here / "image.h5",
                        preprocessing={"scale": 0.5}, training={"loss": nn.CrossEntropyLoss(), "optimizer": "SGD", "learning_rate": 0.1, "weight_decay": 0.002})
    assay_export.export(networks.lively(Words()), torch.randint(0, 5, (4, 3), generator=generator), here / "words.h5")
