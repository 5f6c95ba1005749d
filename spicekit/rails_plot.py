"""Where the energy of an operation goes, drawn from its items (:mod:`spicekit.rails`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spicekit.measures.numpy_writer import Evaluation
from spicekit.rails import Spent
from spicekit.style import COLOURS, new_figure
from spicekit.waves import Waves

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def breakdown(spent: Spent, waves: Waves, title: str, names: Mapping[str, str]) -> Figure:
    """Bars of the items' energies at their rails and, where ``rails`` is not ideal, of what VDD delivers for them, in fJ.

    ``names`` are the bars' labels by the items' names; an item without one, or without energy, has no bar.
    """
    value = Evaluation(waves)
    at_rail = {item.name: float(value(item.energy)) * 1e15 for item in spent.items}
    from_supply = {item.name: float(value(spent.supply(item))) * 1e15 for item in spent.items}
    shown = [name for name in at_rail if name in names and (at_rail[name] or from_supply[name])]
    both = spent.p.rails != "ideal"
    figure = new_figure(7, 1.4 + (0.42 if both else 0.3) * len(shown))
    axis = figure.subplots()
    height = 0.38 if both else 0.76
    for k, (label, energies) in enumerate([("at the rails", at_rail), ("from VDD", from_supply)][: 1 + both]):
        places = [place + (k - 0.5) * height * both for place in range(len(shown))]
        bars = axis.barh(places, [energies[name] for name in shown], height, color=COLOURS[k], label=label)
        axis.bar_label(bars, fmt="%.1f", padding=3)
    axis.set_yticks(range(len(shown)), [names[name] for name in shown])
    axis.invert_yaxis()
    axis.margins(x=0.12)
    axis.set_xlabel("energy (fJ)")
    whole = f"{sum(at_rail.values()):.0f} fJ"
    if both:
        axis.legend(loc="lower right")
        whole += f", from VDD ({spent.p.rails}) {sum(from_supply.values()):.0f} fJ"
    axis.set_title(f"{title}\n{whole}", fontsize=10)
    return figure
