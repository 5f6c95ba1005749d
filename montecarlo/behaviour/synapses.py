"""Weights of a network that learns, held in magnetic cells of two states: finite levels, writes that fail and cost, drift.

A weight is ``cells`` cells of which k hold the parallel state; nominally each counts +1 there and -1 in the other::

    weight = scale / cells x (sum over the cells of what each counts)          cells + 1 levels, scale x (2 k / cells - 1)

Fresh a chip is what each cell counts in either state, fresh a write whether it happens.  A change of a weight becomes whole
levels by a *rule*: ``nearest`` rounds it, ``stochastic`` rounds up or down with the probability that makes the mean right,
``accumulate`` keeps the rest of every weight in a digital register and writes when it has come to a level.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.arrays import Array
from montecarlo.behaviour.lookup import operating_point
from spicekit.errors import UserError
from spicekit.table import LookupTable

Rule = Literal["nearest", "stochastic", "accumulate"]
Towards = Literal["both", "p", "ap"]
DRAWN = 20_000  # cells from which the spread of a table is taken


@dataclass(frozen=True)
class WriteErrors:
    """What a cell of two states deviates by.  SET writes the parallel state, RESET the antiparallel one.

    Deviations are in units of half the nominal difference of both states' read currents.
    """

    sigma_p: float = 0.0  # standard deviation from cell to cell of what the parallel state counts
    sigma_ap: float = 0.0
    correlation: float = 0.0  # of both, of the same cell
    wer_set: float = 0.0  # probability that a write fails
    wer_reset: float = 0.0
    e_set: float = 0.0  # J a write, whether it fails or not
    e_reset: float = 0.0
    disturb: float = 0.0  # probability that a read turns a cell of the state that its current pulls at

    def __post_init__(self) -> None:
        for name in ("wer_set", "wer_reset", "disturb"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} {getattr(self, name):g}: a probability, 0 to 1")
        for name in ("sigma_p", "sigma_ap", "e_set", "e_reset"):
            if not getattr(self, name) >= 0:
                raise UserError(f"{name} {getattr(self, name):g}: 0 or above")
        if not -1 <= self.correlation <= 1:
            raise UserError(f"correlation {self.correlation:g}: -1 to 1")

    @classmethod
    def of(cls, table: LookupTable, pulse: float, **where: Any) -> WriteErrors:
        """From a table of ``spicekit characterize stt-1t1mtj`` at ``where``, for write pulses of ``pulse`` seconds.

        The energy of a write is the table's, of its own ``t_pulse``, in proportion to the pulse: a current that flows while it
        lasts.  Raises :class:`UserError` for another table and for a pulse outside of it.
        """
        for name in ("read_i_p", "set_e_write", "wer_set", "t_pulse"):
            if name not in table.variables:
                raise UserError(f"{table.origin}: no '{name}': give a table of spicekit characterize stt-1t1mtj")
        place = operating_point(table, **where) | {"pulse": pulse}

        def near(name: str) -> dict[str, Any]:
            return {key: place[key] for key in table.variables[name][0] if key in place}

        def at(name: str) -> float:
            return float(table.query(name, **near(name)))

        drawn = table.sample_joint(np.random.default_rng(0), ["read_i_p", "read_i_ap"], size=(DRAWN,), **near("read_i_p"))
        i_p, i_ap = (np.asarray(drawn[name]) for name in ("read_i_p", "read_i_ap"))
        half = (i_p.mean() - i_ap.mean()) / 2
        part = pulse / at("t_pulse")
        return cls(
            sigma_p=float(i_p.std() / half),
            sigma_ap=float(i_ap.std() / half),
            correlation=float(np.corrcoef(i_p, i_ap)[0, 1]),
            wer_set=min(max(at("wer_set"), 0.0), 1.0),
            wer_reset=min(max(at("wer_reset"), 0.0), 1.0),
            e_set=at("set_e_write") * part,
            e_reset=at("reset_e_write") * part,
            disturb=at("read_disturb"),
        )


class Synapses:
    """Weights of ``shape`` in ``cells`` cells each, between -``scale`` and ``scale``.

    ``sets`` and ``resets`` count what was written, ``failed`` what of it did not happen.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        cells: int,
        scale: float,
        errors: WriteErrors,
        rng: np.random.Generator,
        rule: Rule = "stochastic",
    ) -> None:
        if cells < 1:
            raise UserError(f"cells {cells}: at least 1 a weight")
        if not scale > 0:
            raise UserError(f"scale {scale:g}: above 0")
        if rule not in get_args(Rule):
            raise UserError(f"rule '{rule}': allowed: {', '.join(get_args(Rule))}")
        self.cells, self.scale, self.errors, self.rule, self._rng = cells, scale, errors, rule, rng
        every = (*shape, cells)
        common, own = rng.standard_normal((2, *every))
        r = errors.correlation
        self.parallel = 1 + errors.sigma_p * common  # what each cell counts
        self.antiparallel = -1 + errors.sigma_ap * (r * common + np.sqrt(1 - r * r) * own)
        self.state: NDArray[np.bool_] = rng.random(every) < 0.5
        self.rest = np.zeros(shape)  # of the rule that accumulates, in levels
        self.sets = self.resets = self.failed = 0
        self._seen()

    @property
    def level(self) -> NDArray[np.int64]:
        """Cells in the parallel state, of each weight."""
        return self._level.copy()

    @property
    def weights(self) -> Array:
        """What the network sees."""
        return np.asarray(self._sum * (self.scale / self.cells))

    @property
    def energy(self) -> float:
        """J of all writes so far."""
        return self.sets * self.errors.e_set + self.resets * self.errors.e_reset

    def load(self, weights: Array) -> None:
        """Write the levels nearest to ``weights``, cell by cell that has to change, once."""
        levels = np.clip(np.rint((weights / self.scale + 1) * self.cells / 2), 0, self.cells).astype(np.int64)
        self._write(levels - self.level)

    def change(self, by: Array) -> None:
        """Add ``by`` to the weights as far as the rule and the cells do."""
        steps = by * (self.cells / (2 * self.scale))
        if self.rule == "nearest":
            whole = np.rint(steps)
        elif self.rule == "stochastic":
            whole = np.floor(steps + self._rng.random(steps.shape))
        else:
            self.rest += steps
            whole = np.trunc(self.rest)
            self.rest -= whole
        self._write(whole.astype(np.int64))

    def drift(self, probability: float, to: Towards = "both") -> None:
        """Each cell turns with ``probability``: of reads ``1 - (1 - errors.disturb) ** reads``, or of the time that passed.

        ``to``: only cells that are not yet in that state turn, as in reads whose current pulls at one state.
        """
        if not 0 <= probability <= 1:
            raise UserError(f"probability {probability:g}: 0 to 1")
        if to not in get_args(Towards):
            raise UserError(f"to '{to}': allowed: {', '.join(get_args(Towards))}")
        turned = self._rng.binomial(self.state.size, probability) if probability else 0
        if turned:
            places = self._rng.choice(self.state.size, turned, replace=False)
            flat = self.state.reshape(-1)
            flat[places] = ~flat[places] if to == "both" else to == "p"
            self._seen()

    def _write(self, steps: NDArray[np.int64]) -> None:
        """SET or RESET as many cells of each weight as ``steps`` says and as there are, drawn among those in the other state."""
        wanted = np.clip(self._level + steps, 0, self.cells) - self._level
        where = np.nonzero(wanted)
        if not len(where[0]):
            return
        number, state = wanted[where], self.state[where]  # (changed,), (changed, cells)
        up = number[:, None] > 0
        order = np.argsort(self._rng.random(state.shape) + (state == up), axis=-1)  # those to be turned come first
        ranks = np.argsort(order, axis=-1)
        chosen = ranks < np.abs(number)[:, None]
        fails = self._rng.random(state.shape) < np.where(up, self.errors.wer_set, self.errors.wer_reset)
        self.sets += int(np.sum(chosen & up))
        self.resets += int(np.sum(chosen & ~up))
        self.failed += int(np.sum(chosen & fails))
        self.state[where] = state ^ (chosen & ~fails)
        self._seen(where)

    def _seen(self, where: tuple[NDArray[np.intp], ...] | EllipsisType = ...) -> None:
        """Level and sum of the weights there, whose cells have changed."""
        state = self.state[where]
        if where is ...:
            self._level, self._sum = np.zeros(state.shape[:-1], dtype=np.int64), np.zeros(state.shape[:-1])
        self._level[where] = state.sum(axis=-1)
        self._sum[where] = np.where(state, self.parallel[where], self.antiparallel[where]).sum(axis=-1)
