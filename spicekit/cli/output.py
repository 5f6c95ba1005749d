"""What the commands print: answers, summaries, progress, errors."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from spicekit.errors import SpicekitError

RUN_WRITES = ("*.png", "waveforms.raw")  # beside run.json: what report_run writes, whatever pictures a bench draws

_answers: list[TextIO | None] = []


@contextlib.contextmanager
def only_answers() -> Iterator[None]:
    """Keep standard output for :func:`say`: what a user's bench or a library prints goes to standard error."""
    stream = sys.stdout
    _answers.append(stream)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
        if stream is not None:
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if stream is not None:  # what could not be written is not tried again at the end of the process
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if error.filename is None and error.errno == errno.ENOSPC:
            raise SpicekitError(f"cannot write the answer: {error.strerror}") from None
        raise
    finally:
        _answers.pop()


def answers() -> TextIO:
    """Where answers go.  Raises :class:`SpicekitError` if standard output is closed."""
    stream = _answers[-1] if _answers else sys.stdout
    if stream is None:
        raise SpicekitError("standard output is closed: there is no place for the answer")
    return stream


def say(text: str = "", end: str = "\n") -> None:
    """Print a part of the answer."""
    print(text, end=end, file=answers())


def fail(line: str, code: int) -> NoReturn:
    print(f"spicekit: {' '.join(line.splitlines())}", file=sys.stderr)
    sys.exit(code)


def warn(line: str) -> None:
    print(f"spicekit: warning: {line}", file=sys.stderr)


def print_json(content: dict[str, Any]) -> None:
    say(json.dumps(content, allow_nan=False))


def report_run(result: Any, out: Path | None, as_json: bool) -> None:
    """Print a run's measures and write its files; a failed simulation ends with exit code 1."""
    from spicekit import records
    from spicekit.files import output_folder
    from spicekit.outcome import Outcome

    good = result.outcome is Outcome.OK
    written: list[Path] = []
    if out is not None:
        from spicekit.plots import plot_run

        records.write(output_folder(out) / "run.json", records.Run, result.as_json())
        written = [out / "run.json", *(plot_run(result.bench, result.waves, out) if good else [])]
    if as_json:
        print_json(result.as_json())
    else:
        for name, value, meaning in result.rows():
            say(f"{name:14} {value:>14}   {meaning}")
        if written:
            say("Files: " + ", ".join(str(path) for path in written))
    if not good:
        fail(f"{result.bench.name}: {result.outcome}: {result.reason or result.outcome.advice}", 1)
