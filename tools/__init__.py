"""A door: one module a command, each a thin skin over one function."""
