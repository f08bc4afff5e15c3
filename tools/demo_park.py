"""The park of the demo: six parties that do not exist, and what they say of one coil, from the mine to the customer.

Every name is invented. Numbers are of GS1's demonstration range 952; masses close to the gram from the casthouse on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ledger.kernel.gs1 import check_digit

URI = "https://demo.coilmark.example/ledger"
ORIGIN = "demo.coilmark.example/log"
LINKS = "https://id.demo.coilmark.example"
ALMATY = timezone(timedelta(hours=5))  # all of Kazakhstan since March 2024
MIDNIGHT = datetime(2026, 3, 2, tzinfo=ALMATY)  # the first day of the story
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"al": "https://coilmark.org/ns/al/1/"},
]
KG = 1000  # g


@dataclass(frozen=True)
class Actor:
    """One party, with one site. `profile` is the body of its `party` statement."""

    word: str
    name: str
    prefix: str
    place: Mapping[str, str]
    roles: tuple[str, ...] = ()
    processes: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[Mapping[str, Any], ...] = ()
    meters: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        """Its party GLN."""
        return f"(417){self._gln(1)}"

    @property
    def site(self) -> str:
        """The GLN of its site."""
        return f"(414){self._gln(2)}"

    def own(self, local: str) -> str:
        """An id outside GS1, below its own."""
        return f"{self.id}/{local}"

    def _gln(self, number: int) -> str:
        digits = f"{self.prefix}{number:05d}"
        return digits + check_digit(digits)

    def gtin(self, item: int) -> str:
        """A GTIN of its own, in 14 digits."""
        digits = f"0{self.prefix}{item:05d}"
        return digits + check_digit(digits)

    def lot(self, item: int, lot: str) -> str:
        """A class lot, as a Digital Link."""
        return f"{LINKS}/01/{self.gtin(item)}/10/{lot}"

    def piece(self, item: int, serial: str) -> str:
        """A serialised piece, as a Digital Link."""
        return f"{LINKS}/01/{self.gtin(item)}/21/{serial}"

    def pallet(self, number: int) -> str:
        """A logistic unit, as a Digital Link."""
        digits = f"1{self.prefix}{number:09d}"
        return f"{LINKS}/00/{digits}{check_digit(digits)}"

    @property
    def profile(self) -> dict[str, Any]:
        """The body of its `party` statement."""
        site = {"id": self.site, "name": f"{self.name}, works", "country": "KZ", "zone": "KZ-N", **self.place}
        return {
            "id": self.id,
            "name": self.name,
            "roles": list(self.roles),
            "prefixes": [self.prefix],
            "sites": [site],
            "processes": [
                {"id": self.own(local), "kind": kind, "site": self.site} for local, kind in self.processes.items()
            ],
            "devices": [{**one, "id": self.own(one["id"]), "site": self.site} for one in self.devices],
            "meters": [
                {**one, **{name: self.own(one[name]) for name in ("id", "device") if name in one}, "site": self.site}
                for one in self.meters
            ],
        }


def _at(latitude: str, longitude: str, **more: str) -> dict[str, str]:
    return {"latitude": latitude, "longitude": longitude, **more}


PARK = Actor("operator", "Saryarka Aluminium Park", "9521210", _at("52.2870", "76.9670", unlocode="KZPWQ"))
MINE = Actor(
    "mine", "Torgai Bauxite", "9521211", _at("50.2490", "66.9110"), ("lot-event",), {"pit-1": "mining"},
    devices=({"id": "belt-1", "kind": "scale", "name": "Belt weigher 1"},),
)  # fmt: skip
REFINERY = Actor(
    "refinery", "Ertis Alumina", "9521212", _at("52.3100", "76.9200"), ("lot-event",), {"digestion": "refining"}
)
SMELTER = Actor(
    "smelter", "Ertis Smelter and Casthouse", "9521213", _at("52.3300", "76.9900"), ("lot-event",),
    {"potline-1": "electrolysis", "casthouse": "casting", "homogeniser": "homogenising"},
    devices=({"id": "crane-7", "kind": "scale", "name": "Crane scale 7"},),
)  # fmt: skip
MILL = Actor(
    "mill", "Ertis Rolling Mill", "9521214", _at("52.2900", "77.0100"), ("lot-event", "certificate"),
    {"hot": "hot-rolling", "cold": "cold-rolling", "annealer": "annealing", "slitter": "slitting"},
    devices=({"id": "scale-2", "kind": "scale", "name": "Coil scale 2"},),
)  # fmt: skip
WIND = Actor(
    "wind", "Yereymentau Wind Power", "9521215", _at("51.6200", "73.1000"), ("energy-attestation",),
    devices=({"id": "farm-1", "kind": "generator", "source": "wind", "capacity": 250_000_000,
              "commissioned": "2024-10-01", "zone": "KZ-N", "name": "Wind farm 1"},),
    meters=({"id": "meter-1", "device": "farm-1"},),
)  # fmt: skip
ACTORS = (PARK, MINE, REFINERY, SMELTER, MILL, WIND)
CUSTOMER = Actor("customer", "Car Body Works (outside the ledger)", "9521217", _at("48.7800", "9.1800"))


@dataclass(frozen=True)
class Part:
    """What an event says of one lot or piece: its mass in grams, how it was found, its role and attributes."""

    id: str
    g: int
    role: str = ""
    method: str = "scale"
    device: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_piece(self) -> bool:
        """A serial, not an amount of a lot."""
        return "/21/" in self.id


@dataclass(frozen=True)
class Said:
    """One statement of the story: who signs what, when it happened, and in a few words what it is about."""

    actor: Actor
    typ: str
    body: Mapping[str, Any]
    time: datetime
    what: str

    @property
    def iat(self) -> int:
        """Signed five minutes after it happened, in seconds since 1970."""
        return int(self.time.timestamp()) + 300


def day(number: int, clock: str) -> datetime:
    """A time of the story: day 1 is MIDNIGHT's, `clock` is HH:MM in local time."""
    hours, minutes = clock.split(":")
    return MIDNIGHT + timedelta(days=number - 1, hours=int(hours), minutes=int(minutes))


def _event(actor: Actor, kind: str, time: datetime, step: str, **members: Any) -> dict[str, Any]:
    """The head of every event; members named al_x become al:x, None is left out."""
    named = {name.replace("al_", "al:", 1): value for name, value in members.items() if value not in (None, [], {})}
    return {
        "@context": CONTEXT,
        "type": kind,
        "eventTime": time.isoformat(timespec="seconds"),
        "eventTimeZoneOffset": "+05:00",
        "bizStep": step,
        "readPoint": {"id": f"{LINKS}/414/{actor.site.removeprefix('(414)')}"},
        **named,
    }


def _masses(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "g": one.g,
            "basis": "as-is",
            "method": one.method,
            **({"device": one.device} if one.device else {}),
        }
        for one in parts
    ]


def _about(parts: Sequence[Part]) -> dict[str, Any]:
    """Masses, roles and attributes, keyed by id."""
    return {
        "al_mass": _masses(parts),
        "al_role": [{"id": one.id, "role": one.role} for one in parts if one.role],
        "al_attributes": [{"id": one.id, **one.attributes} for one in parts if one.attributes],
    }


def _pieces(parts: Sequence[Part]) -> list[str]:
    return [one.id for one in parts if one.is_piece]


def _amounts(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"epcClass": one.id, "quantity": one.g // KG, "uom": "KGM"} for one in parts if not one.is_piece]


def observed(actor: Actor, time: datetime, step: str, parts: Sequence[Part], **members: Any) -> dict[str, Any]:
    """An ObjectEvent: pieces and amounts were there, or (with action ADD) began."""
    return _event(
        actor, "ObjectEvent", time, step,
        **{"action": "OBSERVE", "epcList": _pieces(parts), "quantityList": _amounts(parts), **_about(parts), **members},
    )  # fmt: skip


def made(
    work: tuple[Actor, str], window: tuple[datetime, datetime], inputs: Sequence[Part], outputs: Sequence[Part],
    losses: Mapping[str, int] | None = None, **members: Any,
) -> dict[str, Any]:  # fmt: skip
    """A TransformationEvent: `work` is who and at which of its processes, in the window [start, end)."""
    (actor, process), (start, end) = work, window
    step = "commissioning" if _pieces(outputs) else "creating_class_instance"
    return _event(
        actor, "TransformationEvent", end, step,
        inputEPCList=_pieces(inputs), inputQuantityList=_amounts(inputs),
        outputEPCList=_pieces(outputs), outputQuantityList=_amounts(outputs),
        al_process=actor.own(process), al_start=start.isoformat(timespec="seconds"),
        al_loss=[{"kind": kind, "g": g} for kind, g in (losses or {}).items()],
        **_about([*inputs, *outputs]), **members,
    )  # fmt: skip


def handed_over(giver: Actor, taker: Actor, document: str) -> dict[str, Any]:
    """The members of a shipping or receiving event that say who gives and who takes."""
    party = f"{LINKS}/417/"
    return {
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:{giver.id.removeprefix('(417)')}:{document}"}
        ],
        "sourceList": [{"type": "possessing_party", "source": party + giver.id.removeprefix("(417)")}],
        "destinationList": [{"type": "possessing_party", "destination": party + taker.id.removeprefix("(417)")}],
    }
