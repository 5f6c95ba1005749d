"""The physics of magnetic tunnel junctions in plain numpy and scipy: the reference of the macromodels.

One module a noun: :mod:`~spicekit.physics.magnetics` (shape, anisotropy, stability),
:mod:`~spicekit.physics.conductance`, :mod:`~spicekit.physics.llg` (macrospin dynamics),
:mod:`~spicekit.physics.initial` (thermal initial angle), :mod:`~spicekit.physics.behavioural` (fast switching model),
:mod:`~spicekit.physics.macromodel` (the flat parameters that all forms of the model share).

Sign convention, everywhere: the junction's current is positive from the free-layer terminal to the pinned-layer
terminal (electrons leave the pinned layer), and it drives antiparallel to parallel.  The rail's current is positive
along +x.
"""
