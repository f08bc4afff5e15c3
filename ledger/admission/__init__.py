"""May a statement be recorded next, and what will its entry say? Judged in ledger order, on one view of the state."""
