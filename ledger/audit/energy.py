"""The energy of one range, folded again: every record must be what its statement makes of those before it (SPEC 11).

As with lots, each statement is folded on what is *stored* for the entries before it, so that a record that no statement
makes is found at its own entry, and nothing follows from it elsewhere.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.audit.authority import Authority
from ledger.audit.findings import Finding, about
from ledger.audit.lots import Said
from ledger.energy import wire
from ledger.energy.book import Book
from ledger.energy.fold import OF_ENERGY
from ledger.energy.lookup import prepare
from ledger.energy.records import Record
from ledger.energy_admission import fold_energy
from ledger.kernel.errors import Damaged, Refused
from ledger.rules import judges_energy
from ledger.store.raw import RawReader

if TYPE_CHECKING:
    from ledger.kernel.party import Party


@dataclass(slots=True)
class Folded:
    """What the range gave, and how many records each entry makes."""

    findings: list[Finding] = field(default_factory=list)
    records: list[tuple[int, int]] = field(default_factory=list)  # (index, how many)


class _Records:
    """What is stored for some keys: the newest record before the range, and all of the range."""

    def __init__(self, database: RawReader, start: int, end: int) -> None:
        self._database, self._start, self._end = database, start, end
        self._known: dict[bytes, list[tuple[int, bytes]]] = {}

    def fetch(self, keys: Iterable[bytes]) -> None:
        """Have the rows of these keys at hand."""
        wanted = {key for key in keys if key not in self._known}
        if not wanted:
            return
        self._known.update({key: [] for key in wanted})
        for key, value in self._database.lot_records(wanted, self._start).items():
            self._known.setdefault(key, []).append((-1, value))
        for key, index, value in self._database.lot_records_within(wanted, self._start, self._end):
            self._known.setdefault(key, []).append((index, value))

    def before(self, keys: Collection[bytes], index: int, *, damaged: bool = True) -> dict[bytes, Record]:
        """The newest record of each key before an entry. Raises Damaged, or leaves out what cannot be read."""
        self.fetch(keys)
        found: dict[bytes, Record] = {}
        for key in keys:
            place = bisect_left(self._known[key], (index,)) - 1
            try:
                if place >= 0:
                    found[key] = wire.decode(self._known[key][place][1])
            except Damaged:
                if damaged:
                    raise
        return found

    def at(self, key: bytes, index: int) -> bytes | None:
        """The record of a key that stands at an entry."""
        self.fetch((key,))
        return next((value for place, value in self._known[key] if place == index), None)


def fold_again(database: RawReader, authority: Authority, said: Sequence[Said], span: tuple[int, int]) -> Folded:
    """Fold what was said in entries `span`, and compare with what is stored. Raises what UNREADABLE lists."""
    stored, result = _Records(database, *span), Folded()
    judged = list(_judged(authority, said))
    told = [(one.checked.statement.typ, one.checked.statement.body) for one, _ in judged]
    # Everything at hand in a few queries: what a record leads to does not depend on when in the range one asks.
    prepare(Book(lambda keys: stored.before(keys, span[1], damaged=False)), told)
    for one, party in judged:
        book = _fold(stored, one, party, result)
        _compare(stored, one.index, book.since(0), result)
    return result


def _judged(authority: Authority, said: Sequence[Said]) -> Iterator[tuple[Said, "Party"]]:
    """The statements that energy follows from, with their issuers as registered there."""
    parties: dict[tuple[str, int], Party | None] = {}
    for one in said:
        statement = one.checked.statement
        if statement.typ not in OF_ENERGY or not judges_energy(authority.registry.rules_at(one.index)):
            continue
        version = statement.iss, authority.version(statement.iss, one.index)
        if version not in parties:
            parties[version] = authority.at(*version).parties.get(statement.iss)
        party = parties[version]
        if party is not None:  # what has no issuer was found where its signature was judged
            yield one, party


def _fold(stored: _Records, one: Said, party: "Party", result: Folded) -> Book:
    """What one statement writes; a rule that it breaks is a finding, and it writes nothing."""
    book = Book(lambda keys: stored.before(keys, one.index))
    statement = one.checked.statement
    try:
        prepare(book, [(statement.typ, statement.body)])
        fold_energy(book, one.checked, party, index=one.index, recorded_at=one.recorded_at)
    except Refused as error:
        result.findings.append(about(one.index, error.code, f"the energy rules do not allow it: {error.sentence}"))
    except Damaged as error:
        result.findings.append(about(one.index, "energy_record", f"it cannot be folded: {error.sentence}"))
        return Book()
    except Exception as error:  # noqa: BLE001  whatever a stored statement provokes, the audit goes on
        says = f"what it does to energy could not be judged ({type(error).__name__}: {error})"
        result.findings.append(about(one.index, "unjudged", says))
        return Book()
    return book


def _compare(stored: _Records, index: int, made: Mapping[bytes, Record], result: Folded) -> None:
    result.records.append((index, len(made)))
    for key, record in made.items():
        value = stored.at(key, index)
        if value != wire.encode(record):
            what = "is missing" if value is None else "is not what its statement makes"
            says = f"the {type(record).__name__.lower()} record {key.hex()} {what}"
            result.findings.append(about(index, "energy_record", says, key=key.hex()))
