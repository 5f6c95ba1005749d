"""hwcomponents, the energy and area back end of CiMLoop's successors: an installable package with one component model.

https://accelergy-project.github.io/hwcomponents/ (successor of the Accelergy plug-ins).

Layout: ``pyproject.toml`` and one package whose name begins with ``hwcomponents_``, which hwcomponents then finds by itself
after ``pip install``.  A model subclasses ``ComponentModel``, has ``component_name`` and ``priority``, and methods marked
``@action`` that return ``ActionCost(energy, latency, throughput)``; J, s, 1/s, and m2 and W for area and leakage.
"""

from __future__ import annotations

from pathlib import Path

from spicekit import __version__
from spicekit.export.cell import Cell, Point, class_name, identifier, number, rounded
from spicekit.files import disk_error, write_text
from spicekit.table import LookupTable

FILE = "hwcomponents_spicekit_{module}/"

CANNOT_EXPRESS = (
    "spread, margins, error rates and write errors: each cost is a mean at one operating point",
    "costs that depend on the data: states and directions are averaged",
    "throughput apart from latency: one action follows the other without overlap and without recovery time",
    "leakage of the periphery: leak_power is the idle cell's, 0 as no line of it stands under voltage unless the table says more",
    "STT: a read that ends when the current is there: its energy is that of the table's whole t_read, its latency the settling",
    "SOT: the number of cells in AND and OR (logic_and, logic_or): that of the simulated sense amplifier, two in the ready table",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the package's folder ``path``; install it with ``pip install PATH``."""
    cell = Cell(table, point, "hwcomponents")
    actions = _actions(cell)
    package = f"hwcomponents_spicekit_{identifier(cell.system)}"
    remarks = cell.remarks(CANNOT_EXPRESS)
    model = _HEAD.format(
        remarks="\n".join(f"# {line}" for line in remarks),
        name=f"{class_name(cell.system)}Cell",
        component=f"{identifier(cell.system)}_cell",
        system=cell.system,
        area=rounded(cell.area),
        leak=rounded(cell.leak),
        side=f"{number(cell.features)} F^2 with F = {cell.node} nm",
    )
    for name, (energy, latency, meaning) in actions.items():
        model += _ACTION.format(name=name, meaning=meaning, energy=rounded(energy), latency=rounded(latency))
    project = _PROJECT.format(distribution=package.replace("_", "-"), package=package, version=__version__, system=cell.system)
    try:
        (path / package).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from None
    files = {path / package / "__init__.py": model, path / "pyproject.toml": project}
    for file, text in files.items():
        write_text(file, text)
    return list(files)


def _actions(cell: Cell) -> dict[str, tuple[float, float, str]]:
    """Action -> energy in J, latency in s, meaning."""
    actions = {}
    for operation, (energy, latency) in cell.roles.senses.items():
        name = operation if operation == "read" else f"logic_{operation}"
        meaning = f"{operation} with its sense amplifier, up to the decision"
        actions[name] = (cell.value(energy), cell.value(latency), meaning)
    if "read" not in actions:
        e_read, t_read, what = cell.read_cost
        actions = {"read": (e_read, t_read, f"read without its sense amplifier, mean of both states: {what}")} | actions
    return actions | {"write": (cell.e_write, cell.t_pulse, "write, mean of both directions; latency of the pulse")}


_HEAD = '''\
"""Component model of a {system} cell for hwcomponents."""

{remarks}

from hwcomponents import ActionCost, ComponentModel, action


class {name}(ComponentModel):
    """One {system} cell."""

    component_name = ["{component}", "spicekit_{component}"]
    priority = 0.9

    def __init__(self):
        # {side}; m2, W
        super().__init__(area={area!r}, leak_power={leak!r})
'''

_ACTION = '''
    @action
    def {name}(self) -> ActionCost:
        """{meaning}."""
        return ActionCost(energy={energy!r}, latency={latency!r}, throughput=1 / {latency!r})
'''

_PROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "{distribution}"
version = "{version}"
description = "{system} cell, simulated with spicekit"
dependencies = ["hwcomponents"]

[tool.setuptools]
packages = ["{package}"]
"""
