"""How events are written: masses, roles and attributes by id, windows, handovers, in local time (SPEC 4.8)."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tools.park.actors import LINKS, RECYCLED, URI, Actor

ALMATY = timezone(timedelta(hours=5))  # all of Kazakhstan since March 2024
MIDNIGHT = datetime(2026, 5, 4, tzinfo=ALMATY)  # the first day of the story, a Monday
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"al": "https://coilmark.org/ns/al/1/"},
]
KG = 1000  # g
_SIGNED = timedelta(minutes=5)  # after it happened


@dataclass(frozen=True)
class Part:
    """What an event says of one lot or piece: its mass in kg, how it was found, its role and attributes."""

    id: str
    kg: int
    role: str = ""
    method: str = "scale"
    device: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_piece(self) -> bool:
        """A serial, not an amount of a lot."""
        return "/21/" in self.id


@dataclass(frozen=True)
class Said:
    """One statement: who signs what, when, and in a few words what it is about.

    `time` is when what it tells of happened; `late` is when it was said, where that was not soon after. `notable`
    statements are shown one by one. A later statement may name this one's entry by its `mark`.
    """

    actor: Actor
    typ: str
    body: Mapping[str, Any]
    time: datetime
    what: str
    notable: bool = False
    late: datetime | None = None
    mark: str = ""

    @property
    def signed(self) -> datetime:
        """Five minutes after it happened, or after it was found."""
        return (self.late or self.time) + _SIGNED

    @property
    def iat(self) -> int:
        """When it was signed, in seconds since 1970."""
        return int(self.signed.timestamp())


@dataclass(frozen=True)
class EntryOf:
    """Stands in a body for the index of an earlier statement, which is known when that one is recorded."""

    mark: str


def placed(value: Any, entries: Mapping[str, int]) -> Any:
    """A body with the indices of the entries that it names by their marks."""
    if isinstance(value, EntryOf):
        return entries[value.mark]
    if isinstance(value, Mapping):
        return {name: placed(member, entries) for name, member in value.items()}
    return [placed(member, entries) for member in value] if isinstance(value, list) else value


def utc(time: datetime) -> str:
    """A moment as bodies that are no events write it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(number: int, clock: str = "00:00", minutes: int = 0) -> datetime:
    """A time of the story: day 1 is MIDNIGHT's, `clock` is HH:MM in local time, and so many minutes later."""
    hour, minute = clock.split(":")
    return MIDNIGHT + timedelta(days=number - 1, hours=int(hour), minutes=int(minute) + minutes)


def said(actor: Actor, event: Mapping[str, Any], what: str, *, notable: bool = False) -> Said:
    """An event, said when it has happened."""
    return Said(actor, "lot-event", event, datetime.fromisoformat(event["eventTime"]), what, notable)


def name(local: str) -> str:
    """A URI for an event, a run …, the same for the same word."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{URI}/{local}')}"


def _event(actor: Actor, kind: str, time: datetime, step: str, **members: Any) -> dict[str, Any]:
    """The head of every event; members named al_x become al:x, what is empty is left out."""
    named = {key.replace("al_", "al:", 1): value for key, value in members.items() if value not in (None, [], {})}
    return {
        "@context": CONTEXT,
        "type": kind,
        "eventTime": time.isoformat(timespec="seconds"),
        "eventTimeZoneOffset": "+05:00",
        "bizStep": step,
        "readPoint": {"id": f"{LINKS}/414/{actor.site.removeprefix('(414)')}"},
        **named,
    }


def _about(sides: Mapping[str, Sequence[Part]]) -> dict[str, Any]:
    """Masses, roles and attributes, keyed by id; the side is named where a lot is both drawn from and added to."""
    rows = [(side, one) for side, parts in sides.items() for one in parts]
    ids = [one.id for _, one in rows]
    both = {one for one in ids if ids.count(one) > 1} if len(sides) > 1 else set()
    return {
        "al_mass": [{**_mass(one), **({"side": side} if one.id in both else {})} for side, one in rows],
        "al_role": [
            {"id": one.id, "role": one.role, **({"side": side} if one.id in both else {})}
            for side, one in rows if one.role
        ],
        "al_attributes": [{"id": one.id, **one.about} for _, one in rows if one.about],
    }  # fmt: skip


def _mass(one: Part) -> dict[str, Any]:
    device = {"device": one.device} if one.device else {}
    return {"id": one.id, "g": one.kg * KG, "basis": "as-is", "method": one.method, **device}


def _pieces(parts: Sequence[Part]) -> list[str]:
    return [one.id for one in parts if one.is_piece]


def _amounts(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"epcClass": one.id, "quantity": one.kg, "uom": "KGM"} for one in parts if not one.is_piece]


def observed(actor: Actor, time: datetime, step: str, parts: Sequence[Part], **members: Any) -> dict[str, Any]:
    """An ObjectEvent: pieces and amounts were there, or (with action ADD) began."""
    return _event(
        actor, "ObjectEvent", time, step,
        **{"action": "OBSERVE", "epcList": _pieces(parts), "quantityList": _amounts(parts),
           **_about({"none": parts}), **members},
    )  # fmt: skip


def worked(
    work: tuple[Actor, str], window: tuple[datetime, datetime], parts: Sequence[Part], **members: Any
) -> dict[str, Any]:
    """An ObjectEvent of a process step that changes no mass, in the window [start, end)."""
    (actor, process), (start, end) = work, window
    step = {"al_process": actor.own(process), "al_start": start.isoformat(timespec="seconds")}
    return observed(actor, end, "other", parts, **step, **members)


def made_new(work: tuple[Actor, str], window: tuple[datetime, datetime], parts: Sequence[Part]) -> dict[str, Any]:
    """An ObjectEvent: what comes into the world at a primary source, in the window [start, end)."""
    (actor, process), (start, end) = work, window
    step = {"al_process": actor.own(process), "al_start": start.isoformat(timespec="seconds")}
    return observed(actor, end, "commissioning", parts, action="ADD", disposition="active", **step)


def made(
    work: tuple[Actor, str], window: tuple[datetime, datetime], inputs: Sequence[Part], outputs: Sequence[Part],
    losses: Mapping[str, int] | None = None, **members: Any,
) -> dict[str, Any]:  # fmt: skip
    """A TransformationEvent: `work` is who and at which of its processes, in the window [start, end); losses in kg."""
    (actor, process), (start, end) = work, window
    step = "creating_class_instance" if outputs else "other"
    return _event(
        actor, "TransformationEvent", end, "commissioning" if _pieces(outputs) else step,
        inputEPCList=_pieces(inputs), inputQuantityList=_amounts(inputs),
        outputEPCList=_pieces(outputs), outputQuantityList=_amounts(outputs),
        al_process=actor.own(process), al_start=start.isoformat(timespec="seconds"),
        al_loss=[{"kind": kind, "g": kg * KG} for kind, kg in (losses or {}).items()],
        **_about({"input": inputs, "output": outputs}), **members,
    )  # fmt: skip


def of_run(run: str, state: str = "open") -> dict[str, Any]:
    """The members that make an event one of a continuous run."""
    return {"transformationID": name(f"run/{run}"), "al_run": state}


def packed(actor: Actor, time: datetime, pallet: str, pieces: Sequence[str], action: str = "ADD") -> dict[str, Any]:
    """An AggregationEvent: pieces are put on a pallet, or (DELETE) taken off it."""
    step = "packing" if action == "ADD" else "unpacking"
    return _event(
        actor, "AggregationEvent", time, step, action=action, parentID=pallet, childEPCs=list(pieces),
        disposition="in_progress",
    )  # fmt: skip


def handed_over(giver: Actor, taker: Actor, document: str, kind: str = "desadv", owner: str = "") -> dict[str, Any]:
    """The members of a shipping or receiving event that say who gives and who takes, and where told who then owns."""
    party = f"{LINKS}/417/"
    destinations = [{"type": "possessing_party", "destination": party + taker.id.removeprefix("(417)")}]
    if owner:
        destinations.append({"type": "owning_party", "destination": party + owner.removeprefix("(417)")})
    return {
        "bizTransactionList": [
            {"type": kind, "bizTransaction": f"urn:epcglobal:cbv:bt:{giver.id.removeprefix('(417)')}:{document}"}
        ],
        "sourceList": [{"type": "possessing_party", "source": party + giver.id.removeprefix("(417)")}],
        "destinationList": destinations,
    }


def claimed(actor: Actor, g: int) -> dict[str, Any]:
    """The member that says how much of what is handed over is claimed as recycled, by mass balance; none for 0."""
    return {"al_claim": [{"scope": actor.own(RECYCLED), "g": g}] if g else []}


def shipped(
    giver: Actor, taker: Actor, time: datetime, document: str, parts: Sequence[Part], *, claim: int = 0
) -> dict[str, Any]:
    """What left; so many g of it are claimed."""
    over = handed_over(giver, taker, document)
    return observed(giver, time, "shipping", parts, disposition="in_transit", **over, **claimed(giver, claim))


def received(
    giver: Actor, taker: Actor, time: datetime, document: str, parts: Sequence[Part], *,
    late: bool = False, claim: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """What arrived, by the taker's own weight, so many g claimed.

    `late`: the giver's own statements have not been heard yet.
    """
    origin = [_origin(one, "late", giver.name, document) for one in parts] if late else None
    more = {**handed_over(giver, taker, document), **claimed(taker, claim)}
    return observed(taker, time, "receiving", parts, disposition="in_progress", al_origin=origin, **more)


def bought(
    taker: Actor, time: datetime, supplier: str, document: str, parts: Sequence[Part], *, claim: int = 0
) -> dict[str, Any]:
    """What arrived from outside the ledger; so many g of it were claimed by who sold it."""
    origin = [_origin(one, "outside", supplier, document) for one in parts]
    claims = claimed(taker, claim)
    return observed(taker, time, "receiving", parts, disposition="in_progress", al_origin=origin, **claims)


def _origin(one: Part, kind: str, supplier: str, document: str) -> dict[str, Any]:
    return {"id": one.id, "kind": kind, "supplier": supplier, "document": document, "g": one.kg * KG}


def opened(actor: Actor, parts: Sequence[Part]) -> Said:
    """The stock with which a site begins."""
    event = observed(
        actor, day(1, "00:30"), "commissioning", parts, action="ADD", disposition="active", al_opening=True
    )
    what = f"opening stock of the {actor.word}: {tonnes(sum(one.kg for one in parts))}"
    return said(actor, event, what, notable=True)


def split(total: int, count: int) -> Iterator[int]:
    """`total` kg in so many parts, as equal as whole kg are."""
    for number in range(count):
        yield (number + 1) * total // count - number * total // count


def tonnes(kg: int) -> str:
    """So many t, for people."""
    return f"{kg // KG:,} t".replace(",", " ")
