"""An hour as energy's records have it, for the accounts: rows that are alike together, and what a store lost (12.4)."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from ledger.carbon.exact import scaled
from ledger.carbon.given import Covered, Loss, PowerHour, Uncovered
from ledger.energy.records import EARLIER, HOUR, Attestation, Consumption, Factor, Hour
from ledger.form import number
from ledger.lots.sharing import share

_Place = tuple[str, int]  # a process, and where its hour begins


def power_hour(
    hour: Hour, attested: Mapping[str, Attestation], users: Mapping[str, Consumption] | None = None
) -> PowerHour:
    """An hour with what covers it: rows that are alike, together. `users`: the records that discharges cover."""
    covered: dict[tuple[str, Decimal | None, int, str], int] = {}
    for row in hour.rows:
        by = attested[row.attestation]
        alike = row.matching, _factor(by.factor), by.configuration, by.source
        covered[alike] = covered.get(alike, 0) + row.wh
    rows = (Covered(wh, *alike) for alike, wh in covered.items())
    fallen = (Uncovered(one.by, one.reason, one.end - one.start) for one in hour.fallen)
    found = PowerHour(
        hour.process, hour.start, hour.wh, hour.measured, tuple(rows), tuple(fallen), entry=hour.index,
        entries=_read_from(hour, attested),
    )  # fmt: skip
    if not hour.drawn:
        return found
    returned, losses = _given_back(hour, attested, users or {})
    return replace(found, returned=returned, losses=losses)


def _read_from(hour: Hour, attested: Mapping[str, Attestation]) -> tuple[int, ...] | None:
    """The entries that it follows from; None where a store had part in it, or they are not all told by name."""
    by = {attested[row.attestation].index for row in hour.rows}
    stored = any(attested[row.attestation].charges for row in hour.rows)
    if stored or hour.drawn or any(one.reason == EARLIER for one in hour.fallen):
        return None
    by |= {use.entry for row in hour.rows for use in row.uses}
    by |= {entry for one in hour.fallen for entry in (one.entry, one.by)}
    return tuple(sorted({hour.index, *by}))


def _given_back(
    hour: Hour, attested: Mapping[str, Attestation], users: Mapping[str, Consumption]
) -> tuple[int, tuple[Loss, ...]]:
    """Of a charge: Wh that came back, and Wh that were lost for each hour that used what came back (SPEC 12.4)."""
    returned, lost = 0, dict[_Place, int]()
    taken: dict[str, int] = {}
    for one in hour.drawn:
        taken[one.attestation] = taken.get(one.attestation, 0) + one.wh
    for name, wh in taken.items():
        by = attested[name]
        charges: dict[_Place, int] = {}
        for charge in by.charges:
            charges[charge.process, charge.start] = charges.get((charge.process, charge.start), 0) + charge.wh
        came = share(by.wh, charges)[hour.process, hour.start]
        returned += came
        for place, loss in share(wh - came, _used(by, users)).items():
            if place[0]:
                lost[place] = lost.get(place, 0) + loss
    return returned, tuple(Loss(*place, wh) for place, wh in sorted(lost.items()) if wh)


def _used(attestation: Attestation, users: Mapping[str, Consumption]) -> dict[_Place, int]:
    """Wh of a discharge by the hour that they cover; what covers none stands under no process."""
    found: dict[_Place, int] = {}
    for one in attestation.slices:
        by = users.get(one.consumption) if one.uses else None
        place = (by.process, by.start + one.hour * HOUR) if by is not None else ("", 0)
        found[place] = found.get(place, 0) + one.end - one.start
    return found


def _factor(factor: Factor | None) -> Decimal | None:
    """G CO2e/kWh as t CO2e/MWh."""
    return None if factor is None else scaled(number(factor.factor), -3)
