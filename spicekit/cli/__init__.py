"""The command line.  It imports what a command needs when the command runs, so that ``--help`` answers at once.

Answers go to stdout (with ``--json`` exactly one JSON object), progress and messages to stderr.  Exit codes: 0 done, 2 the
user's input is wrong, 1 anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from spicekit.cli.bench import list_benches, render, replay, run, show
from spicekit.cli.campaign import characterize, mc, sweep
from spicekit.cli.output import fail
from spicekit.cli.system import doctor, report, system, wer
from spicekit.cli.table import table_export, table_query, table_show
from spicekit.cli.yield_ import yield_
from spicekit.errors import SpicekitError, UserError

# the parser's own error for a wrong option or argument; older typer has it in click, newer ones carry it themselves
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="spicekit",
    help="Circuit-level SPICE co-simulation of in-memory computing with magnetic and resistive memories.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_tables = typer.Typer(help="Tables made by sweep and characterize.", no_args_is_help=True, rich_markup_mode=None)


def _add(to: typer.Typer, **commands: Callable[..., None]) -> None:
    for name, command in commands.items():
        to.command(name)(command)


_add(app, list=list_benches, show=show, render=render, run=run, mc=mc, replay=replay, sweep=sweep, characterize=characterize)
app.command("yield")(yield_)
_add(_tables, show=table_show, query=table_query, export=table_export)
app.add_typer(_tables, name="table")
_add(app, report=report, system=system, wer=wer, doctor=doctor)


def main() -> NoReturn:
    """Entry point: turns every expected failure into one line on stderr and an exit code."""
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        fail(str(error), 2)
    except SpicekitError as error:
        fail(str(error), 1)
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.ctx.get_help(), file=sys.stderr)
            sys.exit(2)
        fail(error.format_message().replace("\n", " "), 2)
    except (KeyboardInterrupt, typer.Abort):
        fail("interrupted", 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
