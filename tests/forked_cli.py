"""The command line in processes of their own that need not import the libraries again: they are forked from one that has.

A start of Python with all that a campaign needs takes a second and a half of the processor, and the tests give some hundred
commands.  ``python tests/forked_cli.py`` imports it all once, runs nothing itself, and forks a process for each command that
:class:`Forked` sends: with the streams, the working folder and the environment of that command, as ``python -m spicekit.cli``
would have them.  The way in through a new Python is tested by what starts ``cli_command`` itself.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LONGEST = 2**20  # bytes of a request
LOADED = (
    "matplotlib.backends.backend_agg", "PySpice.Spice.NgSpice.Shared", "scipy.stats", "xarray",
    "spicekit.cli", "spicekit.engines.altered", "spicekit.engines.swept",
    "montecarlo.cli", "montecarlo.jobs.campaign", "montecarlo.jobs.characterisation", "montecarlo.jobs.qualification",
    "montecarlo.jobs.sweep", "montecarlo.plots", "montecarlo.report.campaign",
)  # fmt: skip


class Forked:
    """The client: runs commands, one at a time."""

    def __init__(self) -> None:
        self.environment = plain(os.environ)
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, __file__, str(other.fileno())]
        self._server = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
        other.close()

    def unchanged(self) -> bool:
        """Whether the environment is still the one that the libraries were imported in."""
        return self.environment == plain(os.environ)

    def run(self, arguments: list[str], cwd: Path | None, timeout: float) -> subprocess.CompletedProcess[str]:
        """As ``subprocess.run`` of the command line with ``capture_output``."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
            request = json.dumps({"arguments": arguments, "cwd": str(cwd or Path.cwd()), "env": dict(os.environ)})
            socket.send_fds(self._socket, [request.encode()], [out.fileno(), err.fileno()])
            self._socket.settimeout(None)
            process = int(self._socket.recv(32))
            self._socket.settimeout(timeout)
            try:
                code = int(self._socket.recv(32))
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                self._socket.settimeout(None)
                self._socket.recv(32)
                raise subprocess.TimeoutExpired(arguments, timeout) from None
            for stream in (out, err):
                stream.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def close(self) -> None:
        self._socket.close()
        self._server.wait()


def plain(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what pytest changes from test to test."""
    return {name: value for name, value in environment.items() if name != "PYTEST_CURRENT_TEST"}


def serve(connection: socket.socket) -> list[str]:
    """Fork a process for each request until the client is gone.  Returns in the forked process, with its arguments."""
    while True:
        message, streams, _, _ = socket.recv_fds(connection, LONGEST, 2)
        if not message:
            os._exit(0)
        process = os.fork()
        if process:
            for stream in streams:
                os.close(stream)
            connection.send(str(process).encode())
            connection.send(str(os.waitstatus_to_exitcode(os.wait4(process, 0)[1])).encode())
            continue
        connection.close()
        for target, stream in enumerate(streams, 1):
            os.dup2(stream, target)
            os.close(stream)
        request = json.loads(message)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        return list(request["arguments"])


def load() -> None:
    """Import what commands import; nothing is computed, and no thread is started, which a fork would lose."""
    for name in LOADED:
        importlib.import_module(name)
    from spicekit.registry import SHIPPED, bench_class

    for name in SHIPPED:
        bench_class(name)


def main() -> None:
    sys.path[0] = str(REPOSITORY)  # in place of this folder
    load()
    with contextlib.closing(socket.socket(fileno=int(sys.argv[1]))) as connection:
        arguments = serve(connection)
    sys.path[:1] = []
    sys.argv = [str(REPOSITORY / "spicekit" / "cli" / "__main__.py"), *arguments]
    # workers import the main module again unless it is that of a package
    sys.modules["__main__"] = types.ModuleType("__main__")
    from spicekit.cli import main

    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    # not all the way: to take the copy of every library apart takes longer than most commands
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
