"""Numbers with SPICE suffixes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spicekit.errors import UserError
from spicekit.units import format_value, parse_quantity, parse_temperature, parse_value, readable

SUFFIXES = {"t": 12, "g": 9, "meg": 6, "k": 3, "m": -3, "u": -6, "µ": -6, "n": -9, "p": -12, "f": -15, "a": -18}


@pytest.mark.parametrize(("suffix", "exponent"), SUFFIXES.items())
def test_suffix_gives_the_nearest_double(suffix: str, exponent: int) -> None:
    # exact equality: 45n must be the very number that Python reads from 45e-9, or parameters would not compare equal
    for mantissa in ("1", "45", "-2.5", ".7", "3."):
        assert parse_value(f"{mantissa}{suffix}") == float(f"{mantissa}e{exponent}")
        assert parse_value(f"{mantissa}{suffix.upper()}") == float(f"{mantissa}e{exponent}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1M", 1e-3),  # milli in SPICE, whatever one may wish
        ("1MEG", 1e6),
        ("1megohm", 1e6),
        ("10pF", 1e-11),
        ("3ns", 3e-9),
        ("5V", 5.0),
        ("2kHz", 2e3),
        ("1f", 1e-15),
        ("1.5e-9", 1.5e-9),
        ("1e3k", 1e6),
        (" 7 n ", 7e-9),
        ("+4", 4.0),
        ("5%", 0.05),
        ("150 %", 1.5),
        ("-1e1%", -0.1),
        ("inf", math.inf),
        ("-INF", -math.inf),
        (3, 3.0),
        (2.5, 2.5),
    ],
)
def test_reads(text: str | float, value: float) -> None:
    assert parse_value(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "n", "1x", "1nn", "--1", "1e", "1,5", "0x10", "nan", "1n%", "5%%", "1 2", "1e5.5", "1;rm", "true", "∞",
     "1_000", True, math.nan],
)  # fmt: skip
def test_refuses_what_is_not_a_number(text: str | float) -> None:
    with pytest.raises(UserError, match="is not a number") as caught:
        parse_value(text)
    assert "\n" not in str(caught.value)


@given(st.floats(allow_nan=False))
def test_python_numbers_survive_as_text(value: float) -> None:
    assert parse_value(repr(value)) == value


@given(st.decimals(-999, 999, places=4, allow_nan=False, allow_infinity=False), st.sampled_from(sorted(SUFFIXES.items())))
def test_any_mantissa_with_any_suffix(mantissa: object, suffix: tuple[str, int]) -> None:
    assert parse_value(f"{mantissa}{suffix[0]}") == float(f"{mantissa}e{suffix[1]}")


@given(st.floats(1e-17, 1e14), st.sampled_from([1, -1]))
def test_formatted_values_read_back(value: float, sign: int) -> None:
    shown = format_value(sign * value, "V", digits=9)
    # 'M' for mega is right for people and milli to SPICE: the one prefix that does not read back
    number = float(shown.split()[0]) * 1e6 if " MV" in shown else parse_value(shown)
    assert number == pytest.approx(sign * value, rel=1e-8)  # nine digits


@given(st.floats(1e-15, 9e14))
def test_mantissa_has_at_most_three_digits_before_the_point(value: float) -> None:
    assert 0.99 < float(format_value(value, "s", digits=4).split()[0]) < 1000


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2e-7, "m", "200 nm"),
        (999.99e-9, "m", "1 µm"),  # rounding carries into the next prefix
        (0.0, "V", "0 V"),
        (1.5, "", "1.5"),
        (18.0, "ohm um2", "18 ohm um2"),  # no prefix on a compound unit
        (85.0, "C", "85 C"),
        (math.inf, "V", "inf V"),
        (-2.5e-3, "V", "-2.5 mV"),
        (1e15, "Hz", "1000 THz"),
    ],
)
def test_writes(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


@pytest.mark.parametrize(
    ("values", "unit", "factor", "scaled"),
    [
        ([-3e-3, 1e-4], "V", 1e3, "mV"),
        ([1e-9], "s", 1e9, "ns"),
        ([999e3, np.nan, np.inf], "ohm", 1e-3, "kohm"),
        ([2e-22], "J", 1e18, "aJ"),
        ([5e13], "Hz", 1e-12, "THz"),
        ([0.0, np.nan], "V", 1.0, "V"),
        ([], "V", 1.0, "V"),
        ([1e-3], "", 1.0, ""),
        ([1e-3], "%", 1.0, "%"),
        ([1e3], "C", 1.0, "C"),
        ([1e-12], "m2", 1.0, "m2"),
    ],
)
def test_an_axis_is_scaled_to_be_read(values: list[float], unit: str, factor: float, scaled: str) -> None:
    found, said = readable(values, unit)
    assert (found, said) == (pytest.approx(factor), scaled)


@pytest.mark.parametrize(
    ("text", "celsius"),
    [("85", 85), ("85C", 85), ("85c", 85), ("85 °C", 85), ("-40", -40), ("358K", 84.85), ("358 k", 84.85), ("300K", 26.85),
     ("2.5e1C", 25), (27, 27), (-40.5, -40.5)],
)  # fmt: skip
def test_a_temperature_is_celsius_unless_it_says_kelvin(text: str | float, celsius: float) -> None:
    assert parse_temperature(text) == celsius
    assert parse_quantity(text, "C") == celsius


@pytest.mark.parametrize("text", ["27F", "85m", "1k5", "hot", "85%", "inf", "nan", "0K", "-1K", "-273.15", "-300", "3000", True])
def test_what_is_no_temperature(text: str) -> None:
    with pytest.raises(UserError, match=r"not a temperature|allowed: above -273.15 C"):
        parse_temperature(text)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("60uA", "A", 60e-6), ("60u", "A", 60e-6), ("60a", "A", 6e-17), ("10f", "F", 1e-14), ("10fF", "F", 1e-14),
     ("3ns", "s", 3e-9), ("3nS", "s", 3e-9), ("50Ω", "ohm", 50), ("2kohm", "ohm", 2e3), ("18", "ohm um2", 18), ("5%", "", 0.05),
     ("80u", "", 80e-6), ("2", "1", 2), ("inf", "V", math.inf), (0.5, "V", 0.5)],
)  # fmt: skip
def test_a_number_in_its_own_unit(text: str | float, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("60uV", "A"), ("10s", "V"), ("90%", "V"), ("5ohm", "ohm um2"), ("1A", "A"), ("1.5 F", "F"), ("3Hz", "s"),
     ("80uA", ""), ("1.5V", ""), ("1.5 V", "1"), ("1A", ""), ("2A", "V")],
)  # fmt: skip
def test_a_number_in_another_unit_is_refused(text: str, unit: str) -> None:
    with pytest.raises(UserError, match=f"is not in {unit}|to SPICE; give|is to be a plain number") as caught:
        parse_quantity(text, unit)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["1e400", "-1e309", "1e400%", "1e308k", "1e-400", "4e-330f", "0.1e-330 V"])
def test_a_number_that_no_double_holds_is_neither_infinite_nor_zero(text: str) -> None:
    with pytest.raises(UserError, match="beyond what a number can hold"):
        parse_value(text)


def test_zero_and_infinity_may_be_said() -> None:
    assert [parse_value(text) for text in ("0", "0e-400", "-0.0", "inf", "1e308")] == [0, 0, 0, math.inf, 1e308]
