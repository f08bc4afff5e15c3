"""The page's fold of random parks, with events declared wrong, says of every lot and event what the ledger's says."""

import sys
from pathlib import Path
from random import Random

from engine import run

sys.path.append(str(Path(__file__).parents[1] / "lots"))
from chance import ALL, HANDLING, Handling
from folded import MILL, MINE, OPERATOR, PROCESSES, SMELTER

from ledger.lots.records import Lot

PARKS = 150


def park(seed):
    """Events of all kinds, corrections among them, then some more events declared wrong."""
    random = Random(seed)
    chance = Handling(random)
    made = chance.go(random.randint(1, 50), HANDLING if seed % 2 else (*HANDLING, *ALL))
    standing = [one.index for one in made.effects if one.undoes < 0 and one.declared_by < 0]
    for index in random.sample(standing, min(len(standing), 3)):
        made.wrong(made.effects[index].issuer, index)
    return made


def given(made):
    kinds = {who: {"processes": []} for who in (MINE, SMELTER, MILL, OPERATOR)}
    for name, kind in PROCESSES.items():
        kinds[name.partition("/")[0]]["processes"].append({"id": name, "kind": kind})
    events = [
        {"body": body, "iss": event.issuer, "wrong": wrong, "recordedAt": event.recorded_at}
        for body, (event, wrong) in zip(made.bodies, made.told, strict=True)
    ]
    return {"events": events, "operator": OPERATOR, "sites": list(made.sites.items()), "profiles": kinds}


def lot_here(one):
    return {
        "id": one.id, "single": one.single, "maker": one.maker, "madeBy": one.made_by, "source": one.source, "g": one.g,
        "holdings": [[at.holder, at.delivery, at.owner, at.g, at.mix] for at in one.holdings],
        "consumedBy": one.consumed_by, "holds": [[held.by, held.entry] for held in one.holds], "doubt": one.doubt,
        "blocked": one.blocked, "surplus": one.surplus, "closedBy": list(one.closed_by), "inside": one.inside,
        "packedBy": one.packed_by, "contents": list(one.contents),
        "amounts": [[row.unit, row.lot, row.g, row.entry] for row in one.amounts], "attributes": one.attributes,
        "late": [[late.holder, late.entry, late.g] for late in one.late],
    }  # fmt: skip


def lot_there(one):
    rows = {"holdings": "holder delivery owner g mix", "holds": "by entry", "amounts": "unit lot g entry"}
    named = {**rows, "late": "holder entry g"}
    lists = {
        name: [[row[member] for member in members.split()] for row in one[name]] for name, members in named.items()
    }
    return {**{name: one[name] for name in one if name != "time"}, **lists}


def effects_here(one):
    return {
        "index": one.index, "debits": [[p.lot, p.holder, p.delivery, p.owner, p.g, p.had, p.kind] for p in one.debits],
        "credits": [[p.lot, p.holder, p.delivery, p.owner, p.g, p.had, p.kind] for p in one.credits],
        "entered": {kind: g for kind, g in one.entered.items() if g}, "left": {k: g for k, g in one.left.items() if g},
        "declaredBy": one.declared_by, "replacedBy": one.replaced_by, "undoes": one.undoes, "opened": one.opened,
        "packed": [[p.unit, p.lot, p.g, p.entry] for p in one.packed],
        "unpacked": [[p.unit, p.lot, p.g, p.entry] for p in one.unpacked],
        "findings": [[found.rule, found.lot, found.says] for found in one.findings],
    }  # fmt: skip


def effects_there(one):
    posting = ["lot", "holder", "delivery", "owner", "g", "had", "kind"]
    packing = ["unit", "lot", "g", "entry"]
    members = {"debits": posting, "credits": posting, "packed": packing, "unpacked": packing}
    members["findings"] = ["rule", "lot", "says"]
    lists = {name: [[row[member] for member in named] for row in one[name]] for name, named in members.items()}
    sums = {name: {kind: g for kind, g in one[name].items() if g} for name in ("entered", "left")}
    return {name: one[name] for name in ("index", "declaredBy", "replacedBy", "undoes", "opened")} | lists | sums


def test_both_fold_random_parks_alike():
    parks = [park(seed) for seed in range(PARKS)]
    for made, said in zip(parks, run("folding.mjs", map(given, parks)), strict=True):
        assert "error" not in said, said["error"]
        lots = {one.id: lot_here(one) for one in made.book.records().values() if isinstance(one, Lot)}
        assert {one["id"]: lot_there(one) for one in said["lots"]} == lots
        stands = [made.book.effects(one.index) for one in made.effects]
        assert [effects_there(one) for one in said["effects"]] == list(map(effects_here, stands))
