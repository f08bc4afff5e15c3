"""The ledger taken away: segments for an auditor, and two views of one log compared."""
