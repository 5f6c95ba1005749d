"""The flat set of numbers that every form of a junction's model reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MtjNumbers:
    """What every form of the model reads: floats in SI units; a switch is 0 or 1; nothing is infinite."""

    temperature: float  # K: ambient temperature, at which ms, tmr and all derived numbers below are taken
    area: float  # m2: area of the junction
    volume: float  # m3: volume of the free layer
    alpha: float  # 1: Gilbert damping
    gamma: float  # rad/(s T): gyromagnetic ratio; fields below are in A/m, so the rate is gamma mu0 H
    mu0: float  # H/m: vacuum permeability
    ms0: float  # A/m: Ms(T) = ms0 (1 - T/t_curie)^ms_exponent
    t_curie: float  # K: see ms0
    ms_exponent: float  # 1: see ms0; 0 for no temperature law
    ms: float  # A/m: Ms at temperature
    ex: float  # 1: easy axis and direction of the pinned layer, x
    ey: float  # 1: easy axis and direction of the pinned layer, y
    ez: float  # 1: easy axis and direction of the pinned layer, z
    nxx: float  # 1: demagnetising factor x; H_x = -nxx Ms m_x
    nyy: float  # 1: demagnetising factor y
    nzz: float  # 1: demagnetising factor z
    k_easy: float  # J/m3: anisotropy along the easy axis e; H = 2 k_easy/(mu0 Ms) (m.e) e
    k_eff: float  # J/m3: mu0 Ms hk/2, the barrier over the volume; a factor f on the field hk adds (f - 1) k_eff to k_easy
    k_exponent: float  # 1: k_easy, k_perp and k_eff are those at temperature; at another they go with Ms^k_exponent
    k_perp: float  # J/m3: interface anisotropy along z; H_z = 2 (k_perp - k_vcma V)/(mu0 Ms) m_z
    n_perp: float  # 1: interface anisotropy that follows Ms^2 (critical over free-layer thickness); H_z = n_perp Ms m_z
    k_vcma: float  # J/(m3 V): voltage-controlled anisotropy, xi/(t_ox t_free); a positive V lowers the z anisotropy
    hx: float  # A/m: applied field x
    hy: float  # A/m: applied field y
    hz: float  # A/m: applied field z
    gilbert: float  # 1: 1 if the torques stand in Gilbert's equation (alpha cross terms), 0 in Landau and Lifshitz's
    stt_coefficient: float  # A/m2: hbar/(2 e mu0 volume); a_stt = stt_coefficient g(c) asym(I) I/Ms in A/m
    stt_tunnel: float  # 1: 1 for g = stt_qp/stt_ap P/(1 + P^2) G_P(V)/G(c, V), P that of the TMR at 0 V: a_stt goes with V
    stt_qp: float  # 1: else g(c) = (1 - p_b T^1.5) (stt_qp/(stt_ap + stt_am c) + stt_qm/(stt_ap - stt_am c)), c = m.e
    stt_qm: float  # 1: see stt_qp
    stt_ap: float  # 1: see stt_qp; Lambda^2 + 1
    stt_am: float  # 1: see stt_qp; Lambda^2 - 1
    stt_asymmetry: float  # 1: asym(I) = 1 for I >= 0, this for I < 0 (parallel to antiparallel)
    stt_fieldlike: float  # 1: b_stt = stt_fieldlike a_stt
    p_b: float  # 1/K^1.5: polarisations fall as 1 - p_b T^1.5
    sot: float  # 1: 1 if there is a rail
    sot_coefficient: float  # A/m2: theta_SH (1 - sech(t/lambda)) shunt hbar/(2 e mu0 w t t_free); a_sot = this I_rail/Ms
    sot_fieldlike: float  # 1: b_sot = sot_fieldlike a_sot
    sx: float  # 1: spin polarisation from the rail, x
    sy: float  # 1: spin polarisation from the rail, y
    sz: float  # 1: spin polarisation from the rail, z
    r_rail: float  # ohm: whole rail; the junction sits at its middle
    conductance: float  # 1: angular law: 0 cosine-resistance, 1 cosine-conductance, 2 tunnel-fit, 3 brinkman
    angle_umn: float  # 1: 1 for the UMN library's straight-line angle in the resistance, 0 for c = m.e
    r_p: float  # ohm: parallel resistance at zero bias
    tmr: float  # 1: TMR at zero bias and temperature (2.5 is 250 %)
    p_tmr0: float  # 1: TMR(T) = 2 P^2/(1 - P^2), P = p_tmr0 (1 - p_b T^1.5)
    tmr_v2: float  # 1/V2: 1/v_half^2; TMR(V) = TMR/(1 + tmr_v2 V^2)
    gp1: float  # 1/V: G_P(V) = (1 + gp1 V + gp2 V^2)/r_p
    gp2: float  # 1/V2: see gp1
    gap2: float  # 1/V2: tunnel-fit only: G_AP(V) = (1 + gap2 V^2)/(r_p (1 + TMR))
    thermal: float  # 1: 1 if c_th dT/dt = V I + I_rail^2 r_rail - (T - temperature)/r_th is solved, 0 for constant T
    r_th: float  # K/W: thermal resistance
    c_th: float  # J/K: heat capacity
    theta0: float  # rad: nominal initial angle from the easy axis
    phi0: float  # rad: initial azimuth about the easy axis (from x to y for a z axis)
    theta0_sampled: float  # 1: 1 if campaigns draw theta0 from the Boltzmann distribution of delta
    delta: float  # 1: thermal stability in the card's convention
    hk: float  # A/m: effective anisotropy field of delta
    hk_size: float  # A/m: hk at d times the nominal diameter is hk + hk_size (1/d - 1), as the demagnetising field follows it
    net_size: float  # A/m: the same of the field that the layer feels along e; differs where the card's hk leaves a part out
    stiffness: float  # A/m: mean of the two fields that hold m along e against a transverse tilt; ic's a_stt is alpha of it
    stiffness_size: float  # A/m: as hk_size, of stiffness
    tau_d: float  # s: (1 + alpha^2)/(alpha gamma mu0 hk)
    ic_ap_p: float  # A: critical current, antiparallel to parallel (I > 0)
    ic_p_ap: float  # A: magnitude of the critical current, parallel to antiparallel (I < 0)
    k_norm: float  # 1/s: rate of k_norm (1 - m.m) m, added to dm/dt so that integration error in |m| decays
