"""spicekit: circuit-level SPICE co-simulation of in-memory computing with magnetic and resistive memories.

>>> import spicekit
>>> result = spicekit.run("sot-read", tmr="250%")      # doctest: +SKIP
>>> result.measures["dv"]                              # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spicekit.analysis import DcAnalysis as DcAnalysis
    from spicekit.analysis import TranAnalysis as TranAnalysis
    from spicekit.bench import Bench as Bench
    from spicekit.bench import Calibration as Calibration
    from spicekit.bench import Panel as Panel
    from spicekit.devices.kinds import load_device as load_device
    from spicekit.engines.calibrate import calibrated as calibrated
    from spicekit.errors import SpicekitError as SpicekitError
    from spicekit.errors import UserError as UserError
    from spicekit.limits import Limits as Limits
    from spicekit.measures.measure import Margin as Margin
    from spicekit.measures.measure import Measure as Measure
    from spicekit.nominal import render as render
    from spicekit.nominal import run as run
    from spicekit.parameters import BenchParameters as BenchParameters
    from spicekit.parameters import channel_length as channel_length
    from spicekit.parameters import channel_width as channel_width
    from spicekit.parameters import named_file as named_file
    from spicekit.parameters import option as option
    from spicekit.parameters import quantity as quantity
    from spicekit.parameters import voltage as voltage
    from spicekit.point import VariationPoint as VariationPoint
    from spicekit.registry import make_bench as make_bench
    from spicekit.table import LookupTable as LookupTable
    from spicekit.waves import Waves as Waves

__version__ = "0.2.0"

# public name -> module; imported on first use, so that the command line starts fast
_PUBLIC = {
    "Bench": "bench", "BenchParameters": "parameters", "Calibration": "bench", "DcAnalysis": "analysis",
    "Limits": "limits", "LookupTable": "table", "Margin": "measures.measure", "Measure": "measures.measure", "Panel": "bench",
    "SpicekitError": "errors", "TranAnalysis": "analysis", "UserError": "errors", "VariationPoint": "point", "Waves": "waves",
    "calibrated": "engines.calibrate", "channel_length": "parameters", "channel_width": "parameters",
    "load_device": "devices.kinds", "make_bench": "registry", "named_file": "parameters", "option": "parameters",
    "quantity": "parameters", "render": "nominal", "run": "nominal", "voltage": "parameters",
}  # fmt: skip
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'spicekit' has no attribute '{name}'")
    return getattr(importlib.import_module(f"spicekit.{_PUBLIC[name]}"), name)
