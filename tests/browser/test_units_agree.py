"""Metal of class lots that travelled in units: both verifiers compute its passport again, and neither is deceived.

An operator may leave any one event out of what he commits to, and say what follows from the rest.
"""

import sys
from pathlib import Path

import pytest
from cheats import OUT_OF_FORM, bundled, copied, told_by
from damaged import Source
from engine import Given, verdicts
from forged_passports import committed, passport_of
from small_ledger import PLANT, ROLLING

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, TONNE, handed, lot, pallet, piece, small_mill
from test_random_mills import InUnits, bundle_of

from api.assets import rules
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.report import Outcome
from ledger.kernel.trust import format_trust, parse_trust
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.refold import recompute
from ledger.rules import rule_set
from tests.tiers import first

METAL, OTHER, COIL = lot("MET", 4), lot("MET-2", 4), piece("C-1")
FRAME = "https://id.gs1.org/8003/09521141000014F1"


def bought(mill, name=METAL, g=20 * TONNE):
    mill.new(PLANT, (name, g), attributes=[(name, {"material": "liquid-metal"})])


def cast(mill, g=TONNE, coil=COIL, name=METAL, who=ROLLING):
    mill.make(who, "casting", [(name, g)], [(coil, g)])


def brought(mill, unit, giver=PLANT, taker=ROLLING, paper="P"):
    sent = mill.send(giver, taker, (unit, None), paper=paper)
    mill.take(taker, giver, (unit, None), paper=paper)
    return sent


def unpack(mill, unit, *parts, who=ROLLING):
    for name, g in parts or [(METAL, 2 * TONNE)]:
        mill.pack_some(who, name, g, action="DELETE", into=unit)


def in_a_box(mill):
    """Taken out before it is used."""
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    brought(mill, pallet())
    unpack(mill, pallet())
    cast(mill)


def in_parts(mill):
    """Used while half of it is in the box yet, which goes on elsewhere later."""
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    brought(mill, pallet())
    unpack(mill, pallet(), (METAL, TONNE))
    cast(mill)
    mill.look(ROLLING, "storing", pallet())
    unpack(mill, pallet(), (METAL, TONNE))


def left_in(mill):
    """Nobody says that it was taken out."""
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    brought(mill, pallet())
    cast(mill)


def with_others(mill):
    """Two lots and a coil in one box, one of them in two boxes."""
    bought(mill, OTHER)
    mill.new(PLANT, (piece("Z"), 7))
    mill.pack_some(PLANT, OTHER, 3 * TONNE, piece("Z"))
    mill.pack_some(PLANT, METAL, TONNE)
    mill.pack_some(PLANT, METAL, TONNE, into=pallet(2))
    for unit in (pallet(), pallet(2)):
        brought(mill, unit)
        unpack(mill, unit, (METAL, TONNE))
    mill.make(ROLLING, "casting", [(METAL, TONNE), (OTHER, TONNE)], [(COIL, 2 * TONNE)])


def in_a_frame(mill):
    """A frame that was used before and is used again, with another lot first and with this one twice."""
    bought(mill, OTHER)
    for turn, name in enumerate((OTHER, METAL, OTHER, METAL, OTHER)):
        mill.pack_some(PLANT, name, TONNE, into=FRAME)
        brought(mill, FRAME, paper=f"P-{turn}")
        unpack(mill, FRAME, (name, TONNE))
        brought(mill, FRAME, ROLLING, PLANT, paper=f"B-{turn}")
        if turn == 3:
            cast(mill)


def in_a_box_in_a_box(mill):
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    mill.pack(PLANT, pallet(2), pallet())
    brought(mill, pallet(2))
    mill.pack(ROLLING, pallet(2), pallet(), action="DELETE")
    unpack(mill, pallet())
    cast(mill)


def into_a_box_in_a_box(mill):
    """The box was in the other one before anything was in it."""
    bought(mill, OTHER)
    mill.pack_some(PLANT, OTHER, TONNE)
    mill.pack(PLANT, pallet(2), pallet())
    mill.look(PLANT, "storing", pallet())
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    brought(mill, pallet(2))
    cast(mill)


def sent_back(mill):
    """Half of it is used where it was sent, the rest comes back and is used there."""
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    brought(mill, pallet())
    unpack(mill, pallet(), (METAL, TONNE))
    cast(mill, coil=piece("C-2"))
    brought(mill, pallet(), ROLLING, PLANT, paper="B")
    unpack(mill, pallet(), (METAL, TONNE), who=PLANT)
    cast(mill, 19 * TONNE, who=PLANT)


def not_packed_after_all(mill):
    wrong = mill.pack_some(PLANT, METAL, 2 * TONNE)
    mill.pack_some(PLANT, METAL, TONNE)
    mill.wrong(PLANT, wrong)
    brought(mill, pallet())
    cast(mill)


def not_unpacked_after_all(mill):
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    wrong = mill.pack_some(PLANT, METAL, 2 * TONNE, action="DELETE")
    mill.wrong(PLANT, wrong)
    brought(mill, pallet())
    cast(mill)


def not_sent_after_all(mill):
    """The shipment of the box is declared wrong when its metal was used."""
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    wrong = brought(mill, pallet())
    cast(mill)
    mill.wrong(PLANT, wrong)


def used_up_in_its_box(mill):
    """The box is charged, whatever is in it."""
    mill.pack_some(PLANT, METAL, TONNE)
    brought(mill, pallet())
    mill.make(ROLLING, "casting", [(pallet(), None)], [(COIL, TONNE)])
    bought(mill)


def taken_off_before(mill):
    """A slab on the box is used by itself, in an event that names no box; then the box is charged."""
    slab = piece("SLAB", 5)
    cast(mill, TONNE, slab, who=PLANT)
    mill.pack_some(PLANT, METAL, TONNE, slab)
    brought(mill, pallet())
    mill.look(ROLLING, "inspecting", slab)
    mill.make(ROLLING, "hot-rolling", [(slab, None)], [(piece("C-2"), TONNE)])
    mill.make(ROLLING, "casting", [(pallet(), None)], [(COIL, TONNE)])


def slabs_on_a_pallet(mill):
    """Two slabs are on a pallet in a box: one is used by itself, then the box is charged with the other."""
    slabs = [piece("SLAB-1", 5), piece("SLAB-2", 5)]
    for slab in slabs:
        cast(mill, TONNE, slab, who=PLANT)
    mill.pack(PLANT, pallet(), *slabs)
    mill.pack(PLANT, pallet(2), pallet())
    brought(mill, pallet(2))
    mill.make(ROLLING, "hot-rolling", [(slabs[0], None)], [(piece("C-2"), TONNE)])
    mill.make(ROLLING, "hot-rolling", [(pallet(2), None)], [(COIL, TONNE)])


def beside_it(mill):
    """Another lot, used together with it, travelled in a box while the coil's metal was its own."""
    bought(mill, OTHER)
    mill.pack_some(PLANT, OTHER, 2 * TONNE)
    cast(mill, who=PLANT)
    brought(mill, pallet())
    mill.make(ROLLING, "casting", [(OTHER, TONNE)], [(piece("C-3"), TONNE)])
    mill.send(PLANT, ROLLING, (METAL, 2 * TONNE), paper="Q")
    mill.take(ROLLING, PLANT, (METAL, 2 * TONNE), paper="Q")
    mill.make(ROLLING, "casting", [(METAL, TONNE), (OTHER, TONNE)], [(piece("C-2"), 2 * TONNE)])


def a_slab_on_a_pallet(mill):
    """A piece goes on a pallet that is on another one, and is there while others come and go."""
    slab = piece("SLAB", 5)
    cast(mill, 3 * TONNE, slab, who=PLANT)
    mill.new(PLANT, (piece("Z"), 7), (piece("Y"), 7))
    mill.pack(PLANT, pallet(), piece("Z"))
    mill.pack(PLANT, pallet(2), pallet())
    mill.pack(PLANT, pallet(), slab)
    mill.look(PLANT, "storing", pallet())
    mill.pack(PLANT, pallet(), piece("Y"))
    brought(mill, pallet(2))
    mill.pack(ROLLING, pallet(), slab, action="DELETE")
    mill.make(ROLLING, "hot-rolling", [(slab, None)], [(COIL, 3 * TONNE)])


def all_taken_off_at_once(mill):
    """Whatever is on the pallet, which goes on without it."""
    cast(mill, who=PLANT)
    mill.pack(PLANT, pallet(), COIL)
    brought(mill, pallet())
    mill.say(ROLLING, "Aggregation", action="DELETE", parentID=pallet())
    mill.look(ROLLING, "storing", pallet())
    mill.look(ROLLING, "inspecting", pallet())


def used_off_a_pallet(mill, *later):
    """A slab is used in an event that does not name the pallet on which it was looked at last."""
    slab = piece("SLAB", 5)
    cast(mill, 3 * TONNE, slab, who=PLANT)
    mill.pack(PLANT, pallet(), slab)
    brought(mill, pallet())
    mill.look(ROLLING, "storing", pallet())
    mill.make(ROLLING, "hot-rolling", [(slab, None)], [(COIL, 3 * TONNE)])
    for step in later:
        mill.look(ROLLING, step, pallet())


def used_off_a_pallet_that_goes_on(mill):
    used_off_a_pallet(mill, "storing", "inspecting")


def on_a_pallet_still(mill):
    cast(mill, who=PLANT)
    mill.pack(PLANT, pallet(), COIL)
    mill.pack(PLANT, pallet(2), pallet())
    brought(mill, pallet(2))
    mill.look(ROLLING, "storing", pallet())
    mill.look(ROLLING, "storing", pallet(2))


def freed_with_others(mill):
    """Worked on and released together with another lot, and on a pallet that was held before it was put there."""
    bought(mill, OTHER)
    mill.new(PLANT, (piece("Z"), 7))
    unset = {"persistentDisposition": {"unset": ["unavailable"]}}
    worked = {"al_process": f"{PLANT.id}/annealing", "al_start": "2026-01-01T00:00:00Z"}

    def look(step, *names, **members):
        amounts = [{"epcClass": name} for name in names]
        mill.say(PLANT, "Object", action="OBSERVE", bizStep=step, quantityList=amounts, **members)

    look("holding", OTHER)
    look("holding", METAL)
    look("storing", METAL, OTHER, **unset)
    look("other", METAL, OTHER, **worked)
    mill.pack(PLANT, pallet(), piece("Z"))
    mill.look(PLANT, "holding", pallet())
    mill.pack_some(PLANT, METAL, 2 * TONNE)
    mill.look(PLANT, "storing", pallet(), **unset)
    brought(mill, pallet())
    cast(mill)


def heard_of_late(mill):
    """Next to nothing of what was received before its sender was heard is accounted for later, in a box."""
    mill.new(ROLLING, (METAL, 20 * TONNE), origin="late", **handed(PLANT, ROLLING, "L"))
    cast(mill, 20 * TONNE)
    mill.pack_some(PLANT, METAL, 1_000)
    mill.send(PLANT, ROLLING, (pallet(), None), paper="L")


WAYS = [
    a_slab_on_a_pallet, in_a_box, in_parts, left_in, with_others, in_a_frame, in_a_box_in_a_box, into_a_box_in_a_box,
    sent_back, not_packed_after_all, not_unpacked_after_all, not_sent_after_all, used_up_in_its_box, beside_it,
    taken_off_before, slabs_on_a_pallet, freed_with_others, all_taken_off_at_once, used_off_a_pallet,
    used_off_a_pallet_that_goes_on, on_a_pallet_still,
]  # fmt: skip


def reports(sources):
    """What the kernel and the page say of each: verified, and of step 11."""
    own, known = rules(), rule_set()
    given = [Given(one.file, one.trust, one.pieces[-1], rules=own) for one in sources]
    for one, there in zip(given, verdicts(given), strict=True):
        trust, expected = parse_trust(one.trust), Expected(one.piece)
        here = verify_bundle(one.file, trust, expected=expected, recompute=lambda inputs: recompute(inputs, known))
        yield here, there


def forgeries(told, coil):
    """Any one input left out: the passport stays as it was, or says what follows from the rest."""
    honest, inputs = told.said[coil]
    for entry in inputs:
        chosen = [one for one in inputs if one != entry]
        yield f"without {entry}", bundled(copied(told.ledger), coil, committed(told.ledger, honest, chosen), chosen)
        try:
            body, rest = passport_of(told.ledger, coil, rule_set(), without={entry})
        except (CoilmarkError, *OUT_OF_FORM, RuntimeError):
            continue
        yield f"as if {entry} had not been", bundled(copied(told.ledger), coil, body, rest)


def told_of(folder, way):
    """What was said of the coil, on its way to a customer but for one."""
    with small_mill(folder) as mill:
        bought(mill)
        way(mill)
        if way is not on_a_pallet_still:
            mill.send(PLANT if way in {sent_back, beside_it} else ROLLING, CUSTOMER, (COIL, None), paper="X")
        return told_by(mill, [canonical_id(COIL)])


def test_both_compute_it_again_where_a_sender_was_heard_of_next_to_nothing(tmp_path):
    told, coil = told_of(tmp_path, heard_of_late), canonical_id(COIL)
    ((here, there),) = reports([bundled(copied(told.ledger), coil, *told.said[coil])])
    assert here.verified, here.verdict
    assert there["verified"], there
    assert {one["reason"] for one in told.said[coil][0]["ends"]} == {"late", "minor"}


@pytest.mark.parametrize("way", first(WAYS), ids=lambda way: way.__name__)
def test_both_compute_it_again_and_neither_does_where_an_event_is_left_out(tmp_path, way):
    told, coil = told_of(tmp_path, way), canonical_id(COIL)
    body, inputs = told.said[coil]
    named = [("honest", bundled(copied(told.ledger), coil, body, inputs)), *forgeries(told, coil)]
    (here, there), *forged = reports([source for _, source in named])
    assert here.verified, here.verdict
    assert there["verified"], there
    assert (here.steps[10].outcome, there["steps"][10]) == (Outcome.PASSED, "passed")
    assert len(forged) > len(inputs)
    taken = [
        (name, here.verdict, there["code"])
        for (name, _), (here, there) in zip(named[1:], forged, strict=True)
        if here.verified or there["verified"] or here.failed.number != 11
    ]
    assert taken == [], (inputs, body["references"])


def agree_on_every_piece(tmp_path, moves_of, seed, moves):
    """Of a mill that did what chance said: both compute each passport again."""
    with small_mill(tmp_path) as mill:
        chance = moves_of(mill, seed)
        chance.play(moves)
        made = [one for one in chance.pieces if chance.known(one)]
        sources = sources_of(mill, made)
    for name, (here, there) in zip(made, reports(sources), strict=True):
        assert (here.verified, there["verified"]) == (True, True), (name, here.verdict, there)
        assert (here.steps[10].outcome, there["steps"][10]) == (Outcome.PASSED, "passed")


def sources_of(mill, names):
    """The full bundle of each."""
    trust = format_trust(mill.world.trust).encode()
    return [Source(bundle_of(mill, one), trust, (None, canonical_id(one))) for one in names]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "moves"), [(10, 400), (28, 700)])
def test_both_compute_every_piece_of_a_random_mill_again(tmp_path, seed, moves):
    agree_on_every_piece(tmp_path, InUnits, seed, moves)
