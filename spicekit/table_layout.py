"""What the file of a lookup table holds.

A table is an xarray dataset in a NetCDF file.  Its dimensions are the swept parameters, in the order in which they were given;
the coordinate of each carries its unit.  For a measure ``v``:

===================  ===========================================================================
variable             content
===================  ===========================================================================
``v``                mean over the trials, or the nominal value where there were none
``v_std``            standard deviation                                     (campaigns only)
``v_quantiles``      quantiles, along the further dimension ``quantile``    (campaigns only)
``v_lowest``         to which draws of ``v`` are cut                        (campaigns, where there are such ends only)
``v_highest``
``correlation``      of the trials' normal scores, of two measures each, along the further dimension ``pair``: "r_p r_ap"
``v_low``            exact 95 % interval of a fraction                      (fractions of campaigns only)
``v_high``
===================  ===========================================================================

and besides ``count`` (trials that are ok), ``outcome_*`` and the margins (``margin_NAME_mean`` and more, see
``docs/tables.md``).  What is not known is NaN.
"""

from __future__ import annotations

# levels of the stored quantiles: dense in the tails, with the extremes seen
QUANTILES: tuple[float, ...] = (
    0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
    0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.965, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 1.0,
)  # fmt: skip


SUPPORT = ("_lowest", "_highest")  # suffixes of the variables that hold the ends to which draws are cut
QUANTILE, PAIR = "quantile", "pair"  # dimensions that are no operating conditions; of a part of a system, PART_pair
CORRELATION = "correlation"
CHECKSUM = "checksum"  # attribute: SHA-256 of all the rest; tables of version 0.1 have none


def inner(dimension: str) -> bool:
    """Whether a dimension is of what a table holds at each point, and no operating condition."""
    return dimension in (QUANTILE, PAIR) or dimension.endswith(f"_{PAIR}")
