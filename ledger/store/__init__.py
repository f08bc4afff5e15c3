"""Where the ledger's bytes rest: tables, triggers and transactions. The only importer of SQL."""
