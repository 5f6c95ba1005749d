"""Hyperdimensional classification in segments on rows of the STT-BNN macro, each read by the time of its amplifier."""
