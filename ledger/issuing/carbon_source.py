"""What the accounts of carbon are computed from, out of the store: everything that was signed below a size."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ledger.admission.lot_records import read_records
from ledger.carbon.given import Close, Given, Process, Step, close_of, stands, step_of
from ledger.carbon.streams import Stream, read_stream
from ledger.energy.records import HOUR
from ledger.issuing.power_source import Power
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.moments import micros
from ledger.kernel.party import Registry
from ledger.kernel.statement import Statement, parse
from ledger.lots.book import effects_key
from ledger.lots.event import LotEvent, read_event
from ledger.lots.records import Effects
from ledger.rules import judges_energy, judges_lots
from ledger.store.store import Stored, Transaction

One = TypeVar("One")
_BATCH = 2_000  # entries asked for together
_READ = frozenset({"lot-event", "emission-source", "period-close", "energy-consumption"})
_DESCRIBING = ("material", "grade", "cn", "scrapClass")


def given_of(transaction: Transaction, registry: Registry, size: int) -> Given:
    """All of it, as of `size` entries. Raises Damaged."""
    reading = _Reading(registry)
    for start in range(0, size, _BATCH):
        reading.read(transaction, transaction.entries(start, min(start + _BATCH, size)), size)
    power = Power(transaction, registry, size)
    return Given(
        steps=tuple(reading.steps),
        hours=tuple(power.hours(reading.drawn)),
        streams=tuple(_in_force(reading.streams, {entry: one.replaces for entry, one in reading.streams.items()})),
        closes=tuple(_in_force(reading.closes, reading.replaced_closes)),
        processes=processes_of(registry),
        described=reading.described,
        described_by=reading.described_by,
        in_place_of=reading.in_place_of,
        sites=tuple(power.sites(reading.read_sites)),
        discharges=power.discharges,
    )


def processes_of(registry: Registry) -> Mapping[str, Process]:
    """Every registered process."""
    return {
        one["id"]: Process(one["id"], one["kind"], one["site"], party.id)
        for party in registry.parties.values()
        for one in party.profile.get("processes", ())
    }


@dataclass
class _Reading:
    """What was read so far."""

    registry: Registry
    steps: list[Step] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    closes: dict[int, Close] = field(default_factory=dict)
    replaced_closes: dict[int, int] = field(default_factory=dict)
    drawn: dict[tuple[str, int], None] = field(default_factory=dict)
    read_sites: dict[tuple[str, int], None] = field(default_factory=dict)
    described: dict[str, dict[str, str]] = field(default_factory=dict)
    described_by: dict[str, int] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    stated: dict[str, int] = field(default_factory=dict)
    in_place_of: dict[int, int] = field(default_factory=dict)

    def read(self, transaction: Transaction, entries: Sequence[Stored], size: int) -> None:
        """A batch more. What was recorded by its form alone is not counted."""
        judged = [one for one in entries if one.typ in _READ and judges_lots(self.registry.rules_at(one.index))]
        effects = _effects(transaction, (one.index for one in judged if one.typ == "lot-event"), size)
        for stored in judged:
            statement = parse(stored.wire)
            if stored.typ == "lot-event":
                self._event(statement, effects.get(stored.index))
            elif judges_energy(self.registry.rules_at(stored.index)):
                self._other(statement, stored.index)

    def _event(self, statement: Statement, one: Effects | None) -> None:
        if one is None or not stands(one):
            return
        event = read_event(statement.body, issuer=statement.iss, jti=statement.jti)
        self._describe(event, one)
        self.described_by |= {lot: one.index for lot, said in event.attributes.items() if "material" in said}
        self.steps.append(step_of(one, event, self.weights))

    def _describe(self, event: LotEvent, one: Effects) -> None:
        for lot, said in event.attributes.items():
            known = {name: str(said[name]) for name in _DESCRIBING if name in said}
            if known:
                self.described.setdefault(lot, {}).update(known)
        self.weights |= {posting.lot: posting.g for posting in one.credits if names_one_thing(posting.lot)}

    def _other(self, statement: Statement, index: int) -> None:
        body = statement.body
        if statement.typ == "emission-source":
            self.streams[index] = read_stream(body, index)
        elif statement.typ == "period-close":
            self.closes[index] = close_of(body, statement.iss, index)
            self.replaced_closes[index] = body.get("replaces", -1)
        else:
            start, told = micros(body["from"]), self.read_sites if "site" in body else self.drawn
            name = body.get("site") or body["process"]
            told |= dict.fromkeys((name, start + hour * HOUR) for hour in range(len(body["wh"])))
            self.stated[body["id"]] = index
            if "replaces" in body:
                self.in_place_of[index] = self.stated[body["replaces"]]


def _effects(transaction: Transaction, entries: Iterable[int], size: int) -> Mapping[int, Effects]:
    found = read_records(transaction, [effects_key(entry) for entry in entries], size)
    return {one.index: one for one in found.values() if isinstance(one, Effects)}


def _in_force(said: Mapping[int, One], replaced: Mapping[int, int]) -> Iterator[One]:
    """What no later statement took the place of."""
    gone = set(replaced.values())
    return (one for entry, one in said.items() if entry not in gone)
