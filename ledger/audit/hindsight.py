"""The lots judged again by what is known in the end: in the order of event times, and delivery by delivery (SPEC 5.5).

For a ledger in which nothing else was found: records are held against their events elsewhere, and believed here.
What is found is a note: the ledger was right to record it, and a reader should know.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import closing

from ledger.audit.findings import Finding, about
from ledger.lot_records import read_records
from ledger.lots.book import delivery_key
from ledger.lots.hindsight import delivery_findings, in_time_order
from ledger.lots.records import Delivery, Effects
from ledger.passport_source import StoreSource
from ledger.store.store import Location, open_store

Progress = Callable[[str, int, int], None]


def judge_in_hindsight(location: Location, size: int, progress: Progress) -> list[Finding]:
    """What is found in entries below `size`. Raises what the store raises."""
    deliveries: set[str] = set()
    asked = 0

    def load(entries: Collection[int]) -> Mapping[int, Effects]:
        nonlocal asked
        asked += len(entries)
        progress("judging lots by event time", min(asked, size), size)
        found = source.effects(entries)
        deliveries.update(moved.delivery for one in found.values() for moved in one.moved)
        return found

    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        source = StoreSource(transaction, size)
        found = [about(one.facts["entry"], one.rule, one.says, **one.facts) for one in in_time_order(range(size), load)]
        records = read_records(transaction, [delivery_key(name) for name in sorted(deliveries)], size)
        lines = (line for one in records.values() if isinstance(one, Delivery) for line in delivery_findings(one))
        return found + [Finding(one.rule, one.says, None, one.facts) for one in lines]
