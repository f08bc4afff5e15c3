"""The whole of the truth: no web, no environment variables, no clock of its own."""
