"""A plain SPICE netlist of a user's own as a bench: its ``.meas`` are the measures, its devices the variation points."""

from spicekit.benches.deck.bench import Deck, deck_class

__all__ = ["Deck", "deck_class"]
