"""A footprint is divided by what the piece weighed as it was made, as of the state that it was accounted for (12.4)."""

import sys
from pathlib import Path

from cheats import bundled, copied, told_by
from forged_passports import passport_of
from msgspec.structs import replace
from small_ledger import PLANT, ROLLING
from test_units_agree import reports
from vectors.computed import COIL, cast_and_slit, footprint

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import TONNE, handed, listed, lot, piece, small_mill

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.hashing import tree_root
from ledger.kernel.statement import parse
from ledger.rules import rule_set

SLIT = 11  # the entry of the vectors' coils


def stated(ledger, coil, g, size):
    """A passport of now with a footprint of a state of then, divided by so many g."""
    root = b64url_encode(tree_root(ledger.leaves[:size]))

    def accounted(known, _as_of):
        one = footprint(known, {"size": size, "root": root})
        return replace(one, footprint=replace(one.footprint, g=g))

    return bundled(copied(ledger), coil, *passport_of(ledger, coil, rule_set(), accounted))


def agreed(ledger, coil, weights):
    """Which of these (g, size) both verifiers take; the others fail in both for their figures."""
    taken = []
    for one, (here, there) in zip(weights, reports([stated(ledger, coil, *one) for one in weights]), strict=True):
        assert here.verified == there["verified"], (one, here.verdict, there)
        assert here.verified or (here.failed.number, here.code, there["code"]) == (11, "figure", "figure")
        taken += [one] if here.verified else []
    return taken


def test_of_a_coil_that_was_corrected_each_state_has_the_mass_that_stood_then():
    ledger = cast_and_slit()
    slit, before = parse(ledger.wires[SLIT]).body, len(ledger.entries)
    first, second = slit["al:mass"]
    told = {"declarationTime": slit["eventTime"], "correctiveEventIDs": ["urn:example:again"]}
    ledger.add(PLANT, "lot-event", {**slit, "errorDeclaration": told})
    masses = [{**first, "g": 7_000_000}, {**second, "g": 8_000_000}]
    sooner = {"al:start": "2026-01-05T03:46:00Z", "eventTime": "2026-01-05T03:47:00Z"}
    ledger.add(PLANT, "lot-event", {**slit, **sooner, "eventID": "urn:example:again", "al:mass": masses})
    now, ledger.founding = len(ledger.entries), None  # a copy of it has its first entries
    weights = [(g, size) for size in (before, before + 1, now) for g in (7_000_000, 7_100_000)]
    assert agreed(ledger, COIL, weights) == [(7_100_000, before), (7_000_000, now)]


def test_of_a_coil_that_came_before_its_maker_was_heard_its_making_counts_from_when_it_was_sent(tmp_path):
    metal, coil = lot("MET", 4), piece("C-1")
    with small_mill(tmp_path) as mill:
        early = mill.new(ROLLING, (coil, TONNE - 9), origin="late", **handed(PLANT, ROLLING, "L"))
        mill.new(PLANT, (metal, 9 * TONNE))
        made = listed("input", [(metal, TONNE)]) | listed("output", [(coil, TONNE)])
        mass = {"id": coil, "g": TONNE, "basis": "dry", "method": "scale", "side": "output"}
        before = {"al_start": "2026-01-05T03:00:00Z", "eventTime": "2026-01-05T03:10:00Z"}
        mill.say(PLANT, "Transformation", al_process=f"{PLANT.id}/casting", al_mass=[mass], **made, **before)
        sent = mill.send(PLANT, ROLLING, (coil, None), paper="L")
        told = told_by(mill, [canonical_id(coil)])
    weights = [(g, size) for size in (early + 1, sent, sent + 1) for g in (TONNE - 9, TONNE)]
    assert agreed(told.ledger, canonical_id(coil), weights) == [
        (TONNE - 9, early + 1), (TONNE - 9, sent), (TONNE, sent + 1),
    ]  # fmt: skip
