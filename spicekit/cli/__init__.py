"""The command line, and the commands about one simulation, tables, devices and this machine.

A command imports what it needs when it runs, so that ``--help`` answers at once.  This package imports none that stands on it:
such a one has commands of its own and a function that gives them to the program (:func:`add`).  The module ``spicekit_imc``
puts the program together: it hands these functions to :func:`command_line`.

Answers go to stdout (with ``--json`` exactly one JSON object), progress and messages to stderr.  Exit codes: 0 done, 2 the
user's input is wrong, 1 anything else.
"""

from __future__ import annotations

import errno
import functools
import io
import os
import resource
import runpy
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from spicekit.cli.area import area
from spicekit.cli.bench import list_benches, render, run, show
from spicekit.cli.device import doctor, library, retention, wer
from spicekit.cli.new import new_bench
from spicekit.cli.output import fail, only_answers, warn
from spicekit.cli.table import table_export, table_query, table_show
from spicekit.cli.technology import technology_check, technology_trim
from spicekit.errors import UserError

# the parser's own error for a wrong option or argument; older typer has it in click, newer ones carry it themselves
_UsageError: Any = typer.BadParameter.__mro__[1]

ADDRESS_SPACE = 2 * 2**30  # bytes: with half of it the libraries' threads still fail to start

_debug = False

Register = Callable[[typer.Typer], None]


def _quiet(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def run_command(*arguments: Any, **options: Any) -> None:
        with only_answers():
            command(*arguments, **options)

    return run_command


class _Command(TyperCommand):
    """One whose options are given once each, except those that collect values: of two neither is taken for the one meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:  # as for the completion of a line that is being written
            parser: Any = self.make_parser(ctx)
            _, _, order = parser.parse_args(args=list(args))
            taken = [parameter for parameter in order if parameter.param_type_name == "option" and not parameter.is_flag]
            for option in taken:
                if not option.multiple and taken.count(option) > 1:
                    raise UserError(f"{max(option.opts, key=len)} is given {taken.count(option)} times; allowed: once")
        return super().parse_args(ctx, args)


def _global(debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error too.")] = False) -> None:
    global _debug
    _debug = debug


def add(to: typer.Typer, **commands: Callable[..., None]) -> None:
    """Give the program, or a group of its commands, further ones by name.  Only :func:`say` writes their answers."""
    for name, command in commands.items():
        to.command(name, cls=_Command)(_quiet(command))


def program(*others: Register) -> typer.Typer:
    """The program with the commands of this package and those that ``others`` add."""
    app = typer.Typer(
        name="spicekit",
        help="Circuit-level SPICE co-simulation of in-memory computing with magnetic and resistive memories.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_global)
    add(app, list=list_benches, show=show, render=render, run=run)
    for register in others:
        register(app)
    add(app, area=area, wer=wer, retention=retention, library=library, doctor=doctor)
    tables = typer.Typer(help="Tables made by sweep and characterize.", no_args_is_help=True, rich_markup_mode=None)
    add(tables, show=table_show, query=table_query, export=table_export)
    app.add_typer(tables, name="table")
    processes = typer.Typer(help="CMOS processes: one's own PDK.", no_args_is_help=True, rich_markup_mode=None)
    add(processes, check=technology_check, trim=technology_trim)
    app.add_typer(processes, name="technology")
    made = typer.Typer(help="A start of one's own: an example that runs at once.", no_args_is_help=True, rich_markup_mode=None)
    made.callback()(lambda: None)  # a group, though it has one command yet
    add(made, bench=new_bench)
    app.add_typer(made, name="new")
    return app


def main() -> NoReturn:
    """The whole program, which is put together above this package and started by its name."""
    runpy.run_module("spicekit_imc", run_name="__main__")
    sys.exit()


def command_line(*others: Register) -> NoReturn:
    """Run :func:`program`: every failure becomes one line on stderr and an exit code."""
    _prepare_streams()
    os.environ.pop("MPLBACKEND", None)  # plots are files here; matplotlib does not import with a backend that it does not know
    warnings.showwarning = lambda message, *_: warn(str(message))
    _check_address_space()
    try:
        code = program(*others)(standalone_mode=False)
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
    except Exception as error:
        if _debug:
            traceback.print_exc()
        fail(*_line_and_code(error))
    if code == 130:  # newer typer's answer to Ctrl-C
        fail("interrupted", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _check_address_space() -> None:
    """Libraries that may not map what they need do not all say so: OpenBLAS tries for ever while it is loaded, and pyarrow's
    reader calls a sound file broken."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < ADDRESS_SPACE:
        needed = f"numpy, scipy and pyarrow need {ADDRESS_SPACE / 2**20:.0f} MiB"
        fail(f"a process may have {limit / 2**20:.0f} MiB of addresses (ulimit -v); {needed}", 1)


def _line_and_code(error: Exception) -> tuple[str, int]:
    """What to say of ``error``, and the exit code."""
    if isinstance(error, MemoryError):
        return "out of memory (of this machine, or of the limit that `ulimit -v` shows)", 1
    if isinstance(error, OSError) and error.errno == errno.EMFILE:  # first, as no module can be imported then
        return f"{f'{error.filename}: ' if error.filename else ''}{error.strerror}; raise the limit that `ulimit -n` shows", 1
    from spicekit.blame import blamed

    known = blamed(error)
    if known is not None:
        return str(known), 2 if isinstance(known, UserError) else 1
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}", 2 if error.errno == errno.ENAMETOOLONG else 1  # a path that somebody has given
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"internal error: {type(error).__name__}: {error} ({where}); `spicekit --debug ...` prints the traceback", 1


def _prepare_streams() -> None:
    """Names of files may hold bytes, and answers letters, that the terminal's encoding has not: they are written escaped.

    A stream that the caller closed gets an empty file in its place: the next file opened would take its number, and what
    ngspice or a child prints would go into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
