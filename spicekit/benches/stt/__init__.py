"""One STT-MRAM cell, 1T1MTJ."""
