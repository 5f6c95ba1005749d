"""A folder of results as one HTML page that opens anywhere, without a network.

>>> from montecarlo.report import write_report                          # doctest: +SKIP
>>> write_report("out/sot-logic")                                       # doctest: +SKIP
PosixPath('out/sot-logic/report.html')

:mod:`~montecarlo.report.content` holds what a page is made of.  One module for each kind of folder fills it
(:mod:`~montecarlo.report.run`, ``campaign``, ``study``, ``sweep`` for tables, ``system``), :mod:`~montecarlo.report.charts`
draws, and :mod:`~montecarlo.report.html` turns it into the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from montecarlo.report.campaign import page as campaign_page
from montecarlo.report.content import Page
from montecarlo.report.html import render
from montecarlo.report.run import page as run_page
from montecarlo.report.study import page as study_page
from montecarlo.report.sweep import page as sweep_page
from montecarlo.report.system import page as system_page
from spicekit.errors import UserError
from spicekit.files import write_text
from spicekit.folders import check_file

__all__ = ["make_page", "write_report"]

# the file that tells a kind of folder, most telling first: a sweep's folder holds campaigns, a system's may hold tables
_KINDS: dict[str, Callable[[Path], Page]] = {
    "system.json": system_page,
    "sweep.json": sweep_page,
    "characterize.json": sweep_page,
    "table.nc": sweep_page,
    "campaign.json": campaign_page,
    "yield.json": study_page,
    "run.json": run_page,
}

# results that are a table and a picture already
_NO_PAGE = {
    "compare.json": (
        "a comparison of amplifiers (compare), which has no page: see its table.csv and compare.png, or report one of the "
        "campaigns in it"
    ),
    "wer.json": "a write error rate (wer), which has no page: see its wer.json and wer.png",
    "check.json": "the check of a process (technology check), which has no page: see its check.json and check.png",
}


def make_page(folder: str | Path) -> Page:
    """What ``folder`` holds, as a page.

    Raises :class:`UserError` for a folder that holds no results or is unfinished, :class:`SpicekitError` for one with a damaged
    file (which it names).
    """
    place = Path(folder)
    if not place.is_dir():
        raise UserError(f"no folder {place}; give one that a spicekit command wrote with --out")
    for name, page in _KINDS.items():
        if (place / name).exists():
            return page(place)
    for name, said in _NO_PAGE.items():
        if (place / name).exists():
            raise UserError(f"{place} holds {said}")
    raise UserError(
        f"{place} holds no results: expected run.json (spicekit run), campaign.json (mc), yield.json (yield), "
        "table.nc (sweep, characterize, qualify) or system.json (system)"
    )


def write_report(folder: str | Path, output: str | Path | None = None) -> Path:
    """Write the page of ``folder`` to ``output`` (by default ``report.html`` in the folder), whole or not at all."""
    path = Path(folder) / "report.html" if output is None else Path(output)
    page = make_page(folder)
    check_file(path)
    write_text(path, render(page))
    return path
