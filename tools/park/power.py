"""The two power producers: contracts with the plants, each hour attested, and what is under contract handed over."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ledger.kernel.encoding import b64url_encode
from tools.park import weather
from tools.park.actors import SOLAR, WIND, Actor
from tools.park.events import MIDNIGHT, EntryOf, Said, day, utc
from tools.park.grid import Grid, Slice
from tools.park.supply import Supply, capacity, farms
from tools.park.tables import Table
from tools.park.yard import Park

DOUBTED = (4, 3)  # day and hour whose meter record turns out to be wrong
WITHDRAWN = 15  # day on which that is found: coils of that day's metal are on their way by then
BEFORE = day(WITHDRAWN - 1).date()  # the last day on which nobody knows
_SIGNED = timedelta(days=3)  # before the story begins
_YEAR = 365  # days
_APART = 2  # days that the weather takes from one farm to the next


def sign_contracts(park: Park) -> Iterator[Said]:
    """Each for a year or the whole story: what at most is delivered, and by what documents (2025/2547 D.4.3)."""
    for one in park.supplies:
        lasts = timedelta(days=max(_YEAR, park.plan.days + _SIGNED.days))
        valid = {"from": utc(MIDNIGHT - _SIGNED), "to": utc(MIDNIGHT - _SIGNED + lasts)}
        body = {
            "id": one.contract, "kind": "ppa", "status": "in-force", "from": one.seller.id, "to": one.buyer.id,
            "parties": [one.seller.id, one.buyer.id], "valid": valid, "max_wh": one.watts * one.farms * 24 * lasts.days,
            "devices": [one.seller.own(f"farm-{farm}") for farm in range(1, one.farms + 1)],
            "documents": [_document(one, "contract"), _document(one, "grid-connection")],
        }  # fmt: skip
        what = f"{one.watts // 1_000} kW of {one.seller.word} for the {one.buyer.word}"
        yield Said(one.seller, "contract", body, day(1, "00:10"), what, notable=True)


def _document(one: Supply, kind: str) -> dict[str, Any]:
    text = f"A {kind} for {one.contract} that exists in the demo alone.\n".encode()
    digest = b64url_encode(sha256(text).digest())
    return {"digest": digest, "media_type": "application/pdf", "size": len(text), "kind": kind}


def attest(park: Park, number: int) -> Iterator[Said]:
    """A day, hour by hour, where there was something; and what of it is under contract, at once."""
    for hour in range(weather.HOURS):
        for actor, given in ((WIND, weather.wind), (SOLAR, weather.sun)):
            for farm in range(1, farms(park.plan, actor) + 1):
                part = given(park.plan.chance, number + _APART * (farm - 1), hour)
                if part:
                    yield from _hour(park, (actor, farm), (number, hour), part)


def _hour(park: Park, whose: tuple[Actor, int], when: tuple[int, int], part: int) -> Iterator[Said]:
    """What one farm gave; its number is the second of `whose`."""
    actor, farm = whose
    start = day(when[0], f"{when[1]:02d}:00")
    end = start + timedelta(hours=1)
    name, wh = _name(actor, start, farm), capacity(actor) * part // 1_000
    what = f"{wh // 1_000_000} MWh of {actor.word} in one hour"
    curtailed = whose == (WIND, 1) and when == weather.CURTAILED
    doubted = whose == (WIND, 1) and when == DOUBTED
    what += ", curtailed by the grid" if curtailed else ", as it turns out by a wrong meter record" if doubted else ""
    body = _attestation(whose, name, (start, end), wh)
    yield Said(actor, "energy-attestation", body, end, what, notable=curtailed or doubted)
    first = 0
    for one in park.supplies:
        if one.seller is actor and (taken := one.watts * part // 1_000):
            bought = Slice(name, one.contract, first, first + taken)
            park.grid.bought[one.buyer.word, (start - MIDNIGHT) // timedelta(hours=1)].append(bought)
            first += taken
            yield _handed_over(one, bought, end)


def _name(actor: Actor, start: datetime, farm: int = 1) -> str:
    return actor.own(f"{farm}/{utc(start)[:13]}" if farm > 1 else utc(start)[:13])


def _attestation(whose: tuple[Actor, int], name: str, window: tuple[datetime, datetime], wh: int) -> dict[str, Any]:
    actor, farm = whose
    return {
        "id": name,
        "device": actor.own(f"farm-{farm}"),
        "meter": actor.own(f"meter-{farm}"),
        "from": utc(window[0]),
        "to": utc(window[1]),
        "wh": wh,
        "source": actor.word,
        "quality": "measured",
        "support": "none",
        "dissemination": "public-grid",
        "disclosure": True,
        "configuration": 1,
        "expires": utc(window[0] + timedelta(days=365)),
        "emissions": {"factor": "0", "basis": "direct", "table": Table.SCENARIO.named},
    }


def _handed_over(supply: Supply, bought: Slice, time: datetime) -> Said:
    part = {"from_wh": bought.start, "to_wh": bought.end}
    body = {"attestation": bought.attestation, "action": "transfer", "slices": [part], "to": supply.buyer.id}
    return Said(supply.seller, "energy-action", body, time, f"{bought.wh // 1_000} kWh to the {supply.buyer.word}")


def withdraw(park: Park, number: int) -> Iterator[Said]:
    """One hour of the wind farm's meter was wrong: all that was covered with it is uncovered again (A11)."""
    if number > WITHDRAWN:
        park.grid.used.clear()  # nobody asks for it any more, and a year's is large
    if number != WITHDRAWN:
        return
    start = day(DOUBTED[0], f"{DOUBTED[1]:02d}:00")
    name = _name(WIND, start)
    wh = capacity(WIND) * weather.wind(park.plan.chance, *DOUBTED) // 1_000
    body = {
        "attestation": name, "action": "withdraw", "slices": [{"from_wh": 0, "to_wh": wh}],
        "reason": "wrong-meter-data", "reversals": _reversals(park.grid, name),
    }  # fmt: skip
    what = f"the wind of {start:%d %b %H:%M} withdrawn: its meter record was wrong"
    yield Said(WIND, "energy-action", body, day(number, "11:00"), what, notable=True)


def _reversals(grid: Grid, attestation: str) -> list[Mapping[str, Any]]:
    return [
        {
            "index": EntryOf(one.mark), "row": one.row, "consumption": one.consumption,
            "from_wh": one.covers.start, "to_wh": one.covers.end,
        }
        for one in grid.used[attestation]
    ]  # fmt: skip
