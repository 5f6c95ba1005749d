"""The commands about many simulations.  They import what they need when they run, so that ``--help`` answers at once."""

from __future__ import annotations

import typer

from montecarlo.cli.campaign import characterize, mc, sweep
from montecarlo.cli.compare import compare
from montecarlo.cli.fit import fit_variation
from montecarlo.cli.qualify import qualify
from montecarlo.cli.replay import replay
from montecarlo.cli.system import report, system
from montecarlo.cli.yield_ import yield_
from spicekit.cli import add


def register(program: typer.Typer) -> None:
    """Give ``program`` the commands of this package."""
    add(program, mc=mc, replay=replay, sweep=sweep, characterize=characterize)
    add(program, **{"yield": yield_}, qualify=qualify, compare=compare, report=report, system=system)
    add(program, **{"fit-variation": fit_variation})
