"""GS1-Conformant Resolver Standard 1.2: which links there are for a GS1 Digital Link, and which one is meant."""
