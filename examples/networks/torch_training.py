"""Binary networks of STT-BNN rows in PyTorch: a perceptron and a convolutional one, trained with the rows' errors or without.

Images are compared with grey levels, so that every input of a row is a bit.  The last layer's neurons vote: ``VOTERS`` for each
class.  There is no bias and no batch normalisation: a row compares with half of its cells and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from montecarlo.behaviour import RowErrors
from montecarlo.behaviour.images import Images
from montecarlo.behaviour.torch import RowConv2d, RowLinear, chips

VOTERS = 12  # neurons of a class
BATCH, RATE = 64, 5e-3
SCALE = 0.2  # logits are the votes' sum of +-1 times this
Made = Callable[[Images, RowErrors | None, int], nn.Module]


def levels(images: Images) -> int:
    """Grey levels with which a pixel is compared: two where there are few pixels."""
    return 2 if images.unseen[0].size < 256 else 1


def encode(images: NDArray[np.float64], count: int) -> torch.Tensor:
    """Pixels of 0 to 1, (images, channels, height, width), as +1 and -1: (images, levels x channels, height, width)."""
    found = [np.where(images > (k + 0.5) / count, np.float32(1), np.float32(-1)) for k in range(count)]
    return torch.from_numpy(np.concatenate(found, axis=1))


def perceptron(images: Images, errors: RowErrors | None, cells: int) -> nn.Module:
    """Two hidden layers of 256 neurons."""
    inputs = images.unseen[0].size * levels(images)
    sizes = (inputs, 256, 256, images.classes * VOTERS)
    return nn.Sequential(nn.Flatten(), *(RowLinear(a, b, errors, cells=cells) for a, b in pairwise(sizes)))


def convolutional(images: Images, errors: RowErrors | None, cells: int) -> nn.Module:
    """Three convolutions of 3 x 3, the second and third with stride 2, and a layer of votes."""
    channels, height, width = images.unseen.shape[1:]
    made: list[nn.Module] = []
    filters = (channels * levels(images), 32, 64, 64)
    for number, (before, after) in enumerate(pairwise(filters)):
        stride = 1 if number == 0 else 2
        made.append(RowConv2d(before, after, 3, stride, 1, errors, cells=cells))
        height, width = -(-height // stride), -(-width // stride)
    return nn.Sequential(
        *made, nn.Flatten(), RowLinear(filters[-1] * height * width, images.classes * VOTERS, errors, cells=cells)
    )


NETWORKS: dict[str, tuple[Made, str, float]] = {  # how it is made, what the publication ran, its accuracy in per cent
    "mlp": (perceptron, "MNIST (STT-BNN, JETCAS 2022)", 98.42),
    "cnn": (convolutional, "CIFAR-10 (STT-BNN, JETCAS 2022)", 80.01),
}


def votes(network: nn.Module, inputs: torch.Tensor, classes: int) -> torch.Tensor:
    """(images, classes)"""
    answers: torch.Tensor = network(inputs)
    return answers.reshape(len(inputs), classes, VOTERS, -1).sum(dim=(2, 3))


def train(network: nn.Module, images: Images, epochs: int, seed: int) -> None:
    """Adam on the cross entropy of the votes, the rate falling to 0 by a cosine; latent weights are kept within -1 and 1."""
    torch.manual_seed(seed)
    inputs, labels = encode(images.learn, levels(images)), torch.from_numpy(images.learn_labels)
    adam = torch.optim.Adam(network.parameters(), RATE)
    steps = epochs * (len(inputs) // BATCH)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for first in range(0, len(inputs) - BATCH + 1, BATCH):
            chosen = order[first : first + BATCH]
            found = votes(network, inputs[chosen], images.classes)
            loss = functional.cross_entropy(SCALE * found, labels[chosen])
            adam.zero_grad()
            loss.backward()
            adam.step()
            pace.step()
            with torch.no_grad():
                for values in network.parameters():
                    values.clamp_(-1, 1)


def accuracy(network: nn.Module, images: Images, rng: np.random.Generator | None) -> float:
    """On unseen images, on a chip drawn by ``rng``; None: on ideal rows."""
    network.eval()
    chips(network, rng)
    inputs = encode(images.unseen, levels(images))
    with torch.no_grad():
        found = [votes(network, part, images.classes).argmax(dim=1) for part in inputs.split(100)]
    return float((torch.cat(found).numpy() == images.unseen_labels).mean())
