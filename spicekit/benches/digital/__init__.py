"""Digital neighbours of the memories: SRAM cells."""
