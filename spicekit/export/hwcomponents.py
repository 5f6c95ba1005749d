"""hwcomponents, the energy and area back end of CiMLoop's successors: an installable package with one component model.

https://accelergy-project.github.io/hwcomponents/ (successor of the Accelergy plug-ins).

Layout: ``pyproject.toml`` and one package whose name begins with ``hwcomponents_``, which hwcomponents then finds by itself
after ``pip install``.  A model subclasses ``ComponentModel``, has ``component_name`` and ``priority``, and methods marked
``@action`` that return ``ActionCost(energy, latency, throughput)``; J, s, 1/s, and m2 and W for area and leakage.
"""

from __future__ import annotations

from pathlib import Path

from spicekit import __version__
from spicekit.export.cell import Cell
from spicekit.export.macro import Operations, macro_of
from spicekit.export.place import Place, Point, class_name, identifier, number, rounded
from spicekit.files import disk_error, write_text
from spicekit.table import LookupTable

FILE = "hwcomponents_spicekit_{module}/"

CANNOT_EXPRESS = (
    "spread, margins, error rates and write errors: each cost is a mean at one operating point",
    "costs that depend on the data: states and directions are averaged",
    "throughput apart from latency: one action follows the other without overlap and without recovery time",
)
OF_A_MACRO = (
    "area and leakage of the macro: its table holds none, so both are 0 and add to nothing",
    "writing: the table of a macro holds what its cells compute, not how they are written",
)
OF_A_CELL = (
    "leakage of the periphery: leak_power is the idle cell's, 0 as no line of it stands under voltage unless the table says more",
    "STT: a read that ends when the current is there: its energy is that of the table's whole t_read, its latency the settling",
    "SOT: the number of cells in AND and OR (logic_and, logic_or): that of the simulated sense amplifier, two in the ready table",
)


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the package's folder ``path``; install it with ``pip install PATH``.

    The component is a cell, or of the table of a macro that computes one of its rows, columns or neurons.
    """
    roles = macro_of(table)
    model, system = _cell(table, point) if roles is None else _macro(Operations(table, roles, point, "hwcomponents"))
    package = f"hwcomponents_spicekit_{identifier(system)}"
    project = _PROJECT.format(distribution=package.replace("_", "-"), package=package, version=__version__, system=system)
    try:
        (path / package).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from None
    files = {path / package / "__init__.py": model, path / "pyproject.toml": project}
    for file, text in files.items():
        write_text(file, text)
    return list(files)


def _cell(table: LookupTable, point: Point) -> tuple[str, str]:
    """The model of a memory cell, and its system's name."""
    cell = Cell(table, point, "hwcomponents")
    actions, area, leak = _actions(cell), cell.area, cell.leak
    side = f"{number(cell.features)} F^2 with F = {cell.node} nm; m2, W"
    return _model(cell, "cell", (*CANNOT_EXPRESS, *OF_A_CELL), actions, (side, area, leak)), cell.system


def _macro(macro: Operations) -> tuple[str, str]:
    """The model of a macro's row, column or neuron, and its system's name."""
    actions = {one.name: (one.energy, one.latency, f"{one.meaning}; {one.cells} multiply-accumulates") for one in macro.actions}
    return _model(macro, "macro", (*CANNOT_EXPRESS, *OF_A_MACRO), actions, ("neither is in the table", 0.0, 0.0)), macro.system


def _model(
    place: Place,
    kind: str,
    limits: tuple[str, ...],
    actions: dict[str, tuple[float, float, str]],
    constant: tuple[str, float, float],
) -> str:
    text = _HEAD.format(
        remarks="\n".join(f"# {line}" for line in place.remarks(limits)),
        name=f"{class_name(place.system)}{kind.capitalize()}",
        component=f"{identifier(place.system)}_{kind}",
        system=place.system,
        kind=kind,
        side=constant[0],
        area=rounded(constant[1]),
        leak=rounded(constant[2]),
    )
    for name, (energy, latency, meaning) in actions.items():
        text += _ACTION.format(name=name, meaning=meaning, energy=rounded(energy), latency=rounded(latency))
    return text


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
"""Component model of a {system} {kind} for hwcomponents."""

{remarks}

from hwcomponents import ActionCost, ComponentModel, action


class {name}(ComponentModel):
    """One {system} {kind}."""

    component_name = ["{component}", "spicekit_{component}"]
    priority = 0.9

    def __init__(self):
        # {side}
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
