"""spicekit: circuit-level SPICE co-simulation of in-memory computing with magnetic and resistive memories."""

__version__ = "0.1.0"
