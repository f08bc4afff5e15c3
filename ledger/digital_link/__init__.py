"""GS1 Digital Link URIs, read and written by GS1's own table of application identifiers; compressed ones are read."""
