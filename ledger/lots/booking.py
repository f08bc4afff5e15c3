"""One event's entry in the book: postings, and what came from nowhere or went nowhere, until both sides are equal."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ledger.kernel.errors import Conflict, RuleBroken
from ledger.lots.book import Book, delivery_key
from ledger.lots.event import LotEvent, Part
from ledger.lots.holdings import add_to, holding_of
from ledger.lots.records import (
    NOBODY,
    ON_HAND,
    Contained,
    Effects,
    Finding,
    Holding,
    Lifted,
    Line,
    Lot,
    Moved,
    Place,
    Posting,
    Settled,
    Sold,
    Surplus,
    Word,
)

if TYPE_CHECKING:
    from ledger.lots.sums import Sums

NOWHERE: Mapping[Place, int] = {}


def tonnes(g: int) -> str:
    """Grams with thin groups, as sentences of this package give them."""
    return f"{g:,} g".replace(",", " ")


class Booking:
    """Collects what one event does while it is written into the book.

    `lenient`: the event is a correction, which is never refused for its effect downstream: a shortage is found.
    `in_part`: what else is of its run may not be there, as in a bundle, so nothing is refused for all of a run.
    `standing`: where the event that it takes the place of had added; it adds to what is mixed there, as that event did.
    `taken` and `told`: the lots that this one had taken from its issuer, and had said something new of. `instead_of`
    has the entry of that event, and of those that it in turn took the place of, the newest first.
    `sites` has the party of each registered site.
    """

    def __init__(
        self,
        book: Book,
        event: LotEvent,
        *,
        sites: Mapping[str, str],
        lenient: bool = False,
        in_part: bool = False,
        standing: Mapping[Place, int] = NOWHERE,
        taken: Collection[str] = (),
        told: Collection[str] = (),
        instead_of: Sequence[int] = (),
    ) -> None:
        self.book = book
        self.event = event
        self.sites = sites
        self.lenient, self.in_part = lenient, in_part
        self.standing = standing
        self.taken, self.told, self.instead_of = taken, told, instead_of
        self.debits: list[Posting] = []
        self.credits: list[Posting] = []
        self.entered: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self.moved: list[Moved] = []
        self.findings: list[Finding] = []
        self.marks: dict[str, list[str]] = {}
        self.joins = False
        self.settles: list[Settled] = []
        self.sold: list[Sold] = []
        self.packed: list[Contained] = []
        self.unpacked: list[Contained] = []
        self.lifted: list[Lifted] = []
        self.surplus: list[Surplus] = []
        self.opened = ""
        self.words: list[Word] = []
        self.period = ""
        self.sums: Sums | None = None
        self.run, self.run_had, self.run_mix, self.run_from = "", 0, NOBODY, NOBODY

    def find(self, rule: str, lot: str, says: str, **facts: Any) -> None:
        """Note a finding."""
        self.findings.append(Finding(rule, lot, says, facts))

    def mark(self, what: str, lot: str) -> None:
        """Note what is not mass: made, consumed, held, released, closed."""
        self.marks.setdefault(what, []).append(lot)

    def lot(self, name: str) -> Lot:
        """Rule 5.1: a lot that somebody introduced. Raises RuleBroken ("unknown_lot")."""
        found = self.book.lot(name)
        if found is None:
            raise RuleBroken("unknown_lot", f"lot {name} was never made, received or opened in this ledger", id=name)
        return found

    def describe(self, lot: Lot) -> Lot:
        """The lot with what the event says of it, noted so that it can be taken back (5.6)."""
        said = attributes_of(self.event, lot.id)
        if not said:
            return lot
        new = {name: value for name, value in said.items() if lot.attributes.get(name) != value}
        if new and self._speaks_for_others(lot):
            names = ", ".join(sorted(new))
            self.find("described_otherwise", lot.id, f"{names} of lot {lot.id} is for {lot.maker} to say, who made it")
            return lot
        self.words += [Word(lot.id, name, lot.attributes.get(name), value) for name, value in new.items()]
        return replace(lot, attributes=lot.attributes | new)

    def _speaks_for_others(self, lot: Lot) -> bool:
        """Rule 5.3: one lot has one description. Who has part of what another made does not change it for the rest."""
        issuer = self.event.issuer
        others = any(one.g > 0 and one.holder != issuer for one in lot.holdings)
        return not lot.single and others and lot.maker not in {"", issuer}

    def enter(self, kind: str, g: int) -> None:
        """Mass that comes from no holding."""
        if g:
            self.entered[kind] = self.entered.get(kind, 0) + g

    def leave(self, kind: str, g: int) -> None:
        """Mass that goes to no holding."""
        if g:
            self.left[kind] = self.left.get(kind, 0) + g

    def credit(
        self,
        name: str,
        g: int,
        *,
        holder: str,
        owner: str,
        delivery: str = ON_HAND,
        role: str = "",
        kind: str = "",
        mixes: bool = True,
    ) -> None:
        """Rule 5.2: an addition to one holding, of one owner unless a contract allows to mix.

        `kind` is where it comes from that comes from no debit; it is entered. Where it does not mix, it is more of
        what is there, such as the weight of a piece that nobody had weighed.
        """
        lot = self.lot(name)
        held = holding_of(lot, holder, delivery)
        if held.g > 0 and held.owner != owner:
            self.check_owners({held.owner, owner}, name)
            owner = held.owner
        self.credits.append(Posting(name, holder, delivery, owner, g, role, held.g, held.mix, kind))
        if kind:
            self.enter(kind, g)
        mix = self._mix(held, name) if mixes else held.mix
        self.book.put_lot(add_to(lot, Holding(holder, delivery, owner, g, mix, self.site_at(held))))

    def _mix(self, held: Holding, name: str) -> int:
        """Rule 5.2: an addition is a new mix; what takes the place of another addition is in that one's."""
        first = self.standing.get((name, held.holder, held.delivery))
        return self.event.index if first is None else max(first, held.mix)

    def site_at(self, held: Holding) -> str:
        """The site that the event names, where it is the holder's; else where the lot was, else the holder's first."""
        return self._named_site(held.holder) or held.site or self._first_site(held.holder)

    def _named_site(self, holder: str) -> str:
        """bizLocation, which says where things are afterwards, before readPoint."""
        for name in reversed(self.event.sites):
            if self.sites.get(name) == holder:
                return name
        return ""

    def _first_site(self, holder: str) -> str:
        return next((name for name, party in self.sites.items() if party == holder), "")

    def site_of(self, holder: str) -> str:
        """Where the event is, for this party."""
        return self._named_site(holder) or self._first_site(holder)

    def debit(
        self,
        name: str,
        g: int,
        *,
        holder: str,
        delivery: str = ON_HAND,
        role: str = "",
        kind: str = "",
        scrap: str = "",
    ) -> str:
        """Rule 5.4, M2: a draw within the balance. The owner of what is drawn. `kind`: where it leaves to, if nowhere.

        Raises RuleBroken ("balance"); for a correction the shortage is found, and the lot blocked.
        """
        lot = self.lot(name)
        held = holding_of(lot, holder, delivery)
        if g > held.g:
            self._short(lot, holder, held.g, g)
            lot = replace(lot, blocked=tuple(sorted({*lot.blocked, holder})))
        self.debits.append(Posting(name, holder, delivery, held.owner, g, role, held.g, held.mix, kind, scrap))
        if kind:
            self.leave(kind, g)
        self.book.put_lot(add_to(lot, replace(held, g=-g)))
        return held.owner

    def _short(self, lot: Lot, holder: str, have: int, want: int) -> None:
        says = f"lot {lot.id} has {tonnes(have)} left with {holder}, the event takes {tonnes(want)}"
        if not self.lenient:
            raise RuleBroken("balance", says, id=lot.id, have=have, want=want)
        self.find("shortage", lot.id, says, have=have, want=want)

    def check_owners(self, owners: set[str], name: str) -> None:
        """Rule 5.3: metal of several owners is mixed under a tolling contract only. Raises RuleBroken ("owners").

        A correction mixes it all the same, and that is found (5.6).
        """
        why = self._forbids(owners) if len(owners) > 1 else ""
        if why and not self.lenient:
            raise RuleBroken("owners", f"lot {name} would mix metal of {' and '.join(sorted(owners))}{why}", id=name)
        if why:
            self.find("owners", name, f"lot {name} mixes metal of {' and '.join(sorted(owners))}{why}")

    def _forbids(self, owners: set[str]) -> str:
        """Why no contract allows it, "" where one does. That a contract named is there, its lineage says (SPEC 4.4)."""
        event = self.event
        if not event.contract:
            return " without a contract in al:contract"
        contract = self.book.contract(event.contract)
        if contract is None or (contract.allows and contract.start <= event.time < contract.end):
            others = sorted(owners - set(contract.parties)) if contract is not None else []
            return f", and {', '.join(others)} is no party to contract {event.contract}" if others else ""
        return f", and contract {event.contract} is no tolling contract in force at that time"

    def move(self, delivery: str, lot: str, *, shipped: int = 0, received: int = 0, wet: bool = False) -> None:
        """Add to one line of a delivery that is there."""
        self.moved.append(Moved(delivery, lot, shipped, received))
        add_to_delivery(self.book, self.moved[-1], wet=wet)

    def effects(self) -> Effects:
        """What was done, both sides equal. RuntimeError where they are not: a slip of ours, never of the event."""
        balance = sum([p.g for p in self.debits]) + sum(self.entered.values())
        if balance != sum([p.g for p in self.credits]) + sum(self.left.values()):
            raise RuntimeError(f"the booking of entry {self.event.index} does not balance")
        event, marks = self.event, self.marks
        return Effects(
            index=event.index,
            issuer=event.issuer,
            time=event.time,
            start=event.start,
            what=event.process_kind or event.step or event.type,
            debits=tuple(self.debits),
            credits=tuple(self.credits),
            entered=self.entered,
            left=self.left,
            moved=tuple(self.moved),
            run=self.run,
            run_had=self.run_had,
            run_mix=self.run_mix,
            run_from=self.run_from,
            joins=self.joins,
            settles=tuple(self.settles),
            sold=tuple(self.sold),
            period=self.period,
            sums=self.sums,
            words=tuple(self.words),
            findings=tuple(self.findings),
            made=tuple(marks.get("made", ())),
            consumed=tuple(marks.get("consumed", ())),
            held=tuple(marks.get("held", ())),
            released=tuple(marks.get("released", ())),
            closed=tuple(marks.get("closed", ())),
            packed=tuple(self.packed),
            unpacked=tuple(self.unpacked),
            lifted=tuple(self.lifted),
            surplus=tuple(self.surplus),
            opened=self.opened,
        )


def add_to_delivery(book: Book, moved: Moved, *, wet: bool = False) -> None:
    """Add to the line of one lot; a delivery nobody opened is our own slip."""
    found = book.delivery(moved.delivery)
    if found is None:
        raise RuntimeError(f"there is no delivery {moved.delivery}")
    lines = {one.lot: one for one in found.lines}
    old = lines.get(moved.lot, Line(moved.lot, 0, 0, wet))
    new = Line(moved.lot, old.shipped + moved.shipped, old.received + moved.received, old.wet or wet)
    lines[moved.lot] = new
    book.put(delivery_key(found.name), replace(found, lines=tuple(sorted(lines.values(), key=lambda one: one.lot))))


def introduce(booking: Booking, part: Part, source: str, maker: str) -> Lot:
    """Rule 5.1, 5.2: a new lot in the book; a serial is made once, a class lot is added to until it is closed.

    Raises Conflict ("made_twice"), RuleBroken ("lot_closed", "not_holder").
    """
    event, known = booking.event, booking.book.lot(part.id)
    again = known is not None and made_instead(booking, known)
    if known is not None and again:
        known = _unsaid(booking.book, known)
    if known is not None and known.single and (again or heard_late(known)):
        known = known if again else _of_who_had_it(known)
        known, g = _weighed_again(booking, known, part.g)
        known = replace(known, maker=maker, made_by=event.index, source=source, time=event.time, doubt=NOBODY, g=g)
    elif known is not None and heard_late(known) and maker:
        known = replace(known, maker=maker, source=source)
    elif known is not None:
        _check_addition(booking, known, late=source == "late")
        known = replace(known, doubt=NOBODY, made_by=event.index) if again else known
    else:
        known = Lot(part.id, part.single, maker, event.index, source, event.time, part.g if part.single else None)
    lot = booking.describe(known)
    booking.book.put_lot(lot)
    booking.mark("made", part.id)
    if part.single and part.g is None:
        booking.find("no_mass", part.id, f"piece {part.id} was made and nobody gave its mass")
    return lot


def _of_who_had_it(lot: Lot) -> Lot:
    """Rule 5.6: who is not said to have received it any more, before its maker was heard, has no place for it."""
    return lot if lot.doubt == NOBODY else replace(lot, holdings=tuple(one for one in lot.holdings if one.g))


def _unsaid(book: Book, lot: Lot) -> Lot:
    """Rule 5.6: without what the event said that made it and was declared wrong, unless it was said again since."""
    old = book.effects(lot.made_by)
    said = {word.name: word.after for word in old.words if word.lot == lot.id} if old is not None else {}
    kept = {name: value for name, value in lot.attributes.items() if name not in said or said[name] != value}
    return replace(lot, attributes=kept)


def _weighed_again(booking: Booking, lot: Lot, g: int | None) -> tuple[Lot, int | None]:
    """Rule 5.2: what others weighed of a piece meanwhile is its mass, until who makes it again says another."""
    if g is None:
        there = sum(one.g for one in lot.holdings)
        used = lot.consumed_by != NOBODY and not there  # with all that others had weighed
        return lot, lot.g if used else max(0, there) or None
    here = lot.on_hand(booking.event.issuer)
    if here <= 0:
        return lot, g
    booking.debit(lot.id, here, holder=booking.event.issuer, kind="correction")
    return replace(lot, holdings=booking.lot(lot.id).holdings), g


def made_instead(booking: Booking, lot: Lot) -> bool:
    """Rule 5.6: a lot in doubt is made again by what takes the place of the event that made it, and no other."""
    return lot.doubt != NOBODY and lot.made_by in booking.instead_of


def heard_late(lot: Lot | None) -> bool:
    """Rule 5.1: whether it was received before its maker was heard: he makes what is there already."""
    return lot is not None and lot.source == "late" and not lot.maker


def _check_addition(booking: Booking, lot: Lot, *, late: bool) -> None:
    issuer = booking.event.issuer
    if lot.single:
        raise Conflict("made_twice", f"piece {lot.id} was made by entry {lot.made_by} already", id=lot.id)
    says = f"lot {lot.id} is closed: nothing is added to it"
    if lot.closed and not booking.lenient:
        raise RuleBroken("lot_closed", says, id=lot.id)
    if lot.closed:
        booking.find("lot_closed", lot.id, says)
    added = any(name == lot.id for name, *_ in booking.standing)  # rule 5.6: or he could, as he did so wrongly
    if not lot.is_kept_by(issuer) and not late and not added:
        raise RuleBroken("not_holder", f"lot {lot.id} is not with {issuer}, who cannot add to it", id=lot.id)


def attributes_of(event: LotEvent, name: str) -> dict[str, Any]:
    """What the event says of a lot, without the analysis, which stays in the event."""
    said = event.attributes.get(name)
    return {key: value for key, value in said.items() if key != "chemistry"} if said else {}
