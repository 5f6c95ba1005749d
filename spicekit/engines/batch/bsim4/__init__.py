"""BSIM4, versions 4.0 to 4.5 (level 54), from its published equations.

Source: X. Xi, M. Dunga, J. He, W. Liu, K. M. Cao, X. Jin, J. J. Ou, M. Chan, A. M. Niknejad and C. Hu, BSIM4.5.0 MOSFET Model:
User's Manual, University of California, Berkeley (2004); "chapter" below is a chapter of it, and the names are the manual's.
What the manual leaves open, how a formula is bounded where it would overflow or change its sign, is SPICE's, found against
ngspice (tests/spicekit/engines/test_bsim4.py compares currents, charges and all derivatives on a grid).

:func:`size` has what does not depend on bias (floats); :func:`model` and :func:`parasitics` the rest (graphs of the bias, see
:mod:`spicekit.engines.batch.graph`). The modes are those of the PTM cards: mobMod 0 to 2, capMod 2, rdsMod 0, igcMod 0 to 2,
igbMod, dioMod 1, no gate or body resistance, no non-quasi-static charge. Others raise :class:`Unsupported`.
"""

from __future__ import annotations

from spicekit.engines.batch.bsim4.extrinsic import parasitics as parasitics
from spicekit.engines.batch.bsim4.geometry import Geometry as Geometry
from spicekit.engines.batch.bsim4.geometry import size as size
from spicekit.engines.batch.bsim4.intrinsic import Model as Model
from spicekit.engines.batch.bsim4.intrinsic import model as model
from spicekit.engines.batch.bsim4.parameters import MODES as MODES
