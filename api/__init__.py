"""The HTTP door: decode, call one ledger function, encode."""
