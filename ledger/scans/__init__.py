"""How often a label's code was scanned, and from how many places: counts beside the ledger, without personal data."""
