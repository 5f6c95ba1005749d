"""A binary network of the user's, from a file, on STT-BNN rows: accuracy, energy, latency.

The file is a state dict of PyTorch (``torch.save(network.state_dict(), "net.pt")``), an ONNX file (:mod:`.onnx_file`) or a
``.npz`` of numpy.  It holds a matrix (outputs, inputs) of +1 and -1, or of one number with either sign, for each layer in turn.
Layers compute as :class:`montecarlo.behaviour.torch.RowLinear`: a neuron is a row, or several whose answers are added, and takes
its inputs by their sign.
An image is compared with evenly spaced grey levels, as many as the first layer has inputs for; the outputs of the last layer are
neurons that vote, the same number for each class, those of a class beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.arrays import Array, Signs
from montecarlo.behaviour.lookup import operating_point
from montecarlo.behaviour.onnx_file import read_onnx
from montecarlo.behaviour.rows import Model, RowErrors, Rows
from spicekit.errors import UserError
from spicekit.files import checked_regular
from spicekit.table import LookupTable

Build = Callable[[Signs], Rows]


@dataclass(frozen=True)
class BinaryNetwork:
    """Weights of +1 and -1 of each layer, (outputs, inputs)."""

    layers: tuple[Signs, ...]
    cells: int = 128  # of a row

    @property
    def rows(self) -> list[int]:
        """Physical rows of each layer."""
        return [len(weights) * -(-weights.shape[1] // self.cells) for weights in self.layers]

    def encode(self, images: Array) -> Signs:
        """Images (count, channels, height, width) of 0 to 1 as +1 and -1, (count, inputs of the first layer)."""
        flat = images.reshape(len(images), -1)
        inputs, pixels = self.layers[0].shape[1], flat.shape[1]
        if inputs % pixels:
            raise UserError(f"the first layer has {inputs} inputs; images of {pixels} pixels take a multiple of that")
        levels = (np.arange(inputs // pixels) + 0.5) * pixels / inputs
        return np.concatenate([np.where(flat > level, np.float32(1), np.float32(-1)) for level in levels], axis=1)

    def scores(self, inputs: Signs, classes: int, build: Build = Rows) -> Array:
        """Votes for each class, (images, classes), by the rows that ``build`` makes of weights (cells, rows)."""
        if len(self.layers[-1]) % classes:
            raise UserError(
                f"the last layer has {len(self.layers[-1])} outputs; allowed for {classes} classes: a multiple of that"
            )
        values: Array = np.asarray(inputs, dtype=float)
        for weights in self.layers:
            values = self._layer(weights, np.where(values >= 0, np.float32(1), np.float32(-1)), build)
        return np.asarray(values.reshape(len(values), classes, -1).sum(axis=2))

    def accuracy(self, inputs: Signs, labels: NDArray[np.int64], classes: int, build: Build = Rows) -> float:
        """Part of the images that are recognised; the lowest of equal classes wins."""
        return float(np.mean(self.scores(inputs, classes, build).argmax(axis=1) == labels))

    def _layer(self, weights: Signs, values: Signs, build: Build) -> Array:
        parts = -(-weights.shape[1] // self.cells)
        spare = parts * self.cells - weights.shape[1]
        held = np.pad(weights, ((0, 0), (0, spare)), constant_values=1)
        # cells that are left over see +1 and -1 in turn: half of them match
        seen = np.concatenate(
            [values, np.broadcast_to(np.resize([1, -1], spare), (len(values), spare))], axis=1, dtype=np.float32
        )
        total = np.zeros((len(values), len(weights)))
        for part in range(parts):
            cut = slice(part * self.cells, (part + 1) * self.cells)
            total += build(np.ascontiguousarray(held[:, cut].T)).decide(np.ascontiguousarray(seen[:, cut]))
        return total


@dataclass(frozen=True)
class OnRows:
    """What a network does on rows: accuracies are fractions, energy in J and latency in s an image."""

    ideal: float
    chips: Array  # accuracy of each chip
    rows: int
    energy: float
    latency: float


def read_network(path: Path, cells: int = 128) -> BinaryNetwork:
    """The network in a file.  Raises :class:`UserError` that names file and layer."""
    arrays = _arrays(path)
    matrices = {name: values for name, values in arrays.items() if values.ndim > 1}
    for name, values in arrays.items():  # a factor above 0 turns no sign
        added = name.rpartition(".")[2] in ("bias", "running_mean", "running_var")
        if values.ndim == 1 and not np.all(values == 0 if added else values >= 0):
            raise UserError(
                f"{path}: {name} is no matrix, and not 0; a row compares with half of its cells and with nothing else: allowed: "
                "no bias and no normalisation"
            )
    if not matrices:
        raise UserError(f"{path}: holds no matrix of weights")
    layers: list[Signs] = []
    for name, values in matrices.items():
        if values.ndim != 2:
            raise UserError(
                f"{path}: {name} has the shape {values.shape}; allowed: matrices (outputs, inputs). Convolutions: see "
                "montecarlo.behaviour.torch.RowConv2d"
            )
        if not values.size:
            raise UserError(f"{path}: {name} has the shape {values.shape}: it holds no weights")
        sizes = np.unique(np.abs(values))
        if len(sizes) != 1 or not np.isfinite(sizes[0]) or sizes[0] == 0:
            given = ", ".join(f"{value:g}" for value in np.unique(values)[:3])
            raise UserError(
                f"{path}: {name} is not binary: {given}, ... given; allowed: +1 and -1 (of a layer that is trained: its signs)"
            )
        if layers and len(layers[-1]) != values.shape[1]:
            raise UserError(f"{path}: {name} takes {values.shape[1]} inputs; the layer before it has {len(layers[-1])} outputs")
        layers.append(np.sign(values).astype(np.float32))
    return BinaryNetwork(tuple(layers), cells)


def on_rows(
    network: BinaryNetwork,
    table: LookupTable,
    images: Array,
    labels: NDArray[np.int64],
    classes: int,
    *,
    chips: int = 20,
    seed: int = 1,
    model: Model = "fixed",
    **where: Any,
) -> OnRows:
    """The network on ``chips`` chips with the errors of ``table`` at ``where``; layers run one after the other."""
    errors = RowErrors.of(table, n=network.cells, **where)
    place = operating_point(table, n=network.cells, **where)
    energy, latency = (float(table.query(name, **place)) for name in ("energy", "latency"))
    inputs = network.encode(images)

    def on_chip(number: int) -> float:
        rng = np.random.default_rng([seed, number])
        return network.accuracy(inputs, labels, classes, lambda weights: Rows(weights, errors, model, rng))

    ideal = network.accuracy(inputs, labels, classes)
    rows = sum(network.rows)
    return OnRows(ideal, np.array([on_chip(k) for k in range(chips)]), rows, rows * energy, len(network.layers) * latency)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Name -> array, in the order of the file."""
    if not path.is_file():
        raise UserError(f"--model {path}: no such file")
    try:
        if path.suffix == ".npz":
            with np.load(checked_regular(path), allow_pickle=False) as data:
                return {name: _real(data[name]) for name in data.files}
        return read_onnx(path) if path.suffix == ".onnx" else _state(path)
    except UserError:
        raise
    except Exception as error:  # any reader's complaint about the file's content
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path}: no state dict of PyTorch, no .onnx and no .npz: {reason[:200]}") from None


def _real(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind not in "biuf":
        raise ValueError(f"values of type {values.dtype}; allowed: real numbers")
    return np.asarray(values, dtype=float)


def _state(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import torch
    except ImportError:
        raise UserError(f"{path}: a state dict needs PyTorch (pip install 'spicekit-imc[torch]'); a .npz does not") from None
    found = torch.load(checked_regular(path), map_location="cpu", weights_only=True)  # numbers alone, nothing that runs
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise UserError(f"{path}: no state dict: save network.state_dict()")
    return {str(name): _real((value if value.is_complex() else value.double()).numpy()) for name, value in found.items()}


def interval(values: Sequence[float] | Array) -> tuple[float, float]:
    """Mean, and half of Student's 95 % interval of it."""
    from scipy.stats import t

    array = np.asarray(values, dtype=float)
    if len(array) < 2:
        return float(array.mean()), float("nan")
    return float(array.mean()), float(t.ppf(0.975, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
