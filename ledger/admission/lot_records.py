"""Records of lots out of the store, as the lot model reads them."""

from collections.abc import Collection

from ledger.lots import wire
from ledger.lots.records import Record
from ledger.store.store import Transaction


def read_records(transaction: Transaction, keys: Collection[bytes], before: int | None = None) -> dict[bytes, Record]:
    """For each key that has a record: its newest one, or the newest of an entry < `before`. Raises Damaged."""
    return {key: wire.decode(value) for key, value in transaction.state_records(keys, before).items()}
