"""A binarised spiking network on rows of 288 synapses with integrate-and-fire neurons, with errors from the neurons' tables."""
