"""The crossbar column read at constant current (C3CIM), and the conventional column beside it."""
