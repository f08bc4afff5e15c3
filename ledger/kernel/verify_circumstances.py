"""Steps 10 to 13 of SPEC 7: is it what the reader asked for, when was it, and what remains open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.lineage import Role
from ledger.kernel.moments import micros
from ledger.kernel.party import KeyRecord
from ledger.kernel.report import Steps
from ledger.kernel.subjects import Implied, Want, subject_key
from ledger.kernel.verify_attestations import open_uses
from ledger.kernel.verify_parties import Authority, last_named, vouching
from ledger.kernel.verify_passports import open_runs, pieces_told
from ledger.kernel.verify_statements import Case, Shown

AHEAD = 300  # seconds: SPEC 8, and what clocks of ledger and witnesses may differ
_SECOND = 1_000_000  # µs
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the reader expects, told by another than the file; None is nothing. `piece` in any GS1 spelling."""

    piece: str | None = None
    index: int | None = None


def check_expected(steps: Steps, case: Case, wants: Mapping[bytes, Implied], expected: Expected) -> None:
    """(10) The entry is the one, and about the piece, that the reader had in mind before he read the file."""
    steps.begin(10)
    told, pieces = case.told, pieces_told(case)
    if expected.index is None and expected.piece is None:
        steps.not_checked(10, "no piece and no index was named that the file should be about")
        return
    if expected.index is not None and expected.index != told.index:
        raise Unverified(
            "expected_index", f"entry {expected.index} was expected, the file is about {told.index}", step=10
        )
    about = f"entry {told.index}"
    if expected.piece is not None:
        piece = canonical_id(expected.piece)
        if told.statement is None:
            raise Unverified("expected_piece", f"piece {piece} was expected; {told.why_not}", step=10)
        if piece not in pieces and (_is_passport(told) or subject_key("lot", piece) not in wants):
            raise Unverified("expected_piece", f"piece {piece} was expected, the statement is not about it", step=10)
        about += f" and piece {piece}"
    steps.passed(f"the file is about {about}, as expected")


def _is_passport(told: Shown) -> bool:
    return told.statement is not None and told.statement.typ == "passport"


def check_time(steps: Steps, case: Case) -> None:
    """(12) Claimed by the issuer, recorded by the ledger, seen by witnesses: in an order that can be."""
    steps.begin(12)
    for one, after in pairwise(case.entries):
        if after.entry.recorded_at < one.entry.recorded_at:
            raise Unverified(
                "time", f"entry {after.index} was recorded before entry {one.index}, says its time", step=12
            )
    seen = _seen(case)
    for one in case.entries:
        _check_order(one, seen)
    told = case.told
    claims = "".join(f"{name} {_utc(at)}; " for name, at in _claimed(told))
    bound = "no witness bounds that" if seen is None else f"a witness had seen it by {_utc(seen)}"
    steps.passed(
        f"claimed: {claims or 'nothing that can be read; '}recorded by the ledger's clock "
        f"{_utc(_recorded(told))}; {bound}"
    )


def _seen(case: Case) -> datetime | None:
    """When the first witness saw this tree: every entry in it was there by then."""
    first = min((one.timestamp for one in case.signed.cosignatures), default=None)
    return None if first is None else _moment(first * _SECOND, "the cosignature")


def _check_order(one: Shown, seen: datetime | None) -> None:
    recorded = _recorded(one)
    for name, at in _claimed(one):
        if at > recorded + timedelta(seconds=AHEAD):
            raise Unverified(
                "time",
                f"{name} of entry {one.index}, {_utc(at)}, lies more than {AHEAD} s after {_utc(recorded)}, "
                "when it was recorded",
                step=12,
            )
    if seen is not None and recorded > seen + timedelta(seconds=AHEAD):
        raise Unverified(
            "time",
            f"entry {one.index} says it was recorded {_utc(recorded)}, but a witness had seen it by {_utc(seen)}",
            step=12,
        )


def _claimed(one: Shown) -> list[tuple[str, datetime]]:
    if one.statement is None:
        return []
    claims = [("iat", _moment(one.statement.iat * _SECOND, "iat"))]
    happened = one.statement.body.get("eventTime") if one.statement.typ == "lot-event" else None
    if happened is not None:
        claims.append(("eventTime", _event_time(happened, one.index)))
    return claims


def _event_time(text: object, index: int) -> datetime:
    try:
        return _moment(micros(str(text)), f"eventTime of entry {index}")
    except Malformed as error:
        raise Unverified("time", f"eventTime of entry {index}: {error.sentence}", step=12) from None


def _recorded(one: Shown) -> datetime:
    return _moment(one.entry.recorded_at, f"the time of entry {one.index}")


def _moment(micros: int, what: str) -> datetime:
    if micros > (_LAST - _EPOCH) // timedelta(microseconds=1):
        raise Unverified("time", f"{what} lies after the year 9999", step=12)
    return _EPOCH + timedelta(microseconds=micros)


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def say_open(steps: Steps, case: Case, authority: Authority | None, wants: Mapping[bytes, Implied]) -> None:
    """(13) Nothing here is a failure, and a reader who is not told would believe too much."""
    steps.begin(13)
    told = case.told
    points = [*_withheld(told), *_made_before(told, wants), *open_uses(case), *open_runs(case), *_unwitnessed(case)]
    if authority is None:
        points.append(f"who may sign in this ledger is not in a receipt: the bundle of entry {case.about} shows it")
    elif told.statement is not None:
        points += _of_key(authority, case)
        points += _of_history(case, told.statement.iss)
        points += _of_others(authority, case)
        points.append("whether the body has every member that its schema asks for is not checked here, an audit does")
    points.append(
        f"this is the ledger as of {case.signed.checkpoint.size} entries: what came later, such as a correction or the "
        "end of a key, is not in the file"
    )
    steps.leave_open(tuple(points))
    steps.passed("; ".join(points))


def _of_history(case: Case, party: str) -> list[str]:
    """Lineage proves that nothing is missing up to the newest entry that names the party, and says nothing after it."""
    named, size = last_named(case, party), case.signed.checkpoint.size
    if named == size - 1:
        return []
    return [f"that no key of {party} ended between entry {named} and the last of the {size} is the operator's word"]


def _of_others(authority: Authority, case: Case) -> list[str]:
    """What is true of the other signers of a bundle: passports stand on what plants signed."""
    others = [
        one for one in case.entries if one.index != case.about and one.index not in authority.history and one.statement
    ]
    signers = {authority.records[one.index].key.kid: one for one in others}
    alone = {
        one.statement.iss for one in signers.values() if one.statement and vouching(authority, case.trust, one.index)
    }
    disputed = [
        one.index for one in others if _newest(authority, authority.records[one.index].key.kid).disputed_at(one.index)
    ]
    points = [f"the keys of {', '.join(sorted(alone))} are vouched for by the operator alone"] if alone else []
    if disputed:
        points.append(f"disputed: somebody else may have signed entries {', '.join(map(str, disputed))}")
    return points


def _newest(authority: Authority, kid: str) -> KeyRecord:
    """What is known of a key at the end of the file."""
    return authority.newest.parties[authority.newest.owners[kid]].keys[kid]


def _withheld(told: Shown) -> list[str]:
    points = [told.why_not] if told.why_not else []
    if told.statement is not None and told.statement.withheld:
        points.append(f"{told.statement.withheld} disclosures of the statement are withheld or erased")
    if len(told.opened) < told.count:
        points.append(f"{told.count - len(told.opened)} of {told.count} lineage items are not shown")
    return points


def _made_before(told: Shown, wants: Mapping[bytes, Implied]) -> list[str]:
    """SPEC 4.4: one entry cannot tell a piece made again, or received before it was made, from one made twice."""
    made = [
        wants[found.item.subject].id
        for found in told.opened
        if found.item.role is Role.TOUCH
        and found.item.subject in wants
        and wants[found.item.subject].want is Want.CREATE
    ]
    if not made:
        return []
    return [f"{', '.join(made)} had a history before this entry made it: whether by right, an audit tells"]


def _unwitnessed(case: Case) -> list[str]:
    trust, cosigners = case.trust, {one.vkey for one in case.signed.cosignatures}
    witnesses = [one.name for one in trust.witnesses if one.vkey in cosigners]
    if not witnesses:
        return [
            "unwitnessed: no witness cosigned the checkpoint, so that the operator could show others another ledger"
        ]
    unasked = "" if trust.quorum else ", though the trust file asks for none"
    return [f"witnessed by {', '.join(witnesses)}{unasked}"]


def _of_key(authority: Authority, case: Case) -> list[str]:
    about = case.about
    alone = vouching(authority, case.trust, about)
    points = [alone] if alone else []
    record = authority.records[about]
    latest = _newest(authority, record.key.kid)
    if latest.disputed_at(about):
        points.append(
            f"disputed: the key was {latest.reason} at entry {latest.ended}, and from entry {latest.disputed_from} on "
            "somebody else may have signed with it"
        )
    elif latest.ended is not None:
        points.append(f"the key ended at entry {latest.ended} ({latest.reason}), after this entry")
    if authority.newest.incarnation:
        points.append(f"the ledger is in incarnation {authority.newest.incarnation}: entries were lost before")
    return points
