"""IMCE's bit-wise convolution (Fan, ASP-DAC 2018) with the AND gates of a simulated SOT-MRAM column."""
