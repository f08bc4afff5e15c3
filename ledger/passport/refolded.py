"""What lots are as the inputs of a full bundle say: the same events, folded again (SPEC 7, step 11).

A bundle holds every event of what the piece rests on, and of other lots whatever happened to stand beside it in these
events. A lot is whole up to an entry where its versions up to there have no gap, and neither have those of the units
that some of it was in meanwhile. What is not whole is given to the fold as a stand-in that has what the event takes;
nothing that is traced rests on one.
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
from ledger.lots.book import Book, delivery_key, lot_key
from ledger.lots.custody import delivery_name
from ledger.lots.event import LotEvent, Part, placed, read_event
from ledger.lots.fold import apply
from ledger.lots.genealogy import Start, Trace, closers, run_name
from ledger.lots.observations import agree, countersign, lot_confirmed, unsets
from ledger.lots.records import NOBODY, ON_HAND, Delivery, Effects, Hold, Holding, Lot
from ledger.passport.story import Certificate, Told, certificate_in
from ledger.passport.units import spans_of

_NEVER = 1 << 64  # no entry has this index


class _EverySite(dict[str, str]):
    """Sites of parties that the bundle does not show are sites all the same: the ledger checked that."""

    def __contains__(self, _name: object) -> bool:
        return True


class Refolded:
    """A `Source` made of the inputs of a full bundle.

    `believing`: that nothing came after what is shown of a lot or a unit is believed.
    """

    def __init__(self, inputs: Inputs, *, believing: bool = False) -> None:
        self._book = Book()
        self._events: dict[int, LotEvent] = {}
        self._runs: dict[str, list[int]] = {}
        self._versions: dict[bytes, list[tuple[int, int]]] = {}
        self._gaps: dict[bytes, int] = {}  # the first entry of each that a version is missing before
        self._certificates: dict[int, Certificate] = {}
        self._names: dict[tuple[str, str], int] = {}
        self.size = int(inputs.passport.statement.body["as_of"]["size"]) if inputs.passport.statement else 0
        self.stood_in: dict[int, set[str]] = {}
        self._believing = believing
        self._packings: dict[str, dict[int, Effects]] = {}
        self._packed_since: dict[tuple[str, int], int] = {}  # of each unit that an entry packs something in
        self._newest = {found.item.subject: found.item for found in inputs.passport.opened}
        for one in inputs.entries:
            self._note_versions(one)
        for one in inputs.entries:
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

    def closed(self, runs: Collection[str]) -> Mapping[str, int]:
        """By which event each of them that is over was closed, as far as the bundle shows."""
        found = (self._book.run(*name.split(" ", 1)) for name in runs)
        return closers(one for one in found if one is not None)

    def packed_since(self, name: str, entry: int, /) -> int:
        """As the lot was known then."""
        return self._packed_since.get((name, entry), entry)

    def told(self, entry: int) -> Told:
        """What the statement of a lot event says beside."""
        event = self._events[entry]
        return Told(
            event.recorded_at, event.sites, event.parent, event.sender, event.claims, event.run_state == "closed"
        )

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate."""
        return self._certificates.get(entry)

    def whole(self, name: str, entry: int, kind: str = "lot") -> bool:
        """Whether the bundle holds every version of a lot, or a subject, up to the one that this entry made."""
        subject = subject_key(kind, name)
        if subject not in self._gaps:
            versions = enumerate(self._versions.get(subject, []), 1)
            self._gaps[subject] = next((index for number, (index, version) in versions if number != version), _NEVER)
        return entry < self._gaps[subject]

    def lacks(self, lot: str, entry: int) -> str:
        """The lot, or a unit that some of it was in, of which the bundle lacks a version up to this entry; or ""."""
        if not self.whole(lot, entry):
            return lot
        if lot not in self._packings or names_one_thing(lot):
            return ""
        own = {index: one for index, one in self._packings[lot].items() if index <= entry}
        spans = [(lot, 0, entry), *((one.unit, one.first, one.last) for one in spans_of(lot, entry, own, self))]
        return next((name for name, first, last in spans if own and not self.goes_on(name, first, last)), "")

    def goes_on(self, name: str, first: int, last: int) -> bool:
        """Whether nothing of a history is left out between two entries, and it is shown what came next, if anything."""
        shown = [one for one in self._versions.get(subject_key("lot", name), []) if one[0] >= first]
        upto = next((number for number, (index, _) in enumerate(shown, 1) if index >= last), len(shown))
        versions = [version for _, version in shown[:upto]]
        if not versions or versions != list(range(versions[0], versions[0] + upto)):
            return False
        return shown[upto - 1][0] >= last or self.is_newest(name)

    def is_newest(self, name: str) -> bool:
        """Whether the passport says that nothing came after the last version shown.

        What came between the state that it was computed from and its own entry is no matter.
        """
        subject = subject_key("lot", name)
        item, versions = self._newest.get(subject), [version for _, version in self._versions.get(subject, [])]
        return self._believing or (item is not None and (item.version in versions[-1:] or item.index >= self.size))

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
            for part in (*_made(event), *(one for one in event.things if self._enters(event, one))):
                self._forget(event, part)
            for part in _parts(event):
                self._stand_in(event, part)
                self._stand_in_contents(event, part.id)
            for name, g in self._amounts_in(event).items():
                self._stand_in(event, Part(name, False, g))
        self._events[event.index] = event
        if event.run:
            entries = self._runs.setdefault(run_name(event.issuer, event.run), [])
            if any(entry in self.stood_in for entry in entries):  # a run is judged by all that went into it
                self.stood_in.setdefault(event.index, set())
            entries.append(event.index)
        done = apply(
            self._book, event, operator=registry.operator, sites=_EverySite(registry.sites), wrong=wrong, in_part=True
        )  # fmt: skip
        for row in done.packed:
            self._packed_since[row.unit, event.index] = self._packed_before(row.unit, done)
            if not event.declares:
                self._packings.setdefault(row.lot, {})[event.index] = done

    def _packed_before(self, unit: str, done: Effects) -> int:
        """By which event it was in another unit before this one; by none: this one."""
        lot = self._book.lot(unit)
        stays = lot is not None and bool(lot.inside) and all(row.lot != unit for row in done.packed)
        since = lot.packed_by if lot is not None and stays else done.index
        return next((row.entry for row in done.unpacked if row.lot == unit), since)

    def _forget(self, event: LotEvent, part: Part) -> None:
        """A piece that is made again, of which the bundle does not hold why, may be made."""
        if part.single and self._book.lot(part.id) is not None and not self.whole(part.id, event.index):
            self.stood_in.setdefault(event.index, set()).add(part.id)
            self._book.forget(lot_key(part.id))

    def _enters(self, event: LotEvent, part: Part) -> bool:
        """Whether it comes from outside, or early: what is under way to a receiver who calls it late is received."""
        lot, origin = self._book.lot(part.id), event.origins.get(part.id)
        under_way = lot is not None and any(one.delivery != ON_HAND for one in lot.holdings)
        return origin is not None and (origin.kind == "outside" or not under_way)

    def _stand_in(self, event: LotEvent, part: Part) -> None:
        """Give a lot that is not whole what this event takes of it."""
        if not self.lacks(part.id, event.index):
            return
        known = self._book.lot(part.id)
        if known is not None and not self._has_before(part.id, event.index):
            known = None
        # What is released was held, by something that the bundle does not show (5.3).
        held = (Hold(event.issuer, NOBODY),) if unsets(event) else ()
        if known is not None and (known.contents or known.amounts):
            self._book.put_lot(replace(known, holds=(*known.holds, *held)))
            return
        self.stood_in.setdefault(event.index, set()).add(part.id)
        inside, packed_by = (known.inside, known.packed_by) if known is not None else ("", NOBODY)
        self._book.put_lot(replace(_stand_in(event, part), inside=inside, packed_by=packed_by, holds=held))
        name = delivery_name(event)
        if event.step in {"receiving", "void_shipping"} and self._book.delivery(name) is None:
            receiver = event.issuer if event.step == "receiving" else event.receiver
            self._book.put(delivery_key(name), Delivery(name, event.sender or event.issuer, receiver))

    def _has_before(self, name: str, entry: int) -> bool:
        """Whether the bundle has the version before the one that an entry made: what was in it, and it in, still is."""
        versions = dict(self._versions.get(subject_key("lot", name), []))
        return entry not in versions or versions[entry] - 1 in versions.values()

    def _amounts_in(self, event: LotEvent) -> Mapping[str, int]:
        """What the units that an event is about hold of class lots that it does not name."""
        waiting, seen, found = [part.id for part in event.parts], set[str](), dict[str, int]()
        while waiting:
            lot = self._book.lot(waiting.pop())
            if lot is not None and lot.id not in seen:
                seen.add(lot.id)
                waiting += lot.contents
                for one in lot.amounts:
                    found[one.lot] = found.get(one.lot, 0) + one.g
        return {name: g for name, g in found.items() if all(part.id != name for part in event.parts)}

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
        yield Part(event.parent, names_one_thing(event.parent), 0)  # as a unit is when something is first packed in it


def _stand_in(event: LotEvent, part: Part) -> Lot:
    worked_on = event.process and event.action == "OBSERVE" and not part.single
    g = part.g or (1 if worked_on else 0)  # some, of what an event that gives no mass works on (5.3)
    under_way = event.step in {"receiving", "void_shipping"} and event.type == "ObjectEvent"
    holder = event.sender or event.issuer if under_way and event.step == "receiving" else event.issuer
    # A mix that no entry made, another at each event: where the real one is too little to be followed, so is this.
    there = Holding(holder, delivery_name(event) if under_way else ON_HAND, event.issuer, g, NOBODY - 1 - event.index)
    return Lot(
        part.id, part.single, event.issuer, NOBODY, "made", event.start, part.g if part.single else None, (there,)
    )
