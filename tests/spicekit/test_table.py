"""Lookup tables: interpolation against scipy, draws against the stored distribution, files that are not tables."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.special import ndtr, ndtri
from scipy.stats import kstest, spearmanr

import spicekit
from spicekit.errors import SpicekitError, UserError
from spicekit.joint_draws import correlation
from spicekit.table import LookupTable, from_dataset
from spicekit.table_layout import QUANTILES

TMR = np.array([1.0, 1.5, 2.5])
TEMPERATURE = np.array([-40.0, 27.0, 85.0])
FAN_IN = np.array([2, 3, 6])
CORNER = np.array(["tt", "ff", "ss"])
AXES = ("tmr", "temperature", "corner")
RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=(3, 3, 3))
LEVELS = np.array(QUANTILES)
Z = ndtri(np.clip(LEVELS, 1e-5, 1 - 1e-5))


@pytest.fixture
def table() -> LookupTable:
    """A measure ``v`` that is normal with sigma 0.1 around random means, and others of fewer dimensions."""
    holed = VALUES.copy()
    holed[1, 1, 0] = np.nan
    return LookupTable(
        {
            "tmr": TMR,
            "temperature": TEMPERATURE,
            "corner": CORNER,
            "fan_in": FAN_IN,
            "rows": np.array([64.0]),
            "quantile": LEVELS,
        },
        {
            "v": (AXES, VALUES),
            "v_std": (AXES, np.full((3, 3, 3), 0.1)),
            "v_quantiles": ((*AXES, "quantile"), VALUES[..., None] + 0.1 * Z),
            "holed": (AXES, holed),
            "by_fan_in": (("fan_in", "rows"), np.array([[1.0], [2.0], [5.0]])),
            "area": ((), np.array(17.0)),
        },
        {"tmr": "", "temperature": "C", "v": "V", "area": "F^2"},
        {"spicekit": '{"bench": "made-up", "trials": 100}'},
        "made up",
        {"v": "a voltage"},
    )


def test_it_is_public() -> None:
    assert spicekit.LookupTable is LookupTable


@given(st.integers(0, 2), st.lists(st.tuples(st.floats(1, 2.5), st.floats(-40, 85)), min_size=1, max_size=20))
def test_a_query_is_the_multilinear_interpolation(corner: int, points: list[tuple[float, float]]) -> None:
    table = LookupTable({"tmr": TMR, "temperature": TEMPERATURE, "corner": CORNER}, {"v": (AXES, VALUES)}, {}, {})
    tmr, temperature = np.array(points).T
    expected = RegularGridInterpolator((TMR, TEMPERATURE), VALUES[:, :, corner])(np.array(points))
    found = table.query("v", tmr=tmr, temperature=temperature, corner=CORNER[corner])
    assert found == pytest.approx(expected, abs=1e-12)


def test_grid_points_are_exact_and_arrays_broadcast(table: LookupTable) -> None:
    everywhere = table.query("v", tmr=TMR[:, None, None], temperature=TEMPERATURE[:, None], corner=CORNER)
    assert np.array_equal(everywhere, VALUES)
    assert table.query("v", tmr=1, temperature="27", corner="ff").shape == ()
    assert table.query("v", tmr=np.empty(0), temperature=27, corner="tt").shape == (0,)
    assert table.query("area") == 17
    assert table.query("by_fan_in", fan_in=[2, 3, 4, 5, 6]) == pytest.approx([1, 2, 3, 4, 5])  # the one value of `rows` is it


def test_many_points_are_the_same_as_each_alone(table: LookupTable) -> None:
    """More than are computed at a time."""
    tmr = np.linspace(1, 2.5, 150_001)
    found = table.query("v", tmr=tmr, temperature=50, corner="ss")
    for index in (0, 65_535, 65_536, 150_000):
        assert found[index] == table.query("v", tmr=tmr[index], temperature=50, corner="ss")


def test_what_is_not_known_spreads_no_further_than_its_neighbours(table: LookupTable) -> None:
    where = {"corner": "tt", "tmr": 1.5}
    assert np.isnan(table.query("holed", temperature=27, **where))
    assert np.isnan(table.query("holed", temperature=60, **where))
    assert table.query("holed", temperature=85, **where) == VALUES[1, 2, 0]
    assert table.query("holed", temperature=27, tmr=1.5, corner="ff") == VALUES[1, 1, 1]


def test_a_coordinate_that_changes_nothing_may_be_given(table: LookupTable) -> None:
    assert table.query("area", tmr=1.2, corner="ss") == 17
    assert table.query("area", tmr=[1.2, 1.3]).tolist() == [17, 17]
    with pytest.raises(UserError, match="tmr=9 is outside"):
        table.query("area", tmr=9)


@pytest.mark.parametrize(
    ("measure", "where", "said"),
    [
        ("w", {}, "made up: unknown measure 'w'"),
        ("v", {"tmr": 2, "temperature": 27}, r"'v' depends on 'corner': give corner=tt | ff | ss"),
        ("v", {"tmr": 2.6, "temperature": 27, "corner": "tt"}, "tmr=2.6 is outside the table: 1 to 2.5"),
        ("v", {"tmr": [1, 0.9], "temperature": 27, "corner": "tt"}, "tmr=0.9 is outside"),
        ("v", {"tmr": 2, "temperature": 100, "corner": "tt"}, "temperature=100 is outside the table: -40 to 85 C"),
        ("v", {"tmr": float("nan"), "temperature": 27, "corner": "tt"}, "tmr=nan is outside"),
        ("v", {"tmr": "x", "temperature": 27, "corner": "tt"}, "tmr: 'x' is not a number"),
        ("v", {"tmr": ["1", "x"], "temperature": 27, "corner": "tt"}, "give a number or an array of numbers"),
        ("v", {"tmr": 2, "temperature": 27, "corner": "sf"}, "made up: unknown corner 'sf'"),
        ("v", {"tmr": 2, "temp": 27, "corner": "tt"}, "made up: unknown coordinate 'temp'"),
        ("v", {"tmr": [1, 2], "temperature": [1, 2, 3], "corner": "tt"}, "do not broadcast"),
        ("by_fan_in", {"fan_in": 2.5}, "fan_in=2.5 is no whole number: 2 to 6"),
        ("v_quantiles", {}, "sample"),
    ],
)
def test_a_wrong_query_is_one_line(table: LookupTable, measure: str, where: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        table.query(measure, **where)
    assert "\n" not in str(error.value)


def test_draws_are_of_the_stored_distribution(table: LookupTable) -> None:
    """Halfway between two grid points the quantiles lie halfway too."""
    point = {"tmr": 1.25, "temperature": 27, "corner": "ff"}
    drawn = table.sample(np.random.default_rng(3), "v", size=(400, 250), **point)
    assert drawn.shape == (400, 250)
    middle = (VALUES[0, 1, 1] + VALUES[1, 1, 1]) / 2
    levels, quantiles = table.quantiles("v", **point)
    assert quantiles == pytest.approx(middle + 0.1 * Z)
    assert kstest(drawn.ravel(), lambda x: np.interp(x, quantiles, levels)).pvalue > 1e-3
    assert drawn.std() == pytest.approx(0.1, abs=5 * 0.1 / np.sqrt(2 * drawn.size))
    # the stream of random numbers does not depend on how many are drawn at a time
    assert np.array_equal(drawn.ravel(), table.sample(np.random.default_rng(3), "v", size=100_000, **point))


@pytest.mark.parametrize("trials", [8, 30])
def test_few_trials_keep_their_sigma(trials: int) -> None:
    """Straight lines between 30 quantiles have 0.9 of the spread of what they join."""
    values = np.random.default_rng(11).exponential(size=trials) + 5
    table = few(values)
    where = {"tmr": [1.0, 1.5, 2.0]}  # between equal rows, each draw at its own point
    with pytest.warns(UserWarning, match=f"made up: 'read_v' has {trials} trials: sigma is known to .* the tails are not"):
        drawn = table.sample(np.random.default_rng(3), "read_v", size=(100_000, 3), **where)
    with pytest.warns(UserWarning, match="made up: 'read_v' has"):
        one = table.sample(np.random.default_rng(3), "read_v", size=300_000, tmr=1.2)
    for found in (drawn, one):
        assert found.mean() == pytest.approx(values.mean(), rel=1e-3)
        assert found.std() == pytest.approx(values.std(ddof=1), rel=0.01)


def few(values: np.ndarray[Any, Any], **further: float) -> LookupTable:
    """What a campaign of ``values`` says of ``read_v``, the same at two points."""
    rows: dict[str, Any] = {"read_v": values.mean(), "read_v_std": values.std(ddof=1), "read_count": len(values), **further}
    variables: dict[str, Any] = {name: (("tmr",), np.full(2, float(value))) for name, value in rows.items()}
    variables["read_v_quantiles"] = (("tmr", "quantile"), np.tile(np.quantile(values, LEVELS), (2, 1)))
    return LookupTable({"tmr": np.array([1.0, 2.0]), "quantile": LEVELS}, variables, {}, {}, "made up")


def test_draws_keep_to_the_ends_that_the_table_holds() -> None:
    """Of a count's error where the right answer is the highest: what would be above is right."""
    values = 0.37 * ndtri((np.arange(2000) + 0.5) / 2000)
    table = few(values, read_v_lowest=-64, read_v_highest=0)
    for size, where in ((200_000, {"tmr": 1.3}), (None, {"tmr": np.full(200_000, 1.3)})):
        drawn = table.sample(np.random.default_rng(3), "read_v", size=size, **where)
        assert drawn.max() == 0
        wrong = np.mean(np.rint(drawn) != 0)
        assert wrong == pytest.approx(ndtr(-0.5 / 0.37), abs=0.003)  # one side: of both it would be twice that


def test_a_fraction_is_drawn_as_it_is() -> None:
    values = (np.arange(300) < 30).astype(float)
    drawn = few(values, read_v_low=0.07, read_v_high=0.14).sample(np.random.default_rng(3), "read_v", size=5000, tmr=1)
    assert drawn.min() == 0
    assert drawn.max() == 1


def test_the_netcdf_file_is_read_as_xarray_reads_it(table: LookupTable, tmp_path: Path) -> None:
    """Which it is read without; what h5py alone would get wrong is refused."""
    file = tmp_path / "table.nc"
    sizes = {name: values for name, values in table.coordinates.items() if name != "rows"}
    held = {name: (d, values) for name, (d, values) in table.variables.items() if "rows" not in d}
    notes = {name: {"units": table.units.get(name, ""), "long_name": table.meanings.get(name, "")} for name in held}
    dataset = xr.Dataset({n: (*held[n], notes[n]) for n in held}, sizes, {"spicekit": "{}"})
    dataset["count"] = (("corner",), np.array([3, 4, 5]), {"long_name": "trials"})
    dataset["word"] = (("corner",), np.array(["a", "b", "c"]))
    dataset.to_netcdf(file, engine="h5netcdf")
    with xr.open_dataset(file, engine="h5netcdf") as opened:
        theirs = from_dataset(opened.load(), "table.nc")
    mine = LookupTable.load(tmp_path)
    assert mine.checksum() == theirs.checksum()
    assert (list(mine.variables), list(mine.coordinates)) == (list(theirs.variables), list(theirs.coordinates))
    assert (mine.units, mine.meanings, mine.attributes) == (theirs.units, theirs.meanings, theirs.attributes)
    dataset.to_netcdf(file, engine="h5netcdf", encoding={"area": {"scale_factor": 0.5, "dtype": "i4", "_FillValue": -1}})
    with pytest.raises(UserError, match=r"table\.nc is damaged or not a table: variable area is packed"):
        LookupTable.load(file)


def test_a_skewed_distribution_keeps_its_tails() -> None:
    """Mean and sigma would not do: half of the draws are 0, the others 1, and nothing is in between but one step."""
    row = (LEVELS >= 0.5).astype(float)
    table = LookupTable({"quantile": LEVELS}, {"v": ((), np.array(0.5)), "v_quantiles": (("quantile",), row)}, {}, {})
    drawn = table.sample(np.random.default_rng(1), "v", size=20_000)
    assert np.mean((drawn == 0) | (drawn == 1)) == pytest.approx(0.9, abs=0.01)  # the step is between levels 0.4 and 0.5
    assert drawn.mean() == pytest.approx(0.55, abs=0.02)


def test_each_draw_at_its_own_point(table: LookupTable) -> None:
    tmr = np.repeat([1.0, 1.3], 50_000)
    drawn = table.sample(np.random.default_rng(5), "v", tmr=tmr, temperature=27, corner="tt")
    assert drawn.shape == tmr.shape
    for half, at in ((drawn[:50_000], 1.0), (drawn[50_000:], 1.3)):
        levels, quantiles = table.quantiles("v", tmr=at, temperature=27, corner="tt")
        assert kstest(half, lambda x, q=quantiles, p=levels: np.interp(x, q, p)).pvalue > 1e-3
    two = table.sample(np.random.default_rng(5), "v", size=(4, 2), tmr=[1.0, 1.3], temperature=27, corner="tt")
    assert two.shape == (4, 2)
    with pytest.raises(UserError, match="do not broadcast to size"):
        table.sample(np.random.default_rng(5), "v", size=(4, 3), tmr=[1.0, 1.3], temperature=27, corner="tt")


def test_no_distribution_no_draws(table: LookupTable) -> None:
    with pytest.raises(UserError, match="made up holds no distribution of 'holed': make it with --trials"):
        table.sample(np.random.default_rng(1), "holed", tmr=1, temperature=27, corner="tt")


def test_npz_keeps_everything(table: LookupTable, tmp_path: Path) -> None:
    table.save_npz(tmp_path / "a.npz")
    table.save_npz(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = LookupTable.load(tmp_path / "a.npz")
    assert list(again.coordinates) == list(table.coordinates)
    for name, values in table.coordinates.items():
        assert np.array_equal(again.coordinates[name], values)
        assert again.coordinates[name].dtype == values.dtype
    for name, (dimensions, values) in table.variables.items():
        assert again.variables[name][0] == dimensions
        assert np.array_equal(again.variables[name][1], values, equal_nan=True)
    assert (again.units, again.meanings, again.provenance) == (table.units, table.meanings, table.provenance)


def test_without_h5py_the_other_form_is_named(table: LookupTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "table.nc").write_bytes(b"anything")
    table.save_npz(tmp_path / "table.npz")
    monkeypatch.setitem(sys.modules, "h5py", None)  # as where it is not installed
    with pytest.raises(UserError, match=r"table\.nc needs the package h5py; without it: spicekit table export .* --to npz"):
        LookupTable.load(tmp_path)
    assert LookupTable.load(tmp_path / "table.npz").measures == table.measures


@pytest.mark.parametrize("name", ["table.nc", "table.npz"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x89HDF\r\n\x1a\n" + bytes(100), b"PK\x03\x04" + bytes(100)])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{tmp_path / name} is damaged or not a table") as error:
        LookupTable.load(tmp_path / name)
    assert "\n" not in str(error.value)
    assert (tmp_path / name).read_bytes() == content


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"no table at {tmp_path / 'table.nc'}"):
        LookupTable.load(tmp_path)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(UserError, match="not a table"):
        LookupTable.load(tmp_path / "other.npz")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(UserError, match=r"other\.nc is not a table of spicekit"):
        LookupTable.load(tmp_path / "other.nc")


def test_the_reader_in_the_docs(table: LookupTable, tmp_path: Path, repository: Path) -> None:
    """The text of docs/tables.md, run as it stands, in at most 30 lines and with numpy alone."""
    text = (repository / "docs" / "tables.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class Table" in block]
    assert sum(1 for line in code.splitlines() if line.strip()) <= 30
    assert set(re.findall(r"^import (.+)$", code, re.MULTILINE)) == {"itertools, json", "numpy as np"}
    names: dict[str, Any] = {}
    exec(code, names)
    table.save_npz(tmp_path / "table.npz")
    reader = names["Table"](tmp_path / "table.npz")
    for tmr, temperature, corner in ((1.0, -40.0, "tt"), (2.5, 85.0, "ss"), (1.7, 30.0, "ff"), (1.5, 27.0, "tt")):
        point = {"tmr": tmr, "temperature": temperature, "corner": corner}
        assert reader.query("v", **point) == pytest.approx(float(table.query("v", **point)), abs=1e-12)
        assert reader.query("v_quantiles", **point) == pytest.approx(table.quantiles("v", **point)[1], abs=1e-12)
        one, other = (t.sample(np.random.default_rng(2), "v", size=1000, **point) for t in (reader, table))
        assert one == pytest.approx(other, abs=5e-3)  # without the stretch to the stored mean and sigma
    assert reader.query("area") == 17
    assert reader.header["units"]["temperature"] == "C"
    with pytest.raises(ValueError, match=r"tmr=3\.0 is outside"):
        reader.query("v", tmr=3.0, temperature=27, corner="tt")


# --- any table ----------------------------------------------------------------------------------------------------------------

NAMES = st.text("abcdefgh_", min_size=1, max_size=6).filter(lambda name: name not in ("quantile", "count"))
CELLS = st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))


@st.composite
def tables(draw: st.DrawFn) -> LookupTable:
    """One to three axes of numbers, whole numbers or words, and two measures on some of them."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    axes: dict[str, np.ndarray[Any, Any]] = {}
    for name in names:
        kind = draw(st.sampled_from(["float", "int", "word"]))
        if kind == "word":
            axes[name] = np.array(draw(st.lists(st.text("fstµ", min_size=1, max_size=3), min_size=1, max_size=3, unique=True)))
        else:
            numbers = st.integers(-50, 50) if kind == "int" else st.integers(-50, 50).map(lambda value: value / 8)
            axes[name] = np.array(sorted(draw(st.lists(numbers, min_size=1, max_size=4, unique=True))))
    variables = {}
    for name in ("v", "w"):
        chosen = tuple(axis for axis in names if draw(st.booleans()))
        shape = tuple(len(axes[axis]) for axis in chosen)
        cells = draw(st.lists(CELLS, min_size=math.prod(shape), max_size=math.prod(shape)))
        variables[name] = (chosen, np.array(cells, dtype=float).reshape(shape))
    text = draw(st.text(max_size=20))
    return LookupTable(axes, variables, {"v": "V"}, {"spicekit": json.dumps({"bench": text})}, "any", {"w": text})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def is_same(a: LookupTable, b: LookupTable) -> bool:
    return (
        list(a.coordinates) == list(b.coordinates)
        and all(np.array_equal(a.coordinates[name], b.coordinates[name]) for name in a.coordinates)
        and set(a.variables) == set(b.variables)
        and all(a.variables[name][0] == b.variables[name][0] for name in a.variables)
        and all(np.array_equal(a.variables[name][1], b.variables[name][1], equal_nan=True) for name in a.variables)
        and (a.units["v"], a.meanings["w"], a.provenance) == (b.units["v"], b.meanings["w"], b.provenance)
    )


@settings(max_examples=40)
@given(table=tables())
def test_any_table_survives_both_of_its_files(table: LookupTable, folder: Path) -> None:
    table.save_npz(folder / "a.npz")
    assert is_same(LookupTable.load(folder / "a.npz"), table)
    data = {
        name: (dimensions, values, {"units": table.units.get(name, ""), "long_name": table.meanings.get(name, "")})
        for name, (dimensions, values) in table.variables.items()
    }
    dataset = xr.Dataset(data, coords=table.coordinates, attrs=table.attributes)
    dataset.to_netcdf(folder / "a.nc", engine="h5netcdf")
    again = LookupTable.load(folder / "a.nc")
    again.coordinates = {name: again.coordinates[name] for name in table.coordinates}  # xarray orders them by the variables
    assert is_same(again, table)


@given(table=tables(), place=st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_query_lies_between_its_neighbours(table: LookupTable, place: list[float]) -> None:
    """Within the hull of the corners of its cell, exact at a grid point, and NaN only if one of them is."""
    dimensions, values = table.variables["v"]
    where: dict[str, Any] = {}
    cell = []
    for name, part in zip(dimensions, place, strict=False):
        grid = table.coordinates[name]
        if grid.dtype.kind == "f":
            where[name] = grid[0] + part * (grid[-1] - grid[0])
            low, high = np.searchsorted(grid, where[name], side="right") - 1, np.searchsorted(grid, where[name])
            cell.append(slice(low, high + 1))
        else:
            index = min(int(part * len(grid)), len(grid) - 1)
            where[name] = grid[index]
            cell.append(slice(index, index + 1))
    corners = values[tuple(cell)]
    found = table.query("v", **where)
    assert found.shape == ()
    if np.isnan(corners).any():
        assert np.isnan(found)
    else:
        slack = 1e-9 * (1 + np.abs(corners).max())
        assert corners.min() - slack <= found <= corners.max() + slack


@settings(max_examples=60)
@given(table=tables(), cut=st.floats(0, 1), flip=st.floats(0, 1), byte=st.integers(1, 255))
def test_any_damage_to_a_file_is_one_line_or_seen_through(
    table: LookupTable, cut: float, flip: float, byte: int, folder: Path
) -> None:
    table.save_npz(folder / "b.npz")
    whole = bytearray((folder / "b.npz").read_bytes())
    half = whole[: int(cut * (len(whole) - 1))]
    whole[int(flip * (len(whole) - 1))] ^= byte
    for content in (half, whole):
        (folder / "b.npz").write_bytes(content)
        complaint = ""
        try:
            LookupTable.load(folder / "b.npz")
        except UserError as error:
            complaint = str(error)
        assert len(complaint.splitlines()) <= 1
        assert complaint or content is whole  # a flipped bit may lie in a place that nobody reads


def test_a_temperature_in_words_is_celsius_unless_it_says_kelvin(table: LookupTable) -> None:
    there = {"tmr": 1.5, "corner": "ff"}
    expected = float(table.query("v", temperature=85, **there))
    for text in ("85", "85C", "358.15K"):
        assert float(table.query("v", temperature=text, **there)) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(UserError, match="temperature: '85F' is not a temperature"):
        table.query("v", temperature="85F", **there)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small sweep with its table."""
    from montecarlo import Sweep

    folder = tmp_path_factory.mktemp("written")
    Sweep("sot-read", {"tmr": [1.0, 2.0], "corner": ["ff", "tt"]}, trials=20).run(folder, workers=1)
    return folder


@pytest.mark.parametrize("name", ["table.nc", "table.npz"])
def test_no_flipped_bit_gives_another_value(written: Path, tmp_path: Path, name: str) -> None:
    """Of 200 flips each is an error, or (in a place that holds nothing) leaves every value as it was."""
    reference = LookupTable.load(written / name)
    assert reference.attributes["checksum"] == reference.checksum() == LookupTable.load(written / "table.nc").checksum()
    content = (written / name).read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for place, bit in zip(rng.integers(len(content), size=200), rng.integers(8, size=200), strict=True):
        data = bytearray(content)
        data[place] ^= 1 << bit
        (tmp_path / name).write_bytes(data)
        try:
            table = LookupTable.load(tmp_path / name)
        except UserError:
            refused += 1
            continue
        assert table.checksum() == reference.checksum()
        assert list(table.variables) == list(reference.variables)
    assert refused > 20


def test_a_table_without_its_checksum_is_refused(written: Path, tmp_path: Path) -> None:
    """In either form, by what loads it and by the report; of version 0.1, which wrote none, it is taken as it is."""
    from montecarlo.report import make_page

    dataset = xr.load_dataset(written / "table.nc", engine="h5netcdf")
    del dataset.attrs["checksum"]
    (dataset * 2).assign_attrs(dataset.attrs).to_netcdf(tmp_path / "table.nc", engine="h5netcdf")
    with np.load(written / "table.npz") as data:
        arrays, header = dict(data), json.loads(str(data["header"]))
    del header["attributes"]["checksum"]
    np.savez(tmp_path / "table.npz", **arrays | {"header": np.array(json.dumps(header))})
    for name in ("table.nc", "table.npz"):
        with pytest.raises(UserError, match=rf"{name} is damaged or not a table: its checksum is gone"):
            LookupTable.load(tmp_path / name)
    with pytest.raises(SpicekitError, match=r"table.nc is damaged or not a table: its checksum is gone"):
        make_page(tmp_path)
    provenance = json.loads(header["attributes"]["spicekit"])
    del provenance["code_sha256"]
    header["attributes"]["spicekit"] = json.dumps(provenance | {"versions": {"spicekit": "0.1.0"}})
    np.savez(tmp_path / "table.npz", **arrays | {"header": np.array(json.dumps(header))})
    assert LookupTable.load(tmp_path / "table.npz").measures == LookupTable.load(written / "table.npz").measures


def test_a_report_of_a_table_with_other_values_is_refused(written: Path, tmp_path: Path) -> None:
    from montecarlo.report import make_page

    dataset = xr.load_dataset(written / "table.nc", engine="h5netcdf")
    (dataset * 2).assign_attrs(dataset.attrs).to_netcdf(tmp_path / "table.nc", engine="h5netcdf")
    with pytest.raises(SpicekitError, match=r"table.nc is damaged or not a table: its checksum is that of another content"):
        make_page(tmp_path)


@pytest.mark.parametrize(
    ("coordinates", "shape", "says"),
    [
        ([2.0, 1.0], (2,), "coordinate x does not rise"),
        ([1.0, np.nan], (2,), "coordinate x does not rise"),
        ([1.0, 2.0], (3,), r"variable v has shape \(3,\), its coordinates \(2,\)"),
        (["a", "a"], (2,), "coordinate x has a value twice"),
        ([[1.0, 2.0]], (1,), "coordinate x is no list of values"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, coordinates: list[float], shape: tuple[int, ...], says: str) -> None:
    table = LookupTable({"x": np.array(coordinates)}, {"v": (("x",), np.zeros(shape))}, {}, {"spicekit": "{}"})
    table.save_npz(tmp_path / "table.npz")
    with pytest.raises(UserError, match=rf"table.npz is damaged or not a table: {says}"):
        LookupTable.load(tmp_path / "table.npz")


def joint_table(trials: int, rng: np.random.Generator) -> tuple[LookupTable, NDArray[np.float64]]:
    """A lognormal R_P and a skewed R_AP of the same junctions at two temperatures, and those at the first one, (trials, 2)."""
    first = rng.standard_normal((trials, 2))
    z = np.stack([first[:, 0], 0.8 * first[:, 0] + 0.6 * first[:, 1]], axis=1)
    r = np.stack([3000 * np.exp(0.05 * z[:, 0]), 6000 + 300 * z[:, 1] + 40 * z[:, 1] ** 2], axis=1)
    here = np.stack([r, 0.9 * r], axis=0)
    variables = {"correlation": (("temperature", "pair"), np.full((2, 1), correlation(r[:, 0], r[:, 1])))}
    for k, name in enumerate(("r_p", "r_ap")):
        variables[name] = (("temperature",), here[..., k].mean(axis=1))
        variables[f"{name}_std"] = (("temperature",), here[..., k].std(axis=1, ddof=1))
        variables[f"{name}_quantiles"] = (("temperature", "quantile"), np.quantile(here[..., k], LEVELS, axis=1).T)
    variables["alone"] = variables["r_p"]
    variables["alone_quantiles"] = variables["r_p_quantiles"]
    grid = {"temperature": np.array([27.0, 85.0]), "quantile": LEVELS, "pair": np.array(["r_p r_ap"])}
    return LookupTable(grid, variables, {}, {}, "made up"), r


def test_joint_draws_have_the_correlation_and_each_its_own_distribution() -> None:
    """R_AP - R_P, which a read senses, has the spread of the trials; drawn apart it would have 1.7 times as much."""
    table, r = joint_table(4000, np.random.default_rng(3))
    found = table.sample_joint(np.random.default_rng(4), ["r_p", "r_ap"], 40_000, temperature=27)
    assert spearmanr(found["r_p"], found["r_ap"]).statistic == pytest.approx(spearmanr(*r.T).statistic, abs=0.01)
    for k, name in enumerate(("r_p", "r_ap")):
        assert kstest(found[name], r[:, k]).statistic < 1.63 * math.sqrt(1 / 40_000 + 1 / 4000)  # 1 % level
    gap, true = found["r_ap"] - found["r_p"], r[:, 1] - r[:, 0]
    assert np.std(gap) == pytest.approx(true.std(), rel=0.03)
    apart = table.sample(np.random.default_rng(5), "r_ap", 40_000, temperature=27) - found["r_p"]
    assert np.std(apart) > 1.2 * true.std()


def test_joint_draws_at_points_of_their_own(table: LookupTable) -> None:
    joint, r = joint_table(500, np.random.default_rng(3))
    where = np.repeat([27.0, 56.0, 85.0], 4000)
    found = joint.sample_joint(np.random.default_rng(4), ["r_ap", "r_p"], temperature=where)
    for k, factor in enumerate((1.0, 0.95, 0.9)):
        part = slice(4000 * k, 4000 * (k + 1))
        assert np.mean(found["r_p"][part]) == pytest.approx(factor * r[:, 0].mean(), rel=3e-3)
        assert spearmanr(found["r_p"][part], found["r_ap"][part]).statistic == pytest.approx(0.79, abs=0.05)
    with pytest.raises(UserError, match="have no joint distribution: they are not of the same trials"):
        joint.sample_joint(RNG, ["r_p", "alone"], 3, temperature=27)
    with pytest.raises(UserError, match="holds no distribution of 'holed'"):
        table.sample_joint(RNG, ["v", "holed"], 3, tmr=1, temperature=27, corner="ff")
    with pytest.raises(UserError, match="'correlation' holds pairs; use"):
        joint.query("correlation", temperature=27)
    assert "pair" not in [dimension["name"] for dimension in joint.describe()["dimensions"]]
    assert "correlation" not in joint.measures


def test_normal_scores() -> None:
    """Of a monotone function the same; of a joint normal law its correlation; none where one does not vary."""
    z = np.random.default_rng(1).standard_normal((20_000, 2)) @ np.linalg.cholesky([[1, -0.6], [-0.6, 1]]).T
    assert correlation(z[:, 0], z[:, 1]) == pytest.approx(-0.6, abs=0.015)
    assert correlation(np.exp(z[:, 0]), z[:, 1] ** 3) == correlation(z[:, 0], z[:, 1])
    assert correlation(z[:, 0], -z[:, 0]) == pytest.approx(-1)
    assert math.isnan(correlation(z[:, 0], np.ones(20_000)))
    assert correlation(np.where(z[:, 0] > 2, np.inf, z[:, 0]), z[:, 1]) == pytest.approx(-0.6, abs=0.03)
