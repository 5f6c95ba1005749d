"""What the batch engine cannot simulate, said in one line."""

from spicekit.errors import SpicekitError


class Unsupported(SpicekitError):
    """Something in a netlist that the engine does not know; ngspice does."""

    @property
    def reason(self) -> str:
        """What follows the engine's name: "does not know inductors"."""
        return f"does not know {self}"


class Uncompiled(Unsupported):
    """What a circuit was made ready to is not compiled on this machine."""

    @property
    def reason(self) -> str:
        return f"cannot compile: {self}"
