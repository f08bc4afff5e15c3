"""A ledger from mine to coil that anybody can make: told by the park, checked, tampered with in a copy, served."""
