"""The report of a table over a grid (``table.nc``): ``spicekit sweep``, ``spicekit characterize``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import records
from montecarlo.report.campaign import column
from montecarlo.report.common import (
    command,
    conditions,
    find_bench,
    outcome_blocks,
    parameter_section,
    parameter_words,
    provenance_table,
    rate,
    short,
    shown,
    variation_section,
    variation_words,
)
from montecarlo.report.content import Block, Column, Command, Page, Section, Table, pictures
from montecarlo.report.grid import Grid
from montecarlo.report.grid_charts import error_rates, gaps, measure_chart, shown_margin
from montecarlo.running.store import Store
from spicekit.errors import SpicekitError, UserError
from spicekit.files import checked_regular
from spicekit.outcome import Outcome
from spicekit.table import from_dataset

ROWS = 400  # of the table of grid points that a page shows
FAILED = 10  # points with failed trials that are named
OPEN = 15  # rows that are shown without a click


def page(folder: Path) -> Page:
    """The page of the table in ``folder``.  Raises :class:`SpicekitError` if the sweep is unfinished or the table damaged."""
    path = folder / "table.nc"
    if not path.exists():
        raise UserError(f"{folder} holds an unfinished table (no table.nc): the same spicekit command again completes it")
    dataset = _load(path)
    grid = Grid(dataset)
    record = records.parse(str(dataset.attrs.get("spicekit", "{}")), records.Provenance, str(path))
    dimensions = grid.dimensions
    corner = {name: grid.values(name)[0] for name in dimensions}
    found = {name: points[0] for name, points in record.calibrations.items() if points and points[0] is not None}
    bench = find_bench(record.bench, record.given | corner, found) if record.bench else None
    name = record.system or short(record.bench) or "table"

    facts = [("Bench", bench.summary)] if bench else [("Made by", record.system or record.bench or "not recorded")]
    facts += [(f"Swept: {dimension}", _extent(grid, dimension)) for dimension in dimensions]
    if record.trials:
        facts.append(("Trials at each point", f"{record.trials:,}"))
    if record.seed is not None:
        facts.append(("Seed, sampler", f"{record.seed}, {record.sampler}"))
    facts += conditions(bench, record.given, dimensions) if bench else []

    sections = []
    if grid.prefixes:
        lost = [block for prefix in grid.prefixes for block in _failed(folder, grid, prefix)]
        sections.append(Section("Outcomes", [*outcome_blocks(grid.outcomes()), *lost]))
    if record.parts:
        sections.append(Section("Parts", [_parts(record.parts)]))
    if grid.margins:
        drawn = [chart for margin in grid.margins for chart in (gaps(grid, margin), error_rates(grid, margin)) if chart]
        sections.append(Section("Margins", [*drawn, *_margins(grid)]))
    drawn = [chart for measure in grid.measures if (chart := measure_chart(grid, measure))]
    sections.append(Section("Measures", [*drawn, *_measures(grid), *_constants(grid)]))
    images = pictures(folder, {})
    if images:
        sections.append(Section("Pictures", images))
    if bench:
        fixed = {name: value for name, value in bench.parameters().items() if name not in dimensions}
        sections.append(parameter_section(bench, fixed, record.given))
    first = folder / "points" / "0000" / "campaign.json"
    if record.trials and first.exists():
        points = records.read(first, records.CampaignRecord).points
        sections.append(variation_section(points, record.variations, record.correlations, record.sampler))
    sections.append(Section("Provenance", _provenance(folder, record)))
    return Page(f"{name}: table over {', '.join(dimensions)}", "", facts, sections)


def _load(path: Path) -> Any:
    import xarray as xr

    try:
        with xr.open_dataset(checked_regular(path), engine="h5netcdf") as dataset:
            dataset.load()
        from_dataset(dataset).check()
        return dataset
    except Exception as error:  # any reader's complaint about the file's content
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SpicekitError(f"{path} is damaged or not a table: {reason}") from None


def _extent(grid: Grid, name: str) -> str:
    values = grid.labels(name)
    return ", ".join(values) if len(values) <= 4 else f"{values[0]} to {values[-1]}, {len(values)} values"


def _rows(grid: Grid, dimensions: Sequence[str]) -> Iterator[tuple[tuple[int, ...], list[str]]]:
    """Index and coordinates of the grid points shown."""
    labels = [grid.labels(name) for name in dimensions]
    for index in itertools.islice(np.ndindex(*(len(values) for values in labels)), ROWS):
        yield index, [values[place] for values, place in zip(labels, index, strict=True)]


def _by_dimensions(grid: Grid, names: Sequence[str], probe: str = "") -> dict[tuple[str, ...], list[str]]:
    """Variables of the same dimensions together."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        found.setdefault(tuple(grid.dims(f"{name}{probe}")), []).append(name)
    return found


def _note(grid: Grid, dimensions: Sequence[str], more: str = "") -> str:
    size = int(np.prod([len(grid.values(name)) for name in dimensions]))
    cut = f"The first {ROWS} of {size:,} grid points; all of them are in the table's CSV file." if size > ROWS else ""
    return " ".join(part for part in (more, cut) if part)


def _margins(grid: Grid) -> list[Block]:
    blocks: list[Block] = []
    for dimensions, margins in _by_dimensions(grid, grid.margins, "_mean").items():
        rows = []
        for index, place in _rows(grid, dimensions):
            for margin in margins:
                unit = grid.unit(f"{margin}_mean")
                numbers = [shown(grid.number(f"{margin}_{end}", index), unit) for end in ("mean", "worst", "reference")]
                found, low, high = (grid.number(f"{margin}_{end}", index) for end in
                                    ("error_rate", "error_rate_low", "error_rate_high"))  # fmt: skip
                rows.append([*place, shown_margin(margin), *numbers, rate(found, (low, high))])
        headings = ("mean gap", "worst gap", "best reference", "error rate (95 %)")
        columns = [*(Column(name, "number") for name in dimensions), Column("margin"), *(Column(h, "number") for h in headings)]
        caption = f"Margins over {', '.join(dimensions)}"
        blocks.append(Table(caption, columns, rows, _note(grid, dimensions), folded=len(rows) > OPEN))
    return blocks


def _measures(grid: Grid) -> list[Block]:
    blocks: list[Block] = []
    for dimensions, names in _by_dimensions(grid, grid.measures).items():
        rows = []
        for index, place in _rows(grid, dimensions):
            cells = []
            for name in names:
                unit, deviation = grid.unit(name), grid.number(f"{name}_std", index)
                cell = shown(grid.number(name, index), unit)
                cells.append(cell if deviation is None else f"{cell} ± {shown(float(f'{deviation:.2g}'), unit)}")
            rows.append([*place, *cells])
        spread = any(f"{name}_std" in grid for name in names)
        columns = [Column(name, "number") for name in (*dimensions, *names)]
        note = _note(grid, dimensions, "Mean ± standard deviation." if spread else "")
        blocks.append(Table(f"Measures over {', '.join(dimensions)}", columns, rows, note, folded=len(rows) > OPEN))
    return blocks


def _constants(grid: Grid) -> list[Block]:
    if not grid.constants:
        return []
    rows = [(name, shown(grid.number(name, ()), grid.unit(name)), grid.meaning(name)) for name in grid.constants]
    return [Table("The same at every point", (Column("name"), Column("value", "number"), Column("meaning", "prose")), rows)]


def _parts(parts: Mapping[str, records.Provenance]) -> Table:
    rows = []
    for prefix, part in parts.items():
        given = ", ".join(f"{name} = {value}" for name, value in part.given.items())
        rows.append((prefix, part.bench, ", ".join(part.over), str(part.trials or "nominal"), given))
    columns = (
        Column("prefix of its measures"),
        Column("bench"),
        Column("over"),
        Column("trials at each point", "number"),
        Column("parameters", "prose"),
    )
    return Table("Simulations that the table is made of", columns, rows)


def _failed(folder: Path, grid: Grid, prefix: str) -> list[Block]:
    """The grid points of a part with failed trials, each with the command that replays the first of them."""
    lost = grid.failed(prefix)
    dimensions = grid.dims(f"{prefix}count")
    place = folder / "parts" / prefix.removesuffix("_") if prefix else folder
    rows: list[tuple[str, str, str]] = []
    for number in np.flatnonzero(lost)[:FAILED]:
        index = tuple(int(at) for at in np.unravel_index(number, lost.shape))
        point = place / "points" / f"{number:04d}"
        line = "–"
        if Store(point).parts.files():
            trial = int(np.flatnonzero(column(Store(point), "outcome") != str(Outcome.OK))[0])
            line = command("spicekit", "replay", point, "--trial", trial)
        rows.append((grid.place(dimensions, index), f"{int(lost[index]):,}", line))
    if not rows:
        return []
    columns = (Column("grid point", "prose"), Column("failed trials", "number"), Column("look at the first", "code"))
    more = int(np.count_nonzero(lost)) - len(rows)
    caption = f"Grid points with failed trials{f' in {prefix}' if prefix else ''}".removesuffix("_")
    return [Table(caption, columns, rows, f"{more:,} more grid points have some." if more else "")]


def _provenance(folder: Path, record: records.Provenance) -> list[Block]:
    seed = [] if record.seed is None else ["--seed", str(record.seed)]
    over = [word for name, values in record.over.items() for word in ("--over", f"{name}={','.join(map(str, values))}")]
    line = ""
    verb = "qualify" if (folder / "qualify.json").exists() else "sweep"
    if record.system:
        scale = [] if record.trials_scale in (None, 1.0) else ["--trials-scale", f"{record.trials_scale:g}"]
        line = command("spicekit", "characterize", record.system, *over, *scale, *seed, "--out", folder)
    elif record.bench and record.over:
        line = command(
            "spicekit", verb, record.bench, *over, *(["--trials", str(record.trials), *seed] if record.trials else []),
            *([] if record.sampler in ("random", "nominal") else ["--sampler", record.sampler]), *parameter_words(record.given),
            *variation_words(record.variations, record.correlations), "--out", folder,
        )  # fmt: skip
    rows = [("bench", record.bench)] if record.bench else [("system", record.system or "not recorded")]
    if record.seed is not None:
        rows.append(("seed", str(record.seed)))
    for prefix, part in {"": record, **record.parts}.items():
        if part.netlist_sha256:
            rows.append((f"SHA-256 of all netlists and models{f' of {prefix}' if prefix else ''}", part.netlist_sha256))
    blocks: list[Block] = [Command("This table again", line)] if line else []
    return [*blocks, provenance_table(rows, record.versions)]
