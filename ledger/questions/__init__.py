"""What the ledger answers about lots: state, history, trace, stock, recall and look-up, as of any of its sizes."""
