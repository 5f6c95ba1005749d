"""No string or file of a user's reaches a shell, ngspice's command interpreter or Python's eval.  docs/security.md has the list.

Tested beside the parts: templates in tests/netlists, process files in tests/spicekit/test_pdk.py, expressions in
tests/montecarlo/test_expression.py, queue files and addresses in tests/montecarlo/test_cluster.py.
"""

from __future__ import annotations

import contextlib
import json
import typing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.jobs.sweep import parse_over
from montecarlo.variation import Correlation, Variation
from spicekit import make_bench, render
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import SpicekitError, UserError
from spicekit.registry import SHIPPED, bench_class
from spicekit.table import LookupTable

ATTACKS = (
    "x\n.control\nshell touch {mark}\n.endc\n",
    "x\r\n.control\r\nshell touch {mark}\r\n.endc",
    "x\n*#shell touch {mark}\n",
    "x\x0b.control\x0bshell touch {mark}\x0b.endc",
    "x\u2028.control\u2028shell touch {mark}\u2028.endc",
    "$(touch {mark})",
    "`touch {mark}`",
    "x; shell touch {mark}",
    "{{{{ self.__init__.__globals__ }}}}",
    "__import__('os').system('touch {mark}')",
)


def text_parameters(name: str) -> list[str]:
    """The parameters of a bench that are text of any kind (a Literal's words are tested too: anything else is refused)."""
    fields = bench_class(name).Parameters.model_fields
    return [key for key, field in fields.items() if field.annotation is str or str in typing.get_args(field.annotation)]


@pytest.mark.parametrize("bench", SHIPPED)
def test_a_text_parameter_of_a_bench(bench: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    names = text_parameters(bench)
    assert "technology" in names
    plain = render(make_bench(bench, {}))
    for name in names:
        for attack in ATTACKS:
            with contextlib.suppress(UserError):
                # where text is accepted, it stands in a comment: no line of the netlist begins anew
                text = render(make_bench(bench, {name: attack.format(mark=mark)}))
                assert text.count(".control") == plain.count(".control")
                assert not any(line.lstrip().startswith(("shell", "*#")) for line in text.splitlines())
    assert not mark.exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_number_of_a_bench(attack: str) -> None:
    for bench, name in (("sot-read", "i_read"), ("sot-logic", "fan_in"), ("stt-read", "temperature")):
        with pytest.raises(UserError, match=r"is not a (number|temperature)"):
            make_bench(bench, {name: attack})


@pytest.mark.parametrize("attack", ATTACKS)
def test_options_that_are_parsed(attack: str, tmp_path: Path) -> None:
    attack = attack.format(mark=tmp_path / "mark")
    for parse in (
        Variation.parse,
        Correlation.parse,
        lambda text: Variation.parse(f"ra={text}"),
        lambda text: Correlation.parse(f"ra,tmr={text}"),
        lambda text: parse_over("sot-read", text),
        lambda text: parse_over("sot-read", f"tmr={text}"),
    ):
        with pytest.raises(UserError):
            parse(attack)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bench_name(attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (attack, f"{attack}.py:Bench", f"{attack}:Bench"):
        with pytest.raises(UserError):
            bench_class(name.format(mark="mark"))
    assert not (tmp_path / "mark").exists()


def test_the_text_of_a_device_card(tmp_path: Path) -> None:
    """A card's text is never in a netlist; what is chosen by it is chosen by name."""
    shipped = load_device("stt-bnn-65nm", MtjCard)
    source = Path(__file__).resolve().parent.parent / "models" / "mtj" / "stt-bnn-65nm.toml"
    mark = tmp_path / "mark"
    for attack in ATTACKS:
        escaped = json.dumps(attack.format(mark=mark))
        card = tmp_path / "card.toml"
        for old in ('"Perpendicular STT junction', '"disc"', '"cosine-conductance"', '"tunnel"'):
            text = source.read_text()
            line = next(line for line in text.splitlines() if old in line)
            key = line.partition("=")[0]
            card.write_text(text.replace(line, f"{key}= {escaped}"))
            with contextlib.suppress(UserError):
                assert load_device(str(card), MtjCard).title != shipped.title
                assert render(make_bench("mtj-iv", {"device": str(card)})).count(".control") == 1
    assert not mark.exists()


def test_a_table_with_pickled_objects(tmp_path: Path) -> None:
    """NumPy's files can hold Python objects, whose reading runs code."""

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "mark",))

    np.savez(tmp_path / "table.npz", data=np.array([Evil()], dtype=object))
    with pytest.raises(SpicekitError):
        LookupTable.load(tmp_path / "table.npz")
    assert not (tmp_path / "mark").exists()


@given(st.text(max_size=60))
def test_parsers_answer_any_text_with_a_value_or_one_line(text: str) -> None:
    for parse in (Variation.parse, Correlation.parse, lambda word: parse_over("sot-read", word)):
        with contextlib.suppress(UserError):  # and nothing else
            parse(text)


@given(st.dictionaries(st.sampled_from(["tmr", "ra", "corner", "technology", "access", "nonsense"]), st.text(max_size=20)))
def test_any_parameters_make_a_bench_or_one_line(parameters: dict[str, str]) -> None:
    complaint = ""
    try:
        assert render(make_bench("sot-read", dict(parameters))).count(".control") == 1
    except UserError as error:
        complaint = str(error)
    assert "\n" not in complaint
