"""What the stores' tests put into a store."""

from ledger.store.store import NewRow, Stored, StoredHead


def new_row(index, *, subject=b"s" * 32, version=1, event=None, disclosures=()):
    leaf = bytes([index]) * 32
    stored = Stored(index, bytes(113), leaf, "lot-event", b"jwt%d" % index, bytes(32), b"", disclosures)
    return NewRow(stored, request=b"r%031d" % index, advanced=[(subject, version)], event=event)


def fill(store):
    """Two entries of one subject, one event, two disclosures."""
    with store.writing() as transaction:
        transaction.insert([new_row(0, event=b"e" * 32, disclosures=("one", "two")), new_row(1, version=2)])
        transaction.move_head(None, StoredHead(2, b"r" * 32))


def everything_in(store):
    with store.reading() as transaction:
        return transaction.entries(0, 9), transaction.head(), transaction.everything(), transaction.events([b"e" * 32])
