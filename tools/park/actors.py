"""Who speaks: an operator, four plants and two power producers; two customers and a trader are outside the ledger.

Numbers are of GS1's demonstration range 952.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.kernel.gs1 import check_digit

URI = "https://demo.coilmark.example/ledger"
ORIGIN = "demo.coilmark.example/log"
LINKS = "https://id.demo.coilmark.example"


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
    cbam: str = ""  # its id as an operator in the CBAM registry
    scopes: tuple[Mapping[str, Any], ...] = ()  # in which it keeps a mass balance of claims

    @property
    def id(self) -> str:
        """Its party GLN."""
        return f"(417){_checked(f'{self.prefix}{1:05d}')}"

    @property
    def site(self) -> str:
        """The GLN of its site."""
        return f"(414){_checked(f'{self.prefix}{2:05d}')}"

    def own(self, local: str) -> str:
        """An id outside GS1, below its own."""
        return f"{self.id}/{local}"

    def lot(self, item: int, lot: str) -> str:
        """A class lot, as a Digital Link."""
        return f"{LINKS}/01/{_gtin(self.prefix, item)}/10/{lot}"

    def piece(self, item: int, serial: str) -> str:
        """A serialised piece, as a Digital Link."""
        return f"{LINKS}/01/{_gtin(self.prefix, item)}/21/{serial}"

    def pallet(self, number: int) -> str:
        """A logistic unit, as a Digital Link."""
        return f"{LINKS}/00/{_checked(f'1{self.prefix}{number:09d}')}"

    @property
    def profile(self) -> dict[str, Any]:
        """The body of its `party` statement."""
        site = {"id": self.site, "name": f"{self.name}, works", "country": "KZ", "zone": "KZ-N", **self.place}
        return {
            "id": self.id,
            "name": self.name,
            "roles": list(self.roles),
            "prefixes": [self.prefix],
            **({"cbam": self.cbam} if self.cbam else {}),
            "sites": [site],
            "processes": [
                {"id": self.own(local), "kind": kind, "site": self.site} for local, kind in self.processes.items()
            ],
            "devices": [{**one, "id": self.own(one["id"]), "site": self.site} for one in self.devices],
            "meters": [
                {**one, **{name: self.own(one[name]) for name in ("id", "device", "process") if name in one},
                 "site": self.site}
                for one in (*self.meters, *_metered(self.processes))
            ],
            **({"claim_scopes": [self._scope(one) for one in self.scopes]} if self.scopes else {}),
        }  # fmt: skip

    def _scope(self, said: Mapping[str, Any]) -> dict[str, Any]:
        return {**said, "id": self.own(said["id"]), "sites": [self.site]}


def _metered(processes: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A meter of class 0.5 at each process."""
    for local in processes:
        yield {"id": f"m-{local}", "process": local, "accuracy": "0.5"}


def _checked(digits: str) -> str:
    return digits + check_digit(digits)


@functools.cache  # a story of many coils names few trade items, each very often
def _gtin(prefix: str, item: int) -> str:
    return _checked(f"0{prefix}{item:05d}")


def _at(latitude: str, longitude: str, **more: str) -> dict[str, str]:
    return {"latitude": latitude, "longitude": longitude, **more}


def _scale(name: str, says: str, kind: str = "scale", accuracy: str = "0.1") -> dict[str, str]:
    return {"id": name, "kind": kind, "name": says, "accuracy": accuracy}


def _plant(capacity: int, source: str, commissioned: str, name: str) -> dict[str, Any]:
    return {
        "id": "farm-1", "kind": "generator", "source": source, "capacity": capacity, "commissioned": commissioned,
        "zone": "KZ-N", "name": name,
    }  # fmt: skip


RECYCLED = "recycled"  # the scope of post-consumer metal by mass balance, of smelter and mill


def _recycled(material: str, factor: str) -> dict[str, Any]:
    """Claims of so much aluminium for each g of `material` that came in claimed (SPEC 5.9)."""
    return {
        "id": RECYCLED, "scheme": "Recycled Metal by Mass Balance", "material": "aluminium", "begins": "2026-05",
        "months": 12, "opening": 0, "inputs": [{"material": material, "factor": factor}],
    }  # fmt: skip


# What a plant that draws power signs beside its lots, and what a power producer signs.
DRAWS = ("energy-consumption", "emission-source", "period-close")
MATCHES = (*DRAWS, "energy-allocation")
SUPPLIES = ("energy-attestation", "energy-action", "contract")

AT_THE_GRID = {"id": "m-grid", "accuracy": "0.2"}  # the meter of a whole site

PARK = Actor("operator", "Saryarka Aluminium Park", "9521210", _at("52.2870", "76.9670", unlocode="KZPWQ"))
MINE = Actor(
    "mine", "Torgai Bauxite", "9521211", _at("50.2490", "66.9110"), ("lot-event", *DRAWS), {"pit-1": "mining"},
    devices=(
        _scale("belt-1", "Belt weigher", accuracy="0.5"), _scale("draft", "Draft survey", "draft-survey", "0.5"),
        _scale("survey", "Stockpile survey", "level-gauge", "0.5"),
    ),
)  # fmt: skip
REFINERY = Actor(
    "refinery", "Ertis Alumina", "9521212", _at("52.3100", "76.9200"), ("lot-event", *MATCHES),
    {"digestion": "refining"},
    devices=(_scale("draft", "Draft survey", "draft-survey", "0.5"), _scale("bridge-3", "Weighbridge 3")),
)  # fmt: skip
SMELTER = Actor(
    "smelter", "Ertis Smelter and Casthouse", "9521213", _at(
        "52.3300", "76.9900", cbam="KZ-ERT-0001", street="Potline Road 1", post_code="140000", city="Pavlodar",
    ),
    ("lot-event", *MATCHES),
    {
        "silo-1": "auxiliary", "potline-1": "electrolysis", "potline-2": "electrolysis", "potline-3": "electrolysis",
        "casthouse": "casting", "homogeniser": "homogenising",
    },
    devices=(
        _scale("crane-7", "Crane scale 7"), _scale("bridge-1", "Weighbridge 1"),
        _scale("level-1", "Crucible level gauge", "level-gauge", "0.5"),
    ),
    meters=(AT_THE_GRID,),
    cbam="KZ-OP-0001",
    scopes=(_recycled("scrap", "0.95"),),
)  # fmt: skip
MILL = Actor(
    "mill", "Ertis Rolling Mill", "9521214", _at(
        "52.2900", "77.0100", cbam="KZ-ERT-0002", street="Coil Road 2", post_code="140000", city="Pavlodar",
    ),
    ("lot-event", "certificate", *MATCHES),
    {
        "scalper": "scalping", "preheater": "auxiliary", "hot": "hot-rolling", "cold": "cold-rolling",
        "annealer": "annealing", "leveller": "levelling", "slitter": "slitting", "shear": "cutting",
    },
    devices=(_scale("scale-2", "Coil scale 2"),),
    meters=(AT_THE_GRID,),
    cbam="KZ-OP-0002",
    scopes=(_recycled("aluminium", "0.80"),),
)  # fmt: skip
WIND = Actor(
    "wind", "Yereymentau Wind Power", "9521215", _at("51.6200", "73.1000"), SUPPLIES,
    devices=(_plant(1_200_000_000, "wind", "2024-10-01", "Wind farm 1"),),
    meters=({"id": "meter-1", "device": "farm-1"},),
)  # fmt: skip
SOLAR = Actor(
    "solar", "Saran Solar", "9521218", _at("49.7900", "72.8700"), SUPPLIES,
    devices=(_plant(400_000_000, "solar", "2025-04-01", "Solar field 1"),),
    meters=({"id": "meter-1", "device": "farm-1"},),
)  # fmt: skip
ACTORS = (PARK, MINE, REFINERY, SMELTER, MILL, WIND, SOLAR)
CAR_BODIES = Actor("car-bodies", "Neckar Car Bodies (outside the ledger)", "9521217", _at("48.7800", "9.1800"))
AIRCRAFT = Actor("aircraft", "Weser Aircraft Parts (outside the ledger)", "9521219", _at("53.0800", "8.8000"))
TRADER = Actor("trader", "Steppe Metals (outside the ledger)", "9521220", _at("43.2400", "76.9100"))
CUSTOMERS = (CAR_BODIES, AIRCRAFT)
