"""The rules between generation and consumption, C2 to C6. Each raises RuleBroken with numbers; C7 is in `shares`."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NoReturn

from ledger.energy.records import HOUR, Attestation, Charge, Contract, Hour
from ledger.energy.said import Said
from ledger.energy.slices import watt_hours
from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import rfc3339

# C4: what a contract must have in its documents, by why power counts as delivered; for CBAM evidence more
# (Implementing Regulation (EU) 2025/2547, Annex II, D.4.3).
_KINDS = {
    "direct-line": frozenset({"direct-line"}),
    "contract": frozenset({"ppa", "tripartite", "intra-company"}),
}
_PROOF = {"direct-line": frozenset({"single-line-diagram"}), "contract": frozenset({"grid-connection"})}
_EVIDENCE = {
    "direct-line": frozenset({"single-line-diagram"}),
    "contract": frozenset({"contract", "grid-connection"}),
}


def within_consumption(hour: Hour, more: int) -> None:
    """C2: no hour is covered by more than it drew, in whatever way. Raises RuleBroken ("over_consumption")."""
    covered = hour.covered
    if covered + more > hour.wh:
        says = (
            f"process {hour.process} drew {watt_hours(hour.wh)} in the hour from {rfc3339(hour.start)}, "
            f"{watt_hours(covered)} of it are covered, the row covers {watt_hours(more)} more"
        )
        raise RuleBroken("over_consumption", says, wh=hour.wh, covered=covered, more=more)


def same_hour(attestation: Attestation, hour: Hour) -> None:
    """C3: hourly is what was delivered within the hour of consumption. Raises RuleBroken ("not_same_hour")."""
    if attestation.start < hour.start or attestation.end > hour.start + HOUR:
        says = (
            f"attestation {attestation.id} is of {rfc3339(attestation.start)} to {rfc3339(attestation.end)}, "
            f"the hour begins at {rfc3339(hour.start)}: between other hours matching is volumetric"
        )
        raise RuleBroken("not_same_hour", says, id=attestation.id)


def same_zone(attestation: Attestation, hour: Hour) -> None:
    """C4: without a line or contract, power is delivered within one grid zone. Raises RuleBroken ("not_delivered")."""
    if attestation.zone != hour.zone:
        says = f"attestation {attestation.id} feeds zone {attestation.zone}, process {hour.process} is in {hour.zone}"
        raise RuleBroken("not_delivered", f"{says}: over a direct line or by contract it counts", id=attestation.id)


def delivers(contract: Contract, delivery: str, attestation: Attestation, hour: Hour) -> None:
    """C4, C5: a contract of the right kind, between these parties, for this device, process and time.

    It has the documents that show the physical connection. Raises RuleBroken ("contract").
    """
    if contract.kind not in _KINDS[delivery]:
        _no_delivery(contract, f"is of kind {contract.kind}, which is no delivery by {delivery}")
    if not contract.in_force:
        _no_delivery(contract, "has ended")
    if contract.sender != attestation.issuer:
        _no_delivery(contract, f"is with {contract.sender}, the device is of {attestation.issuer}")
    if contract.receiver != hour.issuer:
        _no_delivery(contract, f"is with {contract.receiver}, the process is of {hour.issuer}")
    if contract.devices and attestation.device not in contract.devices:
        _no_delivery(contract, f"does not name device {attestation.device}")
    if contract.processes and hour.process not in contract.processes:
        _no_delivery(contract, f"does not name process {hour.process}")
    if not (contract.start <= attestation.start and attestation.end <= contract.end):
        valid = f"{rfc3339(contract.start)} to {rfc3339(contract.end)}"
        _no_delivery(contract, f"is valid from {valid}, the attestation is of {rfc3339(attestation.start)}")
    if missing := _PROOF[delivery].difference(contract.documents):
        _no_delivery(contract, f"has no document of kind {', '.join(sorted(missing))}")


def _no_delivery(contract: Contract, says: str) -> NoReturn:
    raise RuleBroken("contract", f"contract {contract.id} {says}", id=contract.id)


def within_contract(contract: Contract, more: int) -> None:
    """C5: no more under a contract than it is for. Raises RuleBroken ("contract_limit")."""
    if contract.used + more > contract.max_wh:
        says = (
            f"contract {contract.id} is for {watt_hours(contract.max_wh)}, {watt_hours(contract.used)} are allocated "
            f"under it, the row takes {watt_hours(more)} more"
        )
        raise RuleBroken("contract_limit", says, id=contract.id, most=contract.max_wh, used=contract.used)


def evidence(delivery: str, contract: Contract | None, attestation: Attestation, hour: Hour, matching: str) -> None:
    """C4: evidence for CBAM has each thing that D.4.3 asks for. Raises RuleBroken ("evidence").

    A direct line or a contract with its documents, metered on both sides and matched within the hour.
    """
    missing = sorted(_EVIDENCE.get(delivery, frozenset()) - set(contract.documents if contract else ()))
    reasons = (
        (contract is None, "a direct line or a contract; one grid zone is not enough"),
        (matching != "hourly", "matching within the hour"),
        (attestation.quality != "measured" or not attestation.documented, "a meter record of what was delivered"),
        (not hour.measured or not hour.documented, "a meter record of what was consumed"),
        (bool(missing), f"documents of kind {', '.join(missing)}"),
    )
    for broken, says in reasons:
        if broken:
            raise RuleBroken("evidence", f"evidence for CBAM (D.4.3) needs {says}", id=attestation.id)


def given_back(said: Said, device: Mapping[str, Any], charges: Sequence[Charge]) -> None:
    """C6: storage gives back at most its efficiency of what it was charged with, after that, the oldest first.

    Raises RuleBroken ("storage").
    """
    body, storage = said.body, said.body["storage"]
    efficiency, most = Decimal(storage["efficiency"]), Decimal(device.get("efficiency", "1"))
    if device["kind"] != "energy-storage":
        raise RuleBroken("storage", f"device {device['id']} is a {device['kind']}, it stores nothing", id=device["id"])
    if efficiency > most:
        says = f"device {device['id']} is registered with an efficiency of {most}, {efficiency} is claimed"
        raise RuleBroken("storage", says, id=device["id"])
    put_in = sum(one.wh for one in charges)
    out = put_in * Fraction(efficiency)
    if body["wh"] > out:
        says = (
            f"{watt_hours(put_in)} were charged, at {efficiency} {watt_hours(int(out))} come back, "
            f"{watt_hours(body['wh'])} are attested"
        )
        raise RuleBroken("storage", says, most=int(out), wh=body["wh"])


def drawn(hour: Hour, more: int, before: int) -> None:
    """C6: of a charge comes back what is covered within its hour, once, where that ends `before` the discharge begins.

    Raises RuleBroken ("storage").
    """
    left = hour.matched - hour.given_back
    says = f"in the hour from {rfc3339(hour.start)} process {hour.process}"
    if hour.start + HOUR > before:
        raise RuleBroken("storage", f"{says} was still charging when the discharge began at {rfc3339(before)}")
    if more > left:
        told = (
            f"{says} charged {watt_hours(hour.wh)}: {watt_hours(hour.matched)} of it are covered within the hour, "
            f"{watt_hours(hour.given_back)} given back, {watt_hours(more)} more are named"
        )
        raise RuleBroken("storage", told, left=left, more=more)


def one_source(said: str, charged: Collection[str]) -> None:
    """C6: what comes back is from where the charge came, `mixed` from several places. Raises RuleBroken ("source")."""
    source = next(iter(charged)) if len(charged) == 1 else "mixed"
    if said != source:
        says = f"it was charged with {' and '.join(sorted(charged))}: what comes back is {source}, not {said}"
        raise RuleBroken("source", says)


def oldest_first(charges: Sequence[Charge], left: Sequence[int]) -> None:
    """C6: first in, first out: by ascending hours, each but the last given back whole; `left` is what each had.

    Raises RuleBroken ("storage").
    """
    if any(one.start > other.start for one, other in pairwise(charges)):
        raise RuleBroken("storage", "charges are named with the oldest first")
    for one, had in zip(charges[:-1], left, strict=False):
        if one.wh != had:
            says = f"of the hour from {rfc3339(one.start)} {watt_hours(had)} are left and {watt_hours(one.wh)} taken"
            raise RuleBroken("storage", f"{says}, though a later hour is drawn from: the oldest charge goes first")
