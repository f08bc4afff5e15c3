"""What lots are as the inputs of a full bundle say: the same events, folded again (SPEC 7, step 11).

A bundle holds every event of what the piece rests on, and of other lots whatever happened to stand beside it in these
events. A lot is whole up to an entry where its versions up to there have no gap. What is not whole is given to the fold
as a stand-in that has what the event takes; nothing that is traced rests on one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec.structs import replace

from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.lineage import Role
from ledger.kernel.party import Registry
from ledger.kernel.subjects import subject_key
from ledger.kernel.verify_passports import Inputs
from ledger.kernel.verify_statements import Shown
from ledger.lots.ancestry import up
from ledger.lots.book import Book, delivery_key
from ledger.lots.custody import delivery_name
from ledger.lots.event import LotEvent, Part, placed, read_event
from ledger.lots.fold import apply
from ledger.lots.genealogy import Start, Trace, run_name
from ledger.lots.observations import agree, countersign, lot_confirmed
from ledger.lots.records import NOBODY, ON_HAND, Contained, Delivery, Effects, Holding, Lot
from ledger.passport.story import Certificate, Told, certificate_in


class _EverySite(dict[str, str]):
    """Sites of parties that the bundle does not show are sites all the same: the ledger checked that."""

    def __contains__(self, _name: object) -> bool:
        return True


class Refolded:
    """A `Source` made of the inputs of a full bundle."""

    def __init__(self, inputs: Inputs) -> None:
        self._book = Book()
        self._events: dict[int, LotEvent] = {}
        self._runs: dict[str, list[int]] = {}
        self._versions: dict[bytes, list[tuple[int, int]]] = {}
        self._certificates: dict[int, Certificate] = {}
        self._names: dict[tuple[str, str], int] = {}
        self.size = int(inputs.passport.statement.body["as_of"]["size"]) if inputs.passport.statement else 0
        self.stood_in: dict[int, set[str]] = {}
        for one in inputs.entries:
            self._note_versions(one)
            self._fold(one, inputs.registries[one.index])

    def lot(self, name: str) -> Lot | None:
        """What is known of a lot."""
        return self._book.lot(name)

    def trace(self, starts: Sequence[Start]) -> Trace:
        """Up from there."""
        return up(starts, self.effects, self.versions, ahead=False)

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did."""
        found = ((entry, self._book.effects(entry)) for entry in entries)
        return {entry: one for entry, one in found if one is not None}

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of each lot or run that the bundle has."""
        return {name: self._of(name) for name in names}

    def told(self, entry: int) -> Told:
        """What the statement of a lot event says beside."""
        event = self._events[entry]
        return Told(event.recorded_at, event.sites, event.parent, event.sender, event.claims)

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate."""
        return self._certificates.get(entry)

    def whole(self, name: str, entry: int, kind: str = "lot") -> bool:
        """Whether the bundle holds every version of a lot, or a subject, up to the one that this entry made."""
        versions = self._versions.get(subject_key(kind, name), [])
        upto = [version for index, version in versions if index <= entry]
        return upto == list(range(1, len(upto) + 1))

    def packed(self, lots: Collection[str]) -> str:
        """One of these class lots of which some was packed in a unit, "" where none was.

        What happens to the unit happens to that, and names the unit alone: it advances no version of the lot (4.4).
        What is known to have come out of the unit again, with all that happened to that meanwhile, counts no more.
        """
        packing = (one for one in self._events.values() if one.parent and one.action == "ADD")
        amounts = ((one.index, part.id) for one in packing for part in one.children if not part.single)
        return next((name for entry, name in amounts if name in lots and not self._out_again(name, entry)), "")

    def _out_again(self, name: str, entry: int) -> bool:
        """Whether all that an entry packed of a lot came out of its unit, in a bundle with all events of that."""
        packed = self.effects([entry])[entry].packed
        return all(self._emptied(row) for row in packed if row.lot == name)

    def _emptied(self, row: Contained) -> bool:
        left = row.g
        for entry, one in sorted(self.effects(self._of(row.unit)).items()):
            nested = any(other.lot == row.unit for other in one.packed)  # the outer unit's events are not its own
            again = entry > row.entry and any(replace(other, g=row.g) == row for other in one.packed)
            if again or (left and (nested or not self.whole(row.unit, entry))):
                return False
            left -= sum(out.g for out in one.unpacked if replace(out, g=row.g) == row)
        return not left

    def gaps(self) -> list[str]:
        """Lots whose history begins in the bundle and has a gap: stood in for, although most of it is there."""
        names = sorted({name for lots in self.stood_in.values() for name in lots})
        begun = (name for name in names if self._versions.get(subject_key("lot", name), [(0, 0)])[0][1] == 1)
        return [name for name in begun if not self.whole(name, self.size)]

    def _of(self, name: str) -> Sequence[int]:
        if name in self._runs:
            return self._runs[name]
        return [index for index, _ in self._versions.get(subject_key("lot", name), [])]

    def _note_versions(self, one: Shown) -> None:
        for found in one.opened:
            if found.item.role is not Role.REFERENCE:
                self._versions.setdefault(found.item.subject, []).append((one.index, found.item.version))

    def _fold(self, one: Shown, registry: Registry) -> None:
        statement = one.statement
        if statement is None:
            return
        if statement.typ == "lot-event":
            party = registry.party(statement.iss)
            event = placed(
                read_event(statement.body, issuer=statement.iss, jti=statement.jti),
                index=one.index,
                recorded_at=one.entry.recorded_at,
                processes=party.processes,
                accuracies=party.accuracies,
            )
            self._apply(event, registry)
        elif (certificate := certificate_in(statement)) is not None:
            self._certificates[one.index] = certificate
        elif statement.typ == "contract":
            agree(self._book, statement.body)
        elif confirmed := lot_confirmed(statement.typ, statement.body):
            countersign(self._book, confirmed, statement.iss)

    def _apply(self, event: LotEvent, registry: Registry) -> None:
        wrong = self._names.get((event.issuer, event.name), NOBODY) if event.declares else NOBODY
        if not event.declares:
            self._names[event.issuer, event.name] = event.index
            for part in _made(event):
                self._forget(event, part)
            for part in _parts(event):
                self._stand_in(event, part)
                self._stand_in_contents(event, part.id)
        self._events[event.index] = event
        if event.run:
            entries = self._runs.setdefault(run_name(event.issuer, event.run), [])
            if any(entry in self.stood_in for entry in entries):  # a run is judged by all that went into it
                self.stood_in.setdefault(event.index, set())
            entries.append(event.index)
        apply(self._book, event, operator=registry.operator, sites=_EverySite(registry.sites), wrong=wrong)

    def _forget(self, event: LotEvent, part: Part) -> None:
        """A piece that is made again, of which the bundle does not hold why, may be made."""
        if part.single and self._book.lot(part.id) is not None and not self.whole(part.id, event.index):
            self.stood_in.setdefault(event.index, set()).add(part.id)
            self._book.put_lot(replace(_stand_in(event, part), holdings=(), doubt=0))

    def _stand_in(self, event: LotEvent, part: Part) -> None:
        """Give a lot that is not whole what this event takes of it."""
        known = self._book.lot(part.id)
        if self.whole(part.id, event.index) or (known is not None and known.contents):
            return
        self.stood_in.setdefault(event.index, set()).add(part.id)
        inside, packed_by = (known.inside, known.packed_by) if known is not None else ("", NOBODY)
        self._book.put_lot(replace(_stand_in(event, part), inside=inside, packed_by=packed_by))
        name = delivery_name(event)
        if event.step in {"receiving", "void_shipping"} and self._book.delivery(name) is None:
            receiver = event.issuer if event.step == "receiving" else event.receiver
            self._book.put(delivery_key(name), Delivery(name, event.sender or event.issuer, receiver))

    def _stand_in_contents(self, event: LotEvent, unit: str) -> None:
        """What else is in a unit goes with it, whatever happened to it in events that the bundle does not hold."""
        lot = self._book.lot(unit)
        for name in lot.contents if lot is not None else ():
            self._stand_in(event, Part(name, True, None))
            self._stand_in_contents(event, name)


def _made(event: LotEvent) -> tuple[Part, ...]:
    return event.things if event.type == "ObjectEvent" and event.action == "ADD" else event.outputs


def _parts(event: LotEvent) -> Iterator[Part]:
    """What it needs to be there; what it makes is not."""
    made = {part.id for part in _made(event)}
    yield from (part for part in event.parts if part.id not in made and part.id not in event.origins)
    # A class lot that is added to may be there; a stand-in takes additions from anybody who has it.
    yield from (part for part in event.parts if part.id in made and not part.single)
    if event.parent:
        yield Part(event.parent, names_one_thing(event.parent), None)


def _stand_in(event: LotEvent, part: Part) -> Lot:
    g = part.g or 0
    under_way = event.step in {"receiving", "void_shipping"} and event.type == "ObjectEvent"
    holder = event.sender or event.issuer if under_way and event.step == "receiving" else event.issuer
    # A mix that no entry made, another at each event: where the real one is too little to be followed, so is this.
    there = Holding(holder, delivery_name(event) if under_way else ON_HAND, event.issuer, g, NOBODY - 1 - event.index)
    return Lot(
        part.id, part.single, event.issuer, NOBODY, "made", event.start, part.g if part.single else None, (there,)
    )
