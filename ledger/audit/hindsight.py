"""The lots judged again by what is known in the end: in the order of event times, by delivery and by run (SPEC 5.5).

For a ledger in which nothing else was found: records are held against their events elsewhere, and believed here.
What is found is a note: the ledger was right to record it, and a reader should know.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from ledger.admission.lot_records import read_records
from ledger.audit.crew import Crew
from ledger.audit.findings import Finding, about
from ledger.issuing.passport_source import StoreSource
from ledger.lots.book import delivery_key, run_key
from ledger.lots.closing import above_input
from ledger.lots.hindsight import Short, delivery_findings, rows_of, short_of, time_order, undone_by
from ledger.lots.records import NOBODY, Delivery, Effects, Run
from ledger.store.store import Location, Transaction, open_store

Progress = Callable[[str, int, int], None]
_PARTS = 64  # of all places: each small enough to sort in one worker
_BATCH = 2_000  # records a query


def _parts() -> list[bytearray]:
    return [bytearray() for _ in range(_PARTS)]


@dataclass(slots=True)
class Movements:
    """What entries did to balances and deliveries, packed: a part holds all rows of its places."""

    parts: list[bytearray] = field(default_factory=_parts)
    undone: set[int] = field(default_factory=set)
    deliveries: set[str] = field(default_factory=set)
    runs: set[tuple[str, str]] = field(default_factory=set)  # issuer and name

    def note(self, effects: Effects) -> None:
        """One event more."""
        for row in rows_of(effects):
            self.parts[row[0] % _PARTS] += row
        if effects.undoes != NOBODY:
            self.undone.update(undone_by((effects,)))
        if effects.moved:
            self.deliveries.update(moved.delivery for moved in effects.moved)
        if effects.run:
            self.runs.add((effects.issuer, effects.run))

    def add(self, more: "Movements") -> None:
        """Those of another range."""
        for part, rows in zip(self.parts, more.parts, strict=True):
            part.extend(rows)
        self.undone |= more.undone
        self.deliveries |= more.deliveries
        self.runs |= more.runs


def judge_time_order(movements: Movements, workers: Crew) -> list[Short]:
    """What was taken before it was there, by event time, in that order."""
    undone = frozenset(movements.undone)
    tasks = [(rows, undone) for rows in movements.parts]
    return sorted(short for found in workers.in_order(_short_of, tasks, _short_of) for short in found)


def _short_of(task: tuple[bytearray, frozenset[int]]) -> list[Short]:
    rows, undone = task
    return short_of(bytes(rows), undone)  # copied here, one part at a time


def tell_hindsight(
    location: Location, size: int, movements: Movements, short: Sequence[Short], progress: Progress
) -> list[Finding]:
    """The sentences, with the records they are about. Raises what the store raises."""
    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        found = list(_time_order(StoreSource(transaction, size), short))
        found += _deliveries(transaction, size, sorted(movements.deliveries), progress)
        return found + list(_runs(transaction, size, sorted(movements.runs), progress))


def _time_order(source: StoreSource, short: Sequence[Short]) -> Iterator[Finding]:
    for start in range(0, len(short), _BATCH):
        batch = short[start : start + _BATCH]
        effects = source.effects({one.entry for one in batch})
        for one in batch:
            said = time_order(effects[one.entry], one)
            yield about(one.entry, said.rule, said.says, **said.facts)


def _deliveries(transaction: Transaction, size: int, names: Sequence[str], progress: Progress) -> Iterator[Finding]:
    for start in range(0, len(names), _BATCH):
        progress("judging deliveries", start, len(names))
        records = read_records(transaction, [delivery_key(name) for name in names[start : start + _BATCH]], size)
        lines = (line for one in records.values() if isinstance(one, Delivery) for line in delivery_findings(one))
        yield from (Finding(one.rule, one.says, None, one.facts) for one in lines)


def _runs(
    transaction: Transaction, size: int, names: Sequence[tuple[str, str]], progress: Progress
) -> Iterator[Finding]:
    """M1 on each run as it stands: one that is open was never judged, one that is closed was before a correction."""
    for start in range(0, len(names), _BATCH):
        progress("judging runs", start, len(names))
        keys = [run_key(*name) for name in names[start : start + _BATCH]]
        runs = (one for one in read_records(transaction, keys, size).values() if isinstance(one, Run))
        for one in runs:
            if says := above_input(one):
                facts = {"issuer": one.issuer, "run": one.name}
                yield Finding("output_above_input", f"run {says}", None, facts)
