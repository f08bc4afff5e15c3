"""Mass-balance claims: what leaves a scope as claimed is at most what came in so (rule M6, SPEC 5.9).

A claim is bookkeeping beside the metal: it goes from an account with a delivery to another account, and says of no gram
where it came from. Genealogy knows nothing of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.book import Book, accompanied_key, claimed_key, claims_key
from ledger.lots.booking import Booking, tonnes
from ledger.lots.claim_records import Accompanied, Claim, Claimed, Claims, Sent, Turnover
from ledger.lots.records import Delivery, Finding

Scopes: TypeAlias = Mapping[str, Mapping[str, Any]]  # `claim_scopes` of a party statement (SPEC 4.9.2), by id

_SOURCES = frozenset({"primary", "outside"})  # kinds of credits whose claim no other account carries


def book_claims(booking: Booking, scopes: Scopes) -> None:
    """What an event claims, and what comes home with its metal; `scopes` are those of its issuer.

    Raises RuleBroken ("claim_scope", "claim_material", "claim_mass", "claimed_balance").
    """
    event = booking.event
    done = list(_come_home(booking))
    for name, g in event.claims:
        scope = _scope(booking, scopes, name)
        done += [_send(booking, scope, g)] if event.step == "shipping" else _take_in(booking, scope, g)
    if done:
        booking.book.put(claimed_key(event.index), Claimed(event.index, tuple(done)))


def _scope(booking: Booking, scopes: Scopes, name: str) -> Mapping[str, Any]:
    """The scope, whose account is there from now on; it is the issuer's own, holds at this site, and has begun."""
    event, site = booking.event, booking.site_of(booking.event.issuer)
    scope = scopes.get(name)
    if scope is None or not name.startswith(f"{event.issuer}/") or site not in scope["sites"]:
        raise RuleBroken("claim_scope", f"{event.issuer} has no scope {name} at site {site or 'unknown'}", id=name)
    if _period(scope, event.time) < 0:
        raise RuleBroken("claim_scope", f"scope {name} begins in {scope['begins']}: nothing is claimed before", id=name)
    calendar = f"{scope['begins']} {scope['months']}"
    account = booking.book.claims(name) or Claims(name, calendar, 0)
    if account.calendar != calendar:
        raise RuleBroken("claim_scope", f"scope {name} counts by another calendar since its first claim", id=name)
    booking.book.put(claims_key(name), replace(account, opening=scope["opening"]))
    return scope


def _period(scope: Mapping[str, Any], time: int) -> int:
    """Which of its periods a moment falls in, by months in UTC; negative before it begins."""
    moment = datetime.fromtimestamp(time // 1_000_000, UTC)
    year, month = map(int, scope["begins"].split("-"))
    return ((moment.year - year) * 12 + moment.month - month) // int(scope["months"])


def first_month(scope: Mapping[str, Any], period: int) -> str:
    """The month that a period of it begins with."""
    year, month = map(int, scope["begins"].split("-"))
    years, months = divmod(month - 1 + period * int(scope["months"]), 12)
    return f"{year + years:04d}-{months + 1:02d}"


def _check_material(booking: Booking, scope: Mapping[str, Any], allowed: Iterable[str]) -> str:
    """The one material of all that the event moves or brings. Raises RuleBroken ("claim_material").

    What is shipped after it had arrived is credited to nobody (5.1), and is moved all the same.
    """
    lots = {posting.lot for posting in booking.credits if posting.g} | {one.lot for one in booking.moved if one.shipped}
    found = sorted({str(booking.lot(name).attributes.get("material", "unknown")) for name in lots})
    if len(found) != 1 or found[0] not in allowed:
        says = f"scope {scope['id']} has claims of {', '.join(sorted(allowed))} here, the event is about "
        raise RuleBroken("claim_material", says + (" and ".join(found) or "nothing"), id=scope["id"])
    return found[0]


def _send(booking: Booking, scope: Mapping[str, Any], g: int) -> Claim:
    """M6: so much of what is shipped is claimed, at most what the account has."""
    _check_material(booking, scope, {scope["material"]})
    shipped = sum(moved.shipped for moved in booking.moved)
    if g > shipped:
        _refuse(booking, "claim_mass", scope, f"claims {tonnes(g)} of the {tonnes(shipped)} that are shipped")
    period, delivery = _period(scope, booking.event.time), booking.moved[0].delivery
    sent = Sent(scope["id"], period, scope["scheme"], g)
    claim = Claim(scope["id"], Turnover(period, went=g), delivery, sent)
    change(booking.book, claim)
    says = judge(booking.book, scope["id"])
    if says:
        _refuse(booking, "claimed_balance", scope, says)
    return claim


def _take_in(booking: Booking, scope: Mapping[str, Any], g: int) -> list[Claim]:
    """What comes in claimed: on its delivery, under the same scheme; or from outside or a primary source, as said."""
    factors = {one["material"]: Decimal(one["factor"]) for one in scope["inputs"]}
    factor = factors[_check_material(booking, scope, factors.keys())]
    period, left, done = _period(scope, booking.event.time), g, list[Claim]()
    for delivery, sent in _offered(booking, scope["scheme"]):
        now = min(left, sent.g)
        left -= now
        came = Turnover(period, came=int(now * factor))
        done += [Claim(scope["id"], came, delivery, replace(sent, g=-now))] if now else []
    source = sum(posting.g for posting in booking.credits if posting.kind in _SOURCES)
    if left > source or g > sum(posting.g for posting in booking.credits):
        _refuse(booking, "claim_mass", scope, f"takes in {tonnes(g)}, of which {tonnes(left)} came with no claim")
    done += [Claim(scope["id"], Turnover(period, came=int(left * factor)))] if left else []
    for claim in done:
        change(booking.book, claim)
    return done


def _offered(booking: Booking, scheme: str) -> Iterator[tuple[str, Sent]]:
    """Claims under this scheme that go with what the event receives from others, as far as their sender has them."""
    for delivery in dict.fromkeys(moved.delivery for moved in booking.moved):
        if _own(booking, delivery) is not None:
            continue
        rows = [one for one in _going_with(booking.book, delivery) if one.scheme == scheme]
        there = sum(one.g for one in rows)
        for one in rows:
            now = min(one.g, there)
            if now > 0:
                there -= now
                yield delivery, replace(one, g=now)


def _own(booking: Booking, name: str) -> Delivery | None:
    """A delivery that the issuer sent itself."""
    known = booking.book.delivery(name)
    return known if known is not None and known.sender == booking.event.issuer else None


def _going_with(book: Book, delivery: str) -> tuple[Sent, ...]:
    """The claims that go with a delivery."""
    known = book.accompanied(delivery)
    return known.sent if known is not None else ()


def _come_home(booking: Booking) -> Iterator[Claim]:
    """What its sender takes back of a delivery, or receives again, brings its part of the claims home."""
    if booking.event.step not in {"receiving", "void_shipping"}:
        return
    for name in dict.fromkeys(moved.delivery for moved in booking.moved):
        delivery = _own(booking, name)
        if delivery is None:
            continue
        back = sum(moved.received - moved.shipped for moved in booking.moved if moved.delivery == name)
        left = sum(max(0, line.shipped - line.received) for line in delivery.lines)
        for sent in _going_with(booking.book, name):
            g = sent.g * back // (back + left) if sent.g > 0 and back > 0 else 0
            if g:
                claim = Claim(sent.scope, Turnover(sent.period, went=-g), name, replace(sent, g=-g))
                change(booking.book, claim)
                yield claim


def _refuse(booking: Booking, code: str, scope: Mapping[str, Any], says: str) -> None:
    """A corrective event is not refused for what came of it since (5.6): it is found."""
    says = f"scope {scope['id']} {says}"
    if not booking.lenient:
        raise RuleBroken(code, says, id=scope["id"])
    booking.find(code, "", says)


def change(book: Book, claim: Claim, sign: int = 1) -> None:
    """One change written, or with -1 taken back. The account is there."""
    account, turnover = _account(book, claim.scope), claim.turnover
    rows = {one.period: one for one in account.turnovers}
    old = rows.get(turnover.period, Turnover(turnover.period))
    came, went = old.came + sign * turnover.came, old.went + sign * turnover.went
    rows[turnover.period] = Turnover(turnover.period, came, went)
    book.put(claims_key(claim.scope), replace(account, turnovers=tuple(rows[number] for number in sorted(rows))))
    if claim.sent is not None:
        _accompany(book, claim.delivery, replace(claim.sent, g=sign * claim.sent.g))


def _account(book: Book, scope: str) -> Claims:
    account = book.claims(scope)
    if account is None:
        raise RuntimeError(f"there is no account of scope {scope}")
    return account


def _accompany(book: Book, delivery: str, more: Sent) -> None:
    known = book.accompanied(delivery) or Accompanied(delivery)
    rows = {(one.scope, one.period, one.scheme): one for one in known.sent}
    key = (more.scope, more.period, more.scheme)
    rows[key] = replace(more, g=more.g + (rows[key].g if key in rows else 0))
    book.put(accompanied_key(delivery), replace(known, sent=tuple(rows[one] for one in sorted(rows))))


def judge(book: Book, scope: str) -> str:
    """M6, on the whole account: a sentence, or "". The account is there."""
    account = _account(book, scope)
    return mass_rules.claimed_balance(periods_of(account), account.opening)


def periods_of(account: Claims) -> list[tuple[int, int]]:
    """What came in and went out, from its first period to the last that anything was claimed in."""
    known = {one.period: (one.came, one.went) for one in account.turnovers}
    return [known.get(number, (0, 0)) for number in range(max(known) + 1)]


def take_back(book: Book, wrong: int) -> Iterator[Finding]:
    """Rule 5.6: what an event that was declared wrong had claimed; what does not balance without it is found."""
    claimed = book.claimed(wrong)
    claims = claimed.claims if claimed is not None else ()
    for claim in claims:
        change(book, claim, -1)
    for scope in dict.fromkeys(claim.scope for claim in claims):
        if says := judge(book, scope):
            yield Finding("claimed_balance", "", f"scope {scope} {says}")
    for delivery in dict.fromkeys(claim.delivery for claim in claims):
        short = -sum(one.g for one in _going_with(book, delivery))
        if short > 0:
            says = f"{tonnes(short)} of {delivery} were taken in as claimed and are claimed by nobody now"
            yield Finding("claimed_balance", "", says, {"short": short})
