"""The neuron with a dynamic threshold of STT-BSNN at 166 MHz (IEEE Access 2021, doi:10.1109/ACCESS.2021.3125685)."""

from __future__ import annotations

from collections.abc import Mapping

from montecarlo.systems.neuron_figures import STEPS, STT_BSNN, N, Published, neuron_figures, plans
from montecarlo.systems.neuron_table import OFFSET, THRESHOLD, neuron_table
from montecarlo.systems.system import Figure, Part, Plan, System, made_of
from spicekit.benches.neurons.dynamic_if import DynamicIf
from spicekit.table import LookupTable

THETA = (-96, -48, 0, 16, 48, 96)  # both ends of the range lie where the membrane still is linear

TABLE = neuron_table(
    DynamicIf.name,
    "integrate-and-fire neuron with a programmable threshold on a binary row",
    DynamicIf().p.frequency,
    own=(Part("programmed", DynamicIf.name, THRESHOLD, over=(), own={"theta": THETA}, trials=24, measures=OFFSET),),
    nominal={"theta": 16},
)

# the design point within 15 % of the published energy, beside the default
LIGHT = Plan("light", DynamicIf.name, {"design": ["light"]}, 0, {"synapses": N, "steps": STEPS})
PLANS = (*plans(DynamicIf.name), LIGHT)
PUBLISHED = Published(STT_BSNN, 166e6, 5.48e-15)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    found = neuron_figures(DynamicIf.name, DynamicIf().p.frequency, PUBLISHED, tables)
    after = next(place for place, figure in enumerate(found, 1) if figure.name == "energy a synapse")
    return [*found[:after], *made_of(LIGHT.name, [_light(tables[LIGHT.name])]), *found[after:]]


def _light(table: LookupTable) -> Figure:
    energy, error, wrong = (float(table.query(name, design="light")) for name in ("e_synapse", "step_error", "spike_errors"))
    return Figure(
        "energy a synapse, design light", "J", energy, f"{DynamicIf.name} e_synapse, design=light, word line static",
        PUBLISHED.source, PUBLISHED.energy,
        f"{DynamicIf(design='light').p.i_amp * 1e6:g} uA in the amplifier, chosen for this figure: a step of the nominal train "
        f"is off by {error:.2g} matches rms, {wrong:.0f} of {STEPS} spikes are wrong, and the leak is larger than the default's",
    )  # fmt: skip


SYSTEM = System("stt-bsnn", TABLE, PLANS, figures)
