"""SOT-MRAM in 2T1R cells."""
