"""See `ledger.store.migrations`."""
