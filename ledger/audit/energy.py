"""The energy of one range, folded again: every record must be what its statement makes of those before it (SPEC 11).

As with lots, each statement is folded on what is *stored* for the entries before it, so that a record that no statement
makes is found at its own entry, and nothing follows from it elsewhere.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.admission.energy import fold_energy
from ledger.audit.authority import Authority
from ledger.audit.findings import Finding, about
from ledger.audit.lots import Said
from ledger.audit.records import StoredRecords
from ledger.energy import wire
from ledger.energy.book import Book
from ledger.energy.fold import OF_ENERGY
from ledger.energy.lookup import prepare
from ledger.energy.records import Record
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


def fold_again(database: RawReader, authority: Authority, said: Sequence[Said], span: tuple[int, int]) -> Folded:
    """Fold what was said in entries `span`, and compare with what is stored. Raises what UNREADABLE lists."""
    stored, result = StoredRecords(database, span, wire.decode), Folded()
    judged = list(_judged(authority, said))
    told = [(one.checked.statement.typ, one.checked.statement.body) for one, _ in judged]
    # Everything at hand in a few queries: what a record leads to does not depend on when in the range one asks.
    prepare(Book(lambda keys: _legible(stored, keys, span[1])), told)
    for one, party in judged:
        book = _fold(stored, one, party, authority.registry.rules_at(one.index), result)
        _compare(stored, one.index, book.since(0), result)
    return result


def _legible(stored: StoredRecords[Record], keys: Collection[bytes], index: int) -> dict[bytes, Record]:
    """As `before`, without what cannot be read: that is found where it is asked for."""
    stored.fetch(keys)
    found: dict[bytes, Record] = {}
    for key in keys:
        with suppress(Damaged):
            found |= stored.before([key], index)
    return found


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


def _fold(stored: StoredRecords[Record], one: Said, party: "Party", rules: str, result: Folded) -> Book:
    """What one statement writes; a rule that it breaks is a finding, and it writes nothing."""
    book = Book(lambda keys: stored.before(keys, one.index))
    statement = one.checked.statement
    try:
        prepare(book, [(statement.typ, statement.body)])
        fold_energy(book, one.checked, party, index=one.index, recorded_at=one.recorded_at, rules=rules)
    except Refused as error:
        result.findings.append(about(one.index, error.code, f"the energy rules do not allow it: {error.sentence}"))
    except Damaged as error:
        result.findings.append(about(one.index, "state_record", f"it cannot be folded: {error.sentence}"))
        return Book()
    except Exception as error:  # noqa: BLE001  whatever a stored statement provokes, the audit goes on
        says = f"what it does to energy could not be judged ({type(error).__name__}: {error})"
        result.findings.append(about(one.index, "unjudged", says))
        return Book()
    return book


def _compare(stored: StoredRecords[Record], index: int, made: Mapping[bytes, Record], result: Folded) -> None:
    result.records.append((index, len(made)))
    for key, record in made.items():
        value = stored.at(key, index)
        if value != wire.encode(record):
            what = "is missing" if value is None else "is not what its statement makes"
            says = f"the {type(record).__name__.lower()} record {key.hex()} {what}"
            result.findings.append(about(index, "state_record", says, key=key.hex()))
