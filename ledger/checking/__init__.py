"""What can be judged of what was posted without the ledger's state, by any process."""
