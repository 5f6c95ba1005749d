"""A small network on codes of weights: whole numbers throughout, and what projecting and training again do."""

from __future__ import annotations

import numpy as np
import pytest

from montecarlo.behaviour.fibbinary import Fibbinary
from montecarlo.behaviour.images import Images, read_images
from montecarlo.behaviour.quantised import Perceptron, Plain, accuracies

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def digits() -> Images:
    return read_images(None)


def test_plain_code_is_every_whole_number() -> None:
    code = Plain(3)
    assert (code.count, code.words.tolist()) == (8, list(range(8)))
    assert code.nearest(np.array([-9.0, -2.4, 0.6, 7.2])).tolist() == [-7, -2, 1, 7]


def test_a_layer_computes_what_multipliers_do() -> None:
    """Its sums are whole numbers of one scale, those of bit-exact products."""
    rng = np.random.default_rng(4)
    code = Fibbinary(4, 2)
    network = Perceptron.drawn(20, 5, 4, rng)
    images = rng.integers(0, 16, (30, 20))
    on_code = network.on(code, images)
    words, scale = on_code.whole(0)
    assert np.all(code.has(words))
    assert np.abs(words).max() == code.words[-1]
    sums = code.products(images, words) * scale / 15 + on_code.biases[0]
    steps = np.clip(np.rint(sums / on_code.step * 15), 0, 15)
    assert np.allclose(on_code.hidden(images), steps * on_code.step / 15)
    assert len(np.unique(on_code.hidden(images))) <= 16


def test_slopes_are_those_of_the_loss() -> None:
    rng = np.random.default_rng(2)
    network = Perceptron.drawn(6, 3, 4, rng)
    images, labels = rng.integers(0, 16, (8, 6)), rng.integers(0, 3, 8)

    def loss() -> float:
        scores = network.scores(images)
        top = scores.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - scores[np.arange(8), labels]))

    slopes = network._slopes(images, labels)
    for value, slope in zip((*network.weights, *network.biases), slopes, strict=True):
        place = tuple(int(k) for k in np.unravel_index(np.abs(slope).argmax(), slope.shape))
        before = loss()
        value[place] += 1e-6
        assert (loss() - before) / 1e-6 == pytest.approx(slope[place], rel=1e-3)
        value[place] -= 1e-6


def test_two_bits_cost_accuracy_that_training_brings_back(digits: Images) -> None:
    found = accuracies(digits, {"strict": Fibbinary(2)}, seeds=3)
    assert found.real.min() > 0.95
    assert found.projected["strict"].mean() < found.real.mean() - 0.05
    assert found.retrained["strict"].mean() > found.projected["strict"].mean() + 0.05
    assert found.retrained["strict"].min() > 0.9
