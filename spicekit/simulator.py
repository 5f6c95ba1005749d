"""One ngspice in this process, behind four calls: load, command, vectors, clear.

The only module that knows PySpice.  What it hides:

- PySpice looks for ``libngspice.so``, which Debian's runtime package does not have; we find the versioned file.
- PySpice takes any note on stderr for an error, so a run that recovered by gmin stepping would count as failed.  Here a
  command never fails: whether a run is good is judged by its vectors (are all there, complete, finite).
- ngspice starts OpenMP threads that save nothing and make two workers on two cores 60 times slower: one thread is set
  before anything is loaded.
- ngspice is one instance a process, and a crash takes the process with it: campaigns run it in workers.
- ngspice runs a ``.spiceinit`` of the working folder or of the home: it never sees one here, so that results do not depend on
  where a command is typed.  What a process needs of such a file is said in its technology (``compatibility``).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import os
import re
import signal
import warnings
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spicekit import flat
from spicekit.errors import SpicekitError
from spicekit.flat import Flat
from spicekit.shared_library import INSTALL_HINT, elsewhere, find_library, no_init_files, try_to_load

_UNDEFINED = re.compile(r"^\s*Undefined parameter \[([^\]]*)\]")
_NO_BIN = re.compile(r"could not find a valid modelname", re.IGNORECASE)
_SIZED = re.compile(r"(?P<name>m\S*)(?:\s+[^\s=]+){3,}\s+(?P<model>[^\s=]+)\s+(?=\S*\s*=)", re.IGNORECASE)
_IGNORED = re.compile(r"unrecognized parameter \(([^)]*)\) - ignored")
FLAT = 4  # circuits whose libraries need not be read again, of those that a process simulates in turn
_RELATIVE = re.compile(r"^\s*\.(?:inc\w*|lib)\s+['\"]?[^\s'\"/]", re.IGNORECASE | re.MULTILINE)
CONFIRMING = 600  # s by the wall clock


class NoBin(SpicekitError):
    """No model of a library is for the size of a transistor of the netlist."""

    def __init__(self, transistor: str, model: str, width: float, length: float) -> None:
        super().__init__(
            f"ngspice refuses the netlist: no model '{model}' for W = {width:.6g}, L = {length:.6g} (transistor {transistor})"
        )
        self.transistor, self.model = transistor, model
        self.width, self.length = width, length  # in the library's unit of sizes

    def __reduce__(self) -> tuple[type[NoBin], tuple[str, str, float, float]]:
        return NoBin, (self.transistor, self.model, self.width, self.length)


class Simulator:
    """The ngspice of this process.  Make it with :func:`simulator`."""

    def __init__(self) -> None:
        given, library = os.environ.get("NGSPICE_LIBRARY_PATH"), find_library()
        if library is None:
            reason = f"NGSPICE_LIBRARY_PATH names no file: {given}" if given else "libngspice was not found"
            raise SpicekitError(f"{reason}; {INSTALL_HINT}")
        logging.getLogger("PySpice").setLevel(logging.CRITICAL + 1)  # its chatter is no verdict
        from PySpice.Spice.NgSpice.Shared import NgSpiceShared, ffi

        messages: deque[str] = deque(maxlen=200)
        whole: list[str] = []  # all that a command says, while told() listens
        listening = [False]

        class Quiet(NgSpiceShared):  # type: ignore[misc]
            """Keeps what ngspice says, for error messages, instead of taking notes for errors."""

            LIBRARY_PATH = library

            def send_char(self, message: str, ngspice_id: int) -> int:
                messages.append(message.partition(" ")[2])
                if listening[0]:
                    whole.append(message.partition(" ")[2])
                self._error_in_stdout = self._error_in_stderr = False
                return 0

        if os.environ.get("NGSPICE_LIBRARY_PATH"):
            try_to_load(library)
        try:
            with no_init_files():
                self._ngspice = Quiet()
        except (OSError, AttributeError) as error:  # not a library of this machine, or not ngspice's
            hint = "NGSPICE_LIBRARY_PATH names it: unset it, or give libngspice's file" if given else INSTALL_HINT
            reason = str(error).partition(".  Additionally")[0].rpartition("': ")[2]  # the loader's words, without cffi's
            raise SpicekitError(f"cannot load {library} as ngspice: {reason}; {hint}") from None
        self._ffi = ffi
        self._library = self._ngspice._ngspice_shared
        self.messages = messages
        self._whole, self._listening = whole, listening
        self.version: int | None = self._ngspice.ngspice_version
        self.has_xspice: bool = self._ngspice.has_xspice
        self._loaded = False
        self._key: Hashable = None  # what the circuit was read from, if that can tell
        self._broken = False
        self.loads = 0  # netlists that were loaded: tells a paused run whether the circuit is still its own
        self.command("set num_threads=1")
        self._compatibility = ""
        self._flat: dict[Hashable, Flat] = {}
        self._osdi: set[str] = set()  # compiled models that are loaded
        self._told: set[str] = set()  # model parameters of whose being ignored it was warned

    @functools.cached_property
    def has_osdi(self) -> bool:
        """Whether it takes compiled Verilog-A models."""
        return not any("no such command" in line for line in self.told("osdi"))

    def load(
        self,
        netlist: str,
        compatibility: str = "ngspice",
        osdi: Sequence[str] = (),
        files: Sequence[Hashable] | None = None,
        varying: Collection[str] = (),
    ) -> None:
        """Replace the circuit by ``netlist``, read in the dialect ``compatibility`` (ngspice's variable ``ngbehavior``), with the
        compiled models ``osdi``, paths.

        ``files`` are the stamps of what it includes: where these and all else but the values of the variation points ``varying``
        are those of a netlist before, no file is read again, and the numbers are the same to the bit.

        Raises :class:`SpicekitError` with ngspice's own words if it does not parse.
        """
        self._prepare(compatibility, osdi)
        names = frozenset(name.lower() for name in varying)
        key = None if files is None else (flat.fixed(netlist, names), compatibility, tuple(osdi), tuple(files))
        if key is not None and not names and key == self._key:
            self.messages.clear()
            self.command("reset")
            if not any(line.lower().startswith(("error", "command failed")) for line in self.messages):
                return
        known = self._flat.get(key)
        if known is not None and self._confirmed(known, netlist):
            self._read(known.text(netlist))
            return
        wanted = bool(files and names) and known is None
        listing = self._read(netlist, listed=wanted)
        self._key = key
        self._tell_ignored()
        if wanted and listing:
            if len(self._flat) >= FLAT:
                self._flat.clear()
            self._flat[key] = Flat(netlist, listing, names)

    def expanded(self, netlist: str, compatibility: str = "ngspice", osdi: Sequence[str] = ()) -> str:
        """Load ``netlist`` as :meth:`load` does; the circuit as ngspice has it, line by line, every parameter a number."""
        self._prepare(compatibility, osdi)
        text = self._read(netlist, listed=True)
        self._tell_ignored()
        if text:
            return text
        with elsewhere():
            return self._listing()

    def _prepare(self, compatibility: str, osdi: Sequence[str]) -> None:
        """Make ready to replace the circuit."""
        if self._broken:  # its memory is no longer sound, a further call might end this process
            raise SpicekitError(
                "ngspice met a fatal error in an earlier netlist and cannot go on in this process: start a new one"
            )
        self.loads += 1
        self.clear()
        self.command("delete all")  # conditions to stop at, which outlive their circuit
        if compatibility != self._compatibility:  # it outlives the circuit
            self.command(f"set ngbehavior={compatibility}")
            self._compatibility = compatibility
        for path in osdi:
            self._load_osdi(path)

    def _confirmed(self, known: Flat, netlist: str) -> bool:
        """Whether ngspice makes of the text of ``known`` what it makes of ``netlist``.

        It is tried once, in a copy of this process: a text that ngspice cannot take may leave it broken.
        """
        if known.confirmed is None:
            with warnings.catch_warnings():  # from Python 3.12: threads of OpenBLAS, which the copy does not use
                warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
                copy = os.fork()
            if copy == 0:
                try:
                    signal.signal(signal.SIGALRM, signal.SIG_DFL)
                    signal.alarm(CONFIRMING)
                    os._exit(0 if known.same(netlist, self._read(known.text(netlist), listed=True)) else 1)
                finally:
                    os._exit(2)
            known.confirmed = os.waitpid(copy, 0)[1] == 0
        return known.confirmed

    def _read(self, netlist: str, listed: bool = False) -> str:
        """Replace the circuit by ``netlist``, read in the dialect that is set; ``listed``: what it becomes, line by line.

        ngspice's own listing cuts lines at 4095 characters, of which a model card may have more; what it writes for its
        developers does not.  Nothing is given by a version that does not write it, nor of a netlist with relative paths of files.
        """
        if not listed or _RELATIVE.search(netlist):
            self._circuit(netlist)
            return ""
        with elsewhere() as folder:
            self.command("set ngdebug")
            try:
                self._circuit(netlist)
            finally:
                self.command("unset ngdebug")
            dump = folder / "debug-out3.txt"
            return "" if not dump.is_file() else flat.listed(dump.read_text(encoding="latin-1"), self._listing())

    def _listing(self) -> str:
        self.command(
            "listing runnable > listing"
        )  # its file stands in the working folder: a path is not always a word of a command
        return Path("listing").read_text(encoding="latin-1")

    def _circuit(self, netlist: str) -> None:
        self._remove()
        self.messages.clear()
        lines = [self._ffi.new("char[]", line.encode()) for line in netlist.split("\n") if line.strip()]
        rc = self._library.ngSpice_Circ(self._ffi.new("char *[]", [*lines, self._ffi.new("char[]", b""), self._ffi.NULL]))
        errors = [line for line in self.messages if line.lower().startswith("error")]
        if rc or errors:
            self._broken = any("cannot recover" in line for line in self.messages)
            self._raise_bin()
            raise SpicekitError(f"ngspice refuses the netlist: {self._refusal()}")
        self._loaded = True

    def _remove(self) -> None:
        """Remove the circuit, and what it set that outlives it."""
        self._key = None
        self.command("unset scale")  # in the dialects of HSPICE, the option of this name: of the sizes of transistors
        if self._loaded:
            self.command("remcirc")
            self._loaded = False

    def _load_osdi(self, path: str) -> None:
        if path in self._osdi:  # they outlive the circuit
            return
        if not self.has_osdi:
            raise SpicekitError(
                f"this ngspice (version {self.version}) takes no OSDI models, and {path} is one: use one that is built with "
                "--enable-osdi (NGSPICE_LIBRARY_PATH names its library)"
            )
        self._remove()  # ngspice dies of a circuit of before there was this kind of device
        wrong = [line.strip() for line in self.told(f"osdi {path}") if re.search("error|could not|cannot|fail", line, re.I)]
        if wrong:
            raise SpicekitError(f"{path}: ngspice cannot load the OSDI model: {wrong[0]}")
        self._osdi.add(path)

    def _raise_bin(self) -> None:
        """Raise :class:`NoBin` if that is what ngspice said last."""
        said = list(self.messages)
        for line, verdict in itertools.pairwise(said):
            if _NO_BIN.search(verdict) and (found := _SIZED.match(line.strip())):
                sizes = dict(re.findall(r"\b([wl])\s*=\s*(\S+)", line.lower()))
                with contextlib.suppress(ValueError, KeyError):
                    raise NoBin(found["name"], found["model"], float(sizes["w"]), float(sizes["l"]))

    def _refusal(self) -> str:
        """Why, in one line: not the model cards that ngspice repeats, which are hundreds of words long."""
        undefined = dict.fromkeys(match[1] for line in self.messages if (match := _UNDEFINED.search(line)))
        if undefined:
            return f"undefined parameter {', '.join(undefined)}"
        return " ".join(word.strip() if len(word) < 200 else f"{word.strip()[:200]} ..." for word in list(self.messages)[-6:])

    def _tell_ignored(self) -> None:
        """Warn once of model parameters that ngspice does not know: a misspelt one would silently keep its default."""
        ignored = {match[1] for line in self.messages if (match := _IGNORED.search(line))}
        if ignored - self._told:
            warnings.warn(f"ngspice ignores model parameters: {', '.join(sorted(ignored - self._told))}", stacklevel=3)
            self._told |= ignored

    def command(self, line: str) -> None:
        """Run one ngspice command.  Never raises for what the command says: judge it by :meth:`vectors`."""
        try:
            self._ngspice.exec_command(line)
        except NameError:  # PySpice's way to say that the library call returned a code
            self.messages.append(f"command failed: {line}")

    def told(self, line: str) -> list[str]:
        """Run one ngspice command; all that it says, line by line."""
        self._whole.clear()
        self._listening[0] = True
        try:
            self.command(line)
        finally:
            self._listening[0] = False
        return list(self._whole)

    def run_until(self, time: float, analysis: str | None = None) -> None:
        """Start ``analysis``, or go on with the paused one, and pause at the first time point after ``time`` seconds."""
        self.command("delete all")
        self.command(f"stop when time > {float(time)!r}")
        self.command(analysis or "resume")

    def vectors(self, names: Iterable[str], start: int = 0) -> dict[str, NDArray[np.float64]]:
        """The named vectors of the last run, as far as they exist, from point ``start``: name -> array of shape (points,)."""
        plot = self._ffi.string(self._library.ngSpice_CurPlot()).decode()
        found = {}
        for name in names:
            info = self._library.ngGet_Vec_Info(f"{plot}.{name}".encode())
            if info != self._ffi.NULL and info.v_realdata != self._ffi.NULL:
                data = self._ffi.buffer(info.v_realdata, info.v_length * 8)
                found[name] = np.frombuffer(data, dtype=np.float64)[start:].copy()
        return found

    def clear(self) -> None:
        """Forget the results of all runs: they would pile up in memory."""
        self.command("destroy all")

    def last_words(self) -> str:
        """The end of what ngspice said, in one line."""
        return " ".join(word.strip() for word in list(self.messages)[-4:])


@functools.cache
def simulator() -> Simulator:
    """The one simulator of this process (libngspice allows no second)."""
    return Simulator()
