"""From the finished campaigns of a grid to one labelled dataset, and to the files that hold it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo.records import without_nan
from montecarlo.running.store import Store
from montecarlo.running.subject import Drawn
from montecarlo.statistics import comments
from montecarlo.statistics.improved import LEVELS, improved
from montecarlo.statistics.margins import (
    MarginStatistics,
    circuit_errors,
    clopper_pearson,
    counted,
    mean_and_std,
    quantiles,
)
from spicekit.bench import Margin
from spicekit.beyond import Beyond
from spicekit.errors import SpicekitError
from spicekit.files import write_atomically, write_text
from spicekit.joint_draws import correlation
from spicekit.measures.text import definitions_text
from spicekit.outcome import LOST, SHARE, Outcome, in_words
from spicekit.table import from_dataset
from spicekit.table_layout import CHECKSUM, CORRELATION, PAIR, QUANTILE, QUANTILES, SUPPORT, inner
from spicekit.waves import Array

BEYOND = "_beyond"  # ends the name of the number of trials in which a measure lies beyond its limits; only where there are any
MOST_JOINT = 16  # measures, of which the correlations of all pairs are kept
OWN = ("count", *(f"outcome_{outcome}" for outcome in Outcome))  # every table's, of the trials
IMPROVED = "_improved"  # ends the name of an estimate with a regression as control variate
RATES = ("error_rate", "error_rate_low", "error_rate_high")
MARGIN_FIELDS = ("mean", "worst", "sigma3", "sigma6", "reference", *RATES)  # circuit_ before RATES: the circuit's own reference


def tabulate(
    grid: Mapping[str, Sequence[Any]],
    points: Sequence[tuple[Drawn, Store] | None],
    attributes: Mapping[str, Any],
    measures: Sequence[str] | None = None,
    surrogate: bool = False,
) -> xr.Dataset:
    """The dataset over ``grid`` (parameter -> values); ``points`` are in the order of its product, last parameter fastest.

    A point that is None was not simulated: its counts are 0, all else NaN.

    ``surrogate`` adds the estimates of :mod:`montecarlo.statistics.improved`; NaN where a regression is refused.
    ``attributes`` is the provenance; ``measures`` names those to keep, all if None (margins are always kept).  A measure
    which a point does not have, or of which no trial is ok there, is NaN; so is the mean of one that lies beyond its limits in a
    trial, unless it is an event (see :mod:`spicekit.limits`).
    """
    shape = tuple(len(values) for values in grid.values())
    first = next(point[0] for point in points if point is not None)
    columns: dict[str, NDArray[Any]] = {}
    notes: dict[str, dict[str, str]] = {}  # attributes of each variable
    together: list[str] = []  # pairs of measures of a trial, "i_p i_ap"

    def put(name: str, index: tuple[int, ...], value: Any, unit: str, meaning: str, comment: str = "") -> None:
        if name not in columns:
            if isinstance(value, int):
                columns[name] = np.zeros(shape, dtype=np.int64)
            else:
                columns[name] = np.full((*shape, *np.shape(value)), np.nan)
            notes[name] = {"units": unit, "long_name": meaning} | ({"comment": comment} if comment else {})
        columns[name][index] = value

    for index, point in zip(np.ndindex(*shape), points, strict=True):
        if point is None:
            continue
        campaign, store = point
        many = campaign.trials > 1
        results = store.parts.results()
        outcomes = results["outcome"]
        ok = outcomes == str(Outcome.OK)
        put("count", index, int(np.count_nonzero(ok)), "", "trials that are ok", comments.COUNT)
        for outcome in Outcome:
            put(
                f"outcome_{outcome}",
                index,
                int(np.count_nonzero(outcomes == str(outcome))),
                "",
                f"trials that are {outcome}",
                comments.COUNT,
            )
        values: dict[str, Array] = {}
        spread: dict[str, Array] = {}  # those of which draws are joint, by their names in the table
        units = {}
        definitions = definitions_text(campaign.bench.measures())
        for measure in campaign.bench.measures():
            units[measure.name] = measure.unit
            values[measure.name] = column = results[measure.name][ok]
            if measures is not None and measure.name not in measures:
                continue
            # mtj-iv measures a `tmr` that it may be swept over, c3cim-column a `count`
            taken = measure.name in grid or measure.name in OWN
            name = f"{measure.name}_measured" if taken else measure.name
            mean, std = mean_and_std(counted(measure, column))
            put(
                name,
                index,
                mean,
                measure.unit,
                measure.meaning,
                comments.of_measure(measure, definitions.get(measure.name), many),
            )
            if measure.limits is not None and (beyond := Beyond.of(column).total):
                meaning = f"trials in which {name} lies beyond its limits: {measure.limits.remedy}"
                put(f"{name}{BEYOND}", index, beyond, "", meaning)
            if not many:
                continue
            levels = quantiles(counted(measure, column), QUANTILES)
            if not measure.fraction:
                spread[name] = column
            put(f"{name}_std", index, std, measure.unit, f"standard deviation of {name}", comments.STD)
            put(f"{name}_quantiles", index, levels, measure.unit, f"quantiles of {name}", comments.LEVELS)
            if measure.support is not None:
                for end, bound in zip(SUPPORT, measure.support, strict=True):
                    meaning = f"{end.strip('_')} {name} that what follows in the circuit takes: draws keep to it"
                    put(name + end, index, bound, measure.unit, meaning)
            if measure.fraction:
                low, high = clopper_pearson(int(column.sum()), len(column))
                put(f"{name}_low", index, low, "", f"95 % interval of {name}, lower end", comments.EXACT)
                put(f"{name}_high", index, high, "", f"95 % interval of {name}, upper end", comments.EXACT)
        pairs = list(itertools.combinations(spread, 2)) if len(spread) <= MOST_JOINT else []
        together = together or [" ".join(pair) for pair in pairs]
        if pairs and together == [" ".join(pair) for pair in pairs]:
            scores = np.array([correlation(spread[first], spread[second]) for first, second in pairs])
            meaning = "of two measures of a trial: correlation of their normal scores, for joint draws"
            put(CORRELATION, index, scores, "", meaning, comments.CORRELATED)
        for margin in campaign.bench.margins():
            for field, value in _margin(margin, values, many).items():
                unit = "" if field.endswith(RATES) else units[margin.low]
                meaning = f"{field.replace('_', ' ')} of the margin between {margin.low} and {margin.high}"
                put(f"margin_{margin.name}_{field}", index, value, unit, meaning, comments.of_margin(margin, field))

        if surrogate and many:
            for name, value, unit, meaning in _improved(campaign, store, measures):
                put(name, index, value, unit, meaning)

    dataset = xr.Dataset(attrs={"spicekit": json.dumps(dict(attributes))})
    for name, swept in grid.items():
        said = {"units": parameter_unit(first, name), "long_name": first.bench.Parameters.model_fields[name].description or name}
        dataset = dataset.assign_coords({name: (name, np.asarray(swept), said)})
    if any(name.endswith("_quantiles") for name in columns):
        dataset = dataset.assign_coords({QUANTILE: (QUANTILE, np.asarray(QUANTILES), {"units": "", "long_name": "level"})})
    if CORRELATION in columns:
        named = {"units": "", "long_name": "two measures of a trial"}
        dataset = dataset.assign_coords({PAIR: (PAIR, np.asarray(together), named)})
    for name, column in columns.items():
        further = () if column.ndim == len(shape) else (PAIR,) if name == CORRELATION else (QUANTILE,)
        dataset[name] = ((*grid, *further), column, notes[name])
    return dataset


def _improved(campaign: Drawn, store: Store, measures: Sequence[str] | None) -> Iterator[tuple[str, float, str, str]]:
    """Name, value, unit, meaning of the estimates with a regression, each with the ends of its 95 % interval."""
    found = improved(campaign, store)
    rows: list[tuple[str, str, dict[str, Any]]] = []
    for name, row in found["measures"].items():
        if measures is None or name in measures:
            yield f"{name}_r2", row["r2"], "", f"part of the variance of {name} that the regression predicts, cross-validated"
            ends = {"mean": "", "std": "_std"} | {level: f"_{level}" for level in LEVELS}
            rows += [(name + end, row["unit"], row[key]) for key, end in ends.items()]
    for name, rates in found["margins"].items():
        rows += [(f"margin_{name}_{rate}", "", one) for rate, one in rates.items()]
    for name, unit, one in rows:
        for end, value in zip(("", "_low", "_high"), one["improved"], strict=True):
            side = {"": "", "_low": ", lower end of the 95 % interval", "_high": ", upper end of the 95 % interval"}[end]
            yield f"{name}{IMPROVED}{end}", value, unit, f"{name} with a regression as control variate{side}"


def outcome_counts(dataset: xr.Dataset) -> Counter[Outcome]:
    """Trials of each outcome in a table, or in all parts of a system's."""
    counts: Counter[Outcome] = Counter()
    for name, variable in dataset.data_vars.items():
        for outcome in Outcome:
            if str(name) == f"outcome_{outcome}" or str(name).endswith(f"_outcome_{outcome}"):
                counts[outcome] += int(variable.sum())
    return counts


def check_complete(tables: Mapping[str, xr.Dataset], anyway: bool) -> None:
    """Raise :class:`SpicekitError` if points of ``tables`` (part -> dataset) have lost more than :data:`SHARE` of their trials.

    A mean over those that did not take long is not the point's.  Also if no trial at all is ok.  ``anyway`` lets the former pass.
    """
    counted: Counter[Outcome] = sum((outcome_counts(table) for table in tables.values()), Counter())
    if not counted[Outcome.OK]:
        raise SpicekitError(f"no trial is ok ({in_words(counted)}); no table is written")
    poor = []
    for part, table in tables.items():
        total = np.sum([table[f"outcome_{outcome}"] for outcome in Outcome], axis=0)
        lost = np.sum([table[f"outcome_{outcome}"] for outcome in LOST], axis=0)
        for index in zip(*np.nonzero(lost > SHARE * total), strict=True):
            place = zip(table["outcome_ok"].dims, index, strict=True)
            words = [part] * bool(part) + [f"{name}={table[name].values[k]}" for name, k in place]
            poor.append(f"{' '.join(words)} ({lost[index]} of {total[index]})")
    if poor and not anyway:
        shown = "; ".join(poor[:5]) + (f" and {len(poor) - 5} more" if len(poor) > 5 else "")
        raise SpicekitError(
            f"no table is written: more than {SHARE:.0%} of the trials timed out or crashed at {shown}; "
            "the same command with --retry and a longer --timeout simulates these again"
        )


def _margin(margin: Margin, values: Mapping[str, Array], many: bool) -> dict[str, float]:
    """The fields of a margin at one point.  Of a nominal simulation there is the distance alone."""
    low, high = values[margin.low], values[margin.high]
    found = MarginStatistics.of(low, high)
    if not many:
        return {"mean": found.mean}
    numbers = (found.mean, found.worst, found.sigma3, found.sigma6, found.reference, found.error_rate, *found.error_rate_ci)
    fields = dict(zip(MARGIN_FIELDS, numbers, strict=True))
    if margin.reference is not None:  # with the circuit's own reference, which varies from trial to trial
        errors, decisions = circuit_errors(low, high, values[margin.reference])
        rates = (errors / decisions if decisions else np.nan, *clopper_pearson(errors, decisions))
        fields |= {f"circuit_{rate}": value for rate, value in zip(RATES, rates, strict=True)}
    return fields


def parameter_unit(campaign: Drawn, name: str) -> str:
    """Unit of a bench's parameter."""
    extra = campaign.bench.Parameters.model_fields[name].json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def write_table(dataset: xr.Dataset, folder: Path, grid: Sequence[str]) -> list[Path]:
    """Write ``table.nc``, ``.csv``, ``.parquet``, ``.json`` and ``.npz`` into ``folder``; returns the paths.

    CSV and Parquet hold one row a point of ``grid``, without the quantiles.  Variables with a further dimension have files of
    their own (``table-fan_in.csv``), one row a point of theirs.  The same dataset gives the same bytes.
    """
    dataset = dataset.assign_attrs({CHECKSUM: from_dataset(dataset).checksum()})
    netcdf, plain, arrays = (folder / f"table.{suffix}" for suffix in ("nc", "json", "npz"))
    write_atomically(netcdf, lambda file: dataset.to_netcdf(file, engine="h5netcdf"))
    written = [netcdf]
    for name, part in _flat(dataset, grid).items():
        frame = part.to_dataframe(dim_order=[str(d) for d in part.sizes]).reset_index() if part.sizes else _row(part)
        csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
        write_text(csv, frame.to_csv(index=False))
        write_atomically(parquet, lambda file, frame=frame: frame.to_parquet(file, index=False))  # type: ignore[misc]
        written += [csv, parquet]
    write_text(plain, json.dumps(without_nan(dataset.to_dict()), allow_nan=False) + "\n")
    from_dataset(dataset).save_npz(arrays)
    return [*written, plain, arrays]


def _flat(dataset: xr.Dataset, grid: Sequence[str]) -> dict[str, xr.Dataset]:
    """File name -> the variables that go into it."""
    found: dict[str, list[str]] = {"table": []}
    for name, variable in dataset.data_vars.items():
        further = [str(d) for d in variable.dims if d not in grid]
        if not any(map(inner, further)):
            found.setdefault("-".join(["table", *further]), []).append(str(name))
    return {name: dataset[variables] for name, variables in found.items() if variables}


def _row(part: xr.Dataset) -> Any:
    import pandas as pd

    return pd.DataFrame({str(name): [variable.item()] for name, variable in part.data_vars.items()})
