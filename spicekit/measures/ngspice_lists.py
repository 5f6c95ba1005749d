"""Lines of a ``.control`` block that define lists, and what needs a loop over one."""

from __future__ import annotations

from typing import Protocol

from spicekit.measures.lists import STATE, VALUE, Fit, Listed, Residual, Scan, Symbol, Taken, Usable
from spicekit.measures.nodes import Node, Number
from spicekit.measures.shape import Axis, axis


class Lines(Protocol):
    """The lines of the block, as far as they are written."""

    lines: list[str]
    along: Axis
    known: dict[Node, str]  # what has a name

    def expression(self, x: Node) -> str:
        """The value of ``x``, for a line."""

    def element(self, x: Node, place: int) -> str:
        """One element of a list."""

    def named(self, x: Node) -> str:
        """The name of ``x``, which it gets if it has none."""

    def fresh(self, kind: str) -> str:
        """A name that nothing has."""


LISTS = (Listed, Taken, Fit, Residual, Scan, Usable)


def define(lines: Lines, x: Node, name: str) -> None:
    """Make ``name`` the value of ``x``, one of :data:`LISTS`."""
    if isinstance(x, Listed):
        _listed(lines, x, name)
    elif isinstance(x, Taken):
        taken = [lines.element(x.wave, place) for place in x.order]
        _filled(lines, name, taken)
    elif isinstance(x, Fit):
        _fit(lines, x, name)
    elif isinstance(x, Residual):
        terms = (f" - {lines.element(x.fit, k)} * {lines.expression(term)}" for k, term in enumerate(x.fit.terms))
        lines.lines.append(f"let {name} = {lines.expression(x.fit.target)}{''.join(terms)}")
    elif isinstance(x, Scan):
        _scan(lines, x, name)
    elif isinstance(x, Usable):
        _usable(lines, x, name)


def _listed(lines: Lines, x: Listed, name: str) -> None:
    numbers = [term.value for term in x.terms if isinstance(term, Number)]
    count = len(x.terms)
    step = numbers[1] - numbers[0] if len(numbers) == count > 2 else 0.0
    if len(numbers) == count > 2 and numbers == [numbers[0] + k * step for k in range(count)]:
        lines.lines.append(f"let {name} = {numbers[0]!r} + vector({count}) * {step!r}")
    else:
        _filled(lines, name, [lines.expression(term) for term in x.terms])


def _filled(lines: Lines, name: str, elements: list[str]) -> None:
    """Make ``name`` the list of ``elements``."""
    if len(elements) == 1:
        lines.lines.append(f"let {name} = {elements[0]}")
        return
    lines.lines.append(f"let {name} = vector({len(elements)})")
    lines.lines += [f"let {name}[{place}] = {element}" for place, element in enumerate(elements)]


def _fit(lines: Lines, x: Fit, name: str) -> None:
    """Each term less what it has of those before it (Gram-Schmidt), then the factors from the last one back."""
    target = lines.named(x.target)
    basis: list[str] = []
    for term in x.terms:
        own = lines.fresh("list")
        lines.lines.append(f"let {own} = {lines.expression(term)} + 0 * {target}")
        lines.lines += [f"let {own} = {own} - {other} * (mean({own} * {other}) / mean({other} * {other}))" for other in basis]
        basis.append(own)
    rest, factor = lines.fresh("list"), lines.fresh("found")
    factors = [f"{name}[{k}]" if len(basis) > 1 else name for k in range(len(basis))]
    lines.lines += [f"let {rest} = {target}", f"let {name} = vector({len(basis)})"]
    for term, own, place in reversed(list(zip(x.terms, basis, factors, strict=True))):
        lines.lines += [
            f"let {factor} = mean({rest} * {own}) / mean({own} * {own})",
            f"let {place} = {factor}",
            f"let {rest} = {rest} - {factor} * {lines.expression(term)}",
        ]


def _scan(lines: Lines, x: Scan, name: str) -> None:
    count = axis(x, lines.along)
    over = [lines.named(each) for each in x.over]
    place, state, value = (lines.fresh(kind) for kind in ("place", "state", "value"))
    items: dict[Node, str] = {Symbol(f"item {k}"): f"{each}[{place}]" if count != 1 else each for k, each in enumerate(over)}
    outside = dict(lines.known)  # what is named in the loop may be another number in every step
    lines.known |= {STATE: state, VALUE: value, **items}
    lines.lines += [f"let {name} = vector({count})", f"let {place} = 0", f"let {state} = 0", f"while {place} lt {count}"]
    lines.lines.append(f"let {value} = {lines.expression(x.value)}")
    lines.lines.append(f"let {name}[{place}] = {value}" if count != 1 else f"let {name} = {value}")
    lines.lines += [f"let {state} = {lines.expression(x.after)}", f"let {place} = {place} + 1", "end"]
    lines.known = outside


def _usable(lines: Lines, x: Usable, name: str) -> None:
    wave, levels = lines.named(x.wave), lines.named(Listed(tuple(Number(level) for level in x.levels)))
    last, away = lines.fresh("place"), lines.fresh("found")
    line = f"({wave} - {wave}[0]) / ({wave}[{last}] - {wave}[0]) * ({levels}[{last}] - {levels}[0]) - ({levels} - {levels}[0])"
    lines.lines += [
        f"let {name} = {levels}[0]",
        f"let {last} = 1",
        f"while {last} lt {len(x.levels)}",
        f"let {away} = vecmax(abs({line}) * ({levels} le {levels}[{last}]))",
        f"if {away} lt {x.limit!r}",
        f"let {name} = {levels}[{last}]",
        "end",
        f"let {last} = {last} + 1",
        "end",
    ]
