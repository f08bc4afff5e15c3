"""What is done to a ledger in the background or by its operator: scrubbing, restating, copying, restoring."""
