"""Arrays of cells with the wires of their lines."""
