"""Passports and footprints computed from the store, and recorded in the commit that ships a piece."""
