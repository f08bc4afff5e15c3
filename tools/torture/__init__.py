"""Ledgers of its own making, killed, starved, flooded and tampered with; what they lost is counted afterwards."""
