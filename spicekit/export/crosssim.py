"""CrossSim 3: a JSON configuration and the device class that it names.

https://github.com/sandialabs/cross-sim (``simulator/parameters``, ``simulator/devices``).

Grammar: ``CrossSimParameters.from_json`` takes ``{"xbar": {"device": {...}}}``; an unknown key is an error there, so the JSON
has no remarks; they stand in the Python file. ``Vread`` is a key since the versions with non-linear I-V; delete it for 3.0. At
a time other than 0 CrossSim takes the drift error in place of the programming error, so both name the class.  A device class is
known to CrossSim once its module was imported. Conductances are normalised to 1/Rmin.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.cell import Cell
from spicekit.export.place import Point, class_name, rounded
from spicekit.files import write_json, write_text
from spicekit.table import LookupTable

FILE = "{module}_crosssim.json"

CANNOT_EXPRESS = (
    "correlation between the states of one device: each programming draws anew",
    "the shape of the distribution: errors are normal, their tails thinner or thicker than the simulated ones",
    "write errors and read disturbance: a cell always holds the state that was written",
    "energy, latency and area",
    "read noise: the tables hold device-to-device variation only, so read_noise changes nothing",
    "wire resistance: xbar.array.parasitics is a property of the array and stays at CrossSim's default",
    "SOT: read transistor and rail: the conductance is the junction's alone",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write ``path`` (JSON) and, beside it, the device class with the suffix ``.py``."""
    cell = Cell(table, point, "crosssim")
    (g_p, sigma_p), (g_ap, sigma_ap) = cell.conductance("p"), cell.conductance("ap")
    v_read = cell.v_read
    name = f"Spicekit{class_name(cell.system)}"
    error = {"enable": True, "model": name}
    config = {
        "xbar": {
            "device": {
                "cell_bits": 1,
                "Rmin": rounded(1 / g_p),
                "Rmax": rounded(1 / g_ap),
                "Vread": rounded(v_read),
                "infinite_on_off_ratio": False,
                "clip_conductance": False,
                "programming_error": error,
                "drift_error": error,
                "read_noise": {"enable": False, "model": name},
            }
        }
    }
    remarks = [*cell.remarks(CANNOT_EXPRESS), f"Here {cell.conductance_note()}."]
    module = path.with_name(f"{path.name.removesuffix('.json').replace('.', '_').replace('-', '_')}.py")
    text = _DEVICE.format(
        remarks="\n".join(f"# {line}" for line in remarks),
        name=name,
        system=cell.system,
        g_p=rounded(g_p),
        levels=(rounded(g_ap / g_p), 1.0),
        sigmas=(rounded(sigma_ap / g_p), rounded(sigma_p / g_p)),
    )
    write_text(module, text)
    write_json(path, config)
    return [path, module]


_DEVICE = '''\
"""Device model for CrossSim 3: import this module before the parameters that name its class are used."""

{remarks}

from simulator.backend import ComputeBackend
from simulator.devices.idevice import EmptyDevice

xp = ComputeBackend()

G_P = {g_p!r}  # S, mean conductance of the parallel state; the numbers below are normalised to it
LEVELS = {levels!r}  # antiparallel, parallel
SIGMAS = {sigmas!r}  # standard deviation over devices in these states


class {name}(EmptyDevice):
    """Cell of {system}: normal device-to-device variation, linear in the conductance between both states; no drift."""

    def _sigma(self, conductance):
        (low, high), (sigma_low, sigma_high) = LEVELS, SIGMAS
        position = ((conductance - low) / (high - low)).clip(0, 1)
        return sigma_low + (sigma_high - sigma_low) * position

    def programming_error(self, input_):
        noise = xp.random.normal(size=input_.shape).astype(input_.dtype)
        return input_ + self._sigma(input_) * noise

    def read_noise(self, input_):
        return input_

    def drift_error(self, input_, time):
        # CrossSim takes this for the whole error at that time; magnetic states do not drift
        return self.programming_error(input_)
'''
