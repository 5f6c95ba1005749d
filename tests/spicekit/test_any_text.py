"""Whatever stands in a file or an option: a value, or one line that says what is allowed; never another exception."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.cli.options import read_correlations, read_variations
from montecarlo.jobs.sweep import parse_over
from montecarlo.jobs.until import Until
from spicekit import make_bench
from spicekit.cli.options import read_parameters
from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.registry import bench_class
from spicekit.technology import load_technology, technology_names
from spicekit.units import parse_value
from spicekit.wer import parse_range, parse_spread

SIGNS = "[]{}=\"'#.,\n\t \\0123456789eE+-_:abckmuntrx%"
TEXT = st.sampled_from(["~nobody/", "\0", "/", "."]) | st.text(max_size=40) | st.text(SIGNS, max_size=60)
# TOML cannot spell surrogates, nor JSON's way of writing what lies beyond the basic plane
WORDS = st.text(st.characters(max_codepoint=0xD7FF), max_size=8) | st.sampled_from(["name", "value", "unit", "m", "1", "x\ny"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, -1, 1e-320, 1e-12, 1e30, 1e300, 10**400, math.inf, math.nan])
VALUES = st.recursive(
    WORDS | NUMBERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=4,
)
T = TypeVar("T")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "any.toml"


def toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def document(content: dict[str, Any]) -> str:
    return "\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in content.items())


def answered(read: Callable[[], T]) -> T | None:
    """What ``read`` gives; None after a UserError of one line.  Any other exception is the test's failure."""
    found, complaint = None, ""
    try:
        found = read()
    except UserError as error:
        complaint = str(error)
    assert len(complaint.splitlines()) <= 1, complaint
    return found


def shipped(kind: str, name: str) -> Path:
    return data_root() / "models" / kind / f"{name}.toml"


CONTENTS: list[tuple[Callable[[str], Any], dict[str, Any]]] = [
    *((load_device, tomllib.loads(shipped("mtj", name).read_text(encoding="utf-8"))) for name in list_devices("mtj")),
    *((load_device, tomllib.loads(shipped("rram", name).read_text(encoding="utf-8"))) for name in list_devices("resistive")),
    *((load_technology, tomllib.loads(shipped("cmos", name).read_text(encoding="utf-8"))) for name in technology_names()),
]
"""Reader and content of every file that ships."""


def places(content: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every section, key and field of a quantity, as the keys that lead there."""
    found = []
    for key, value in content.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += places(value, (*above, key))
    return found


def read_fresh(read: Callable[[str], Any], file: Path, content: str) -> Any:
    file.write_text(content, encoding="utf-8")
    return read(str(file))


@given(text=TEXT)
def test_any_text_as_a_file(text: str, file: Path) -> None:
    for read in (load_device, load_technology):
        assert answered(partial(read_fresh, read, file, text)) is None


@given(content=st.dictionaries(WORDS, VALUES, max_size=4))
def test_any_keys_and_values_as_a_file(content: dict[str, Any], file: Path) -> None:
    for read in (load_device, load_technology):
        assert answered(partial(read_fresh, read, file, document(content))) is None


@settings(max_examples=400)
@given(data=st.data())
def test_a_shipped_file_with_anything_in_one_place(data: st.DataObject, file: Path) -> None:
    read, original = data.draw(st.sampled_from(CONTENTS))
    content = copy.deepcopy(original)
    *way, last = data.draw(st.sampled_from(places(content)))
    section = content
    for key in way:
        section = section[key]
    match data.draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            number = isinstance(section[last], int | float)
            section[last] = data.draw(NUMBERS if number else VALUES)
        case "remove":
            del section[last]
        case "add":
            section[data.draw(WORDS)] = data.draw(VALUES)
    card = answered(partial(read_fresh, read, file, document(content)))
    if isinstance(card, MtjCard):
        assert all(math.isfinite(value) for value in asdict(card.at().numbers).values())


@pytest.mark.parametrize("name", list_devices("mtj"))
def test_a_card_written_and_read_again_is_the_same(name: str, file: Path) -> None:
    card = load_device(name, MtjCard)
    again = read_fresh(load_device, file, document(card.model_dump(exclude_none=True)))
    assert again == card
    assert again.at(350.0).numbers == card.at(350.0).numbers


OPTIONS: list[Callable[[str], Any]] = [
    parse_value,
    lambda text: read_parameters([text], None, None),
    lambda text: make_bench("sot-read", read_parameters([f"tmr={text}"], None, None)),
    lambda text: make_bench("stt-read", read_parameters([text], text, text)),
    lambda text: read_variations([text], [text]),
    lambda text: read_variations([f"ra={text}"], None),
    lambda text: read_variations([f"ra=5%:{text}"], None),
    lambda text: read_variations(None, [f"ra=5%:lognormal:{text}"]),
    lambda text: read_correlations([f"ra,tmr={text}"]),
    lambda text: parse_over("sot-logic", text),
    lambda text: parse_over("sot-logic", f"fan_in={text}"),
    lambda text: parse_over("sot-read", f"tmr={text}"),
    lambda text: parse_range("--current", text),
    lambda text: parse_spread([text]),
    lambda text: parse_spread([f"ra={text}"]),
    lambda text: Until.parse(text, make_bench("sot-logic", {})),
    lambda text: Until.parse(f"measures.v_ap.mean ci<{text}", make_bench("sot-logic", {})),
    load_device,
    load_technology,
    bench_class,
    lambda text: load_device(f"{text}.toml", MtjCard),
    lambda text: load_device(f"{text}/card.toml"),
    lambda text: load_technology(f"{text}.toml"),
    lambda text: bench_class(f"{text}.py:Bench"),
]
NUMERIC = st.lists(
    st.floats().map(repr) | st.sampled_from(["1", "2", "0", "-1", "inf", "1e400", "5%", "20n", "1meg", "3V", "", "x"]),
    max_size=4,
).flatmap(lambda words: st.sampled_from(":,=").map(lambda sign: sign.join(words)))


@settings(max_examples=200)
@given(text=TEXT | NUMERIC)
def test_any_text_as_an_option(text: str) -> None:
    for read in OPTIONS:
        answered(partial(read, text))


@given(st.integers() | st.floats() | st.booleans() | st.none() | st.just(10**400))
def test_any_value_of_python_as_a_number(value: Any) -> None:
    found = answered(lambda: parse_value(value))
    assert found is None or (type(found) is float and not math.isnan(found))
