"""Sense amplifiers, each on an input that it shares with the others."""
