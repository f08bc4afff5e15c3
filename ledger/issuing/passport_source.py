"""What passports are computed from, out of the store: the ledger as of a size, or as a commit in the making sees it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.admission.lot_records import read_records
from ledger.admission.view import View
from ledger.checking.quick_json import parse_quickly
from ledger.kernel.entry import parse_entry
from ledger.kernel.subjects import subject_key
from ledger.lots.ancestry import up
from ledger.lots.book import effects_key, entry_of, lot_key, run_key
from ledger.lots.event import read_event
from ledger.lots.genealogy import Start, Trace, closers, run_name
from ledger.lots.records import Effects, Lot, Record, Run
from ledger.lots.tags import tag_key
from ledger.passport.story import Certificate, Told, certificate_in, is_run
from ledger.passport.units import packed_after
from ledger.store.store import Stored, Transaction

_KEPT = 65_536  # entries of which what they say is remembered


@dataclass(frozen=True, slots=True)
class StoreSource:
    """A `Source` as of a size that was reached."""

    transaction: Transaction
    size: int
    known: dict[int, Told] = field(default_factory=dict)  # what statements said that were read before, at any size

    def lot(self, name: str) -> Lot | None:
        """What was known of a lot."""
        found = self._records([lot_key(name)]).get(lot_key(name))
        return found if isinstance(found, Lot) else None

    def trace(self, starts: Sequence[Start]) -> Trace:
        """Up from there; each look is a query, so it looks ahead."""
        return up(starts, self.effects, self.versions)

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did, as it stood."""
        found = self._records([effects_key(entry) for entry in entries if entry < self.size])
        return {one.index: one for one in found.values() if isinstance(one, Effects)}

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of lots and runs."""
        return {name: self._run_entries(name) if is_run(name) else self._lot_entries(name) for name in names}

    def changes(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries that changed lots and runs, also those that name only the unit that a lot is packed in."""
        keys = {name: _key_of_run(name) if is_run(name) else lot_key(name) for name in names}
        found = self.transaction.record_entries(keys.values(), self.size)
        return {name: found.get(key, ()) for name, key in keys.items()}

    def closed(self, runs: Collection[str]) -> Mapping[str, int]:
        """By which event each of them that is over was closed."""
        found = self._records([_key_of_run(name) for name in runs]).values()
        return closers(one for one in found if isinstance(one, Run))

    def packed_since(self, name: str, entry: int, /) -> int:
        """As the lot was known then."""
        lot = StoreSource(self.transaction, entry).lot(name)
        return lot.packed_by if lot is not None and lot.inside else entry

    def told(self, entry: int) -> Told:
        """What the statement says beside."""
        if entry not in self.known:
            if len(self.known) >= _KEPT:
                self.known.clear()
            self.known[entry] = told_by(self.transaction.entry(entry))
        return self.known[entry]

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate."""
        return certificate_in(parse_quickly(self.transaction.entry(entry).wire))

    def _records(self, keys: Collection[bytes]) -> Mapping[bytes, Record]:
        return read_records(self.transaction, keys, self.size)

    def _lot_entries(self, name: str) -> Sequence[int]:
        return [entry for entry in self.transaction.versions(subject_key("lot", name)) if entry < self.size]

    def _run_entries(self, name: str) -> Sequence[int]:
        """The keys of effects tell whose they are."""
        return sorted({entry_of(key) for key in self.transaction.tagged(tag_key("run-entry", name), self.size)})


class ViewSource:
    """A `Source` of a commit in the making: what is stored, and what was admitted so far."""

    def __init__(self, view: View) -> None:
        self.size = view.size
        self._view = view
        self._stored = StoreSource(view.transaction, view.size)
        self._pending: dict[bytes, list[int]] = {}
        self._runs: dict[str, list[int]] = {}
        self._known: dict[str, Sequence[int]] = {}  # what is stored does not change while a commit is made
        for row in view.rows:
            for subject, _ in row.advanced:
                self._pending.setdefault(subject, []).append(row.stored.index)
            one = view.lots.effects(row.stored.index) if row.stored.typ == "lot-event" else None
            if one is not None and one.run:
                self._runs.setdefault(run_name(one.issuer, one.run), []).append(one.index)

    def lot(self, name: str) -> Lot | None:
        """What is known of a lot."""
        return self._view.lots.lot(name)

    def trace(self, starts: Sequence[Start]) -> Trace:
        """Up from there, entry by entry: looking ahead would read several times what the passport rests on."""
        return up(starts, self.effects, self.versions, ahead=False)

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did."""
        self._view.lots.fetch(effects_key(entry) for entry in entries)
        found = ((entry, self._view.lots.effects(entry)) for entry in entries)
        return {entry: one for entry, one in found if one is not None}

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of lots and runs."""
        if unread := [name for name in names if name not in self._known]:
            self._known |= self._stored.versions(unread)
        return {name: [*self._known[name], *self._later(name)] for name in names}

    def closed(self, runs: Collection[str]) -> Mapping[str, int]:
        """By which event each of them that is over was closed."""
        self._view.lots.fetch(_key_of_run(name) for name in runs)
        found = (self._view.lots.run(*name.split(" ", 1)) for name in runs)
        return closers(one for one in found if one is not None)

    def packed_since(self, name: str, entry: int, /) -> int:
        """As the lot was known then, with what was admitted since."""
        pending = (row.stored.index for row in self._view.rows if row.stored.typ == "lot-event")
        admitted = self.effects([index for index in pending if index < entry])
        return packed_after(self._stored.packed_since(name, entry), name, entry, admitted)

    def told(self, entry: int) -> Told:
        """What the statement says beside."""
        return told_by(self._view.at(entry))

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate."""
        return certificate_in(parse_quickly(self._view.at(entry).wire))

    def _later(self, name: str) -> Iterable[int]:
        return self._runs.get(name, ()) or self._pending.get(subject_key("lot", name), ())


def _key_of_run(name: str) -> bytes:
    return run_key(*name.split(" ", 1))


def told_by(stored: Stored) -> Told:
    """What the statement of a lot event says beside its effects."""
    statement = parse_quickly(stored.wire)
    event = read_event(statement.body, issuer=statement.iss, jti=statement.jti)
    recorded_at, closes = parse_entry(stored.entry).recorded_at, event.run_state == "closed"
    return Told(recorded_at, event.sites, event.parent, event.sender, event.claims, closes)
