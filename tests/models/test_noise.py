"""Noise in time against kT/C, against ngspice's own noise analysis of the same stage, and against itself."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spicekit.netlist import environment
from spicekit.physics.constants import E_CHARGE, K_B
from spicekit.simulator import simulator
from spicekit.technology import load_technology
from spicekit.units import KELVIN

Array = NDArray[np.float64]
KELVINS = 27 + KELVIN
DT = 5e-12
C = 100e-15

# transistors on as switches, and a resistor: nothing but kT/C is left, whatever their resistance
SWITCHES = """
Vin in 0 0.3
Vhigh high 0 0.8
Xs1 in vdd c1 0 nmos_plain w=0.5u l=65n
Xnoise_s1 in vdd c1 0 zero nmos_noise w=0.5u l=65n
C1 c1 0 100f
Xs2 high 0 c2 vdd pmos_plain w=1u l=65n
Xnoise_s2 high 0 c2 vdd zero pmos_noise w=1u l=65n
C2 c2 0 100f
R3 in c3 400
Xnoise_r3 in c3 resistor_noise r=400
C3 c3 0 100f
"""
# long, medium and short transistors with a load without noise of its own: from weak to strong inversion
AMPLIFIERS = """
Vg1 g1 0 dc 0.5 ac 1
R1 vdd o1 10k noisy=0
Xa1 o1 g1 0 0 nmos_plain w=3u l=1u
Xnoise_a1 o1 g1 0 0 zero nmos_noise w=3u l=1u
C1 o1 0 50f
Vg2 g2 0 0.55
R2 o2 0 10k noisy=0
Xa2 o2 g2 vdd vdd pmos_plain w=2u l=0.2u
Xnoise_a2 o2 g2 vdd vdd zero pmos_noise w=2u l=0.2u
C2 o2 0 50f
Vg3 g3 0 0.6
R3 vdd o3 4k noisy=0
Xa3 o3 g3 0 0 nmos_plain w=0.6u l=0.1u
Xnoise_a3 o3 g3 0 0 zero nmos_noise w=0.6u l=0.1u
C3 o3 0 50f
"""


def netlist(circuit: str, nodes: tuple[str, ...], seed: int) -> str:
    technology = load_technology("ptm65")
    cards, count = re.subn("fnoimod=1", "fnoimod=1 noia=0 noib=0 noic=0", technology.cards("tt"))  # without flicker noise
    assert count == 2
    library = environment().get_template("cmos/noise.lib.j2")
    noise = library.render(
        technology=technology, roles=("nmos", "pmos"), temperature_k=KELVINS, noise_dt=DT, k_b=K_B, q_e=E_CHARGE
    )
    plain = "\n".join(
        f".subckt {role}_plain d g s b params: w=1u l=1u shared_d=0 shared_s=0\n"
        f"{technology.instance(technology.device(role), 'd g s b')}\n.ends"
        for role in ("nmos", "pmos")
    )
    return f"""* noise
.temp 27
.options reltol=1e-4 chgtol=1e-18
{cards}
{noise}
{plain}
Vdd vdd 0 1.1
Vzero zero 0 0
Vseed_noise seed_noise 0 {seed}
{circuit}
{" ".join((".save", *(f"v({node})" for node in nodes))) if nodes else ""}
.end
"""


def in_time(circuit: str, nodes: tuple[str, ...], seed: int, stop: float = 25e-9) -> dict[str, Array]:
    """Deviations of ``nodes`` from their means every 20 ps, without the first 2 ns."""
    ngspice = simulator()
    ngspice.load(netlist(circuit, nodes, seed))
    ngspice.command(f"setseed {max(seed, 1)}")
    ngspice.command(f"tran 50p {stop} 0 50p")
    waves = ngspice.vectors(("time", *(f"v({node})" for node in nodes)))
    times = np.arange(2e-9, stop, 20e-12)
    found = {node: np.interp(times, waves["time"], waves[f"v({node})"]) for node in nodes}
    return {node: wave - wave.mean() for node, wave in found.items()}


def independent(wave: Array) -> float:
    """Number of independent values with the same information on the variance of a correlated ``wave`` (Bartlett)."""
    power = np.abs(np.fft.rfft(wave, 2 * len(wave))) ** 2
    correlation = np.fft.irfft(power)[: len(wave)]
    correlation = correlation[:200] / correlation[0]
    return float(len(wave) / (1 + 2 * (correlation[1:] ** 2).sum()))


def test_a_switch_leaves_kt_over_c() -> None:
    """Of three kinds, at their real 100 fF (and what the transistors add, 1 % at most); 99.9 % intervals of chi-square."""
    for wave in in_time(SWITCHES, ("c1", "c2", "c3"), seed=11).values():
        count = independent(wave)
        low, high = stats.chi2.ppf([0.0005, 0.9995], count) / count
        assert count > 100
        assert low * 0.98 < wave.var() / (K_B * KELVINS / C) < high * 1.01


def test_amplifiers_have_the_noise_of_ngspices_noise_analysis() -> None:
    """Standard deviations; BSIM4's own charge-based noise (tnoimod = 0) is higher for short NMOS, gamma above 1."""
    nodes = ("o1", "o2", "o3")
    waves = in_time(AMPLIFIERS, nodes, seed=5)
    ngspice = simulator()
    quiet = "\n".join(line for line in AMPLIFIERS.splitlines() if not line.startswith("Xnoise"))
    ngspice.load(netlist(quiet, (), 0))
    for node, (low, high) in zip(nodes, ((0.85, 1.2), (0.9, 1.25), (0.7, 1.0)), strict=True):
        said = " ".join(ngspice.told(f"noise v({node}) vg1 dec 20 1e5 1e14") + ngspice.told("print onoise_total"))
        expected = float(re.findall(r"onoise_total = (\S+)", said)[-1])
        assert low < waves[node].std() / expected < high


def test_a_seed_means_the_same_noise_and_none_no_noise() -> None:
    first, again, other, none = (in_time(SWITCHES, ("c1",), seed, stop=3e-9)["c1"] for seed in (3, 3, 4, 0))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 1e-5
    assert np.abs(none).max() < 1e-9
