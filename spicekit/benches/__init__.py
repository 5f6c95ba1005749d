"""The benches that ship with spicekit, a module or package a family; the registry imports what is asked for."""
