"""What this machine does in a second, and beside it what a user would pick instead: one file a measurement."""
