"""spicekit: circuit-level SPICE co-simulation of in-memory computing with magnetic and resistive memories.

>>> import spicekit
>>> result = spicekit.run("sot-read", tmr="250%")      # doctest: +SKIP
>>> result.measures["dv"]                              # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spicekit.bench import Bench as Bench
    from spicekit.bench import BenchParameters as BenchParameters
    from spicekit.bench import Margin as Margin
    from spicekit.bench import Measure as Measure
    from spicekit.bench import VariationPoint as VariationPoint
    from spicekit.bench import option as option
    from spicekit.bench import quantity as quantity
    from spicekit.calibration import Calibration as Calibration
    from spicekit.engines.calibrate import calibrated as calibrated
    from spicekit.errors import SpicekitError as SpicekitError
    from spicekit.errors import UserError as UserError
    from spicekit.limits import Limits as Limits
    from spicekit.nominal import render as render
    from spicekit.nominal import run as run
    from spicekit.registry import make_bench as make_bench
    from spicekit.table import LookupTable as LookupTable

__version__ = "0.2.0"

# public name -> module; imported on first use, so that the command line starts fast
_PUBLIC = {
    "Bench": "bench", "BenchParameters": "bench", "Calibration": "calibration", "DcAnalysis": "analysis", "Limits": "limits",
    "LookupTable": "table", "Margin": "bench", "Measure": "bench",
    "Panel": "bench", "SpicekitError": "errors", "TranAnalysis": "analysis", "UserError": "errors",
    "VariationPoint": "bench", "Waves": "waves",
    "calibrated": "engines.calibrate", "make_bench": "registry", "option": "bench", "quantity": "bench",
    "render": "nominal", "run": "nominal",
}  # fmt: skip
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'spicekit' has no attribute '{name}'")
    return getattr(importlib.import_module(f"spicekit.{_PUBLIC[name]}"), name)
