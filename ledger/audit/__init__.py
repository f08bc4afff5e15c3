"""Audit: everything a ledger says, derived again from its stored bytes.

The flow of one audit, by `audit.audit`:

1. `sources` says what is there: size, head, and how to read entries by range; from the database read-only, or from an
   export folder. No derived table is asked.
2. A first pass over all statements, by their own headers, finds `ledger`, `party`, `key` and `notice` statements.
3. The registry is folded again from those, in order; one that is not rightly signed or breaks a rule is a finding and
   changes nothing.
4. `entries` checks ranges of entries in worker processes: bytes, digests, statement, signature, role, prefix, implied
   items, the columns and rows derived from each. It needs no state but the registry of step 3.
5. `lineage` folds the ranges in index order in this process: root, chain across ranges, newest, exact, unique.
6. What needs all of that is judged last: heads and kept checkpoints, erasures, errors declared, counts.

Each step gives findings and goes on: a finding is a value, and no input ends an audit early.
"""
