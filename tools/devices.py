"""The table of all cards in docs/devices.md: `python tools/devices.py` writes it anew, from the cards and the model.

Every figure is that of :class:`spicekit.physics.macromodel.MtjNumbers` at the temperature: E_b is Delta kT, I_c the critical
current out of the antiparallel and out of the parallel state, V_c the voltage that drives it through that state.
"""

from __future__ import annotations

from pathlib import Path

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.physics import conductance
from spicekit.physics.constants import E_CHARGE, K_B
from spicekit.physics.magnetics import cylinder_demagnetisation
from spicekit.units import KELVIN

PAGE = Path(__file__).resolve().parent.parent / "docs" / "devices.md"
BEGIN, END = "<!-- cards: made by tools/devices.py -->\n", "<!-- end of cards -->\n"
CELSIUS = (-40, 27, 85, 125)
PUBLISHED = {
    "arm-50nm": "300 K: R_P 6 kΩ, Δ 63.66, I_c 21.37 µA",
    "fong-pma": "300 K: Δ 56",
    "freepdk45-sot": "TMR 135.7 %, R_P 2.47 kΩ",
    "imce-45nm": "none of the junction; written by 120 µA in 1 ns through the rail",
    "spinlib-vgsot": "TMR 100 %, RA 650 Ω µm²",
    "stt-bnn-65nm": "TMR 250 %",
    "umn-c-pmtj": "RA 5 Ω µm²",
    "umn-i-pmtj": "358 K: Δ 72.88, TMR 110.5 %",
    "umn-imtj": "RA 5 Ω µm²; TMR of P 0.69 at 358 K: 110.5 %",
    "umn-she-sot": "RA 5 Ω µm²",
    "vcma-50nm": "none",
}


def table() -> str:
    """All cards at all temperatures."""
    lines = [
        "| card | °C | R_P (kΩ) | TMR (%) | Δ | E_b (eV) | I_c AP→P (µA) | P→AP | V_c AP→P (V) | P→AP | published |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in list_devices("mtj"):
        for celsius in CELSIUS:
            k = load_device(name, MtjCard).at(celsius + KELVIN).numbers
            v_ap = float(conductance.voltage(k, k.ic_ap_p, -1.0, k.temperature))
            v_p = -float(conductance.voltage(k, -k.ic_p_ap, 1.0, k.temperature))
            energy = k.delta * K_B * k.temperature / E_CHARGE
            first = celsius == CELSIUS[0]
            row = (
                f"`{name}`" if first else "", f"{celsius}", f"{k.r_p / 1e3:.4g}", f"{100 * k.tmr:.4g}", f"{k.delta:.4g}",
                f"{energy:.4g}", f"{k.ic_ap_p * 1e6:.4g}", f"{k.ic_p_ap * 1e6:.4g}", f"{v_ap:.3g}", f"{v_p:.3g}",
                PUBLISHED[name] if first else "",
            )  # fmt: skip
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def sizes() -> str:
    """The junction of `stt-bnn-65nm` at other diameters: its shape against its interface."""
    lines = [
        "| diameter (nm) | N_z | Δ at 27 °C | I_c P→AP (µA) | Δ/I_c (1/µA) |",
        "|---|---|---|---|---|",
    ]
    card = load_device("stt-bnn-65nm", MtjCard)
    for diameter in (20, 30, 40, 60, 80, 100):
        edge = card.geometry.lx.model_copy(update={"value": diameter * 1e-9})
        k = card.model_copy(update={"geometry": card.geometry.model_copy(update={"lx": edge, "ly": edge})}).at(300.15).numbers
        nzz = cylinder_demagnetisation(diameter, diameter, card.geometry.t_free.value * 1e9)[2]
        lines.append(f"| {diameter} | {nzz:.4f} | {k.delta:.3g} | {k.ic_p_ap * 1e6:.3g} | {k.delta / (k.ic_p_ap * 1e6):.3g} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """``text`` of the page with both tables made anew."""
    for begin, body in ((BEGIN, table()), (BEGIN.replace("cards", "sizes"), sizes())):
        end = END.replace("cards", "sizes") if "sizes" in begin else END
        before, rest = text.split(begin)
        text = before + begin + "\n" + body + "\n" + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
