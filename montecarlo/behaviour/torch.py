"""Layers for PyTorch that compute as the circuits do, errors included: drop-in for those of ``torch.nn`` (extra ``torch``).

============== ===================== ===========================================================================
layer          in place of           a neuron is
============== ===================== ===========================================================================
RowLinear      ``nn.Linear``         rows of N XNOR cells, each of which answers +1 or -1 (:mod:`.rows`)
RowConv2d      ``nn.Conv2d``         the same; a row is used at every position
ColumnLinear   ``nn.Linear``         columns of 64 cells, whose counts are added (:mod:`.counts`)
GateConv2d     ``nn.Conv2d``         pairs of cells that AND bit planes of whole numbers (:mod:`.gates`)
SpikingRow     a spiking layer       a row of 288 synapses with an integrate-and-fire neuron (:mod:`.neurons`)
============== ===================== ===========================================================================

A layer has latent weights; what the cells hold is made of them in each pass, and gradients go straight through (Bengio et al.,
arXiv:1308.3432; Hubara et al., NIPS 2016).  Its *chip* is drawn by ``layer.chip(rng)``, or of a whole network by
:func:`chips`: mismatch of its own, which stays until the next call, the same as that of the numpy classes with the same
generator.  ``layer.train()`` with errors draws a chip in every pass instead: training that knows the errors.  Without errors,
and after ``chips(network, None)``, all is whole numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from montecarlo.behaviour.counts import CELLS, Columns, CountErrors
from montecarlo.behaviour.gates import OUTPUTS, GateErrors
from montecarlo.behaviour.neurons import HIGH, LOW, RHO, SIGNALS, SYNAPSES, NeuronErrors, Neurons
from montecarlo.behaviour.rows import Model, RowErrors, Rows
from spicekit.errors import UserError

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    raise UserError("montecarlo.behaviour.torch needs PyTorch: pip install 'spicekit-imc[torch]'") from None

LEVELS = 1 << 16  # of the table from which a distribution is drawn


class _Step(torch.autograd.Function):
    """+1 and -1 with a gradient of 1/width within ``width`` of 0."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, above: torch.Tensor, width: float) -> torch.Tensor:
        ctx.save_for_backward(values)
        ctx.width = width
        return torch.where(above, 1.0, -1.0)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (values,) = ctx.saved_tensors
        return gradient * (values.abs() <= ctx.width) / ctx.width, None, None


def binary(values: torch.Tensor) -> torch.Tensor:
    """+1 from 0 upward and -1; the gradient goes through within -1 and 1."""
    found: torch.Tensor = _Step.apply(values, values >= 0, 1.0)
    return found


class Distribution:
    """Numbers with a given inverse distribution function, some 10 to 100 million a second."""

    def __init__(self, inverse: Any) -> None:
        """``inverse(uniform)`` takes and gives arrays of shape (numbers,)."""
        self._table = torch.from_numpy(np.asarray(inverse(np.linspace(0, 1, LEVELS + 1)), dtype=np.float32))

    @classmethod
    def of_rows(cls, errors: RowErrors) -> Distribution:
        """Threshold shifts of rows in cells (:meth:`RowErrors.draw`)."""
        if errors.rates is None:
            from scipy.special import ndtri

            end = 0.5 / LEVELS
            return cls(lambda uniform: errors.sigma_total * ndtri(np.clip(uniform, end, 1 - end)))
        shifts, below = errors.distribution()
        return cls(lambda uniform: np.interp(uniform, below, shifts))

    def draw(self, shape: tuple[int, ...]) -> torch.Tensor:
        """By torch's own generator."""
        place = torch.rand(shape) * LEVELS
        index = place.long().clamp_(max=LEVELS - 1)
        low = self._table[index]
        return torch.lerp(low, self._table[index + 1], place - index)


class CircuitLayer(nn.Module):
    """What the layers have in common: latent weights, and a chip that is drawn."""

    weight: nn.Parameter
    errors: Any

    def chip(self, rng: np.random.Generator | None) -> None:
        """Draw the layer's chip; None: an ideal one."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        return f"{', '.join(map(str, self.weight.shape))}, errors={self.errors is not None}"


def chips(network: nn.Module, rng: np.random.Generator | None) -> None:
    """Draw a chip for every layer of ``network`` in turn; None: ideal ones."""
    for layer in network.modules():
        if isinstance(layer, CircuitLayer):
            layer.chip(rng)


def stored(network: nn.Module) -> dict[str, torch.Tensor]:
    """What the rows of ``network`` hold, +1 and -1, under the names of its state dict: for ``python -m montecarlo.behaviour``."""
    rows = [name for name, layer in network.named_modules() if isinstance(layer, RowLinear)]
    state = network.state_dict()
    return {key: binary(state[key]).sign() for key in (f"{name}.weight".lstrip(".") for name in rows)}


class RowLinear(CircuitLayer):
    """Rows of ``cells`` cells: for ``in_features`` up to that a neuron is one row and answers +1 or -1.

    With more inputs a neuron is several rows, and its answer the sum of theirs.  Cells that are left over in the last one hold
    +1 and see +1 and -1 in turn, so that the threshold stays where half of the cells match.  Inputs are taken by their sign.
    """

    def __init__(
        self, in_features: int, out_features: int, errors: RowErrors | None = None, model: Model = "fixed", cells: int = 128
    ) -> None:
        super().__init__()
        self.cells = errors.n if errors is not None else cells
        self.errors, self.model, self.in_features = errors, model, in_features
        self.parts = -(-in_features // self.cells)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-0.5, 0.5))
        self._spare = self.parts * self.cells - in_features
        self._drawn = None if errors is None else Distribution.of_rows(errors)
        self._rng: np.random.Generator | None = None
        self.register_buffer("shifts", torch.zeros(self.parts, out_features), persistent=False)
        self.register_buffer("gains", None, persistent=False)  # of the cells, (parts, cells, out_features)

    @property
    def rows(self) -> int:
        """Physical rows."""
        return self.parts * len(self.weight)

    def stored(self) -> torch.Tensor:
        """What the cells hold, (parts, cells, out_features)."""
        held = functional.pad(binary(self.weight), (0, self._spare), value=1.0)
        return held.reshape(len(held), self.parts, self.cells).permute(1, 2, 0)

    def chip(self, rng: np.random.Generator | None) -> None:
        self._rng, self.gains = rng, None
        self.shifts = torch.zeros(self.parts, len(self.weight))
        if rng is None or self.errors is None:
            return
        held = self.stored().detach().numpy()
        made = [Rows(part, self.errors, self.model, rng) for part in held]
        self.shifts = torch.from_numpy(np.stack([one.shifts for one in made])).float()
        if self.model == "cells":
            self.gains = torch.from_numpy(np.stack([one.weights / part for one, part in zip(made, held, strict=True)])).float()

    def distances(self, inputs: torch.Tensor) -> torch.Tensor:
        """Of each row from its own threshold, in cells: +1 and -1 of (..., in_features) to (..., parts, out_features)."""
        held, shifts = self.stored(), self.shifts
        fresh = self.training and self.errors is not None
        if fresh and self.model == "cells":
            held = held * (1 + self.errors.sigma_cell * torch.randn_like(held))
            shifts = self.errors.sigma_amplifier * torch.randn_like(shifts)
        elif fresh:
            shifts = self._drawn.draw(tuple(shifts.shape))  # type: ignore[union-attr]
        elif self.gains is not None:
            held = held * self.gains
        sums = self._sums(inputs, held)
        if self._spare:  # what these cells see is the same in every image
            turns = torch.ones(self._spare)
            turns[1::2] = -1
            constant = torch.zeros_like(shifts)
            constant[-1] = turns @ held[-1, -self._spare :]
            sums = sums + constant
        if self.errors is not None and self.model == "fresh" and (self.training or self._rng is not None):
            shifts = self._drawn.draw(tuple(sums.shape))  # type: ignore[union-attr]
        return torch.add(shifts + 0.5, sums, alpha=0.5)

    def _sums(self, inputs: torch.Tensor, held: torch.Tensor) -> torch.Tensor:
        """What the cells that see inputs add up to, (..., parts, out_features), with ``held`` (parts, cells, out_features)."""
        if inputs.shape[-1] != self.in_features:
            raise UserError(f"{inputs.shape[-1]} inputs given; the rows take {self.in_features}")
        seen = inputs.split(self.cells, dim=-1)
        return torch.stack([part @ own[: part.shape[-1]] for part, own in zip(seen, held, strict=True)], dim=-2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.answers(binary(inputs))

    def answers(self, inputs: torch.Tensor) -> torch.Tensor:
        """Of inputs of +1 and -1: the sum over a neuron's rows."""
        distance = self.distances(inputs)
        # straight through within sqrt(2 N) of the sum of +-1, of which distances are half; exactly 0 is none of whole numbers
        answers: torch.Tensor = _Step.apply(distance, distance > 0, (self.cells / 2) ** 0.5)
        return answers.sum(dim=-2)


class RowConv2d(RowLinear):
    """As ``nn.Conv2d``: a row of cells for each filter (or several), used at every position; beyond the edge inputs are -1."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        errors: RowErrors | None = None,
        model: Model = "fixed",
        cells: int = 128,
    ) -> None:
        super().__init__(in_channels * kernel_size**2, out_channels, errors, model, cells)
        self.in_channels, self.kernel_size, self.stride, self.padding = in_channels, kernel_size, stride, padding

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.dim() != 4 or inputs.shape[1] != self.in_channels:
            raise UserError(f"inputs of shape {tuple(inputs.shape)} given; allowed: (batch, {self.in_channels}, height, width)")
        edged = functional.pad(binary(inputs), (self.padding,) * 4, value=-1.0)
        return self.answers(edged).movedim(-1, 1)

    def _sums(self, inputs: torch.Tensor, held: torch.Tensor) -> torch.Tensor:
        """Of images (batch, channels, height, width): (batch, height, width, parts, out_features).

        A part is a convolution with the few channels that its cells see: images are never laid out place by place, which would
        take most of the time.
        """
        places, found = self.kernel_size**2, []
        for part, own in enumerate(held):
            first, last = part * self.cells, min((part + 1) * self.cells, self.in_features)
            channels = slice(first // places, -(-last // places))
            around = (first - channels.start * places, channels.stop * places - last)  # cells of the parts beside it
            weight = functional.pad(own[: last - first].T, around).reshape(len(own.T), -1, self.kernel_size, self.kernel_size)
            found.append(functional.conv2d(inputs[:, channels], weight, stride=self.stride))
        return torch.stack(found, dim=1).movedim((1, 2), (-2, -1))


class ColumnLinear(CircuitLayer):
    """Columns of C3CIM: inputs of 0 and 1 (what is above 1/2), weights of +1 and -1, the sum of w x from columns' counts."""

    def __init__(self, in_features: int, out_features: int, errors: CountErrors | None = None) -> None:
        super().__init__()
        self.errors, self.in_features = errors, in_features
        self.parts = -(-in_features // CELLS)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-0.5, 0.5))
        self.register_buffer("decoded", None, persistent=False)  # (parts, counts, out_features)

    def chip(self, rng: np.random.Generator | None) -> None:
        self.decoded = None
        if rng is not None and self.errors is not None:
            held = binary(self.weight).detach().numpy().T
            self.decoded = torch.from_numpy(np.stack(Columns(held, self.errors, rng).decoded or []))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.shape[-1] != self.in_features:
            raise UserError(f"{inputs.shape[-1]} inputs given; the columns take {self.in_features}")
        seen = (binary(2 * inputs - 1) + 1) / 2
        exact = seen @ binary(self.weight).T
        if self.training and self.errors is not None:
            self.chip(np.random.default_rng(int(torch.randint(1 << 62, ()))))
        if self.decoded is None:
            return exact
        lead, spare = seen.shape[:-1], self.parts * CELLS - self.in_features
        with torch.no_grad():
            cut = functional.pad(seen, (0, spare)).reshape(-1, self.parts, CELLS)
            ones = functional.pad((self.weight >= 0).float(), (0, spare)).reshape(-1, self.parts, CELLS)
            counts = torch.einsum("bpc,opc->bpo", cut, ones).round().long()
            selected = cut.sum(dim=-1).round().long()[..., None]
            read = torch.stack([self.decoded[p].gather(0, counts[:, p]) for p in range(self.parts)], dim=1)
            read = torch.minimum(read.clamp(min=0), selected)
            real = (2 * read - selected).sum(dim=1).reshape(*lead, -1).float()
        return exact + (real - exact).detach()


class GateConv2d(CircuitLayer):
    """As ``nn.Conv2d``, its products bit by bit by pairs of cells: weights and activations as in DoReFa-Net (arXiv:1606.06160).

    ``bits`` is (of a weight, of an activation).  Inputs are cut to 0 and 1; a weight is (2 q - M)/M of a whole q of 0 to M.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        errors: GateErrors | None = None,
        bits: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__()
        self.errors, self.bits = errors, bits
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels * kernel_size**2).uniform_(-0.5, 0.5))
        self.register_buffer("gates", None, persistent=False)  # (input bits, weight bits, places, filters)

    def whole(self) -> torch.Tensor:
        """The weights as unsigned whole numbers, (filters, places)."""
        if self.bits[0] == 1:
            return (self.weight > 0).long()
        squashed = torch.tanh(self.weight)
        return ((squashed / (2 * squashed.abs().max()) + 0.5) * ((1 << self.bits[0]) - 1)).round().long()

    def chip(self, rng: np.random.Generator | None) -> None:
        self.gates = None
        if rng is not None and self.errors is not None:
            shape = (self.bits[1], self.bits[0], self.weight.shape[1], self.weight.shape[0])
            self.gates = torch.from_numpy(self.errors.draw(rng, shape))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.training and self.errors is not None:
            self.chip(np.random.default_rng(int(torch.randint(1 << 62, ()))))
        return _convolved(self._products, inputs, self.kernel_size, self.stride, self.padding, 0.0)

    def _products(self, seen: torch.Tensor) -> torch.Tensor:
        levels, most = (1 << self.bits[1]) - 1, (1 << self.bits[0]) - 1
        passed = seen.clamp(0, 1)
        whole, held = (passed.detach() * levels).round().long(), self.whole()
        activations = passed + (whole / levels - passed).detach()
        latent = self.weight.clamp(-1, 1)
        weights = latent + ((2 * held - most) / most - latent).detach()
        exact = activations @ weights.T
        if self.gates is None:
            return exact
        with torch.no_grad():
            total = torch.zeros_like(exact)
            outputs = torch.from_numpy(OUTPUTS).float()
            for m in range(self.bits[1]):
                bit = ((whole >> m) & 1).float()
                for n in range(self.bits[0]):
                    held_bit = (held.T >> n) & 1
                    at_0, at_1 = (outputs[self.gates[m, n], value, held_bit] for value in (0, 1))
                    total += (bit @ (at_1 - at_0) + at_0.sum(dim=0)) * float(1 << (m + n))
            real = (2 * total - most * whole.sum(dim=-1, keepdim=True)) / (most * levels)
        return exact + (real - exact).detach()


class SpikingRow(CircuitLayer):
    """Rows of 288 synapses with a neuron each: signals of (steps, batch, 256) by their sign, spikes of 0 and 1.

    ``theta`` is the thresholds in matches, (neurons,), which are not trained; no neuron fires in the first ``integrate`` steps.
    A spike's gradient is that of a membrane within ``width`` matches of its threshold.
    """

    width = 24.0

    def __init__(self, theta: Any, integrate: int = 0, errors: NeuronErrors | None = None) -> None:
        super().__init__()
        self.errors, self.integrate = errors, integrate
        self.register_buffer("theta", torch.as_tensor(np.asarray(theta, dtype=np.float32)))
        self.weight = nn.Parameter(torch.empty(SYNAPSES, len(self.theta)).uniform_(-0.5, 0.5))
        self._made: Neurons | None = None

    def chip(self, rng: np.random.Generator | None) -> None:
        self._made = None
        if rng is not None and self.errors is not None:
            held = binary(self.weight).detach().numpy()[None]
            self._made = Neurons(held, self.theta.numpy().astype(np.int64), self.integrate, self.errors, "cells", rng)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        if signals.shape[-1] != SIGNALS:
            raise UserError(f"{signals.shape[-1]} signals given; a row of {SYNAPSES} synapses takes {SIGNALS}")
        if self.training and self.errors is not None:
            self.chip(np.random.default_rng(int(torch.randint(1 << 62, ()))))
        made, held = self._made, binary(self.weight)
        threshold, bias, leak, gain, noise = self.theta, torch.zeros(()), 0.0, 0.0, 0.0
        if made is not None:
            held = held + (torch.from_numpy(made.weights[0]).float() - held).detach()
            threshold, bias = (torch.from_numpy(np.asarray(one, dtype=np.float32)) for one in (made.threshold, made.bias))
            leak, gain, noise = self.errors.leak, self.errors.gain, made.step
        u = torch.zeros(signals.shape[1], len(self.theta))
        found = []
        for step, seen in enumerate(binary(signals)):
            matches = (seen @ held[:SIGNALS] + held[SIGNALS:].sum(dim=0) + SYNAPSES) / 2
            u = (1 - leak) * u + (1 + gain) * (matches - RHO) + bias
            if noise and made is not None and made.rng is not None:
                u = u + torch.from_numpy(noise * made.rng.standard_normal(tuple(u.shape), dtype=np.float32))
            u = u.clamp(LOW, HIGH)
            passed = ((u - threshold) / self.width).clamp(-0.5, 0.5) + 0.5
            fires = (u > threshold) & (step >= self.integrate)
            found.append(passed + (fires.float() - passed).detach())
            u = torch.where(fires, 0.0, u)
        return torch.stack(found)


def _convolved(layer: Any, inputs: torch.Tensor, kernel: int, stride: int, padding: int, beyond: float) -> torch.Tensor:
    """``layer`` of (..., places) at every position of images (batch, channels, height, width)."""
    edged = functional.pad(inputs, (padding,) * 4, value=beyond)
    seen = functional.unfold(edged, kernel, stride=stride).transpose(1, 2)  # batch, positions, places
    rows = (edged.shape[2] - kernel) // stride + 1
    found: torch.Tensor = layer(seen).transpose(1, 2)
    return found.reshape(*found.shape[:2], rows, -1)


__all__ = [
    "CircuitLayer",
    "ColumnLinear",
    "Distribution",
    "GateConv2d",
    "RowConv2d",
    "RowLinear",
    "SpikingRow",
    "binary",
    "chips",
    "stored",
]
