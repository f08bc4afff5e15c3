"""What signed statements say for the accounts, whoever reads them: a server its store, a reader a full bundle."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ledger.carbon.given import (
    Close,
    Discharge,
    Given,
    PowerHour,
    Process,
    SiteHour,
    Step,
    close_of,
    stands,
    step_of,
)
from ledger.carbon.streams import Stream, read_stream
from ledger.energy.records import HOUR
from ledger.form import rows, whole
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.moments import micros
from ledger.kernel.party import Registry
from ledger.kernel.statement import Statement
from ledger.lots.event import LotEvent, read_event
from ledger.lots.records import Effects

One = TypeVar("One")
READ = frozenset({"lot-event", "emission-source", "period-close", "energy-consumption"})
_DESCRIBING = ("material", "grade", "cn", "scrapClass")


@dataclass
class Reading:
    """What was read so far, in index order."""

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

    def event(self, statement: Statement, one: Effects | None) -> None:
        """A lot event with what it did, as it stands; nothing where it does not stand."""
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

    def other(self, statement: Statement, index: int) -> None:
        """A source stream, a close, or what was drawn."""
        body = statement.body
        if statement.typ == "emission-source":
            self.streams[index] = read_stream(body, index)
        elif statement.typ == "period-close":
            self.closes[index] = close_of(body, statement.iss, index)
            self.replaced_closes[index] = whole(body["replaces"]) if "replaces" in body else -1
        else:
            told = self.read_sites if "site" in body else self.drawn
            told |= dict.fromkeys(hours_in(body))
            self.stated[body["id"]] = index
            if "replaces" in body:
                self.in_place_of[index] = self.stated[body["replaces"]]

    def given(
        self,
        registry: Registry,
        hours: tuple[PowerHour, ...],
        sites: tuple[SiteHour, ...] = (),
        discharges: tuple[Discharge, ...] = (),
    ) -> Given:
        """All of it, with the hours that were drawn."""
        return Given(
            steps=tuple(self.steps),
            hours=hours,
            streams=tuple(_in_force(self.streams, {entry: one.replaces for entry, one in self.streams.items()})),
            closes=tuple(_in_force(self.closes, self.replaced_closes)),
            processes=processes_of(registry),
            described=self.described,
            described_by=self.described_by,
            in_place_of=self.in_place_of,
            sites=sites,
            discharges=discharges,
        )


def hours_in(body: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The hours that a statement of consumption is about, of a process or of a site."""
    name, start = body.get("site") or body["process"], micros(body["from"])
    return ((name, start + hour * HOUR) for hour in range(len(rows(body["wh"]))))


def processes_of(registry: Registry) -> Mapping[str, Process]:
    """Every registered process."""
    return {
        one["id"]: Process(one["id"], one["kind"], one["site"], party.id)
        for party in registry.parties.values()
        for one in party.profile.get("processes", ())
    }


def _in_force(said: Mapping[int, One], replaced: Mapping[int, int]) -> Iterator[One]:
    """What no later statement took the place of."""
    gone = set(replaced.values())
    return (one for entry, one in said.items() if entry not in gone)
