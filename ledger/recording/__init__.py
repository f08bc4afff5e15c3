"""The one writer: where a ledger lives, how it opens, grows by one commit after another, and answers each caller."""
