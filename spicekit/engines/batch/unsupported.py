"""What the batch engine cannot simulate, said in one line."""

from spicekit.errors import SpicekitError


class Unsupported(SpicekitError):
    """Something in a netlist that the engine does not know; ngspice does."""
