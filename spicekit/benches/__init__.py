"""The benches that ship with spicekit, one module a family; the registry imports a module when a bench of it is asked for."""
