"""Fit of a joint model of variation to measured junctions: what they are, and what can be told of them.

A table has a line a junction: ``r_p`` and ``r_ap`` (ohm), and of these what there is: ``cd`` (the diameter), ``h_c`` (the
coercive field; both in any unit), ``die`` (what devices have in common: a die, a wafer).  In deviations of logarithms,

    ln R_P = ra - 2 cd        TMR = R_AP/R_P - 1        ln H_c = A hk + B cd

R_P alone does not tell RA from the diameter.  What does: a column ``cd``; its standard deviation, if the user knows it; or H_c,
which a size moves by a law of its own, if the card is known: H_c = H_k (1 - r), r^2 = ln(f0 t/ln 2)/Delta (M. P. Sharrock,
J. Appl. Phys. 76, 6413 (1994)), with Delta as H_k d^2 and H_k(d) of the card, so that
cov(ln R_P, ln H_c) = -2 B var(cd) if ra, cd and hk are independent.  Without any of them the whole spread of R_P is called RA's.

Local and global parts by a one-way analysis of variance, unbiased: the mean squares within the dies, and (MS_between -
MS_within)/n0 (S. R. Searle, G. Casella, C. E. McCulloch, Variance Components, 1992).  Intervals of 95 %: chi-squared of the mean
squares (of MS_between alone, for the global part), normal for what comes from a covariance, Fisher's z for correlations.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import stats

from spicekit import inputs
from spicekit.devices.junction import Junction
from spicekit.errors import UserError
from spicekit.waves import Array

COLUMNS = ("r_p", "r_ap", "cd", "h_c", "die")
FEWEST = 10  # junctions
FAR = 8.0  # standard deviations: no normal logarithm is further off
ATTEMPTS = 1e9  # 1/s, the attempt frequency f0
Source = Literal["column", "given", "h_c", "none"]


@dataclass(frozen=True)
class Spread:
    """A standard deviation of a logarithm, with its 95 % interval; ``said``: how it is known if it is not fitted."""

    sigma: float
    low: float
    high: float
    said: str = ""


@dataclass(frozen=True)
class Pair:
    """A correlation coefficient with its 95 % interval."""

    first: str
    second: str
    rho: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Whether 0 is outside."""
        return self.low * self.high > 0


@dataclass
class Fit:
    """What was found: kind -> spread within the dies and from die to die, correlations of each, and what to know of it."""

    file: str
    junctions: int
    dies: int
    geometric_means: dict[str, float]
    source: Source
    local: dict[str, Spread] = field(default_factory=dict)
    overall: dict[str, Spread] = field(default_factory=dict)
    pairs: dict[str, list[Pair]] = field(default_factory=lambda: {"local": [], "global": []})
    notes: list[str] = field(default_factory=list)
    deviations: dict[str, Array] = field(default_factory=dict)  # ln of each column about its mean, for the plot


def read_measured(path: str) -> dict[str, Array]:
    """The columns of a CSV file; ``die`` as numbers from 0.  Raises :class:`UserError` with one line for what is wrong."""
    try:
        text = inputs.read(Path(path)).decode("utf-8-sig")
        rows = [[word.strip() for word in row] for row in csv.reader(io.StringIO(text)) if row and not row[0].startswith("#")]
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: no CSV text: {error}") from None
    names = [name.lower() for name in rows[0]] if rows else []
    if odd := [name for name in names if name not in COLUMNS]:
        raise UserError(f"{path}: column '{odd[0]}' given; allowed: {', '.join(COLUMNS)}")
    if len(set(names)) != len(names):
        raise UserError(f"{path}: a column is given twice")
    if missing := [name for name in COLUMNS[:2] if name not in names]:
        raise UserError(f"{path}: no column '{missing[0]}'; needed: r_p and r_ap (the first line names the columns)")
    if len(rows) - 1 < FEWEST:
        raise UserError(f"{path}: {len(rows) - 1} junctions; at least {FEWEST} are needed")
    found: dict[str, list[float]] = {name: [] for name in names}
    dies: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise UserError(f"{path}: line {number} has {len(row)} values; {len(names)} are named in the first")
        for name, word in zip(names, row, strict=True):
            found[name].append(float(dies.setdefault(word, len(dies))) if name == "die" else _number(path, number, name, word))
    columns = {name: np.array(values) for name, values in found.items()}
    if (low := np.flatnonzero(columns["r_ap"] <= columns["r_p"])).size:
        raise UserError(f"{path}: line {low[0] + 2}: r_ap is not above r_p, so that TMR has no logarithm")
    for name in columns.keys() - {"die"}:
        if np.ptp(columns[name]) == 0:
            raise UserError(f"{path}: column {name}: all values are the same")
    if dies and not 2 <= len(dies) < len(rows) - 1:
        raise UserError(
            f"{path}: column die: {len(dies)} dies of {len(rows) - 1} junctions; needed: 2 or more, with several each"
        )
    return columns


def _number(path: str, line: int, name: str, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise UserError(f"{path}: line {line}: {name} '{word}' given; allowed: a number above 0")
    return value


@dataclass(frozen=True)
class _Parts:
    """Covariances of columns within dies and between them, by analysis of variance."""

    names: list[str]
    within: Array
    between: Array
    square: Array  # mean squares between the dies
    share: float  # n0: junctions a die, of dies as large as each other their number
    inner: int  # degrees of freedom
    outer: int

    def local(self, name: str) -> tuple[float, float, float]:
        """Variance within the dies with its interval."""
        value = float(self.within[self.names.index(name), self.names.index(name)])
        low, high = (value * self.inner / float(stats.chi2.ppf(q, self.inner)) for q in (0.975, 0.025))
        return value, low, high

    def overall(self, name: str) -> tuple[float, float, float]:
        """Variance between the dies with its interval."""
        at = self.names.index(name)
        square, inner = float(self.square[at, at]), float(self.within[at, at])
        low, high = (
            max(square * self.outer / float(stats.chi2.ppf(q, self.outer)) - inner, 0.0) / self.share for q in (0.975, 0.025)
        )
        return float(self.between[at, at]), low, high


def _parts(columns: Mapping[str, Array], die: Array | None) -> _Parts:
    data = np.column_stack(list(columns.values()))
    count, groups = len(data), np.zeros(len(data), int) if die is None else die.astype(int)
    sizes = np.bincount(groups).astype(float)
    means = np.stack([np.bincount(groups, column) / sizes for column in data.T], axis=1)
    inner = count - len(sizes)
    rest = data - means[groups]
    within = rest.T @ rest / inner
    if len(sizes) == 1:
        nothing = np.zeros_like(within)
        return _Parts(list(columns), within, nothing, nothing, 1.0, inner, 0)
    apart = (means - data.mean(axis=0)) * np.sqrt(sizes)[:, None]
    square = apart.T @ apart / (len(sizes) - 1)
    share = (count - float(np.sum(sizes**2)) / count) / (len(sizes) - 1)
    return _Parts(list(columns), within, (square - within) / share, square, share, inner, len(sizes) - 1)


def fit_variation(
    path: str,
    *,
    junction: Junction | None = None,
    cd: float | None = None,
    cd_global: float | None = None,
    dwell: float = 1.0,
) -> Fit:
    """Fit the table in the file ``path``.

    ``cd``, ``cd_global``: relative standard deviations of the diameter, if they are known; ``junction``: the card, for H_c, which
    was measured with ``dwell`` seconds at each field.  Raises :class:`UserError` for a table that is not valid, and for what
    contradicts it.
    """
    table = read_measured(path)
    if "cd" in table and (cd is not None or cd_global is not None):
        raise UserError(f"{path} has a column cd; --cd and --cd-global are for tables without")
    die = table.get("die")
    logs = {"r_p": np.log(table["r_p"]), "tmr": np.log(table["r_ap"] / table["r_p"] - 1)}
    logs |= {name: np.log(table[name]) for name in ("cd", "h_c") if name in table}
    source: Source = "column" if "cd" in table else "given" if cd is not None else "none"
    if source == "none" and "h_c" in table and junction is not None:
        source = "h_c"
    means = {name: math.exp(float(np.mean(x))) for name, x in logs.items()}
    found = Fit(path, len(table["r_p"]), 1 if die is None else int(die.max()) + 1, means, source)
    found.deviations = {name: x - x.mean() for name, x in logs.items()}
    gain, size = _coercivity(path, junction, dwell) if "h_c" in table and junction is not None else (math.nan, math.nan)
    if "cd" in logs:
        known = {"ra": logs["r_p"] + 2 * logs["cd"], "tmr": logs["tmr"], "cd": logs["cd"]}
        if math.isfinite(gain):
            known["hk"] = (logs["h_c"] - size * logs["cd"]) / gain
        _take(found, _parts(known, die), die is not None)
    else:
        parts = _parts({name: logs[name] for name in logs if name != "h_c" or math.isfinite(gain)}, die)
        _take(found, parts, die is not None, ("tmr",))
        fixed = {"local": cd, "global": cd_global}
        for scope in ("local", "global") if die is not None else ("local",):
            _without_diameter(found, parts, scope, fixed[scope], gain, size)
        found.pairs = {"local": [], "global": []}  # of what is not told apart there are none
    if "h_c" not in table and junction is not None:
        found.notes.append("the card (--device) is not used: there is no column h_c")
    if "h_c" in table and junction is None:
        found.notes.append("h_c is not used: its part of Hk takes a card (--device)")
    if source == "none":
        found.notes.append(
            "R_P alone does not tell RA from the diameter: all of its spread is given to ra. Say more by --cd SIGMA, by a column "
            "cd, or by h_c with --device"
        )
    for name, x in found.deviations.items():
        off = np.abs(x - np.median(x)) / max(1.4826 * float(np.median(np.abs(x - np.median(x)))), 1e-12)
        if off.max() > FAR:
            worst = int(off.argmax())
            found.notes.append(
                f"{int(np.sum(off > FAR))} junction(s) with {name} further from the median than {FAR:g} standard deviations of "
                f"the middle half (line {worst + 2}: {off[worst]:.0f}): a short or an open? They make much of the sigmas"
            )
    if die is None:
        found.notes.append("no column die: global and local parts are not told apart, all is local")
    return found


def _coercivity(path: str, junction: Junction, dwell: float) -> tuple[float, float]:
    """(A, B) of ln H_c = A hk + B cd, by Sharrock's law about the card's Delta."""
    k = junction.numbers
    square = math.log(ATTEMPTS * dwell / math.log(2)) / k.delta
    if not 0 < square < 0.8:
        raise UserError(
            f"{path}: h_c: Delta {k.delta:.3g} of the card does not last {dwell:g} s: its coercive field does not tell Hk"
        )
    r = math.sqrt(square)
    gain = 1 + r / (2 * (1 - r))
    return gain, r / (1 - r) - gain * k.hk_size / k.hk


def _take(found: Fit, parts: _Parts, several: bool, names: tuple[str, ...] | None = None) -> None:
    """Spreads and correlations of what the columns are themselves."""
    names = names or tuple(parts.names)
    for name in names:
        found.local[name] = _root(*parts.local(name))
        if several:
            found.overall[name] = _root(*parts.overall(name))
    for scope, matrix, freedom in (("local", parts.within, parts.inner), ("global", parts.between, parts.outer)):
        for i, first in enumerate(parts.names):
            for j, second in enumerate(parts.names[:i]):
                scale = math.sqrt(max(float(matrix[i, i] * matrix[j, j]), 0.0))
                if first in names and second in names and freedom > 3 and scale > 0:
                    rho = float(np.clip(matrix[i, j] / scale, -0.999, 0.999))
                    reach = 1.96 / math.sqrt(freedom - 2)
                    found.pairs[scope].append(
                        Pair(second, first, rho, *(math.tanh(math.atanh(rho) + side * reach) for side in (-1, 1)))
                    )


def _without_diameter(found: Fit, parts: _Parts, scope: str, cd: float | None, gain: float, size: float) -> None:
    """ra, cd and hk of one scope from the moments of ln R_P and ln H_c, with the diameter's spread from elsewhere."""
    spreads = found.local if scope == "local" else found.overall
    variance = parts.local if scope == "local" else parts.overall
    matrix, freedom = (parts.within, parts.inner) if scope == "local" else (parts.between, parts.outer)
    r, r_low, r_high = variance("r_p")
    diameter = low = high = 0.0
    if cd is not None:
        diameter = low = high = math.log1p(cd**2)
        if 4 * diameter > r_high:
            raise UserError(
                f"--cd{'' if scope == 'local' else '-global'} {100 * cd:g} %: R_P would spread by {200 * cd:.3g} % at least; "
                f"it does by {100 * math.sqrt(r):.3g} % in {found.file}"
            )
        spreads["cd"] = Spread(math.sqrt(diameter), math.sqrt(low), math.sqrt(high), "given")
    elif found.source == "h_c":
        at = [parts.names.index(name) for name in ("r_p", "h_c")]
        both = matrix[np.ix_(at, at)]
        error = math.sqrt(max(float(both[0, 0] * both[1, 1] + both[0, 1] ** 2), 0.0) / freedom)
        value, reach = -float(both[0, 1]) / (2 * size), 1.96 * error / abs(2 * size)
        diameter, low, high = max(value, 0.0), max(value - reach, 0.0), max(value + reach, 0.0)
        spreads["cd"] = Spread(math.sqrt(diameter), math.sqrt(low), math.sqrt(high))
        if low == 0:
            found.notes.append(f"{scope}: h_c does not tell that the diameter varies: its interval reaches down to 0")
    elif scope == "local":  # said, so that the card's own spread of the diameter does not come on top of what is called RA's
        spreads["cd"] = Spread(0.0, 0.0, 0.0, "its part is ra's")
    half = math.hypot(r_high - r_low, 4 * (high - low)) / 2
    spreads["ra"] = _root(r - 4 * diameter, r - 4 * diameter - half, r - 4 * diameter + half)
    if not math.isfinite(gain):
        return
    field_, field_low, field_high = variance("h_c")
    rest = (field_ - size**2 * diameter) / gain**2
    half = math.hypot(field_high - field_low, size**2 * (high - low)) / 2 / gain**2
    spreads["hk"] = _root(rest, rest - half, rest + half)


def _root(value: float, low: float, high: float) -> Spread:
    sigma, least, most = (math.sqrt(max(x, 0.0)) for x in (value, low, high))
    return Spread(sigma, least, most)


def as_toml(found: Fit) -> str:
    """The fit as a file for ``--variation``: the sigmas as relative standard deviations of lognormals."""
    name = Path(found.file).name.replace("\\", "/").replace('"', "'")
    lines = [f"# fitted to {found.junctions} junctions of {found.dies} die(s)", f'source = "fitted to {name}"']
    for scope, spreads in (("local", found.local), ("global", found.overall)):
        for kind, one in spreads.items():
            percent = [100 * math.sqrt(math.expm1(x * x)) for x in (one.sigma, one.low, one.high)]
            if percent[0] == 0 and scope == "global":  # nothing varies globally by itself; locally a card's own spread would
                continue
            said = one.said or f"fitted to {name}, 95 % interval {percent[1]:.4g} to {percent[2]:.4g} %"
            lines += [
                "", f"[{scope}.{kind}]", f'sigma = {{value = {percent[0]:.6g}, unit = "%", source = "{said}"}}',
                'distribution = "lognormal"',
            ]  # fmt: skip
    for scope, pairs in found.pairs.items():
        for pair in pairs:
            if pair.significant:
                said = f"fitted to {name}, 95 % interval {pair.low:.3f} to {pair.high:.3f}"
                lines += [
                    "", "[[correlations]]", f'between = ["{pair.first}", "{pair.second}"]', f"rho = {pair.rho:.4f}",
                    f'scope = "{scope}"', f'source = "{said}"',
                ]  # fmt: skip
    return "\n".join(lines) + "\n"


def plot_fit(found: Fit, path: Path) -> Path:
    """Quantiles of the data beside those of the model, a normal of the fitted variance: total deviations of each column."""
    from spicekit.style import COLOURS, new_figure, save

    words = {"r_p": "ln R_P", "tmr": "ln TMR", "cd": "ln diameter", "h_c": "ln H_c"}
    count = len(found.deviations)
    figure = new_figure(4.0 * min(count, 2) + 0.5, 3.6 * -(-count // 2) + 0.6)
    axes = figure.subplots(-(-count // 2), min(count, 2), squeeze=False).ravel()
    for axis, (name, values) in zip(axes, found.deviations.items(), strict=False):
        ordered = np.sort(values)
        normal = stats.norm.ppf((np.arange(len(ordered)) + 0.5) / len(ordered))
        axis.plot(normal, 100 * ordered, ".", ms=3, color=COLOURS[0], label="measured")
        axis.plot(normal, 100 * np.std(values, ddof=1) * normal, color=COLOURS[1], lw=1.2, label="lognormal of this variance")
        axis.set_xlabel("standard normal quantile")
        axis.set_ylabel(f"{words[name]} about its mean (%)")
        axis.set_title(words[name])
        axis.legend()
    for axis in axes[count:]:
        axis.set_axis_off()
    figure.suptitle(f"{Path(found.file).name}: {found.junctions} junctions, {found.dies} die(s), local and global together")
    return save(figure, path)
