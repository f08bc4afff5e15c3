"""What an `energy-action` does: slices change hands or state, or are withdrawn with what rests on them (A7, A11)."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from ledger.energy import attestation_rules as rule
from ledger.energy import state_rules as state
from ledger.energy.book import Book
from ledger.energy.records import CANCELLED, EXPIRED, FREE, RESERVED, Attestation, Slice
from ledger.energy.said import Said
from ledger.energy.slices import carve, within
from ledger.energy.withdrawing import withdraw
from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import rfc3339


def act(book: Book, said: Said) -> None:
    """Raises RuleBroken, Conflict or Unauthorised, the book as it may be left half written."""
    attestation, action = book.attestation(said.body["attestation"]), said.body["action"]
    ranges = _ranges(said.body, attestation)
    slices = [part for start, end in ranges for part in within(attestation.slices, start, end)]
    if action == "withdraw":
        withdraw(book, said, attestation, ranges)
        return
    if action == "expire":
        _check_over(attestation, said)
    else:
        state.owned(attestation, slices, said.issuer)
    state.step(attestation, slices, action)
    _check(attestation, slices, action, said)
    changed = attestation.slices
    for start, end in ranges:
        changed = carve(changed, start, end, lambda one: _after(one, action, said.body))
    book.put_attestation(replace(attestation, slices=changed))


def _ranges(body: Mapping[str, Any], attestation: Attestation) -> list[tuple[int, int]]:
    """SPEC 4.9.11: ascending, disjoint and not touching. Raises RuleBroken ("slices", "slice")."""
    ranges = [(one["from_wh"], one["to_wh"]) for one in body["slices"]]
    for start, end in ranges:
        state.in_range(attestation, start, end)
    for (_, end), (start, _) in pairwise(ranges):
        if start <= end:
            raise RuleBroken("slices", f"slices ascend and do not touch: {start} comes after {end}")
    return ranges


def _check_over(attestation: Attestation, said: Said) -> None:
    """A9: it expires when its time has come, not before. Raises RuleBroken ("not_expired")."""
    if said.recorded_at < attestation.expires:
        says = f"attestation {attestation.id} expires at {rfc3339(attestation.expires)}"
        raise RuleBroken("not_expired", f"{says}, it is {rfc3339(said.recorded_at)}", id=attestation.id)


def _check(attestation: Attestation, slices: list[Slice], action: str, said: Said) -> None:
    """A7, A9, A10: what an action asks of the slices beyond their state."""
    body = said.body
    if action in {"transfer", "reserve"}:
        rule.not_expired(attestation, said.recorded_at)
    if action == "transfer":
        state.reserved_for(attestation, slices, body["to"])
    if action == "cancel":
        if any(one.state in FREE for one in slices):
            rule.not_expired(attestation, said.recorded_at)
        state.reserved_for(attestation, slices, body["beneficiary"])
        state.allocated_for(attestation, slices, body["beneficiary"], body["purpose"])
    if action == "claim":
        state.cancelled_for(attestation, slices, body["beneficiary"], body["purpose"])


def _after(one: Slice, action: str, body: Mapping[str, Any]) -> Slice:
    _, new = state.STEPS[action]
    if action == "transfer":
        return Slice(one.start, one.end, body["to"])
    if action == "cancel":
        return replace(one, state=CANCELLED, party=body["beneficiary"], purpose=body["purpose"])
    if new in {RESERVED, EXPIRED}:
        return replace(one, state=new, party=body.get("to", ""))
    return replace(one, state=new, party="" if action == "release" else one.party)
