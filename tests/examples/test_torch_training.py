"""The binary networks in PyTorch: their shapes on rows, and that training learns."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra torch)")
pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra compare)")

from networks.torch_training import NETWORKS, VOTERS, accuracy, encode, levels, train, votes  # noqa: E402 - it needs torch

from montecarlo.behaviour import RowErrors  # noqa: E402
from montecarlo.behaviour.images import read_images  # noqa: E402


def test_networks_have_votes_for_every_class_and_learn() -> None:
    images = read_images(None)
    errors = RowErrors(128, 1.3)
    for name, (make, _, published) in NETWORKS.items():
        assert 0 < published < 100
        torch.manual_seed(1)
        network = make(images, errors, 128)
        inputs = encode(images.unseen[:20], levels(images))
        found = votes(network.eval(), inputs, images.classes)
        assert found.shape == (20, 10)
        assert float(found.abs().max()) <= VOTERS * network[-1].parts
        if name == "mlp":
            train(network, images, 2, 1)
            assert accuracy(network, images, np.random.default_rng(1)) > 0.5  # a guess is right in 10 %
