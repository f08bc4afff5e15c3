"""A slab that nobody weighed when it was cast, and what was rolled of it: both verifiers compute the passport again."""

import sys
from pathlib import Path

import pytest
from cheats import bundled, copied, told_by
from small_ledger import PLANT, ROLLING
from test_units_agree import COIL, METAL, bought, reports

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, TONNE, pallet, piece, small_mill

from ledger.kernel.gs1 import canonical_id
from tests.tiers import first

SLAB = piece("SLAB", 5)


def cast(mill, g=None, **members):
    return mill.make(PLANT, "casting", [(METAL, 3 * TONNE)], [(SLAB, g)], **members)


def sent(mill, name=SLAB, giver=PLANT, taker=ROLLING, paper="P"):
    mill.send(giver, taker, (name, None), paper=paper)
    mill.take(taker, giver, (name, None), paper=paper)


def weighs(mill, who, g, name=SLAB, step="inspecting", **members):
    weighed = [{"id": name, "g": g, "basis": "dry", "method": "scale"}]
    return mill.say(who, "Object", action="OBSERVE", bizStep=step, epcList=[name], al_mass=weighed, **members)


def rolls(mill):
    mill.make(ROLLING, "hot-rolling", [(SLAB, None)], [(COIL, None)])
    weighs(mill, ROLLING, 2_900_000, COIL, "stock_taking")


def where_it_went(mill):
    """By who received it, some time after."""
    cast(mill)
    sent(mill)
    weighs(mill, ROLLING, 2_950_000)
    rolls(mill)


def on_a_pallet(mill):
    """Packed, and weighed by who cast it when it was with another."""
    cast(mill)
    mill.pack(PLANT, pallet(), SLAB)
    sent(mill, pallet())
    weighs(mill, PLANT, 2_950_000)
    rolls(mill)


def corrected(mill):
    """The weighing first, then what was cast, which says a third mass; the weighing then never was."""
    cast_first = cast(mill)
    sent(mill)
    wrong = weighs(mill, ROLLING, 2_500_000)
    mill.wrong(ROLLING, wrong, "urn:weighed")
    right = weighs(mill, ROLLING, 2_950_000, eventID="urn:weighed")
    mill.wrong(PLANT, cast_first, "urn:cast")
    cast(mill, 2_960_000, eventID="urn:cast")
    mill.wrong(ROLLING, right)
    rolls(mill)


def told_by_the_maker_in_the_end(mill):
    """What was cast is corrected when the slab has moved on, unweighed, and once more when it was rolled."""
    wrong = cast(mill)
    sent(mill)
    mill.wrong(PLANT, wrong, "urn:cast")
    again = cast(mill, 2_940_000, eventID="urn:cast")
    rolls(mill)
    mill.wrong(PLANT, again, "urn:cast:2")
    cast(mill, 2_960_000, eventID="urn:cast:2")


@pytest.mark.parametrize("way", first([corrected, where_it_went, on_a_pallet, told_by_the_maker_in_the_end], 2))
def test_both_compute_it_again(tmp_path, way):
    coil = canonical_id(COIL)
    with small_mill(tmp_path) as mill:
        bought(mill)
        way(mill)
        mill.send(ROLLING, CUSTOMER, (COIL, None), paper="X")
        told = told_by(mill, [coil])
    ((here, there),) = reports([bundled(copied(told.ledger), coil, *told.said[coil])])
    assert here.verified, here.verdict
    assert there["verified"], there
    assert told.said[coil][0]["facts"]["mass"] == 2_900_000


def test_of_a_piece_in_doubt_both_trace_its_mass_once(tmp_path):
    """Its corrected making, which had said what it weighs, is declared wrong too."""
    slab = canonical_id(SLAB)
    with small_mill(tmp_path) as mill:
        bought(mill)
        wrong = cast(mill)
        sent(mill)
        mill.wrong(PLANT, wrong, "urn:cast")
        mill.wrong(PLANT, cast(mill, 2_940_000, eventID="urn:cast"), "urn:cast:2")
        told = told_by(mill, [slab])
    ((here, there),) = reports([bundled(copied(told.ledger), slab, *told.said[slab])])
    assert here.verified, here.verdict
    assert there["verified"], there
    assert [end["mass"] for end in told.said[slab][0]["ends"]] == [2_940_000]
