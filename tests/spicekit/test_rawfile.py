"""Rawfiles are read back by ngspice itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spicekit import run
from spicekit.plots import plot_run
from spicekit.rawfile import write_raw


def test_ngspice_loads_what_is_written(tmp_path: Path, ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    rng = np.random.default_rng(3)
    vectors = {"v(case)": np.arange(5.0), "v(a.b)": rng.normal(size=5), "i(vdd)": 1e-9 * rng.normal(size=5)}
    write_raw(tmp_path / "w.raw", "title", "DC transfer characteristic", vectors)
    reads = "\n".join(
        f"let x{k}_{point} = {name}[{point}]\nprint x{k}_{point}" for k, name in enumerate(vectors) for point in range(5)
    )
    printed = ngspice_batch(
        f"* reader\nR1 a 0 1\n.control\nset numdgt=15\nload {tmp_path / 'w.raw'}\n{reads}\nquit\n.endc\n.end\n"
    )
    for k, values in enumerate(vectors.values()):
        for point in range(5):
            assert printed[f"x{k}_{point}"] == pytest.approx(values[point], rel=1e-14)


def test_a_run_leaves_a_picture_and_waveforms(tmp_path: Path, ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    result = run("sot-read")
    files = plot_run(result.bench, result.waves, tmp_path)
    assert {file.name for file in files} >= {"waveforms.png", "waveforms.raw"}
    assert all(file.stat().st_size > 0 for file in files)
    assert (tmp_path / "waveforms.png").read_bytes().startswith(b"\x89PNG")
    name, values = next(iter(result.waves.vectors.items()))
    commands = f"set numdgt=15\nload {tmp_path / 'waveforms.raw'}\nlet x = {name}\nprint x\nquit"
    printed = ngspice_batch(f"* reader\nR1 a 0 1\n.control\n{commands}\n.endc\n.end\n")
    assert printed["x"] == pytest.approx(values[0], rel=1e-14)


@settings(max_examples=30)
@given(columns=st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[st.floats()] * n), min_size=1, max_size=6)))
def test_any_waveforms_are_read_by_spicelib(columns: list[tuple[float, ...]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every double to the bit, infinities and NaN as well, by a reader that is not ours."""
    spicelib = pytest.importorskip("spicelib")
    file = tmp_path_factory.mktemp("raw") / "w.raw"
    kinds = ("time", "v(out)", "i(vdd)", "v(x.1)")
    vectors = {name: np.array(values) for name, values in zip(kinds, zip(*columns, strict=True), strict=False)}
    write_raw(file, "title", "Transient Analysis", vectors)
    read = spicelib.RawRead(str(file), dialect="ngspice", verbose=False)
    assert [name.lower() for name in read.get_trace_names()] == list(vectors)
    for name, values in zip(read.get_trace_names(), vectors.values(), strict=True):
        # spicelib gives the magnitude of the time
        assert np.array_equal(np.asarray(read.get_wave(name)), np.abs(values) if name == "time" else values, equal_nan=True)
