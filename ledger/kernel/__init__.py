"""Entries, lineage, checkpoints, proofs, statements and keys: what an auditor reads in an afternoon.

Nothing here but the standard library and `cryptography`; nothing here does I/O.
"""
