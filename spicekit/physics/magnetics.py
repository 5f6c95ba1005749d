"""Magnetostatics of a single-domain free layer: shape, anisotropy, temperature, stability, critical current.

All lengths in m, fields and magnetisation in A/m, energies in J; every function is vectorised over array arguments
unless it says otherwise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ellipe, elliprd

from spicekit.physics.constants import E_CHARGE, GAMMA, HBAR, K_B, MU0
from spicekit.waves import Array

Tensor = tuple[float, float, float]


def prism_demagnetisation(lx: float, ly: float, lz: float) -> Tensor:
    """Demagnetising factors (nxx, nyy, nzz) of a uniformly magnetised rectangular prism with edges in m (scalars).

    Aharoni, J. Appl. Phys. 83, 3432 (1998), eq. 1, with its logarithms written as inverse hyperbolic sines:
    ln((r-a)/(r+a)) = -2 asinh(a/sqrt(b^2+c^2)), which does not cancel in a thin film.
    """
    return _prism_axis(ly, lz, lx), _prism_axis(lz, lx, ly), _prism_axis(lx, ly, lz)


def ellipsoid_demagnetisation(lx: float, ly: float, lz: float) -> Tensor:
    """Demagnetising factors (nxx, nyy, nzz) of an ellipsoid with axes in m (scalars).

    Osborn, Phys. Rev. 67, 351 (1945), eq. 2.1, in Carlson's symmetric form: N_x = (x y z / 3) R_D(y^2, z^2, x^2).
    """
    volume = (lx * ly * lz) / 3
    return (
        volume * float(elliprd(ly * ly, lz * lz, lx * lx)),
        volume * float(elliprd(lz * lz, lx * lx, ly * ly)),
        volume * float(elliprd(lx * lx, ly * ly, lz * lz)),
    )


def cylinder_demagnetisation(lx: float, ly: float, lz: float) -> Tensor:
    """Demagnetising factors (nxx, nyy, nzz) of a uniformly magnetised cylinder of height lz on an ellipse of diameters lx, ly
    in m (scalars): the magnetometric ones, exact.

    A circular one has 1 - nzz = Nagaoka's coefficient of a solenoid of its size (Joseph, J. Appl. Phys. 37, 4639 (1966)).  In
    Fourier space (Beleggia et al., J. Phys. D 38, 3333 (2005)) the ellipse scales to a circle, wave vector by wave vector: the
    factors are means over phi of those of circular cylinders with the ellipse's radius r(phi),
    nzz = <n(lz/2r)>, nxx = <(2 r cos(phi)/lx)^2 (1 - n(lz/2r))>.
    """
    count = 64 * min(math.ceil(max(lx, ly) / min(lx, ly)), 1024)  # of a periodic mean: it converges exponentially
    phi = 2 * math.pi * (np.arange(count) + 0.5) / count
    x, y = 2 * np.cos(phi) / lx, 2 * np.sin(phi) / ly
    inverse = x * x + y * y  # 1/r^2
    in_plane = _nagaoka(lz * np.sqrt(inverse))
    nxx, nyy = (float(np.mean(c * c / inverse * in_plane)) for c in (x, y))
    return nxx, nyy, 1 - nxx - nyy


def mutual_factor(lx: float, ly: float, lz: float, apart: tuple[float, float], shape: str) -> float:
    """N of two layers alike in one plane, ``apart`` (x, y) in m: magnetised along z, each has the mean field -N M_z of the other.

    The mean over both areas of what the charges on top and bottom make, A/(2 pi lz) <1/r - 1/sqrt(r^2 + lz^2)>; far away it is
    that of a dipole, V/(4 pi r^3).  ``shape`` is rectangle, or ellipse or disc.
    """
    if shape == "rectangle":
        nodes, weights = np.polynomial.legendre.leggauss(10)
        x, y = (side.ravel() / 2 for side in np.meshgrid(lx * nodes, ly * nodes))
        weight = np.outer(weights, weights).ravel() / 4
        area = lx * ly
    else:
        nodes, weights = np.polynomial.legendre.leggauss(8)  # in the square of the radius, and evenly around
        radius, phi = np.meshgrid(np.sqrt((nodes + 1) / 2), 2 * math.pi * (np.arange(24) + 0.5) / 24)
        x, y = (radius * np.cos(phi)).ravel() * lx / 2, (radius * np.sin(phi)).ravel() * ly / 2
        weight = np.tile(weights, 24) / 48
        area = math.pi / 4 * lx * ly
    square = (apart[0] + x[:, None] - x) ** 2 + (apart[1] + y[:, None] - y) ** 2
    r, slant = np.sqrt(square), np.sqrt(square + lz * lz)
    return float(area / (2 * math.pi * lz) * (weight @ (lz * lz / (r * slant * (r + slant))) @ weight))


SQUARE_LATTICE = 9.0336216831  # sum of 1/r^3 over a square lattice of pitch 1 without its origin: 4 zeta(3/2) beta(3/2)


def array_factor(lx: float, ly: float, lz: float, pitch: float, shape: str, rings: int = 3) -> float:
    """Sum of :func:`mutual_factor` over a square array of ``pitch`` in m, all magnetised alike.

    Those of the nearest ``rings`` are summed, all others are dipoles.
    """
    near = [(i, j) for i in range(-rings, rings + 1) for j in range(-rings, rings + 1) if i or j]
    found = sum(mutual_factor(lx, ly, lz, (i * pitch, j * pitch), shape) for i, j in near)
    volume = lx * ly * lz * (1.0 if shape == "rectangle" else math.pi / 4)
    return float(found + volume / (4 * math.pi * pitch**3) * (SQUARE_LATTICE - sum(math.hypot(i, j) ** -3 for i, j in near)))


def magnetisation(ms0: ArrayLike, temperature: ArrayLike, t_curie: float, exponent: float) -> Array:
    """Saturation magnetisation at ``temperature`` (K), in the unit of ``ms0``: Ms0 (1 - T/Tc)^exponent.

    Form and constants (1420 K, 0.4): UMN MTJ library, Kim et al., CICC 2015 (10.1109/CICC.2015.7338407).
    An exponent of 0 means no temperature law.
    """
    return np.asarray(np.asarray(ms0, float) * (1 - np.asarray(temperature, float) / t_curie) ** exponent)


def polarisation(p0: ArrayLike, temperature: ArrayLike, coefficient: float) -> Array:
    """Spin polarisation at ``temperature`` (K): P0 (1 - b T^1.5), after Shang et al., Phys. Rev. B 58, R2917."""
    return np.asarray(np.asarray(p0, float) * (1 - coefficient * np.asarray(temperature, float) ** 1.5))


def julliere_tmr(p_pinned: ArrayLike, p_free: ArrayLike) -> Array:
    """Tunnel magnetoresistance (a ratio, 1 = 100 %) at zero bias: 2 P1 P2/(1 - P1 P2) (Julliere 1975)."""
    product = np.asarray(p_pinned, float) * np.asarray(p_free, float)
    return np.asarray(2 * product / (1 - product))


def julliere_polarisation(tmr: ArrayLike) -> Array:
    """The polarisation of two equal electrodes that gives ``tmr`` (a ratio): sqrt(TMR/(TMR + 2))."""
    ratio = np.asarray(tmr, float)
    return np.asarray(np.sqrt(ratio / (ratio + 2)))


def anisotropy_field(k: ArrayLike, ms: ArrayLike) -> Array:
    """The field 2 K/(mu0 Ms) in A/m of an anisotropy energy density ``k`` (J/m3)."""
    return np.asarray(2 * np.asarray(k, float) / (MU0 * np.asarray(ms, float)))


def thermal_stability(ms: ArrayLike, hk: ArrayLike, volume: ArrayLike, temperature: ArrayLike, k_b: float = K_B) -> Array:
    """Delta = mu0 Ms Hk V/(2 k T), dimensionless (Sun, Phys. Rev. B 62, 570 (2000))."""
    energy = MU0 * np.asarray(ms, float) * np.asarray(hk, float) * np.asarray(volume, float) / 2
    return np.asarray(energy / (k_b * np.asarray(temperature, float)))


def critical_current(alpha: ArrayLike, ms: ArrayLike, volume: ArrayLike, eta: ArrayLike, h1: ArrayLike, h2: ArrayLike) -> Array:
    """Zero-temperature critical current in A: the damping-like field hbar eta I/(2 e mu0 Ms V) equals alpha (h1 +
    h2)/2.

    ``h1`` and ``h2`` are the stiffness fields (A/m) towards the two transverse axes, ``eta`` the spin-torque
    efficiency. For a perpendicular layer h1 = h2 = Hk and this is 4 alpha e k T Delta/(hbar eta); for an in-plane
    layer it holds the half of the out-of-plane demagnetising field (Sun, Phys. Rev. B 62, 570 (2000), eq. 10).
    """
    mean = (np.asarray(h1, float) + np.asarray(h2, float)) / 2
    moment = MU0 * np.asarray(ms, float) * np.asarray(volume, float)
    return np.asarray(2 * E_CHARGE / HBAR * np.asarray(alpha, float) * moment * mean / np.asarray(eta, float))


def relaxation_time(alpha: ArrayLike, hk: ArrayLike, gamma: float = GAMMA) -> Array:
    """tau_D = (1 + alpha^2)/(alpha gamma mu0 Hk) in s (Butler et al., IEEE Trans. Magn. 48, 4684 (2012))."""
    damping = np.asarray(alpha, float)
    return np.asarray((1 + damping**2) / (damping * gamma * MU0 * np.asarray(hk, float)))


def _prism_axis(a: float, b: float, c: float) -> float:
    """Aharoni's factor along ``c`` of the prism a x b x c (homogeneous: full edges serve as his half edges)."""
    ab, bc, ac = math.hypot(a, b), math.hypot(b, c), math.hypot(a, c)
    r = math.hypot(a, b, c)
    total = (
        -(b * b - c * c) / (b * c) * math.asinh(a / bc)
        - (a * a - c * c) / (a * c) * math.asinh(b / ac)
        + b / c * math.asinh(a / b)
        + a / c * math.asinh(b / a)
        - c / a * math.asinh(b / c)
        - c / b * math.asinh(a / c)
        + 2 * math.atan(a * b / (c * r))
        + (a**3 + b**3 - 2 * c**3) / (3 * a * b * c)
        + (a * a + b * b - 2 * c * c) / (3 * a * b * c) * r
        + c / (a * b) * (ac + bc)
        - (ab**3 + bc**3 + ac**3) / (3 * a * b * c)
    )
    return total / math.pi


def _nagaoka(ratio: Array) -> Array:
    """Nagaoka's coefficient of a solenoid, J. Coll. Sci. Tokyo 27, 6 (1909), of length over radius ``ratio``.

    4/(3 pi k') (k'^2/k^2 (K - E) + E - k) with k^2 = 4/(4 + ratio^2); (K - E)/k^2 = R_D(0, k'^2, 1)/3 does not cancel.
    """
    k2 = 4 / (4 + ratio * ratio)
    rest = ratio * ratio / (4 + ratio * ratio)
    return np.asarray(4 / (3 * math.pi * np.sqrt(rest)) * (rest * elliprd(0.0, rest, 1.0) / 3 + ellipe(k2) - np.sqrt(k2)))
