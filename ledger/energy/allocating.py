"""What an `energy-allocation` does: slices cover hours of consumption, row by row (A8 to A10, C2 to C5)."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ledger.energy import attestation_rules as rule
from ledger.energy import matching_rules as matching
from ledger.energy import state_rules as state
from ledger.energy.book import Book, contract_key
from ledger.energy.falling import undo
from ledger.energy.records import ALLOCATED, HELD, HOUR, NOBODY, Attestation, Consumption, Hour, Row, Slice, Use
from ledger.energy.said import Said
from ledger.energy.slices import carve, within
from ledger.kernel.errors import Conflict, Refused, RuleBroken, Unauthorised


def allocate(book: Book, said: Said) -> None:
    """Every row, each seeing those before it. Raises Refused, the sentence beginning with the row's number."""
    for number, row in enumerate(said.body["rows"]):
        try:
            _row(book, said, number, row)
        except Refused as refusal:
            raise type(refusal)(
                refusal.code, f"row {number}: {refusal.sentence}", **{**refusal.facts, "row": number}
            ) from refusal


def _row(book: Book, said: Said, number: int, row: Mapping[str, Any]) -> None:
    attestation = book.attestation(row["attestation"])
    state.in_range(attestation, row["from_wh"], row["to_wh"])
    record = _consumption(book, said, row)
    hour = book.hour_of(record, row["hour"])
    if "reverses" in row:
        _undo(book, said, row, attestation, hour)
        return
    if record.replaced_by:
        says = f"consumption {record.id} was replaced by {record.replaced_by}: name that one"
        raise Conflict("replaced", says, id=record.id)
    _give(book, said, Use(said.index, number, said.body["purpose"]), attestation, hour)


def _consumption(book: Book, said: Said, row: Mapping[str, Any]) -> Consumption:
    """The record; who allocates has consumed it, and is who may claim it. Raises Unauthorised, RuleBroken."""
    record = book.consumption(row["consumption"])
    if record.issuer != said.issuer:
        says = f"consumption {record.id} is of {record.issuer}, not of {said.issuer}: transfer to that party first"
        raise Unauthorised("not_yours", says, id=record.id)
    if said.body["beneficiary"] != record.issuer:
        says = f"the beneficiary is {said.body['beneficiary']}, consumption {record.id} is of {record.issuer}"
        raise RuleBroken("beneficiary", says, id=record.id)
    return record


def _give(book: Book, said: Said, use: Use, attestation: Attestation, hour: Hour) -> None:
    """Wh of an attestation to an hour; where they cover it already, another purpose of the same."""
    row, kind = said.body["rows"][use.row], said.body["matching"]
    start, end = row["from_wh"], row["to_wh"]
    state.owned(attestation, within(attestation.slices, start, end), said.issuer)
    _check_usable(attestation, hour, said)
    contract = _delivered(book, said, row, attestation, hour)
    standing = _same_row(hour, attestation, row)
    if standing is not None and (standing.matching, standing.contract) == (kind, contract):
        state.new_purpose(attestation, standing, use.purpose)
        uses = (*standing.uses, use)
        new = replace(standing, uses=uses)
        book.put_hour(replace(hour, rows=tuple(new if one is standing else one for one in hour.rows)))
    else:
        state.free(attestation, start, end, said.issuer)
        matching.within_consumption(hour, end - start)
        uses = (use,)
        new = Row(attestation.id, start, end, kind, row["delivery"], contract, uses, attestation.source)
        book.put_hour(replace(hour, rows=(*hour.rows, new)))
        _use_contract(book, contract, end - start)
    covering = Slice(0, 0, said.issuer, ALLOCATED, consumption=row["consumption"], hour=row["hour"], uses=uses)
    changed = carve(attestation.slices, start, end, lambda one: replace(covering, start=one.start, end=one.end))
    book.put_attestation(replace(attestation, slices=changed))


def _check_usable(attestation: Attestation, hour: Hour, said: Said) -> None:
    """A9, C3 and what the attestation itself allows."""
    rule.not_expired(attestation, said.recorded_at)
    rule.consumed_before(hour.start + HOUR, said.recorded_at)
    if attestation.doubt != NOBODY:
        says = f"attestation {attestation.id} rests on a charge that entry {attestation.doubt} took away"
        raise RuleBroken("in_doubt", says, id=attestation.id)
    if said.body["purpose"] == "disclosure" and not attestation.disclosure:
        says = f"attestation {attestation.id} may not be used to disclose the origin of power"
        raise RuleBroken("no_disclosure", says, id=attestation.id)
    if said.body["matching"] == "hourly":
        matching.same_hour(attestation, hour)


def _delivered(book: Book, said: Said, row: Mapping[str, Any], attestation: Attestation, hour: Hour) -> str:
    """C4, C5: why the power counts as delivered; the contract's id, or ""."""
    contract = None
    if row["delivery"] == "same-zone":
        matching.same_zone(attestation, hour)
    else:
        contract = book.contract(row["contract"])
        matching.delivers(contract, row["delivery"], attestation, hour)
    if said.body["purpose"] == "cbam-evidence":
        matching.evidence(row["delivery"], contract, attestation, hour, said.body["matching"])
    return contract.id if contract is not None else ""


def _use_contract(book: Book, name: str, wh: int) -> None:
    """C5: what is allocated under a contract, if under one."""
    if not name:
        return
    contract = book.contract(name)
    matching.within_contract(contract, wh)
    book.put(contract_key(name), replace(contract, used=contract.used + wh))


def _same_row(hour: Hour, attestation: Attestation, row: Mapping[str, Any]) -> Row | None:
    """The live row of exactly these watt-hours, if one covers this hour."""
    wanted = attestation.id, row["from_wh"], row["to_wh"]
    return next((one for one in hour.rows if (one.attestation, one.start, one.end) == wanted), None)


def _undo(book: Book, said: Said, row: Mapping[str, Any], attestation: Attestation, hour: Hour) -> None:
    """A row that undoes an earlier one: nothing of it was cancelled or given back since."""
    entry, place = row["reverses"]["index"], row["reverses"]["row"]
    standing = _same_row(hour, attestation, row)
    if standing is None or all((use.entry, use.row) != (entry, place) for use in standing.uses):
        says = f"row {place} of entry {entry} does not cover this hour with these watt-hours, now"
        raise RuleBroken("no_such_row", says, index=entry)
    state.owned(attestation, within(attestation.slices, standing.start, standing.end), said.issuer)
    state.still_allocated(attestation, standing)
    kept = tuple(use for use in standing.uses if (use.entry, use.row) != (entry, place))
    if not kept and standing.matching == "hourly" and hour.matched - standing.wh < hour.given_back:
        raise Conflict("storage", "what it covers was stored, and attested again when it was given back")
    book.put_hour(undo(book, hour, standing, kept, said))
    changed = carve(
        attestation.slices,
        standing.start,
        standing.end,
        lambda one: replace(one, uses=kept) if kept else Slice(one.start, one.end, one.holder, HELD),
    )
    book.put_attestation(replace(attestation, slices=changed))
