"""The one ngspice of a process: one thread, no leaks, and a failure is what the vectors say, not what is printed."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from spicekit import make_bench, render
from spicekit.errors import SpicekitError
from spicekit.limit import isolated
from spicekit.simulator import Simulator, simulator

DIVIDER = "* divider\nV1 in 0 1\nR1 in out 1k\nR2 out 0 3k\n.end\n"


def python(code: str, **env: str) -> str:
    """Run ``code`` in a process of its own; returns what it prints."""
    # numpy's own threads would hide ngspice's
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **env}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_solves() -> None:
    ngspice = simulator()
    ngspice.load(DIVIDER)
    ngspice.command("op")
    found = ngspice.vectors(["v(out)", "i(v1)", "v(nowhere)"])
    assert set(found) == {"v(out)", "i(v1)"}  # what does not exist is missing, not zero
    assert found["v(out)"] == pytest.approx([0.75], rel=1e-12)
    assert found["i(v1)"] == pytest.approx([-0.25e-3], rel=1e-12)


def test_no_circuit_is_there_when_a_compiled_model_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """ngspice 44 dies of a circuit of before there was this kind of device, when it removes it."""
    ngspice, loaded = simulator(), []
    ngspice.load(DIVIDER)
    monkeypatch.setitem(ngspice.__dict__, "has_osdi", True)  # where it is kept once it was asked
    monkeypatch.setattr(ngspice, "_osdi", set[str]())
    monkeypatch.setattr(ngspice, "told", lambda command: loaded.append((command, ngspice._loaded)) or [])
    ngspice.load(DIVIDER, osdi=["/there/model.osdi"])
    assert loaded == [("osdi /there/model.osdi", False)]


def test_there_is_one_a_process() -> None:
    assert simulator() is simulator()


@pytest.mark.parametrize(
    "netlist",
    [
        "* bad\nQ$@ x y z\n.end\n",
        "* bad\nM1 d g s b nomodel\n.end\n",
        "* bad\nX1 a b nosub\n.end\n",
    ],
)
def test_a_bad_netlist_is_refused_and_a_good_one_works_after_it(netlist: str) -> None:
    ngspice = simulator()
    with pytest.raises(SpicekitError, match="ngspice refuses the netlist") as caught:
        ngspice.load(netlist)
    assert "\n" not in str(caught.value)
    ngspice.load(DIVIDER)
    ngspice.command("op")
    assert ngspice.vectors(["v(out)"])["v(out)"] == pytest.approx([0.75])


def test_a_file_that_is_missing() -> None:
    """In a process of its own: it is a fatal error to ngspice 44, after which a process has to end."""

    def refused() -> str:
        with pytest.raises(SpicekitError, match="ngspice refuses the netlist") as caught:
            simulator().load("* bad\n.include '/nonexistent/file.lib'\nR1 a 0 1\n.end\n")
        return str(caught.value)

    assert "\n" not in isolated(refused, 60.0)


_FATAL = """
from spicekit.errors import SpicekitError
from spicekit.simulator import simulator
for netlist in ("* bad\\nR1 a 0 {nope}\\n.end\\n", "* good\\nV1 a 0 1\\nR1 a 0 1\\n.end\\n"):
    try:
        simulator().load(netlist)
    except SpicekitError as error:
        print(str(error))
sys.stdout.flush()
os._exit(0)  # not the library's own clean-up, which trips over what it has broken
"""


def test_after_a_fatal_error_the_library_is_not_touched_again() -> None:
    """ngspice says itself that it 'cannot recover' from some errors; a further load would abort the process."""
    first, second = python("import os, sys" + _FATAL).splitlines()
    assert first.startswith("ngspice refuses the netlist: ")
    assert second.endswith("cannot go on in this process: start a new one")


def test_vectors_of_a_failed_run_are_missing() -> None:
    ngspice = simulator()
    ngspice.load(DIVIDER)
    ngspice.command("op")
    assert "v(out)" in ngspice.vectors(["v(out)"])
    ngspice.load("* singular\nV1 a 0 1\nV2 a 0 2\nR1 a out 1k\nR2 out 0 1k\n.end\n")
    ngspice.command("op")
    assert ngspice.vectors(["v(out)"]) == {}  # nothing left of the run before either


def test_nothing_is_left_after_clear() -> None:
    ngspice = simulator()
    ngspice.load(DIVIDER)
    ngspice.command("dc v1 0 5 1")
    assert ngspice.vectors(["v(out)"])["v(out)"].shape == (6,)
    ngspice.clear()
    assert ngspice.vectors(["v(out)"]) == {}


def test_vectors_are_copies() -> None:
    ngspice = simulator()
    ngspice.load(DIVIDER)
    ngspice.command("op")
    before = ngspice.vectors(["v(out)"])["v(out)"]
    ngspice.clear()
    ngspice.load(DIVIDER.replace("3k", "1k"))
    ngspice.command("op")
    np.testing.assert_allclose(before, 0.75)


def test_a_wrong_command_raises_nothing() -> None:
    ngspice = simulator()
    ngspice.load(DIVIDER)
    ngspice.command("no_such_command")
    ngspice.command("op")
    assert "v(out)" in ngspice.vectors(["v(out)"])


def test_a_run_that_recovers_with_notes_is_good() -> None:
    """Gmin stepping (here asked for by `noopiter`) prints notes on stderr, which PySpice takes for an error."""
    ngspice = simulator()
    chain = "\n".join(f"D{k} n{k} n{k + 1} dx" for k in range(30))
    ngspice.load(f"* diodes\n.options noopiter\nI1 0 n0 1m\n{chain}\nR1 n30 0 1k\n.model dx d is=1e-16\n.save v(n30)\n.end\n")
    ngspice.command("op")
    assert any("gmin" in line.lower() for line in ngspice.messages)
    assert ngspice.vectors(["v(n30)"])["v(n30)"] == pytest.approx([1.0], rel=1e-3)


def test_one_thread_is_set() -> None:
    ngspice = simulator()
    ngspice.messages.clear()
    ngspice.command("echo threads $num_threads")
    assert any("threads 1" in line for line in ngspice.messages)


_COUNT = """
import os
from spicekit import make_bench
from spicekit.netlist import render_at
from spicekit.simulator import simulator
ngspice = simulator()
{set}
before = len(os.listdir("/proc/self/task"))
ngspice.load(render_at(make_bench("sot-logic", {{"fan_in": 6}}), {{}}, standalone=False))
ngspice.command("dc vtrial 0 20 1")
assert "i(vdd_diode)" in ngspice.vectors(["i(vdd_diode)"])
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's /proc")  # noqa: PTH112
def test_a_run_starts_no_threads() -> None:
    """OpenMP keeps its threads after a parallel region, so they can be counted when the run is over."""
    assert int(python(_COUNT.format(set=""))) == 0
    # the same with two threads asked for: shows that the count would see them
    assert int(python(_COUNT.format(set='ngspice.command("set num_threads=2")'))) == 1


def test_rendered_netlists_say_one_thread_too() -> None:
    text = render(make_bench("sot-logic", {}))
    assert "set num_threads=1" in text
    assert text.index("set num_threads=1") < text.index("\nrun\n")


_LEAK = """
from spicekit import make_bench
from spicekit.netlist import render_at
from spicekit.simulator import simulator
ngspice = simulator()
netlist = render_at(make_bench("sot-read", {}), {}, standalone=False)
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
for load in range(260):
    ngspice.load(netlist)
    ngspice.command("dc vtrial 0 20 1")
    assert "i(vdd_diode)" in ngspice.vectors(["i(vdd_diode)"])
    if load == 59:
        early = resident()
print(resident() - early)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's /proc")  # noqa: PTH112
def test_memory_does_not_grow_over_200_loads() -> None:
    # a leaked circuit of some 100 kB a load would be 20 MB
    assert float(python(_LEAK)) < 6


def test_missing_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nonexistent/libngspice.so")
    with pytest.raises(SpicekitError, match=r"NGSPICE_LIBRARY_PATH names no file: /nonexistent/libngspice.so; install it with: "):
        Simulator()


def test_a_file_that_is_no_library() -> None:
    code = "from spicekit.simulator import simulator\ntry: simulator()\nexcept Exception as error: print(type(error), error)"
    said = python(code, NGSPICE_LIBRARY_PATH=__file__)
    assert said.startswith("<class 'spicekit.errors.SpicekitError'> cannot load ")
    assert "NGSPICE_LIBRARY_PATH names it: unset it, or give libngspice's file" in said
