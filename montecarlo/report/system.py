"""The report of a system: its simulated figures beside the published ones (``system.json``)."""

from __future__ import annotations

import math
from pathlib import Path

from montecarlo import records
from montecarlo.report import charts
from montecarlo.report.common import command, provenance_table, shown
from montecarlo.report.content import Block, Chart, Column, Command, Page, Section, Table, pictures
from spicekit import __version__
from spicekit.style import COLOURS

NAME = 28  # letters of a name that a plot has room for


def page(folder: Path) -> Page:
    """The page of the system in ``folder``."""
    record = records.read(folder / "system.json", records.SystemRecord)
    rows = [
        (
            f.name,
            shown(f.simulated, f.unit),
            shown(f.published, f.unit),
            "–" if f.ratio is None else f"{f.ratio:.3g}",
            f.source,
            f.origin,
            f.remark,
        )
        for f in record.figures
    ]
    columns = (
        Column("figure"), Column("simulated", "number"), Column("published", "number"), Column("simulated / published", "number"),
        Column("source", "prose"), Column("simulated from", "prose"), Column("remark", "prose"),
    )  # fmt: skip
    compared = [f for f in record.figures if f.ratio is not None and f.ratio > 0]
    blocks: list[Block] = [Table("Figures of the system", columns, rows)]
    if compared:
        blocks.append(_ratios(compared))
    sections = [Section("Figures", blocks)]
    images = pictures(folder, {})
    if images:
        sections.append(Section("Pictures", images))
    again = Command("These figures again", command("spicekit", "system", record.system, "--out", folder))
    behind = sorted(path.parent for pattern in ("*/table.nc", "*/campaign.json") for path in folder.glob(pattern))
    meaning = "Report of {}, from which figures are computed"
    reports = [Command(meaning.format(place.name), command("spicekit", "report", place)) for place in behind]
    table = provenance_table([("system", record.system)], {"spicekit (that made this page)": __version__})
    sections.append(Section("Provenance", [again, *reports, table]))
    facts = [("System", record.system), ("Figures", f"{len(record.figures)}, {len(compared)} of them beside a published value")]
    return Page(f"{record.system}: simulated and published figures", "", facts, sections)


def _ratios(figures: list[records.SystemFigure]) -> Chart:
    names = [charts.plain(f"{f.name[:NAME]}…" if len(f.name) > NAME else f.name) for f in figures]
    ratios = charts.numbers([f.ratio or 0.0 for f in figures])
    furthest = max(2.0, *(max(f.ratio or 1.0, 1 / (f.ratio or 1.0)) for f in figures)) * 1.3
    points = {
        "type": "scatter", "mode": "markers", "x": ratios, "y": names, "marker": {"color": COLOURS[0], "size": 10},
        "hovertemplate": "%{y}: %{x:.3g}<extra></extra>", "showlegend": False,
    }  # fmt: skip
    one = {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": 1,
        "x1": 1,
        "y0": 0,
        "y1": 1,
        "line": {"color": "black", "width": 1},
    }
    edge = math.log10(furthest)
    x_axis = charts.axis("simulated / published", type="log", range=[-edge, edge])
    layout = charts.layout(x_axis, "", height=130 + 34 * len(figures), shapes=[one], y_axis={"autorange": "reversed"})
    text = "; ".join(f"{f.name} {f.ratio:.3g}" for f in figures)
    return Chart("Simulated over published (line: equal)", text, [points], layout)
