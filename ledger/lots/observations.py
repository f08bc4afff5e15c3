"""Events on things as they are: commissioning, opening stock, holds, counts, ends (rules 5.1, 5.3, 5.7)."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import micros
from ledger.lots.book import Book, contract_key, site_key
from ledger.lots.booking import Booking, introduce, tonnes
from ledger.lots.custody import enter_from_outside
from ledger.lots.event import LotEvent, Part
from ledger.lots.holdings import holding_of, settled, with_surplus
from ledger.lots.mass_rules import PRIMARY, tolerance
from ledger.lots.packing import opened, with_contents
from ledger.lots.products import judge_product, judge_told
from ledger.lots.records import NOBODY, Hold, Lifted, Lot, Site, Surplus, Tolling
from ledger.lots.taking import check_worker, take, whereabouts

_BLOCKING = frozenset({"unavailable", "recalled", "non_conformant", "non_sellable_other", "damaged"})
_POSITIVE = frozenset({"positive", "positive-with-comments"})
_FREE = frozenset({"conformant", "available", "sellable_accessible"})
_OTHER_STEPS = frozenset({"shipping", "receiving", "void_shipping", "holding", "stock_taking"})  # these release nothing


def commission(booking: Booking) -> None:
    """Rule 5.1: opening stock once a site; from outside with its origin; else new from its source."""
    event = booking.event
    if event.opening:
        _open_site(booking)
    for part in event.things:
        if part.id in event.origins:
            enter_from_outside(booking, part)
            judge_told(booking, part.id)
            continue
        introduce(booking, part, "opening" if event.opening else "commissioned", event.issuer)
        kind = "opening" if event.opening else "primary" if event.process_kind in PRIMARY else "commissioned"
        booking.credit(part.id, part.g or 0, holder=event.issuer, owner=event.issuer, kind=kind)
        judge_product(booking, part.id)
        if kind == "commissioned":
            booking.find("no_source", part.id, f"lot {part.id} was commissioned at no primary source")


def _open_site(booking: Booking) -> None:
    """Rule 5.1: once, by whose site it is. Raises RuleBroken ("opening_again", "site")."""
    sites = booking.event.sites
    if not sites:
        raise RuleBroken("site", "opening stock is of a site: readPoint or bizLocation names it")
    if booking.sites.get(sites[0]) != booking.event.issuer:
        raise RuleBroken(
            "site", f"site {sites[0]} is not registered by {booking.event.issuer}, who opens its stock", id=sites[0]
        )
    before = booking.book.site(sites[0])
    if before is not None and before.opened_by != NOBODY and not booking.lenient:
        raise RuleBroken(
            "opening_again", f"the opening stock of {sites[0]} was booked by entry {before.opened_by}", id=sites[0]
        )
    booking.book.put(site_key(sites[0]), Site(sites[0], booking.event.index))
    booking.opened = sites[0]


def end(booking: Booking) -> None:
    """A piece or an amount is destroyed, a unit with what is in it; a class lot without an amount is closed (5.2)."""
    for part in opened(booking, booking.event.things):
        lot = booking.lot(part.id)
        if lot.single or part.g is not None:
            take(booking, part, consume=lot.single, kind="destroyed")
        else:
            _check_keeper(lot, booking.event.issuer)
            booking.book.put_lot(replace(lot, closed_by=(*lot.closed_by, booking.event.index)))
            booking.mark("closed", lot.id)


def _check_keeper(lot: Lot, issuer: str) -> None:
    """Rule 5.2: who adds to a lot closes it. Raises RuleBroken ("not_holder")."""
    if not lot.is_kept_by(issuer):
        raise RuleBroken("not_holder", f"lot {lot.id} is not for {issuer} to close: {whereabouts(lot)}", id=lot.id)


def hold(booking: Booking, operator: str) -> None:
    """Rule 5.3: maker and holder may hold, and the operator; not who had it once. Raises RuleBroken ("hold")."""
    issuer = booking.event.issuer
    for part in with_contents(booking, booking.event.things):
        lot = booking.lot(part.id)
        if issuer not in {lot.maker, operator} and not lot.has(issuer) and not _held_before(booking, lot):
            raise RuleBroken("hold", f"{issuer} neither made lot {lot.id} nor has it, and cannot hold it", id=lot.id)
        booking.book.put_lot(replace(lot, holds=(*lot.holds, Hold(issuer, booking.event.index))))
        booking.mark("held", lot.id)


def _held_before(booking: Booking, lot: Lot) -> bool:
    """Rule 5.6: he could hold it when he was wrong."""
    before = map(booking.book.effects, booking.instead_of)
    return any(lot.id in one.held for one in before if one is not None)


def release(booking: Booking, operator: str) -> None:
    """Rule 5.3: who held releases, or the operator. RuleBroken ("release") where he unsets what he does not hold."""
    event, unset = booking.event, unsets(booking.event)
    said = event.disposition in _FREE and event.step in {"inspecting", "accepting"}
    if not said and not unset:
        return
    for part in event.things if unset and not booking.lenient else ():
        _check_held(booking, part, operator)
    for part in with_contents(booking, event.things):
        lot = booking.lot(part.id)
        if not lot.held_by:
            continue
        ends = tuple(one for one in lot.holds if event.issuer in {operator, one.by})
        if not ends and unset:
            raise RuleBroken("release", f"lot {lot.id} is held by {', '.join(lot.held_by)}, who release it", id=lot.id)
        booking.book.put_lot(replace(lot, holds=tuple(one for one in lot.holds if one not in ends)))
        booking.lifted += [Lifted(lot.id, one.by, one.entry) for one in ends]
        booking.mark("released", lot.id)


def unsets(event: LotEvent) -> bool:
    """Rule 5.3: whether it looks at something and says, not only implies, that a hold ends."""
    looks = event.type == "ObjectEvent" and event.action == "OBSERVE" and event.step not in _OTHER_STEPS
    return looks and bool(event.unset & _BLOCKING)


def _check_held(booking: Booking, part: Part, operator: str) -> None:
    """Rule 5.3: of what is unset, or of what is packed in it, the issuer holds some. Raises RuleBroken ("release")."""
    issuer = booking.event.issuer
    holders = {one.by for below in with_contents(booking, (part,)) for one in booking.lot(below.id).holds}
    if not holders or issuer not in {operator, *holders}:
        held = f"held by {', '.join(sorted(holders))}, who release it" if holders else "held by nobody"
        raise RuleBroken("release", f"lot {part.id} is {held}", id=part.id)


def count(booking: Booking) -> None:
    """Rule 5.7: a count sets the holder's balance; what is too much waits for a second signature."""
    for part in booking.event.things:
        lot = booking.lot(part.id)
        check_worker(booking, lot)
        if lot.single:
            _seen(booking, lot, part)
        elif part.g is None:
            raise RuleBroken("no_mass", f"the count of lot {part.id} gives no mass", id=part.id)
        else:
            _set(booking, lot, part.g)


def _seen(booking: Booking, lot: Lot, part: Part) -> None:
    if part.g is not None and lot.g is not None and abs(part.g - lot.g) > tolerance(lot.g, booking.event.scale):
        says = f"piece {lot.id} has {tonnes(lot.g)}, the count says {tonnes(part.g)}"
        booking.find("weight_differs", lot.id, says, was=lot.g, weighed=part.g)


def _set(booking: Booking, lot: Lot, g: int) -> None:
    holder = booking.event.issuer
    have = lot.on_hand(holder)
    if g < have:
        booking.debit(lot.id, have - g, holder=holder, kind="unaccounted")
        booking.find("count_down", lot.id, f"lot {lot.id} had {tonnes(have)}, the count found {tonnes(g)}")
    elif g > have:
        owner = holding_of(lot, holder).owner
        booking.credit(lot.id, g - have, holder=holder, owner=owner, kind="count surplus")
    before = lot.surplus.get(holder, 0)
    surplus = min(before, g)
    if g - have > booking.event.scale:  # what the scale cannot tell apart is no surplus
        surplus = min(g, surplus + g - have)
        says = f"lot {lot.id} had {tonnes(have)}, the count found {tonnes(g)}: nobody countersigned the rest"
        booking.find("count_up", lot.id, says, have=have, counted=g)
    if surplus != before:
        booking.surplus.append(Surplus(lot.id, before, surplus))
    booking.book.put_lot(settled(with_surplus(booking.lot(lot.id), holder, surplus), holder))


def lot_confirmed(typ: str, body: Mapping[str, Any]) -> str:
    """Rule 5.7: the lot that a positive verification is about, "" of every other statement."""
    if typ != "verification" or body["verdict"] not in _POSITIVE or body["subject"]["kind"] != "lot":
        return ""
    return str(body["subject"]["id"])


def agree(book: Book, body: Mapping[str, Any]) -> None:
    """Rule 5.3: what a contract allows from now on; the newest statement under an id is the one that counts."""
    valid, allows = body["valid"], body["kind"] == "tolling" and body["status"] == "in-force"
    known = Tolling(body["id"], allows, tuple(body["parties"]), micros(valid["from"]), micros(valid["to"]))
    book.put(contract_key(known.id), known)


def countersign(book: Book, name: str, by: str) -> bool:
    """Rule 5.7: a party that has none of it confirms a count or clears a shortage; whether there was one."""
    lot = book.lot(name)
    if lot is None or not (lot.surplus or lot.blocked) or lot.has_any(by):
        return False
    book.put_lot(replace(lot, surplus={}, blocked=()))
    return True
