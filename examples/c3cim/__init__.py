"""A binary network on constant-current columns of C3CIM (Biyani et al., DATE 2025), with count errors from simulated tables."""
