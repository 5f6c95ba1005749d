"""A binary network on rows of the STT-BNN macro, with decision errors from its simulated table."""
