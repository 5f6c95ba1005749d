"""Getting trials simulated: who does it, in what order, and the folder that they are written to."""
