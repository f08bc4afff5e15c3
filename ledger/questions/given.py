"""What the two accounts are computed from, out of the store, as of a size: every event, hour, stream and close."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ledger.carbon.given import Activity, Close, Covered, Given, PowerHour, Process, Step, Stock, stands, step_of
from ledger.carbon.streams import Stream, read_stream
from ledger.energy.book import attestation_key, hour_key
from ledger.energy.records import HOUR, Attestation, Hour
from ledger.energy_records import read_energy
from ledger.kernel.moments import micros
from ledger.kernel.party import Registry
from ledger.kernel.statement import Statement, parse
from ledger.lot_records import read_records
from ledger.lots.book import effects_key, lot_key
from ledger.lots.event import LotEvent, read_event
from ledger.lots.records import Effects, Lot
from ledger.questions.asking import Asked

_CHUNK = 2_000  # entries at a time
_READ = frozenset({"lot-event", "energy-consumption", "emission-source", "period-close"})


@dataclass
class _Said:
    """What statements say, by kind, as they are read. Mutable."""

    events: dict[int, LotEvent] = field(default_factory=dict)
    streams: dict[int, Stream] = field(default_factory=dict)
    closes: dict[int, Close] = field(default_factory=dict)
    hours: set[tuple[str, int]] = field(default_factory=set)


def given_of(asked: Asked) -> Given:
    """All of it. Reads every entry below the size that is asked about."""
    said = _Said()
    for first in range(0, asked.size, _CHUNK):
        for stored in asked.transaction.entries(first, min(first + _CHUNK, asked.size)):
            if stored.typ in _READ:
                _note(said, parse(stored.wire), stored.index)
    effects = _effects(asked, said.events)
    lots = _lots(asked, said.events.values(), effects.values())
    return Given(
        steps=tuple(_steps(said.events, effects, lots)),
        hours=tuple(_hours(asked, said.hours)),
        streams=tuple(said.streams.values()),
        closes=tuple(said.closes.values()),
        processes=processes_of(asked.registry),
        described={name: {key: str(value) for key, value in lot.attributes.items()} for name, lot in lots.items()},
    )


def processes_of(registry: Registry) -> Mapping[str, Process]:
    """Every registered process, by its id."""
    return {
        row["id"]: Process(row["id"], row["kind"], row["site"], party.id)
        for party in registry.parties.values() for row in party.profile.get("processes", ())
    }  # fmt: skip


def _note(said: _Said, statement: Statement, index: int) -> None:
    body = statement.body
    if statement.typ == "lot-event":
        said.events[index] = read_event(body, issuer=statement.iss, jti=statement.jti)
    elif statement.typ == "emission-source":
        said.streams.pop(body.get("replaces", -1), None)
        said.streams[index] = read_stream(body, index)
    elif statement.typ == "period-close":
        said.closes.pop(body.get("replaces", -1), None)
        said.closes[index] = _close(body, index, statement.iss)
    else:
        start = micros(body["from"])
        said.hours.update((body["process"], start + number * HOUR) for number in range(len(body["wh"])))


def _close(body: Mapping[str, Any], index: int, issuer: str) -> Close:
    stocks = (
        Stock(row["process"], row["material"], row["opening"], row["closing"], _share(row))
        for row in body.get("stocks", ())
    )
    return Close(
        index, issuer, tuple(body["processes"]), micros(body["period"]["from"]), micros(body["period"]["to"]),
        tuple(stocks), tuple(Activity(**row) for row in body.get("activity", ())),
    )  # fmt: skip


def _share(row: Mapping[str, Any]) -> Decimal | None:
    return Decimal(row["aluminium"]) if "aluminium" in row else None


def _effects(asked: Asked, events: Iterable[int]) -> dict[int, Effects]:
    found = read_records(asked.transaction, [effects_key(index) for index in events], asked.size)
    return {one.index: one for one in found.values() if isinstance(one, Effects)}


def _lots(asked: Asked, events: Iterable[LotEvent], effects: Iterable[Effects]) -> dict[str, Lot]:
    names = {part.id for event in events for part in event.parts}
    names |= {posting.lot for one in effects for posting in (*one.debits, *one.credits)}
    found = read_records(asked.transaction, [lot_key(name) for name in names], asked.size)
    return {one.id: one for one in found.values() if isinstance(one, Lot)}


def _steps(events: Mapping[int, LotEvent], effects: Mapping[int, Effects], lots: Mapping[str, Lot]) -> Iterator[Step]:
    for index, one in effects.items():
        if stands(one):
            event = events[index]
            weights = {part.id: lots[part.id].g for part in event.things if part.id in lots}
            yield step_of(one, event, {name: g for name, g in weights.items() if g})


def _hours(asked: Asked, wanted: Iterable[tuple[str, int]]) -> Iterator[PowerHour]:
    """In the order of process and time; what covers an hour says of what it is and what it emitted."""
    keys = [hour_key(process, start) for process, start in sorted(wanted)]
    found = read_energy(asked.transaction, keys, asked.size)
    hours = [one for key in keys if isinstance(one := found.get(key), Hour)]
    names = {row.attestation for hour in hours for row in hour.rows}
    records = read_energy(asked.transaction, [attestation_key(name) for name in names], asked.size).values()
    attestations = {one.id: one for one in records if isinstance(one, Attestation)}
    for hour in hours:
        rows = tuple(_covered(attestations[row.attestation], row.wh, row.matching) for row in hour.rows)
        yield PowerHour(hour.process, hour.start, hour.wh, hour.measured, rows)


def _covered(attestation: Attestation, wh: int, matching: str) -> Covered:
    """A factor is stated in g CO2e/kWh, which is kg/MWh."""
    factor = Decimal(attestation.factor.factor) / 1_000 if attestation.factor is not None else None
    return Covered(wh, matching, factor, attestation.configuration, attestation.source)
