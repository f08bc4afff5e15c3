"""A ledger on a PostgreSQL server, for several servers of ours."""
