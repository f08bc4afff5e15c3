"""The lots of one range, booked again: every record must be what its event makes of the records before it (SPEC 5).

Each event is booked on what is *stored* for the entries before it. Those records are held against their own events
where they are made, so a record that no event makes is found at its own entry, and nothing follows from it elsewhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.admission.lots import Place, book_lots, tag_pairs
from ledger.audit.authority import Authority
from ledger.audit.findings import Finding, about
from ledger.audit.hindsight import Movements
from ledger.audit.records import StoredRecords
from ledger.book import Change
from ledger.checking.statements import Checked, named_by_jti
from ledger.kernel.errors import Damaged, Refused
from ledger.lots import wire
from ledger.lots.book import Book, effects_key, lot_key
from ledger.lots.booking import heard_late
from ledger.lots.event import LotEvent
from ledger.lots.lookup import named_by
from ledger.lots.records import NOBODY, Lot, Record
from ledger.rules import judges_lots
from ledger.store.raw import RawReader

if TYPE_CHECKING:
    from ledger.kernel.party import Party


class Said(Struct, frozen=True, gc=False):
    """A statement of the range that lots may follow from, rightly signed or not."""

    index: int
    recorded_at: int
    checked: Checked


@dataclass(slots=True)
class Booked:
    """What the range gave: how many records and tags each entry makes, and how often events break which rule."""

    findings: list[Finding] = field(default_factory=list)
    records: list[tuple[int, int]] = field(default_factory=list)  # (index, how many)
    tags: list[tuple[int, int]] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    late: list[tuple[int, bytes]] = field(default_factory=list)  # (index, lot) made after it was received (5.1)
    movements: Movements = field(default_factory=Movements)


class _Places:
    """What is registered where a statement stands; looked up again only where a party was registered anew."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._parties: dict[str, Party | None] = {}
        self._sites: Mapping[str, str] = {}
        self._rules = ""
        self._last: float = -1  # the last entry for which this holds

    def of(self, one: Said) -> Place | None:
        """None where its issuer is no party yet. To be asked in index order."""
        authority, name = self._authority, one.checked.statement.iss
        if one.index > self._last:
            self._parties, self._sites = {}, authority.sites_at(one.index)
            self._rules = authority.registry.rules_at(one.index)
            self._last = authority.same_until(one.index)
        if name not in self._parties:
            self._parties[name] = authority.at(name, authority.version(name, one.index)).parties.get(name)
        party = self._parties[name]
        if party is None:
            return None
        return Place(one.index, one.recorded_at, party, authority.registry.operator, self._sites, self._rules)


def book_again(database: RawReader, authority: Authority, said: Sequence[Said], span: tuple[int, int]) -> Booked:
    """Book what was said in entries `span`, and compare with what is stored. Raises what UNREADABLE lists."""
    judged = list(_judged(authority, said))
    stored, result = StoredRecords(database, span, wire.decode), Booked()
    stored.fetch(key for one in judged if one.checked.event_read for key in _asked(one.index, one.checked.event_read))
    booked = list(_booked(database, _Places(authority), stored, judged, result))
    tags: dict[tuple[bytes, bytes], int] = {}
    for index, book in booked:
        changes = book.changes(0)
        _compare_records(stored, index, changes, result)
        for pair in tag_pairs(changes):
            tags.setdefault(pair, index)
    _compare_tags(database, tags, result)
    return result


def _booked(
    database: RawReader, places: _Places, stored: StoredRecords[Record], judged: Sequence[Said], result: Booked
) -> Iterator[tuple[int, Book]]:
    """What each statement writes, but for those whose lots cannot be read."""
    for one in judged:
        try:
            yield one.index, _book(database, places, stored, one, result)
        except Damaged as error:
            result.findings.append(about(one.index, "state_record", f"its lots cannot be booked: {error.sentence}"))


def _judged(authority: Authority, said: Sequence[Said]) -> Iterator[Said]:
    """The statements that stand where the lot rules hold."""
    judges, last = False, -1.0
    for one in said:
        if one.index > last:
            judges, last = judges_lots(authority.registry.rules_at(one.index)), authority.same_until(one.index)
        if judges:
            yield one


def _asked(index: int, event: LotEvent) -> Iterator[bytes]:
    """The records that an event asks for by its own words, and the one that it leaves; the others are few."""
    yield effects_key(index)
    yield from named_by(event, NOBODY)


def _book(database: RawReader, places: _Places, stored: StoredRecords[Record], one: Said, result: Booked) -> Book:
    """What one statement writes; a rule that it breaks is a finding, and it writes nothing."""
    place = places.of(one)
    if place is None:  # found where its signature was judged
        return Book()
    book = Book(lambda keys: stored.before(keys, one.index))
    try:
        effects = book_lots(book, one.checked, place, wrong=_wrong(database, one))
    except Refused as error:
        result.findings.append(about(one.index, error.code, f"its lots do not allow it: {error.sentence}"))
        return Book()
    except Damaged:
        raise
    except Exception as error:  # noqa: BLE001  whatever a stored statement provokes, the audit goes on
        says = f"what it does to its lots could not be judged ({type(error).__name__}: {error})"
        result.findings.append(about(one.index, "unjudged", says))
        return Book()
    if effects is not None:
        result.movements.note(effects)
        for finding in effects.findings:
            result.rules[finding.rule] += 1
        before = stored.before([lot_key(name) for name in effects.made], one.index)
        result.late += [(one.index, key) for key, lot in before.items() if isinstance(lot, Lot) and heard_late(lot)]
    return book


def _wrong(database: RawReader, one: Said) -> int:
    """The entry that a declaration of error is about; whether there is one, is judged for the whole ledger."""
    if one.checked.declares is None:
        return NOBODY
    found = database.event_entry(one.checked.declares, named_by_jti(one.checked))
    return found if found is not None and found < one.index else NOBODY


def _compare_records(stored: StoredRecords[Record], index: int, made: Sequence[Change[Record]], result: Booked) -> None:
    result.records.append((index, len(made)))
    for key, _, record in made:
        value = stored.at(key, index)
        if value != wire.encode(record):
            what = "is missing" if value is None else "is not what its event makes"
            result.findings.append(about(index, "state_record", f"state_record {key.hex()} {what}", key=key.hex()))


def _compare_tags(database: RawReader, made: Mapping[tuple[bytes, bytes], int], result: Booked) -> None:
    """A tag is stored once, with the first entry that has it."""
    stored = database.lot_tags(made)
    counts: Counter[int] = Counter()
    for (tag, key), index in made.items():
        since = stored.get((tag, key))
        if since == index:
            counts[index] += 1
        elif since is None or since > index:
            says = "is missing" if since is None else f"is stored for entry {since}"
            result.findings.append(about(index, "lot_tag", f"lot_tag {tag.hex()} of {key.hex()} {says}", key=key.hex()))
    result.tags = sorted(counts.items())
