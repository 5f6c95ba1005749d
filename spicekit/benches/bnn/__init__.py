"""The binary network's row of complementary STT-MRAM cells, alone and as a macro with its time-based amplifier."""
