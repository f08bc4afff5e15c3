"""One module a resource. A route decodes, calls one function of the ledger, and encodes."""
