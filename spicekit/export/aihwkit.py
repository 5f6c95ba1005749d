"""IBM's Analog Hardware Acceleration Kit: a Python file that makes a ``StateIndependentNoiseModel``.

https://aihwkit.readthedocs.io (``aihwkit.inference.noise.custom``).

Programming noise there is sigma(g) = c0 + c1 g/g_max + c2 (g/g_max)^2 in uS.  A junction has two states, so the line
through both device-to-device deviations is exact and c2 = 0.  Magnetic states do not drift: the drift coefficients are 0.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.cell import Cell
from spicekit.export.place import Point, identifier, rounded
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{module}_aihwkit.py"

CANNOT_EXPRESS = (
    "two states: the kit programs any conductance between g_min and g_max, so quantise the weights to one bit first",
    "the shape of the distribution: noise is normal, its tails thinner or thicker than the simulated ones",
    "correlation between the states of one device: each programming draws anew",
    "write errors and read disturbance",
    "read noise: the tables hold device-to-device variation only, so read_noise_scale is 0",
    "energy, latency and area",
    "SOT: read transistor and rail: the conductance is the junction's alone",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the Python file at one operating point."""
    cell = Cell(table, point, "aihwkit")
    (g_p, sigma_p), (g_ap, sigma_ap) = cell.conductance("p"), cell.conductance("ap")
    slope = (sigma_p - sigma_ap) / (1 - g_ap / g_p)
    text = _MODEL.format(
        remarks="\n".join(f"# {line}" for line in [*cell.remarks(CANNOT_EXPRESS), f"Here {cell.conductance_note()}."]),
        function=f"{identifier(cell.system)}_noise_model",
        system=cell.system,
        g_max=rounded(g_p * 1e6),
        g_min=rounded(g_ap * 1e6),
        coefficients=[rounded((sigma_p - slope) * 1e6), rounded(slope * 1e6), 0.0],
    )
    write_text(path, text)
    return [path]


_MODEL = '''\
"""Noise model of a cell for the IBM Analog Hardware Acceleration Kit: ``rpu_config.noise_model = {function}()``."""

{remarks}

from aihwkit.inference import SinglePairConductanceConverter, StateIndependentNoiseModel

G_MAX = {g_max!r}  # uS, mean conductance of the parallel state
G_MIN = {g_min!r}  # uS, of the antiparallel state
PROG_COEFF = {coefficients!r}  # uS: sigma(g) = c0 + c1 g/G_MAX + c2 (g/G_MAX)^2


def {function}():
    """Device-to-device variation of {system}; no drift, no read noise."""
    return StateIndependentNoiseModel(
        g_converter=SinglePairConductanceConverter(g_max=G_MAX, g_min=G_MIN),
        prog_coeff=PROG_COEFF,
        prog_noise_scale=1.0,
        drift_nu_mean=0.0,
        drift_nu_std=0.0,
        drift_scale=0.0,
        read_noise_scale=0.0,
    )
'''
