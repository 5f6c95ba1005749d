"""The report of one simulation: ``spicekit run --out`` or ``spicekit replay``."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from montecarlo.records import Run, read
from montecarlo.report import charts
from montecarlo.report.common import (
    calibrated_values,
    command,
    conditions,
    find_bench,
    meanings,
    parameter_section,
    parameter_words,
    provenance_table,
    short,
    shown,
)
from montecarlo.report.content import Block, Chart, Column, Command, Note, Page, Section, Table, pictures
from spicekit import __version__
from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.errors import UserError
from spicekit.netlist import render
from spicekit.outcome import Outcome
from spicekit.units import format_value
from spicekit.waves import Array

CAPTIONS = {
    "waveforms.png": "Waveforms",
    "trajectory.png": "Path of the magnetisation",
    "resistance.png": "Resistance against bias",
}


def page(folder: Path) -> Page:
    """The page of the run in ``folder``."""
    record = read(folder / "run.json", Run)
    bench = find_bench(record.bench, record.parameters, calibrated_values(record.calibrations))
    explained = meanings(bench)
    good = record.outcome is Outcome.OK
    title = f"{short(record.bench)}: one simulation"
    facts = [
        ("Bench", bench.summary if bench else record.bench),
        ("Outcome", str(record.outcome)),
        *conditions(bench, record.parameters),
    ]
    outcome = Note(f"Outcome {record.outcome}" + ("." if good else f": {record.outcome.advice}."), warning=not good)
    measures = Table(
        "Measures",
        (Column("measure"), Column("value", "number"), Column("meaning", "prose")),
        [(name, shown(measure.value, measure.unit), explained.get(name, "")) for name, measure in record.measures.items()],
    )
    sections = [Section("Summary", [outcome, measures])]
    raw = folder / "waveforms.raw"
    if raw.exists():
        sections.append(Section("Waveforms", _waveforms(raw, bench)))
    images = pictures(folder, CAPTIONS)
    if images:
        sections.append(Section("Pictures", images))
    defaults = type(bench)().parameters() if bench else {}
    given = {n: v for n, v in record.parameters.items() if v is not None and (not bench or defaults.get(n) != v)}
    sections.append(parameter_section(bench, record.parameters, given if bench else ()))
    again = Command("This simulation again", command("spicekit", "run", record.bench, *parameter_words(given), "--out", folder))
    netlist = folder / "netlist.cir"
    rows = [("bench", record.bench)]
    blocks: list[Block] = []
    if netlist.exists():
        rows.append(("SHA-256 of netlist.cir", _digest(netlist)))
        blocks.append(Command("The netlist alone", command("ngspice", "-b", netlist)))
    elif bench:
        rows.append(("SHA-256 of the netlist as rendered now", hashlib.sha256(render(bench).encode()).hexdigest()))
        blocks.append(again)
    if raw.exists():
        rows.append(("SHA-256 of waveforms.raw", _digest(raw)))
    versions = {"spicekit (that made this page)": __version__}
    sections.append(Section("Provenance", [*blocks, provenance_table(rows, versions)]))
    return Page(title, bench.summary if bench else "", facts, sections)


def _waveforms(raw: Path, bench: Bench | None) -> list[Block]:
    vectors = read_raw(raw)
    if "time" not in vectors or len(vectors["time"]) < 2:
        rows = [(name, format_value(float(values[0]), "A" if name.startswith("i(") else "V")) for name, values in vectors.items()]
        return [Table("Operating point", (Column("vector"), Column("value", "number")), rows, folded=len(rows) > 12)]
    return [_chart(vectors, bench)]


def _chart(vectors: dict[str, Array], bench: Bench | None) -> Chart:
    time = vectors.pop("time")
    panels = []
    if bench and isinstance(bench.analysis(), TranAnalysis):
        for panel in bench.panels():
            known = {label: vectors[vector] for vector, label in panel.vectors.items() if vector in vectors}
            if known:
                panels.append((panel.label, panel.unit, known))
    if not panels:
        for label, unit, letter in (("voltage", "V", "v("), ("current", "A", "i(")):
            known = {name: values for name, values in vectors.items() if name.startswith(letter)}
            if known:
                panels.append((label, unit, known))
    return charts.waveforms(time, panels)


def read_raw(path: Path) -> dict[str, Array]:
    """The vectors of a binary rawfile of real numbers, as :func:`spicekit.rawfile.write_raw` writes it."""
    try:
        header, mark, data = path.read_bytes().partition(b"\nBinary:\n")
        if not mark:
            raise ValueError("no 'Binary:' in it")
        lines = header.decode("utf-8").splitlines()
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        count, points = int(fields["No. Variables"]), int(fields["No. Points"])
        names = [line.split("\t")[2] for line in lines[lines.index("Variables:") + 1 :]]
        if len(names) != count or points < 1 or len(data) != 8 * count * points:
            raise ValueError(f"{len(data)} bytes of data where {8 * count * points} are expected")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, IndexError) as error:
        raise UserError(f"{path} is damaged or not a binary rawfile: {error}") from None
    table = np.frombuffer(data, "<f8").reshape(points, count)
    return {name: table[:, index] for index, name in enumerate(names)}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
