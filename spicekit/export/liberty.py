"""Liberty library with one memory cell.

https://www.synopsys.com/community/interoperability-programs/tap-in.html (Liberty Reference Manual, memory groups and table
look-up).

Grammar: ``group (names) { attribute : value; complex (a, b); }``, comments ``/* */``.  Units are declared in the head: ns, V,
uA, fF; energy is then in fF V^2 = fJ; area in um2.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.export.cell import Cell
from spicekit.export.place import Point, identifier, number
from spicekit.files import write_text
from spicekit.table import LookupTable

FILE = "{system}.lib"

CANNOT_EXPRESS = (
    "one bit: Liberty's smallest memory has one address bit, so two words of one bit are described; area is that of two cells",
    "periphery: decoder, sense amplifier and drivers are not in it, but for the drivers where the table has them",
    "dependence on input transition and load: the tables hold one number, which stands at every index",
    "spread, error rates, write errors and read disturbance: each number is a mean at one operating point",
    "leakage of the periphery: cell_leakage_power is the idle cells', 0 as no line is under voltage unless the table says more",
    "STT: a read that ends when the current is there: its energy is that of the table's whole t_read, its delay the settling",
    "SOT: AND and OR of several cells",
)

TRANSITIONS = (0.01, 0.1)  # ns, any two: the values do not depend on them
LOADS = (1.0, 10.0)  # fF
ADDRESS_BITS = 1


def write(table: LookupTable, path: Path, point: Point) -> list[Path]:
    """Write the library at one operating point."""
    cell = Cell(table, point, "liberty")
    name = identifier(cell.system)
    e_read, t_read, what = cell.read_cost
    vdd, temperature, t_pulse = number(cell.value("vdd")), number(cell.value("temperature")), cell.t_pulse
    body = [
        "delay_model : table_lookup;",
        'time_unit : "1ns";',
        'voltage_unit : "1V";',
        'current_unit : "1uA";',
        "capacitive_load_unit (1, ff);",
        'pulling_resistance_unit : "1kohm";',
        'leakage_power_unit : "1nW";',
        "nom_process : 1;",
        f"nom_voltage : {vdd};",
        f"nom_temperature : {temperature};",
        *_group("operating_conditions (nominal)", "process : 1;", f"voltage : {vdd};", f"temperature : {temperature};"),
        "default_operating_conditions : nominal;",
        *_group(
            "lu_table_template (delay)",
            "variable_1 : input_net_transition;",
            "variable_2 : total_output_net_capacitance;",
            *_index(TRANSITIONS, LOADS),
        ),
        *_group("power_lut_template (energy)", "variable_1 : input_transition_time;", *_index(TRANSITIONS)),
        *_bus_type("address_bus", ADDRESS_BITS),
        *_bus_type("data_bus", 1),
    ]
    clock = _group(
        "pin (CK)",
        "direction : input;",
        "clock : true;",
        f"min_period : {number(max(t_pulse, t_read) * 1e9)};",
        *_group("internal_power ()", 'when : "EN & WE";', *_energy(cell.e_write)),
        *_group("internal_power ()", 'when : "EN & !WE";', *_energy(e_read)),
        *_group("internal_power ()", 'when : "!EN";', *_energy(0.0)),
    )
    select = _group("pin (EN)", "direction : input;")
    # the word line has to stay up for the whole write pulse
    enable = _group("pin (WE)", "direction : input;", f"min_pulse_width_high : {number(t_pulse * 1e9)};")
    address = _group("bus (A)", "bus_type : address_bus;", "direction : input;")
    data = _group(
        "bus (D)", "bus_type : data_bus;", "direction : input;", *_group("memory_write ()", "address : A;", "clocked_on : CK;")
    )
    output = _group(
        "bus (Q)",
        "bus_type : data_bus;",
        "direction : output;",
        *_group("memory_read ()", "address : A;"),
        *_group(
            "timing ()",
            'related_pin : "CK";',
            "timing_type : rising_edge;",
            *_table("cell_rise (delay)", t_read * 1e9),
            *_table("cell_fall (delay)", t_read * 1e9),
            *_table("rise_transition (delay)", TRANSITIONS[0]),
            *_table("fall_transition (delay)", TRANSITIONS[0]),
        ),
    )
    memory = _group("memory ()", "type : ram;", f"address_width : {ADDRESS_BITS};", "word_width : 1;")
    area = f"area : {number(2**ADDRESS_BITS * cell.area * 1e12)};"
    leak = f"cell_leakage_power : {number(2**ADDRESS_BITS * cell.leak * 1e9)};"
    body += _group(f"cell ({name}_cell)", area, leak, *memory, *clock, *select, *enable, *address, *data, *output)
    lines = [*cell.remarks(CANNOT_EXPRESS), f"A read here is of the {what}."]
    head = ["/*", *(f" * {line}" for line in lines), " */"]
    write_text(path, "\n".join([*head, *_group(f"library (spicekit_{name})", *body)]) + "\n")
    return [path]


def _group(head: str, *lines: str) -> list[str]:
    return [f"{head} {{", *(f"  {line}" for line in lines), "}"]


def _bus_type(name: str, bits: int) -> list[str]:
    lines = ("base_type : array;", "data_type : bit;", f"bit_width : {bits};", f"bit_from : {bits - 1};", "bit_to : 0;")
    return _group(f"type ({name})", *lines)


def _index(*axes: tuple[float, ...]) -> list[str]:
    return [f'index_{k} ("{", ".join(number(value) for value in axis)}");' for k, axis in enumerate(axes, start=1)]


def _table(head: str, value: float) -> list[str]:
    row = f'"{", ".join([number(value)] * len(LOADS))}"'
    return _group(head, f"values ({', '.join([row] * len(TRANSITIONS))});")


def _energy(joule: float) -> list[str]:
    # each of rise and fall of the clock carries half of the access
    values = f'values ("{", ".join([number(joule * 1e15 / 2)] * len(TRANSITIONS))}");'
    return [*_group("rise_power (energy)", values), *_group("fall_power (energy)", values)]
