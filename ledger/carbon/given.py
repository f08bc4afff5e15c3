"""What the accounts are computed from: lot events, hours of power, streams, closed periods and registered processes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct

from ledger.carbon.streams import Stream
from ledger.form import number, rows, text, whole
from ledger.kernel.moments import micros
from ledger.lots.event import LotEvent
from ledger.lots.records import NOBODY, Effects, Place, Posting, Settled

DAY = 86_400_000_000  # µs
BY_ELEMENT = frozenset({"refining", "electrolysis"})  # what goes in is not what comes out: joined over a period
_CARRYING = frozenset({"", "good", "heel"})  # roles of outputs that keep the burden (2547 II F)
_WORTHLESS = frozenset({"scrap", "dross", "residue"})
SOURCES = frozenset({"primary", "commissioned"})  # credits from nowhere that a step makes


class Process(Struct, frozen=True):
    """A registered process."""

    id: str
    kind: str
    site: str
    party: str


class Covered(Struct, frozen=True):
    """Wh of an hour that an attestation covers. `factor` in t CO2e/MWh, None where it is not stated."""

    wh: int
    matching: str
    factor: Decimal | None
    configuration: int = 1
    source: str = ""


class Uncovered(Struct, frozen=True):
    """Wh whose cover was taken back: by which entry, and why."""

    entry: int
    reason: str
    wh: int


class Loss(Struct, frozen=True, order=True):
    """Wh of a charge that a store lost, on behalf of the hour of a process that used what came back."""

    process: str
    start: int
    wh: int


class PowerHour(Struct, frozen=True):
    """What a process drew in the hour from `start` on, and what covers it, or did.

    Of a store's charge `returned` came back, to be drawn again by others, and `losses` were lost on the way. `entry` is
    the statement in force of it, `entries` all that this was read from, None where they are not told.
    """

    process: str
    start: int
    wh: int
    measured: bool = True
    rows: tuple[Covered, ...] = ()
    fallen: tuple[Uncovered, ...] = ()
    returned: int = 0
    losses: tuple[Loss, ...] = ()
    entry: int = -1
    entries: tuple[int, ...] | None = ()


class Discharge(Struct, frozen=True):
    """Wh that a store of a site gave back in the hour from `start` on."""

    site: str
    start: int
    wh: int


class SiteHour(Struct, frozen=True):
    """What the meter of a site says of the hour from `start` on; it may be off by `tolerance` of it."""

    site: str
    start: int
    wh: int
    tolerance: Fraction


class Stock(Struct, frozen=True):
    """What a process held of a material, in g."""

    process: str
    material: str
    opening: int
    closing: int
    aluminium: Decimal | None = None


class Activity(Struct, frozen=True):
    """Good production of a process under one code, in g; what it is called, and how much of it is no aluminium."""

    process: str
    cn: str
    produced: int
    sold: int
    used: int
    other: int
    product: str = ""
    non_aluminium: Decimal | None = None


class Price(Struct, frozen=True):
    """What was paid for emissions of goods in their country of origin (4.9.14): t CO2e, and money of `currency`."""

    process: str
    cn: str
    instrument: str
    covered: Decimal
    currency: str
    due: Decimal
    rebate: str = ""
    rebate_covered: Decimal = Decimal(0)
    rebate_amount: Decimal = Decimal(0)


class Close(Struct, frozen=True):
    """A closed period [start, end) of some processes. `quality`: what is said of its data; `plan`: a digest."""

    entry: int
    issuer: str
    processes: tuple[str, ...]
    start: int
    end: int
    stocks: tuple[Stock, ...] = ()
    activity: tuple[Activity, ...] = ()
    prices: tuple[Price, ...] = ()
    quality: Mapping[str, str] = {}
    plan: str = ""


class Moved(Struct, frozen=True, gc=False):
    """Mass in or out of a place. `carries`: burden goes with it; `kind` as a posting's; `role` as an event's."""

    place: Place
    g: int
    carries: bool
    kind: str
    role: str
    scrap: str


class Step(Struct, frozen=True):
    """One lot event that stands. `worked` are things that a process treats and leaves what they are."""

    index: int
    issuer: str
    time: int
    start: int
    process: str
    kind: str
    joins: bool
    run: str
    debits: tuple[Moved, ...]
    credits: tuple[Moved, ...]
    worked: tuple[Moved, ...] = ()
    settled: tuple[Settled, ...] = ()
    settles: tuple[Settled, ...] = ()

    @property
    def last(self) -> int:
        """The last moment of its window, which is before `time`: the period that has it has the step (rule P1)."""
        return self.time - 1 if self.start < self.time else self.time

    def within(self, start: int, end: int) -> bool:
        """Whether a period [start, end) has it."""
        return start <= self.last < end


class Given(Struct, frozen=True):
    """Everything. Steps in any order; `described` has material, grade and cn of lots, where they were said, and
    `described_by` the last entry that says of which material one is. `in_place_of`: which statement of consumption one
    replaced.

    `sites` are readings of whole sites' meters, `discharges` what stores gave back, where there are any.
    """

    steps: tuple[Step, ...]
    hours: tuple[PowerHour, ...]
    streams: tuple[Stream, ...]
    closes: tuple[Close, ...]
    processes: Mapping[str, Process]
    described: Mapping[str, Mapping[str, str]] = {}
    described_by: Mapping[str, int] = {}
    in_place_of: Mapping[int, int] = {}
    sites: tuple[SiteHour, ...] = ()
    discharges: tuple[Discharge, ...] = ()


def stands(one: Effects) -> bool:
    """Neither declared wrong nor a declaration."""
    return one.declared_by == NOBODY and one.undoes == NOBODY


def step_of(one: Effects, event: LotEvent, weights: Mapping[str, int]) -> Step:
    """A step from what an event did and what it says. `weights`: g of the things that it works on."""
    things = event.things if event.process and event.type == "ObjectEvent" and event.action == "OBSERVE" else ()
    worked = (
        Moved((part.id, one.issuer, ""), weights.get(part.id, part.g or 0), True, "", part.role, "") for part in things
    )
    return Step(
        index=one.index,
        issuer=one.issuer,
        time=one.time,
        start=one.start,
        process=event.process,
        kind=one.what,
        joins=one.joins or any(posting.kind in SOURCES for posting in one.credits),
        run=one.run,
        debits=tuple(_moved(posting, event) for posting in one.debits),
        credits=tuple(_moved(posting, event) for posting in one.credits),
        worked=tuple(worked),
        settled=one.settled,
        settles=one.settles,
    )


def _moved(posting: Posting, event: LotEvent) -> Moved:
    said = event.attributes.get(posting.lot, {})
    worthless = said.get("material") in _WORTHLESS or said.get("grade") == "scrap" or "scrapClass" in said
    carries = posting.role in _CARRYING and not worthless
    return Moved(posting.place, posting.g, carries, posting.kind, posting.role, posting.scrap)


def close_of(body: Mapping[str, Any], issuer: str, entry: int) -> Close:
    """A close as its body says it (4.9.14)."""
    stocks = (
        Stock(
            row["process"], row["material"], whole(row["opening"]), whole(row["closing"]), _share(row.get("aluminium"))
        )
        for row in rows(body.get("stocks", []))
    )  # fmt: skip
    return Close(
        entry,
        issuer,
        tuple(rows(body["processes"])),
        micros(body["period"]["from"]),
        micros(body["period"]["to"]),
        tuple(stocks),
        tuple(_activity(row) for row in rows(body.get("activity", []))),
        tuple(_price(row) for row in rows(body.get("carbon_price", []))),
        body.get("quality", {}),
        body.get("monitoring_plan", {}).get("digest", ""),
    )


def _activity(row: Mapping[str, Any]) -> Activity:
    masses = {name: whole(row[name]) for name in ("produced", "sold", "used", "other")}
    for name in ("process", "cn"):
        text(row[name])
    text(row.get("product", ""))
    return Activity(**{**row, **masses, "non_aluminium": _share(row.get("non_aluminium"))})


def _price(row: Mapping[str, Any]) -> Price:
    back = row.get("rebate", {"kind": "", "covered": "0", "amount": "0"})
    return Price(
        text(row["process"]), text(row["cn"]), text(row["instrument"]), number(row["covered"]), text(row["currency"]),
        number(row["due"]), text(back["kind"]), number(back["covered"]), number(back["amount"]),
    )  # fmt: skip


def _share(text: str | None) -> Decimal | None:
    return None if text is None else number(text)


def closed_periods(closes: Iterable[Close]) -> dict[str, list[tuple[int, int]]]:
    """The closed periods of each process, ascending."""
    found: dict[str, list[tuple[int, int]]] = {}
    for one in closes:
        for process in one.processes:
            found.setdefault(process, []).append((one.start, one.end))
    return {process: sorted(periods) for process, periods in found.items()}
