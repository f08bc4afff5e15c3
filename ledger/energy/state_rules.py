"""The rules for slices: whose they are and what may follow what (A7), and that each serves once (A8, A10)."""

from collections.abc import Iterable

from ledger.energy.records import (
    ALLOCATED,
    CANCELLED,
    CLAIMED,
    EXPIRED,
    FREE,
    HELD,
    RESERVED,
    WITHDRAWN,
    Attestation,
    Row,
    Slice,
)
from ledger.energy.slices import watt_hours, within
from ledger.kernel.errors import Conflict, RuleBroken, Unauthorised

# A7: action -> from which states, to which state. Withdrawal is from every state but its own.
STEPS: dict[str, tuple[frozenset[str], str]] = {
    "transfer": (FREE, HELD),
    "reserve": (frozenset({HELD}), RESERVED),
    "release": (frozenset({RESERVED}), HELD),
    "cancel": (frozenset({HELD, RESERVED, ALLOCATED}), CANCELLED),
    "claim": (frozenset({CANCELLED}), CLAIMED),
    "expire": (FREE, EXPIRED),
    "withdraw": (frozenset({HELD, RESERVED, ALLOCATED, CANCELLED, CLAIMED, EXPIRED}), WITHDRAWN),
}


def in_range(attestation: Attestation, start: int, end: int) -> None:
    """A6: a slice lies within its attestation and is not empty. Raises RuleBroken ("slice")."""
    if not 0 <= start < end <= attestation.wh:
        says = f"attestation {attestation.id} has {watt_hours(attestation.wh)}, from {start} to {end} is no slice of it"
        raise RuleBroken("slice", says, id=attestation.id, wh=attestation.wh)


def owned(attestation: Attestation, slices: Iterable[Slice], party: str) -> None:
    """A7: the holder of every slice signs. Raises Unauthorised ("not_yours")."""
    for one in slices:
        if one.holder != party:
            says = f"{_named(attestation, one)} belong to {one.holder}, not to {party}"
            raise Unauthorised("not_yours", says, id=attestation.id)


def step(attestation: Attestation, slices: Iterable[Slice], action: str) -> None:
    """A7: an action comes after some states only. Raises Conflict ("slice_state")."""
    states, _ = STEPS[action]
    for one in slices:
        if one.state not in states:
            raise Conflict("slice_state", f"{_named(attestation, one)} are {one.state}: no {action} comes after that")


def reserved_for(attestation: Attestation, slices: Iterable[Slice], party: str) -> None:
    """A7: what is reserved is for one party. Raises Conflict ("reserved")."""
    for one in slices:
        if one.state == RESERVED and one.party != party:
            raise Conflict("reserved", f"{_named(attestation, one)} are reserved for {one.party}, not for {party}")


def cancelled_for(attestation: Attestation, slices: Iterable[Slice], beneficiary: str, purpose: str) -> None:
    """A10: a cancelled slice has one beneficiary and one purpose, and is claimed for these. Raises Conflict."""
    for one in slices:
        if (one.party, one.purpose) != (beneficiary, purpose):
            says = f"{_named(attestation, one)} were cancelled for {one.party} ({one.purpose}), not {beneficiary}"
            raise Conflict("cancelled_for", f"{says} ({purpose})", id=attestation.id)


def allocated_for(attestation: Attestation, slices: Iterable[Slice], beneficiary: str, purpose: str) -> None:
    """A10: what is allocated is cancelled for who consumed it, and for what it was allocated. Raises Conflict."""
    for one in slices:
        purposes = {use.purpose for use in one.uses}
        if one.state == ALLOCATED and (one.holder != beneficiary or purpose not in purposes):
            says = f"{_named(attestation, one)} are allocated for {one.holder} ({', '.join(sorted(purposes))})"
            raise Conflict("cancelled_for", f"{says}, not for {beneficiary} ({purpose})", id=attestation.id)


def free(attestation: Attestation, start: int, end: int, beneficiary: str) -> None:
    """A8, A10: each watt-hour is allocated once: only what is held, or reserved for this beneficiary, is free.

    Raises Conflict ("over_allocated", "reserved"), with the watt-hours that are not free.
    """
    reserved_for(attestation, within(attestation.slices, start, end), beneficiary)
    for one in within(attestation.slices, start, end):
        if one.state not in FREE:
            left = sum(o.end - o.start for o in attestation.slices if o.state in FREE)
            by = f" by row {one.uses[0].row} of entry {one.uses[0].entry}" if one.uses else ""
            says = (
                f"{_named(attestation, one)} are {one.state} already{by}; "
                f"of {watt_hours(attestation.wh)} {watt_hours(left)} are free"
            )
            raise Conflict("over_allocated", says, id=attestation.id, wh=attestation.wh, left=left)


def still_allocated(attestation: Attestation, row: Row) -> None:
    """A7: what was cancelled or claimed since is not changed by who allocated it. Raises Conflict ("slice_state")."""
    for one in within(attestation.slices, row.start, row.end):
        if one.state != ALLOCATED:
            says = f"{_named(attestation, one)} are {one.state}: how they were allocated is not changed any more"
            raise Conflict("slice_state", says, id=attestation.id)


def new_purpose(attestation: Attestation, row: Row, purpose: str) -> None:
    """A10: several purposes only for the same consumption, each once. Raises Conflict ("over_allocated")."""
    still_allocated(attestation, row)
    for use in row.uses:
        if use.purpose == purpose:
            says = (
                f"Wh {row.start} to {row.end} of attestation {row.attestation} cover this hour for {purpose} already, "
                f"by row {use.row} of entry {use.entry}"
            )
            raise Conflict("over_allocated", says, id=row.attestation)


def _named(attestation: Attestation, one: Slice) -> str:
    return f"Wh {one.start} to {one.end} of attestation {attestation.id}"
