"""Comparators that one clock fires and resets, with a latch behind them that holds the decision while they are reset.

Their inputs are PMOS for a common mode in the lower half of the supply, where the clock falls to start, or else NMOS.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Generic, Literal

from typing_extensions import TypeVar

from spicekit.analysis import TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.sensing.comparing import Comparing, ComparingParameters
from spicekit.benches.sensing.source import Sized
from spicekit.parameters import option


class PairParameters(ComparingParameters):
    inputs: Literal["pmos", "nmos"] | None = option(
        None, "type of the input pair; if not given pmos for v_mid below half the supply, nmos above"
    )


K = TypeVar("K", bound=ComparingParameters, default=ComparingParameters, covariant=True)


class Clocked(Comparing[K], Generic[K]):
    """A bench of one clocked comparator and its output latch."""

    latch: ClassVar = ("outp", "outn")
    held: ClassVar = "q"
    noise_dt: ClassVar = 5e-12
    inner: ClassVar[dict[str, str]] = {}  # nodes of the amplifier to be shown beside its outputs, and what they are

    @property
    @abstractmethod
    def rising(self) -> bool:
        """Whether the inputs are NMOS and the clock rises to start."""

    def output_latch(self, side: str, series: str, parallel: str, width: float) -> dict[str, Sized]:
        """Transistors of the latch's gate of one ``side``, two in ``series`` and two in ``parallel``; ``width`` in metres, NMOS
        are twice and PMOS four times as wide."""
        wide, short = {"nmos": width, "pmos": 2 * width}, self.technology.l_min
        found: dict[str, Sized] = {}
        for pin in ("a", "b"):
            found[f"hold{pin}s_{side}"] = (series, 2 * wide[series], short)
            found[f"hold{pin}p_{side}"] = (parallel, 2 * wide[parallel], short)
        return found

    def context(self) -> dict[str, Any]:
        return super().context() | {"rising": self.rising}

    def analysis(self) -> TranAnalysis:
        if self.p.measure == "offset":
            nodes = ("dv", "clock_off", "outp_off", "outn_off", "q_off", *(f"sl_{tag}" for tag in self.cells))
            save: tuple[str, ...] = tuple(f"v({node})" for node in nodes)
            stop = self.t_start + self.comparisons * self.period
        else:
            inner = ("clock", "ref", *self.inner)
            save = (*self.decision_save(), *(f"v({node}_{tag})" for tag in self.amplifiers for node in inner))
            save += self.reference_save()
            stop = self.t_off + self.p.t_recover
        return self.comparison(save, stop)

    def panels(self) -> tuple[Panel, ...]:
        outputs = {"outp": "OUT+", "outn": "OUT-", "q": "Q"}
        if self.p.measure == "offset":
            shown = {f"v({node}_off)": text for node, text in ({"clock": "clock"} | outputs).items()}
            return (Panel("applied", "V", {"v(dv)": "input - v_mid"}), Panel("outputs", "V", shown))
        names = {"in": "", "p": " (P)", "ap": " (AP)"}
        inputs = {f"v(sl_{tag})": f"input{names[tag]}" for tag in self.amplifiers}
        first = next(iter(self.amplifiers))

        def nodes(title: str, shown: dict[str, str]) -> tuple[Panel, ...]:
            return tuple(
                Panel(f"{title}{names[tag]}", "V", {f"v({node}_{tag})": text for node, text in shown.items()})
                for tag in self.amplifiers
            )

        return (
            Panel("inputs", "V", inputs | {f"v(ref_{first})": f"reference{names[first]}"}),
            *(nodes("first stage", {"clock": "clock"} | self.inner) if self.inner else ()),
            *nodes("outputs", outputs if self.inner else {"clock": "clock"} | outputs),
            Panel("supply", "A", {f"i(vdd_{name}_{first})": meaning for name, meaning in self.supplies.items()}),
        )


Q = TypeVar("Q", bound=PairParameters, default=PairParameters, covariant=True)


class ClockedPair(Clocked[Q], Generic[Q]):
    """A clocked comparator whose input pair has its gates on the lines."""

    @property
    def rising(self) -> bool:
        return (self.p.v_mid > self.vdd / 2) if self.p.inputs is None else self.p.inputs == "nmos"
