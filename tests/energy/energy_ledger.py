"""The small ledger with the energy park's parties, and a story in which everything happens once."""

from contextlib import contextmanager

from tests.energy.energy_park import (
    ACTORS,
    CHARGING,
    LATER,
    PROFILES,
    SMELTER,
    STORE,
    WIND,
    action,
    allocation,
    attestation,
    consumption,
    contract,
    reading,
    reversal,
    row,
)
from tests.small_ledger import small_ledger

BY_ID = {one.id: one for one in ACTORS.values()}


def enrol(world):
    """The parties with their devices, meters, processes and keys."""
    for one in ACTORS.values():
        world.post(world.operator, "party", PROFILES[one.id])
        world.post(world.operator, "key", {"party": one.id, "add": [one.addition(world.uri)]})


@contextmanager
def energy_ledger(folder, place=None):
    with small_ledger(folder, place=place) as world:
        world.now = LATER
        enrol(world)
        yield world


def signed(world, who, typ, body):
    return world.statement(BY_ID[who], typ, body)


def say(world, who, typ, body):
    """Record one statement; its entry."""
    world.post(BY_ID[who], typ, body)
    return world.size - 1


def attest_and_give(world, *hours, wh=18_000_000):
    for hour in hours:
        say(world, WIND, "energy-attestation", attestation(f"w{hour}", hour, wh))
        say(world, WIND, "energy-action", action("transfer", (0, wh), attested=f"w{hour}", to=SMELTER))


def story(world):
    """Every typ and every action; the entries of what is asked for afterwards, by name."""
    marks = {}
    say(world, WIND, "contract", contract())
    attest_and_give(world, 0, 1, 2)
    say(world, SMELTER, "energy-consumption", consumption())
    say(world, SMELTER, "energy-consumption", consumption("s0", (1_000, 1_000), process=CHARGING))
    say(world, SMELTER, "energy-consumption", reading())
    say(world, SMELTER, "energy-consumption", reading("site1", replaces=f"{SMELTER}/site0"))
    by_contract = {"delivery": "contract", "contract": f"{WIND}/ppa"}
    marks["first"] = say(world, SMELTER, "energy-allocation", allocation(row(1_000_000), row(500, start=2_000_000)))
    say(world, SMELTER, "energy-allocation", allocation(row(1_000, stated="s0", start=3_000_000)))
    marks["contract"] = say(world, SMELTER, "energy-allocation", allocation(row(7, "w1", 1, **by_contract)))
    say(world, SMELTER, "energy-attestation", attestation(
        id=f"{SMELTER}/d5", device=STORE, meter=f"{SMELTER}/store-meter", hour=5, wh=850, storage={
            "method": "fifo", "efficiency": "0.85",
            "charges": [{"consumption": f"{SMELTER}/s0", "hour": 0, "wh": 1_000}],
        },
    ))  # fmt: skip
    say(world, SMELTER, "energy-allocation", allocation(row(9, "w2", 7), matching="volumetric"))
    undone = {"reverses": {"index": marks["contract"], "row": 0}}
    say(world, SMELTER, "energy-allocation", allocation(row(7, "w1", 1, **by_contract, **undone)))
    claim = {"beneficiary": SMELTER, "purpose": "footprint"}
    say(world, SMELTER, "energy-action", action("cancel", (0, 1_000_000), **claim))
    say(world, SMELTER, "energy-action", action("claim", (0, 500_000), **claim))
    say(world, SMELTER, "energy-consumption", consumption("c1", (12_300_000,) * 24, replaces=f"{SMELTER}/c0"))
    marks["before"] = world.size
    named = [reversal(marks["first"], 0, 0, 1_000_000), reversal(marks["first"], 1, 2_000_000, 2_000_250)]
    told = action("withdraw", (0, 2_000_250), reason="wrong-meter-data", reversals=named)
    marks["withdrawn"] = say(world, WIND, "energy-action", told)
    return marks
