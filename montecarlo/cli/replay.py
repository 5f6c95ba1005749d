"""The command that simulates one trial of a campaign again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.options import Json, RunTimeout, given_path
from spicekit.cli.output import RUN_WRITES, report_run, warn


def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of a campaign.", parser=given_path)],
    trial: Annotated[int, typer.Option(help="Trial number.", min=0)],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the waveforms; DIR/replay-ID if not given.", parser=given_path)
    ] = None,
    timeout: RunTimeout = 3600.0,
    as_json: Json = False,
) -> None:
    """One trial of a campaign again, with its netlist and waveforms."""
    from montecarlo.jobs.replay import replay as replay_trial
    from spicekit.files import output_folder, write_text
    from spicekit.folders import check_folder
    from spicekit.netlist import render_at

    if out is not None:
        check_folder(out, "run.json", (*RUN_WRITES, "netlist.cir"))
    result = replay_trial(folder, trial, timeout, warn)
    target = output_folder(out or folder / f"replay-{trial}")
    write_text(target / "netlist.cir", render_at(result.bench, result.values))
    report_run(result, target, as_json)
