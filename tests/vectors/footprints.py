"""Vectors of full bundles with evidence of a footprint, which is computed again from it (SPEC 7, step 11; 12.9).

To 12 as in `computed`; 13 what the works has for power, 14 wind of the hour in which slabs were cast, 15 what was drawn
in it, 16 what of that the wind covers by the hour, 17 by volume, 18 gas burnt, 19 power from the grid, 20 the passport.
"""

from importlib import resources

from forged_passports import accounted, committed, passport_of
from small_ledger import OPERATOR, PLANT, gln
from vectors.attestations import ROLES
from vectors.bundles import bundle_case
from vectors.computed import COIL, PLACE, RULES, cast_and_slit

from ledger.carbon.factors import POTENTIALS, known
from ledger.passport.evidence import in_ranges

CASTING, SLITTING, FARM, METER, DRAWN, WIND = (
    f"{PLANT.id}/{name}" for name in ("casting", "slitting", "farm", "meter", "casting-1", "wind-1")
)
FIRST, BY_HOUR, LAST = 14, 16, 19  # evidence
HOUR, NEXT = "2026-01-05T03:00:00Z", "2026-01-05T04:00:00Z"
MONTH = {"from": "2025-12-31T19:00:00Z", "to": "2026-01-31T19:00:00Z"}
FIELD = f"(414){gln(6)}"


def footprints():
    ledger, body, inputs = honest()
    yield _case("full-footprint-from-evidence", "Its footprint is what the evidence gives.", ledger, body, inputs)
    more = told(burnt=2_000_000)
    yield _case(
        "full-more-gas-than-the-footprint-has", "The plant signed that it burnt more gas than the footprint counts.",
        more, committed(more, body, inputs), inputs, 11, "figure",
    )  # fmt: skip
    fewer = [one for one in inputs if one != BY_HOUR]
    evidence = in_ranges([one for one in range(FIRST, LAST + 1) if one != BY_HOUR])
    yield _case(
        "full-an-allocation-left-out", "What is covered by the hour is left out: a later entry names it as before it.",
        told(), committed(ledger, {**body, "evidence": evidence}, fewer), fewer, 11, "inputs",
    )  # fmt: skip


def honest():
    """The ledger, the passport that follows from it, and the inputs that this commits to."""
    ledger = told()
    body, own = passport_of(ledger, COIL, RULES)
    inputs = [*own, *range(FIRST, LAST + 1)]
    body = accounted(ledger, {**body, "evidence": in_ranges(range(FIRST, LAST + 1))}, inputs, RULES)
    return ledger, committed(ledger, body, inputs), inputs


def _case(name, desc, ledger, body, inputs, *failing):
    data = ledger.bundle(ledger.add(OPERATOR, "passport", body), along=inputs, kind="full")
    return bundle_case(name, desc, data, ledger.trust(), *failing, expected={"piece": COIL}, rules=_program())


def _program():
    """What a verifier has: the factor sets that are named here, and the text of the one that formulas read."""
    names = (POTENTIALS, "ipcc-2006/combustion", "scenario-kz/1")
    text = resources.files("schemas").joinpath("factors", "ipcc-gwp.json").read_text("ascii")
    return {**RULES, "factors": {name: known()[name].digest for name in names}, "sets": {POTENTIALS: text}}


def told(burnt=1_000_000):
    """The ledger before the passport; `burnt` is gas, in kJ."""
    ledger = cast_and_slit()
    ledger.add(OPERATOR, "party", PLANT.profile(*ROLES, "emission-source", **_profile()))
    ledger.add(PLANT, "energy-attestation", {
        "id": WIND, "device": FARM, "meter": METER, "from": HOUR, "to": NEXT, "wh": 8_000_000, "source": "wind",
        "quality": "measured", "support": "none", "dissemination": "private-grid", "disclosure": True,
        "configuration": 1, "expires": "2027-01-05T00:00:00Z",
        "emissions": {"factor": "0.011", "basis": "life-cycle", "table": _table("scenario-kz/1")},
    })  # fmt: skip
    ledger.add(PLANT, "energy-consumption", {
        "id": DRAWN, "process": CASTING, "from": HOUR, "wh": [9_000_001], "method": "calculated",
    })  # fmt: skip
    for matching, start, end in (("hourly", 0, 5_000_000), ("volumetric", 5_000_000, 7_000_000)):
        row = {"attestation": WIND, "from_wh": start, "to_wh": end, "consumption": DRAWN, "hour": 0,
               "delivery": "same-zone"}  # fmt: skip
        ledger.add(PLANT, "energy-allocation", {
            "matching": matching, "purpose": "footprint", "beneficiary": PLANT.id, "rows": [row],
        })  # fmt: skip
    gas = {"fuel": "natural-gas", "quantity": burnt, "unit": "kJ", "factor": "56.1", "oxidation": "1", "biomass": "0"}
    grid = {"energy": 0, "method": "grid", "factor": "0.80"}
    _emitted(ledger, "ipcc-2006/combustion", stream="gas", kind="fuel", status="measured", fuel=gas)
    _emitted(ledger, "scenario-kz/1", stream="power", kind="electricity", status="default", electricity=grid)
    return ledger


def _profile():
    site = {"id": PLACE, "name": "works", "country": "KZ", "zone": "KZ-N"}
    farm = {"id": FIELD, "name": "farm", "country": "KZ", "zone": "KZ-N"}
    return {
        "sites": [site, farm],
        "processes": [{"id": one, "kind": one.rpartition("/")[2], "site": PLACE} for one in (CASTING, SLITTING)],
        "devices": [{"id": FARM, "kind": "generator", "site": FIELD, "capacity": 9_000_000, "source": "wind"}],
        "meters": [{"id": METER, "site": FIELD, "device": FARM}],
    }


def _emitted(ledger, table, **members):
    said = {"process": CASTING, "period": MONTH, "accounts": ["footprint"], "table": _table(table)}
    ledger.add(PLANT, "emission-source", {**said, **members})


def _table(name):
    return {"id": name, "digest": known()[name].digest}
