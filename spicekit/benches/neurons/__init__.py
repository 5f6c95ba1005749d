"""Integrate-and-fire neurons on a row of complementary STT-MRAM cells."""
