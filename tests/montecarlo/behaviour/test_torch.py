"""Layers for PyTorch: the same numbers as the numpy classes, gradients straight through, training that knows the errors."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from scipy.stats import kstest

from montecarlo.behaviour import Columns, CountErrors, GateErrors, NeuronErrors, Neurons, Pairs, RowErrors, Rows
from spicekit.errors import UserError

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra torch)")

from montecarlo.behaviour.torch import (  # noqa: E402 - it needs torch
    ColumnLinear,
    Distribution,
    GateConv2d,
    RowConv2d,
    RowLinear,
    SpikingRow,
    chips,
)

DISTANCE = np.arange(-15.5, 16)
SKEWED = RowErrors(16, 2.0, 1.0, (DISTANCE, np.where(DISTANCE > 0, 0.5 * np.exp(-DISTANCE), 0.5 * np.exp(DISTANCE / 2))))
NORMAL = RowErrors(16, 2.0, 1.0)
GATES = GateErrors(np.array([0.8, 0.04, 0.04, 0.04, 0.04, 0.04]))
RNG = np.random.default_rng(1)


def signs(*shape: int) -> np.ndarray:
    return RNG.choice(np.array([-1, 1], dtype=np.float32), shape)


def held(layer: RowLinear | ColumnLinear) -> np.ndarray:
    """Weights of +1 and -1, (inputs, neurons)."""
    return np.where(layer.weight.detach().numpy().T >= 0, np.float32(1), np.float32(-1))


@pytest.mark.parametrize("errors", [None, NORMAL, SKEWED])
@pytest.mark.parametrize("model", ["fixed", "cells"])
def test_a_row_is_a_row(errors: RowErrors | None, model: str) -> None:
    layer = RowLinear(16, 40, errors, model, cells=16).eval()
    layer.chip(np.random.default_rng(3))
    inputs = signs(300, 16)
    expected = Rows(held(layer), errors, model, np.random.default_rng(3))
    assert layer.distances(torch.from_numpy(inputs))[:, 0].detach().numpy() == pytest.approx(expected.distances(inputs), abs=1e-5)
    assert np.array_equal(layer(torch.from_numpy(inputs)).detach().numpy(), expected.decide(inputs))
    layer.chip(None)
    assert np.array_equal(layer(torch.from_numpy(inputs)).detach().numpy(), Rows(held(layer)).decide(inputs))


def test_more_inputs_are_several_rows_and_spare_cells_do_not_matter() -> None:
    layer = RowLinear(42, 7, cells=16)
    assert (layer.parts, layer.rows) == (3, 21)
    inputs = signs(200, 42)
    weights, expected = held(layer), np.zeros((200, 7))
    for first in (0, 16):
        expected += Rows(weights[first : first + 16]).decide(inputs[:, first : first + 16])
    expected += np.where(inputs[:, 32:] @ weights[32:] >= 0, 1, -1)  # 10 cells, of which half are the threshold
    assert np.array_equal(layer(torch.from_numpy(inputs)).detach().numpy(), expected)
    with pytest.raises(UserError, match="41 inputs given; the rows take 42"):
        layer(torch.from_numpy(inputs[:, :41]))


def test_a_convolution_is_rows_at_every_position() -> None:
    layer = RowConv2d(4, 5, 2, stride=2, padding=1, errors=SKEWED).eval()
    layer.chip(np.random.default_rng(3))
    images = signs(3, 4, 6, 6)
    found = layer(torch.from_numpy(images)).detach().numpy()
    assert found.shape == (3, 5, 4, 4)
    edged = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-1)
    rows = Rows(held(layer), SKEWED, "fixed", np.random.default_rng(3))
    for i in range(4):
        for j in range(4):
            seen = edged[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].reshape(3, 16)
            assert np.array_equal(found[:, :, i, j], rows.decide(seen))


@pytest.mark.parametrize("model", ["fixed", "cells"])
def test_rows_of_a_convolution_may_begin_within_a_channel(model: Literal["fixed", "cells"]) -> None:
    """45 places in rows of 16 cells: the first sees a channel and seven places of the next."""
    layer = RowConv2d(5, 3, 3, padding=1, errors=SKEWED, model=model).eval()
    layer.chip(np.random.default_rng(4))
    images = signs(2, 5, 4, 4)
    found = layer(torch.from_numpy(images)).detach().numpy()
    flat = RowLinear(45, 3, SKEWED, model).eval()
    flat.load_state_dict(layer.state_dict())
    flat.chip(np.random.default_rng(4))
    edged = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-1)
    for i in range(4):
        for j in range(4):
            seen = torch.from_numpy(edged[:, :, i : i + 3, j : j + 3].reshape(2, 45))
            assert np.array_equal(found[:, :, i, j], flat(seen).detach().numpy())
    with pytest.raises(UserError, match=r"inputs of shape \(2, 4, 4, 4\) given; allowed: \(batch, 5, height, width\)"):
        layer(torch.from_numpy(images[:, :4]))


def test_columns_count_as_columns_do() -> None:
    counts = np.arange(65)
    errors = CountErrors(np.array([0.0, 0.5, 1.0]), np.stack([-0.1 * counts, 0.0 * counts, 0.12 * counts], axis=1))
    layer = ColumnLinear(150, 6, errors).eval()
    inputs = RNG.integers(0, 2, (50, 150)).astype(np.float32)
    assert np.array_equal(layer(torch.from_numpy(inputs)).detach().numpy(), Columns(held(layer)).sums(inputs))
    layer.chip(np.random.default_rng(3))
    expected = Columns(held(layer), errors, np.random.default_rng(3)).sums(inputs)
    assert np.array_equal(layer(torch.from_numpy(inputs)).detach().numpy(), expected)
    assert not np.array_equal(expected, Columns(held(layer)).sums(inputs))


@pytest.mark.parametrize("bits", [(1, 1), (1, 3), (3, 2)])
def test_pairs_of_cells_are_pairs(bits: tuple[int, int]) -> None:
    layer = GateConv2d(3, 4, 3, padding=1, errors=GATES, bits=bits).eval()
    levels, most = (1 << bits[1]) - 1, (1 << bits[0]) - 1
    whole = RNG.integers(0, levels + 1, (2, 3, 5, 5))
    for rng in (None, 3):
        layer.chip(None if rng is None else np.random.default_rng(rng))
        found = layer(torch.from_numpy(whole / levels).float()).detach().numpy()
        seen = np.pad(whole, ((0, 0), (0, 0), (1, 1), (1, 1)))[:, :, 1:4, 2:5].reshape(2, -1)  # at row 1, column 2
        errors = None if rng is None else GATES
        pairs = Pairs(layer.whole().numpy().T, bits, errors, None if rng is None else np.random.default_rng(rng))
        expected = (2 * pairs.products(seen) - most * seen.sum(axis=1, keepdims=True)) / (most * levels)
        assert found[:, :, 1, 2] == pytest.approx(expected, abs=1e-5)


def test_neurons_spike_as_neurons_do() -> None:
    errors = NeuronErrors(
        row=2.0, step=0.0, bias=(0.5, 1.0), offsets=(np.zeros(1), np.zeros(1), np.full(1, 2.0)), leak=0.01, gain=0.02
    )
    layer = SpikingRow(np.full(30, 20), integrate=2, errors=errors).eval()
    signals = signs(8, 40, 256)
    weights = np.where(layer.weight.detach().numpy() >= 0, np.float32(1), np.float32(-1))[None]
    neurons = Neurons(weights, np.full(30, 20), integrate=2)
    found = layer(torch.from_numpy(signals)).detach().numpy()
    assert np.array_equal(found, neurons.spikes(signals))
    assert 0 < found.mean() < 1
    layer.chip(np.random.default_rng(3))
    expected = neurons.drawn(errors, "cells", np.random.default_rng(3)).spikes(signals)
    # membranes of single precision may fall on the other side of a threshold
    assert np.mean(layer(torch.from_numpy(signals)).detach().numpy() != expected) < 1e-3
    assert np.mean(expected != found) > 0.01


@pytest.mark.parametrize("errors", [NORMAL, SKEWED])
def test_shifts_of_training_are_of_the_distribution(errors: RowErrors) -> None:
    torch.manual_seed(0)
    drawn = Distribution.of_rows(errors).draw((50_000,)).numpy()
    mine = errors.draw(np.random.default_rng(2), (50_000,))
    assert kstest(drawn, mine).statistic < 1.63 * np.sqrt(2 / 50_000)


@pytest.mark.parametrize("model", ["fixed", "cells", "fresh"])
def test_gradients_go_through_and_each_pass_of_training_is_another_chip(model: str) -> None:
    torch.manual_seed(0)
    layer = RowLinear(16, 8, NORMAL, model).train()
    inputs = torch.randn(64, 16, requires_grad=True)
    one = layer(inputs)
    one.sum().backward()
    assert layer.weight.grad is not None
    assert torch.count_nonzero(layer.weight.grad) > 100
    assert torch.count_nonzero(inputs.grad) > 100
    assert not torch.equal(one, layer(inputs))
    layer.eval()
    assert torch.equal(layer(inputs), layer(inputs))


def test_training_learns_with_errors_and_without() -> None:
    """Labels by a teacher of four classes, of which a guess is right in 25 %; the errors are a third of what a row counts."""
    errors = RowErrors(32, 1.0)
    torch.manual_seed(0)
    inputs = torch.sign(torch.randn(600, 32))
    labels = (inputs @ torch.randn(32, 4)).argmax(dim=1)
    for known in (None, errors):
        torch.manual_seed(1)
        network = torch.nn.Sequential(RowLinear(32, 64, known, cells=32), RowLinear(64, 40, known, cells=32))
        adam = torch.optim.Adam(network.parameters(), 0.02)
        for _ in range(60):
            votes = network(inputs).reshape(len(inputs), 4, 10).sum(dim=2)
            loss = torch.nn.functional.cross_entropy(0.2 * votes, labels)
            adam.zero_grad()
            loss.backward()
            adam.step()
        chips(network.eval(), np.random.default_rng(1))
        votes = network(inputs).reshape(len(inputs), 4, 10).sum(dim=2)
        assert float((votes.argmax(dim=1) == labels).float().mean()) > 0.5
