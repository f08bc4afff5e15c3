"""What was attested, whose it is and what it covers; what a process drew, and the shares that are covered."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ledger.admission.energy_records import read_energy
from ledger.checking.quick_json import parse_quickly
from ledger.energy.book import attestation_key, device_key, heads_key, hour_key
from ledger.energy.records import EARLIER, HOUR, NOBODY, Attestation, Heads, Hour, Slice, Taken, Use
from ledger.energy.shares import allocated, shares
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import Malformed, Missing
from ledger.kernel.moments import micros, rfc3339
from ledger.kernel.subjects import subject_key
from ledger.limits import HOURS
from ledger.questions.asking import Asked
from ledger.store.store import Stored, Transaction
from schemas import wire_energy as said

STEPS = 1_000  # statements of a history that are told


def attestation(asked: Asked, name: str) -> said.Attestation:
    """State and history of an attestation. Raises Missing; whether it is not there or not his is not told apart."""
    found = attestations_of(asked.transaction, [name], asked.size).get(name)
    if found is None or not _may_see(asked, found):
        says = f"there is no attestation {name} as of {asked.size} entries that you may see"
        raise Missing("no_attestation", says, id=name)
    versions = [one for one in asked.transaction.versions(subject_key("attestation", name)) if one < asked.size]
    told = [step for entry in versions[-STEPS:] for step in _steps(asked.transaction.entry(entry), name)]
    return said.Attestation(
        id=name,
        as_of=asked.size,
        issuer=found.issuer,
        entry=found.index,
        device=found.device,
        meter=found.meter,
        zone=found.zone,
        start=rfc3339(found.start),
        end=rfc3339(found.end),
        wh=found.wh,
        source=found.source,
        quality=found.quality,
        configuration=found.configuration,
        disclosure=found.disclosure,
        expires=rfc3339(found.expires),
        factor=_factor(found),
        in_doubt=_entry(found.doubt),
        by_state=_by_state([found]),
        slices=[_slice(one) for one in found.slices],
        history=told[::-1],
        earlier=max(0, len(versions) - STEPS),
    )


def newest_heads(transaction: Transaction, size: int) -> int | None:
    """The newest entry of heads below `size`, up to which single use can be proven; None where there is none."""
    found = read_energy(transaction, [heads_key()], size).get(heads_key())
    return found.index if isinstance(found, Heads) else None


def attested(asked: Asked, device: str, start: str, end: str) -> said.Attested:
    """What a device attested within a period. Raises Missing where this reader may see nothing of it, Malformed."""
    keys = {device_key(device, hour) for hour in _hours(start, end)}
    taken = (one for one in read_energy(asked.transaction, keys, asked.size).values() if isinstance(one, Taken))
    names = [span.attestation for one in taken for span in one.spans]
    found = [
        one
        for one in attestations_of(asked.transaction, names, asked.size).values()
        if _may_see(asked, one) and micros(start) <= one.start and one.end <= micros(end)
    ]
    if not found:
        raise Missing("no_attestation", f"device {device} attested nothing in that time that you may see", id=device)
    return said.Attested(
        device=device,
        as_of=asked.size,
        wh=sum(one.wh for one in found),
        by_state=_by_state(found),
        attestations=[
            said.AttestedHour(
                id=one.id, start=rfc3339(one.start), end=rfc3339(one.end), wh=one.wh, by_state=_by_state([one])
            )
            for one in sorted(found, key=lambda one: (one.start, one.index))
        ],
    )


def consumed(asked: Asked, process: str, start: str, end: str) -> said.Consumed:
    """What a process drew in a period and what covers it. Raises Missing where nothing is, or not his; Malformed."""
    wanted = _hours(start, end)
    hours = hours_of(asked.transaction, process, micros(start), micros(end), asked.size)
    if not hours or not any(asked.reader.may_see(one.issuer) for one in hours):
        raise Missing("no_consumption", f"nothing is stated of {process} in that time that you may see", id=process)
    total = shares(hours)
    return said.Consumed(
        process=process,
        as_of=asked.size,
        start=start,
        end=end,
        rules=asked.registry.rules_at(asked.size - 1),
        consumed=total.consumed,
        hourly_wh=total.hourly_wh,
        any_wh=total.any_wh,
        hourly=_share(total.hourly),
        volumetric=_share(total.volumetric),
        missing=len(wanted) - len(hours),
        hours=[_hour(one) for one in hours],
    )


def hours_of(transaction: Transaction, process: str, start: int, end: int, size: int) -> list[Hour]:
    """The hours of a process in [start, end), µs since 1970 UTC, of which something is stated; as of `size` entries."""
    keys = [hour_key(process, moment) for moment in range(start, end, HOUR)]
    found = read_energy(transaction, keys, size)
    records = (found.get(key) for key in keys)
    return [one for one in records if isinstance(one, Hour)]


def attestations_of(transaction: Transaction, names: Collection[str], size: int) -> dict[str, Attestation]:
    """These attestations as of `size` entries, by id."""
    found = read_energy(transaction, {attestation_key(name) for name in names}, size)
    return {one.id: one for one in found.values() if isinstance(one, Attestation)}


def _hours(start: str, end: str) -> range:
    """The hours of a period that begins and ends with one. Raises Malformed ("period")."""
    first, last = micros(start), micros(end)
    if first % HOUR or last % HOUR or not first < last:
        raise Malformed("period", f"a period is of full UTC hours, not from {start[:40]} to {end[:40]}")
    if (last - first) // HOUR > HOURS:
        raise Malformed("period", f"a period has at most {HOURS} hours, not {(last - first) // HOUR}")
    return range(first, last, HOUR)


def _may_see(asked: Asked, found: Attestation) -> bool:
    """Auditors see every attestation, a party those that it issued or has some of."""
    return any(asked.reader.may_see(party) for party in {found.issuer, *(one.holder for one in found.slices)})


def _steps(stored: Stored, name: str) -> Iterator[said.EnergyStep]:
    """What one statement did with an attestation."""
    statement, recorded = parse_quickly(stored.wire), rfc3339(parse_entry(stored.entry).recorded_at)
    for what, wh in _done(statement.typ, statement.body, name).items():
        yield said.EnergyStep(entry=stored.index, issuer=statement.iss, what=what, recorded=recorded, wh=wh)


def _done(typ: str, body: Mapping[str, Any], name: str) -> Mapping[str, int]:
    if typ == "energy-attestation":
        return {"issue": body["wh"]}
    if typ == "energy-action":
        return {body["action"]: sum(one["to_wh"] - one["from_wh"] for one in body["slices"])}
    done: Counter[str] = Counter()
    for row in body.get("rows", ()):
        if row["attestation"] == name:
            what = "reverse" if "reverses" in row else f"allocate {body['matching']}"
            done[what] += row["to_wh"] - row["from_wh"]
    return done


def _by_state(found: Iterable[Attestation]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in (part for record in found for part in record.slices):
        total[one.state] += one.end - one.start
    return dict(sorted(total.items()))


def _slice(one: Slice) -> said.EnergySlice:
    return said.EnergySlice(
        from_wh=one.start, to_wh=one.end, holder=one.holder, state=one.state, party=one.party, purpose=one.purpose,
        consumption=one.consumption, hour=_entry(one.hour), uses=_uses(one.uses),
    )  # fmt: skip


def _hour(one: Hour) -> said.ConsumedHour:
    return said.ConsumedHour(
        start=rfc3339(one.start),
        consumption=one.consumption,
        entry=one.index,
        wh=one.wh,
        measured=one.measured,
        hourly=allocated(one, "hourly"),
        volumetric=allocated(one, "volumetric"),
        rows=[
            said.CoveringRow(
                attestation=row.attestation, from_wh=row.start, to_wh=row.end, matching=row.matching,
                delivery=row.delivery, contract=row.contract, uses=_uses(row.uses),
            )
            for row in one.rows
        ],
        fallen=[
            said.FallenRow(
                attestation=row.attestation, from_wh=row.start, to_wh=row.end, matching=row.matching,
                entry=row.entry, row=row.row, taken_back_by=row.by, reason=row.reason,
            )
            for row in one.fallen if row.reason != EARLIER
        ],
        fallen_before=_before(one),
    )  # fmt: skip


def _before(hour: Hour) -> said.EarlierRows | None:
    """SPEC 8: what is not told by name any more."""
    found = next((one for one in hour.fallen if one.reason == EARLIER), None)
    return None if found is None else said.EarlierRows(count=found.row, wh=found.end, taken_back_by=found.by)


def _uses(uses: Iterable[Use]) -> list[said.EnergyUse]:
    return [said.EnergyUse(entry=one.entry, row=one.row, purpose=one.purpose) for one in uses]


def _factor(found: Attestation) -> said.EnergyFactor | None:
    one = found.factor
    if one is None:
        return None
    return said.EnergyFactor(factor=one.factor, basis=one.basis, table=one.table, digest=one.digest)


def _share(share: Fraction) -> said.EnergyShare:
    ten_thousandths = int(share * 1_000_000 + Fraction(1, 2))  # of a percent, rounded half up
    return said.EnergyShare(exact=str(share), percent=f"{Decimal(ten_thousandths).scaleb(-4):f}")


def _entry(index: int) -> int | None:
    return None if index == NOBODY else index
