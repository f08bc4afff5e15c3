"""Alembic revisions, one for each schema version: `versions/schema_NNNN.py` leads there from the version before.

To add one: raise `tables.SCHEMA_VERSION`, change the tables, and write the next file. A revision is frozen text: it
imports nothing of `tables`, which goes on changing. It says only what differs; `ledger.store.migrating` gives it a
transaction, moves the stamp and checks at the end that all is as a new ledger's would be. Write for both databases;
on SQLite, never rebuild a table (`batch_alter_table` loses its triggers without a word).
"""
