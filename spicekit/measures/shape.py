"""Which parts of a definition are waveforms, lists and numbers, and which definitions are none."""

from __future__ import annotations

from typing import Literal, TypeAlias

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.measures.lists import Differences, Fit, Listed, Mean, Point, Residual, Sum, Taken, Usable
from spicekit.measures.nodes import (
    At,
    Choose,
    Crossing,
    Integral,
    Largest,
    Node,
    Python,
    Reduction,
    Settling,
    Smallest,
    Vector,
)

# what a node's values lie along: the computed points of a transient, so many elements of a list; of a number nothing
Axis: TypeAlias = Literal["time"] | int | None


def axis_of(analysis: Analysis) -> Axis:
    """Of every vector of ``analysis``."""
    if isinstance(analysis, TranAnalysis):
        return "time"
    return None if analysis.inner is None else analysis.points


def axes(x: Node, vectors: Axis) -> frozenset[Literal["time"] | int]:
    """What the values of ``x`` lie along if ``vectors`` is the axis of every vector: nothing, one axis, or several by mistake."""
    if isinstance(x, Vector):
        return frozenset() if vectors is None else frozenset({vectors})
    if isinstance(x, Reduction | Python):
        return frozenset()
    if isinstance(x, Listed | Taken | Fit):
        return frozenset({len(x.terms if isinstance(x, Listed | Fit) else x.order)})
    if isinstance(x, Residual):
        return axes(x.fit.target, vectors)
    nothing: frozenset[Literal["time"] | int] = frozenset()
    found = nothing.union(*(axes(part, vectors) for part in x.parts))
    return frozenset(one if one == "time" else one - 1 for one in found) if isinstance(x, Differences) else found


def axis(x: Node, vectors: Axis) -> Axis:
    """The one axis of ``x``, which is no mistake."""
    return next(iter(axes(x, vectors)), None)


def fault(definition: Node, vectors: Axis) -> str | None:
    """What is wrong with ``definition`` as that of a measure, in words, if ``vectors`` is the axis of every vector; None if
    nothing is."""
    for part in definition.walk():
        wrong = _fault(part, vectors)
        if wrong is not None:
            return wrong
    along = axes(definition, vectors)
    if "time" in along:
        return "it is a waveform; a measure is a number: its value At a time, its Crossing, Integral, Final ..."
    return "it is a list; a measure is a number: its Mean, Largest, Final ..." if along else None


def _fault(x: Node, vectors: Axis) -> str | None:
    """What is wrong with ``x`` itself."""
    name, along = type(x).__name__, axes(x, vectors)
    if len(along) > 1:
        return f"{name} combines {' and '.join(sorted(_words(one) for one in along))}"
    if isinstance(x, Reduction):
        wave = axes(x.wave, vectors)
        timed = isinstance(x, Crossing | Settling | At | Integral) or (isinstance(x, Largest | Smallest) and x.stop is not None)
        if isinstance(x, Point | Sum | Mean | Usable):
            if not wave or "time" in wave:
                return f"{name} needs a list, and is given a {'waveform' if wave else 'number'}"
        elif vectors != "time" and (timed or not wave):
            return f"{name} needs a transient; in DC a vector is already a {'number' if vectors is None else 'list'}"
        elif not wave or (timed and "time" not in wave):
            return f"{name} needs a waveform, and is given a {'list' if wave else 'number'}"
        if any(axes(level, vectors) for level in x.parts if level is not x.wave):
            return f"a level or a time of {name} is a waveform; give a number, as At(wave, time) is one"
    if isinstance(x, Choose) and along:
        return f"Choose selects between numbers, and is given a {'waveform' if 'time' in along else 'list'}"
    if isinstance(x, Listed) and any(axes(term, vectors) for term in x.terms):
        return "a list is made of numbers, and is given a waveform or a list"
    lists = (x.wave,) if isinstance(x, Taken | Differences) else (x.target,) if isinstance(x, Fit) else ()
    if any(not axes(wave, vectors) or "time" in axes(wave, vectors) for wave in lists):
        return f"{name} needs a list"
    return None


def _words(one: Literal["time"] | int) -> str:
    return "a waveform" if one == "time" else f"a list of {one}"
