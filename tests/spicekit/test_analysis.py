"""Analyses: what ngspice is told, and options that it would ignore."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.errors import UserError


def made(kind: type[DcAnalysis] | type[TranAnalysis], options: dict[str, Any]) -> DcAnalysis | TranAnalysis:
    return (
        DcAnalysis(save=("v(a)",), options=options)
        if kind is DcAnalysis
        else TranAnalysis(("v(a)",), 1e-9, 1e-6, options=options)
    )


@pytest.mark.parametrize("kind", [DcAnalysis, TranAnalysis])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reltoll": 1e-9}, "ngspice: unknown option 'reltoll'; did you mean reltol"),
        ({"chgtolerance": 1e-18}, "ngspice: unknown option 'chgtolerance'"),
        ({"temp": 85}, "ngspice: unknown option 'temp'"),
        ({"gmin": float("nan")}, "option gmin of ngspice: nan given; allowed: a finite number"),
        ({"gmin": "1e-12 .include x"}, "option gmin of ngspice: '1e-12 .include x' given"),
        ({"itl1": True}, "option itl1 of ngspice: True given"),
    ],
)
def test_an_option_that_ngspice_would_ignore_is_refused(
    kind: type[DcAnalysis] | type[TranAnalysis], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as error:
        made(kind, options)
    assert said in str(error.value)


def test_the_line_of_options() -> None:
    line = made(DcAnalysis, {"gmin": np.float64(1e-13), "itl1": np.int64(500), "CHGTOL": 1e-18}).option_line()
    assert line == "reltol=1e-07 abstol=1e-15 vntol=1e-09 gmin=1e-13 itl1=500.0 CHGTOL=1e-18"
