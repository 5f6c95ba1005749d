"""Errors that name what was meant."""

from __future__ import annotations

from spicekit.errors import SpicekitError, UserError, unknown


def test_the_nearest_names_are_given() -> None:
    assert str(unknown("bench", "sot-lgic", ["sot-logic", "sot-read"])) == "unknown bench 'sot-lgic'; did you mean sot-logic?"


def test_all_names_if_none_is_near() -> None:
    assert str(unknown("corner", "zz", ["tt", "ff"])) == "unknown corner 'zz'; choose from ff, tt"
    assert str(unknown("corner", "zz", [])) == "unknown corner 'zz'; choose from (none)"


def test_a_users_error_is_a_spicekit_error() -> None:
    assert issubclass(UserError, SpicekitError)
