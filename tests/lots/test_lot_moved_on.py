"""Rule 5.6: what was moved on from a move that is declared wrong, or corrected, in whatever order that is heard."""

from itertools import combinations, permutations
from random import Random

import pytest
from chance import HANDLING, SETTINGS, Handling, seeds
from folded import CUSTOMER, MILL, SITE, SMELTER, Park, lot, pallet, piece, places, rules
from hypothesis import given
from hypothesis import strategies as st
from test_lot_never_recorded import places as all_places

from ledger.kernel.errors import Refused
from ledger.lots.records import Delivery, Lot

METAL, SLAB, BAND, UNIT, OTHER = lot("PL-1"), piece("S-1"), piece("H-1"), pallet(1), piece("S-2")


@pytest.fixture
def park():
    return Park()


def sent_on(park, first=None, second=None, receiver=CUSTOMER):
    """From the smelter to the mill and on to the customer: the entries of four moves, and what each receiver weighs."""
    entries = []
    for giver, taker, paper, g in ((SMELTER, MILL, "D-1", first), (MILL, receiver, "D-2", second)):
        entries.append((giver, park.ship(giver, taker, (SLAB, None), paper=paper).index))
        entries.append((taker, park.receive(taker, giver, (SLAB, g), paper=paper).index))
    return entries


WEIGHED = {
    "at all": (9_000, None, None), "never": (None, None, None), "first": (None, 9_000, None),
    "last": (None, None, 9_000),
}  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("weighed", WEIGHED)
def test_of_moves_that_are_all_wrong_none_happened_in_whatever_order_that_is_said(park, order, weighed):
    made, first, second = WEIGHED[weighed]
    park.new(SMELTER, (SLAB, made))
    moves = sent_on(park, first, second)
    for one in order:
        park.wrong(*moves[one])
    assert places(park, SLAB) == [(SMELTER, "", made or 0)]
    assert (park.lot(SLAB).g, park.lot(SLAB).owed, park.blocked(SLAB)) == (made, (), False)


@pytest.mark.parametrize("wrong", [some for most in (2, 3) for some in combinations(range(4), most)])
@pytest.mark.parametrize("weighed", WEIGHED)
def test_in_whatever_order_some_moves_are_called_wrong_the_books_say_the_same(weighed, wrong):
    seen = []
    for order in permutations(wrong):
        park, (made, first, second) = Park(), WEIGHED[weighed]
        park.new(SMELTER, (SLAB, made))
        moves = sent_on(park, first, second)
        for one in order:
            park.wrong(*moves[one])
        owed = [(one.at.holder, one.at.delivery, one.times) for one in park.lot(SLAB).owed]
        seen.append((places(park, SLAB), owed, park.lot(SLAB).blocked, park.lot(SLAB).g))
    assert seen == seen[:1] * len(seen)


@pytest.mark.parametrize("order", [(0, 1, 5, 4, 3, 2), (0, 1, 2, 3, 4, 5), (5, 3, 1, 0, 2, 4)])
def test_a_piece_that_went_to_and_fro_is_with_its_maker_once_no_move_stands(park, order):
    """First weighed by the first receipt: with that and its shipment wrong, it came and went as often, in grams."""
    park.new(SMELTER, (SLAB, None))
    moves = sent_on(park, 9_000, receiver=SMELTER)
    moves.append((SMELTER, park.ship(SMELTER, MILL, (SLAB, None), paper="D-3").index))
    moves.append((MILL, park.receive(MILL, SMELTER, (SLAB, None), paper="D-3").index))
    for one in order:
        park.wrong(*moves[one])
    assert (places(park, SLAB), park.lot(SLAB).owed, park.blocked(SLAB)) == ([(SMELTER, "", 0)], (), False)


def test_a_piece_without_mass_that_came_twice_is_there_as_long_as_its_second_receipt_stands(park):
    park.new(SMELTER, (SLAB, None))
    park.ship(SMELTER, MILL, (SLAB, None))
    first = park.receive(MILL, SMELTER, (SLAB, None)).index
    park.ship(MILL, SMELTER, (SLAB, None), paper="D-2")
    park.receive(SMELTER, MILL, (SLAB, None), paper="D-2")
    park.ship(SMELTER, MILL, (SLAB, None), paper="D-3")
    second = park.receive(MILL, SMELTER, (SLAB, None), paper="D-3").index
    park.wrong(MILL, first)
    assert places(park, SLAB) == [(MILL, "", 0)]
    park.wrong(MILL, second)
    assert places(park, SLAB) == [(SMELTER, "D-3", 0)]


def test_of_an_amount_nothing_is_owed_where_a_shipment_of_none_of_it_was_wrong(park):
    park.new(SMELTER, (METAL, 100))
    park.wrong(SMELTER, park.ship(SMELTER, MILL, (METAL, 0)).index)
    assert (places(park, METAL), park.lot(METAL).owed) == ([(SMELTER, "", 100)], ())


def test_a_piece_that_was_wrongly_taken_out_and_weighed_is_in_its_unit_again(park):
    park.new(SMELTER, (SLAB, None))
    park.say(SMELTER, "Aggregation", action="ADD", parentID=UNIT, childEPCs=[SLAB])
    park.wrong(SMELTER, park.ship(SMELTER, MILL, (SLAB, 500)).index)
    assert (park.lot(SLAB).inside, places(park, SLAB)) == (UNIT, [(SMELTER, "", 0)])


@pytest.mark.parametrize("move", range(4))
@pytest.mark.parametrize("weighed", ["never", "first", "last"])
def test_a_move_that_is_recorded_again_as_it_was_is_taken_back_again_with_all_others(park, weighed, move):
    """Whoever weighed the piece before or after: it stays where it is, and is with its maker once no move stands."""
    made, first, second = WEIGHED[weighed]
    park.new(SMELTER, (SLAB, made))
    moves, now = sent_on(park, first, second), places(park, SLAB)
    assert once_more(park, moves[move][1])
    assert (places(park, SLAB), park.lot(SLAB).owed, park.blocked(SLAB)) == (now, (), False)
    moves[move] = (moves[move][0], len(park.effects) - 1)
    for one in (2, 0, 1, 3):
        park.wrong(*moves[one])
    assert (places(park, SLAB), park.lot(SLAB).owed, park.lot(SLAB).g) == ([(SMELTER, "", 0)], (), None)


@pytest.mark.parametrize("order", [[0], [0, 1], [1, 0]])
def test_a_first_weight_that_its_correction_does_not_repeat_is_short_until_its_moves_are_wrong_too(park, order):
    park.new(SMELTER, (SLAB, None))
    sent = park.ship(SMELTER, MILL, (SLAB, 500)).index
    taken = park.receive(MILL, SMELTER, (SLAB, None)).index
    park.wrong(SMELTER, sent, "urn:sent")
    again = park.ship(SMELTER, MILL, (SLAB, None), eventID="urn:sent").index
    assert (places(park, SLAB), park.blocked(SLAB)) == ([(SMELTER, "D-1", -500), (MILL, "", 500)], True)
    for one in order:
        park.wrong(*[(MILL, taken), (SMELTER, again)][one])
    where = "" if len(order) > 1 else "D-1"
    assert (places(park, SLAB), park.lot(SLAB).owed) == ([(SMELTER, where, 0)], ())


@pytest.mark.parametrize("wrong", [(0, 1), (1, 0), (2, 1), (0, 2, 1), (3, 0, 1)])
def test_what_has_no_mass_is_where_its_moves_that_stand_leave_it(park, wrong):
    """A unit stays where it is as long as its last move stands, and goes back as far as the others do."""
    park.say(SMELTER, "Aggregation", action="ADD", parentID=UNIT, childEPCs=[])
    moves = []
    for giver, taker, paper in ((SMELTER, MILL, "D-1"), (MILL, CUSTOMER, "D-2")):
        moves.append((giver, park.ship(giver, taker, (UNIT, None), paper=paper).index))
        moves.append((taker, park.receive(taker, giver, (UNIT, None), paper=paper).index))
    for one in wrong:
        park.wrong(*moves[one])
    here = {(0, 1): (CUSTOMER, ""), (1, 0): (CUSTOMER, ""), (2, 1): (CUSTOMER, ""), (0, 2, 1): (CUSTOMER, ""),
            (3, 0, 1): (MILL, "D-2")}[wrong]  # fmt: skip
    assert places(park, UNIT) == [(*here, 0)]
    for one in (one for one in range(3, -1, -1) if one not in wrong):
        park.wrong(*moves[one])
    assert (places(park, UNIT), park.lot(UNIT).owed) == ([(SMELTER, "", 0)], ())


def test_a_shipment_and_a_receipt_of_a_unit_are_corrected_after_it_moved_on(park):
    park.say(SMELTER, "Aggregation", action="ADD", parentID=UNIT, childEPCs=[])
    sent = park.ship(SMELTER, MILL, (UNIT, None)).index
    taken = park.receive(MILL, SMELTER, (UNIT, None)).index
    park.ship(MILL, CUSTOMER, (UNIT, None), paper="D-2")
    now = places(park, UNIT)
    park.wrong(MILL, taken, "urn:taken")
    park.receive(MILL, SMELTER, (UNIT, None), eventID="urn:taken")
    assert (places(park, UNIT), park.lot(UNIT).owed) == (now, ())
    park.wrong(SMELTER, sent, "urn:sent")
    park.ship(SMELTER, MILL, (UNIT, None), eventID="urn:sent")
    assert (places(park, UNIT), park.lot(UNIT).owed) == (now, ())


def test_of_a_shipment_corrected_to_another_paper_the_receipt_that_is_wrong_too_goes_back_to_that(park):
    park.new(SMELTER, (SLAB, None))
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    taken = park.receive(MILL, SMELTER, (SLAB, None)).index
    park.wrong(SMELTER, sent, "urn:sent")
    park.ship(SMELTER, CUSTOMER, (SLAB, None), paper="D-9", eventID="urn:sent")
    assert places(park, SLAB) == [(MILL, "", 0)]
    park.wrong(MILL, taken)
    assert (places(park, SLAB), park.lot(SLAB).owed) == ([(SMELTER, "D-9", 0)], ())


def test_a_piece_without_mass_that_was_used_up_is_where_it_came_from_once_its_use_is_wrong_too(park):
    park.new(SMELTER, (SLAB, None))
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    taken = park.receive(MILL, SMELTER, (SLAB, None)).index
    used = park.make(MILL, [(SLAB, None)], [(BAND, None)], "hot-rolling").index
    park.wrong(SMELTER, sent)
    park.wrong(MILL, taken)
    assert (places(park, SLAB), park.lot(SLAB).consumed_by) == ([], used)
    park.wrong(MILL, used)
    assert (places(park, SLAB), park.lot(SLAB).owed) == ([(SMELTER, "", 0)], ())


def test_what_comes_back_by_a_declaration_is_at_the_site_of_its_holder(park):
    park.sites[SITE] = SMELTER
    park.new(SMELTER, (SLAB, 100), (OTHER, None))
    sent = park.ship(SMELTER, MILL, (SLAB, None), (OTHER, None)).index
    park.wrong(SMELTER, sent)
    assert [one.site for name in (SLAB, OTHER) for one in park.lot(name).holdings] == [SITE, SITE]


def test_a_piece_that_came_back_is_sent_once_by_the_correction_of_its_first_shipment(park):
    park.new(SMELTER, (SLAB, 100))
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    park.look(SMELTER, "void_shipping", (SLAB, None))
    park.wrong(SMELTER, sent, "urn:sent")
    done = park.ship(SMELTER, MILL, (SLAB, None), eventID="urn:sent")
    assert ([one.g for one in done.debits], places(park, SLAB)) == ([100], [(SMELTER, "", 100)])
    assert not park.blocked(SLAB)


@pytest.mark.parametrize("corrected", [500, 480, None])
def test_who_was_the_first_to_weigh_a_piece_corrects_that_after_it_moved_on(park, corrected):
    park.new(SMELTER, (SLAB, None))
    sent = park.ship(SMELTER, MILL, (SLAB, 500)).index
    park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(SMELTER, sent, "urn:sent")
    park.ship(SMELTER, MILL, (SLAB, corrected), eventID="urn:sent")
    assert (park.lot(SLAB).g, park.have(MILL, SLAB)) == (corrected, 500)
    assert all(one.holder == MILL or corrected != 500 for one in park.lot(SLAB).holdings)


def test_a_first_weight_in_a_correction_is_booked_where_the_piece_is(park):
    park.new(SMELTER, (SLAB, None))
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(SMELTER, sent, "urn:sent")
    done = park.ship(SMELTER, MILL, (SLAB, 500), eventID="urn:sent")
    assert (park.lot(SLAB).g, places(park, SLAB), done.entered) == (500, [(MILL, "", 500)], {"weighed": 500})


def test_a_piece_that_was_weighed_since_keeps_its_mass_when_its_maker_corrects_and_gives_none(park):
    made = park.new(SMELTER, (SLAB, None)).index
    park.ship(SMELTER, MILL, (SLAB, 500))
    park.wrong(SMELTER, made, "urn:made")
    park.new(SMELTER, (SLAB, None), eventID="urn:made")
    assert (park.lot(SLAB).g, places(park, SLAB)) == (500, [(SMELTER, "D-1", 500)])
    again = park.new(SMELTER, (OTHER, 300)).index
    park.wrong(SMELTER, again, "urn:other")
    park.new(SMELTER, (OTHER, None), eventID="urn:other")
    assert park.lot(OTHER).g is None


@pytest.mark.parametrize("receiver", [CUSTOMER, SMELTER])
@pytest.mark.parametrize("weighed", WEIGHED)
def test_of_a_piece_whose_making_and_moves_are_all_wrong_nothing_is_anywhere_but_where_it_was_made(receiver, weighed):
    """In whatever order that is said: who made it makes it again, and has it to ship."""
    seen = []
    for order in permutations(range(5)):
        park, (made, first, second) = Park(), WEIGHED[weighed]
        wrong = [(SMELTER, park.new(SMELTER, (SLAB, made)).index), *sent_on(park, first, second, receiver)]
        for one in order:
            park.wrong(*wrong[one], *["urn:made"][one:])
        seen.append((park.lot(SLAB).holdings, park.lot(SLAB).owed, park.lot(SLAB).g))
        park.new(SMELTER, (SLAB, 900), eventID="urn:made")
        park.ship(SMELTER, MILL, (SLAB, None))
        assert places(park, SLAB) == [(SMELTER, "D-1", 900)], order
    ((here,), owed, _), *_ = seen
    assert (seen, here.holder, here.delivery, here.g, owed) == (seen[:1] * len(seen), SMELTER, "", 0, ())


def test_a_piece_without_mass_that_is_made_again_after_it_moved_on_comes_back_once(park):
    park.new(SMELTER, (METAL, 100))
    made = park.make(SMELTER, [(METAL, 100)], [(SLAB, None)]).index
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    park.wrong(SMELTER, made, "urn:made")
    park.make(SMELTER, [(METAL, 100)], [(SLAB, None)], eventID="urn:made")
    assert (places(park, SLAB), park.lot(SLAB).owed) == ([(SMELTER, "D-1", 0)], ())
    park.wrong(SMELTER, sent)
    assert (places(park, SLAB), park.lot(SLAB).owed) == ([(SMELTER, "", 0)], ())


def test_a_maker_corrects_what_its_receiver_has_early_and_has_it_still_to_send(park):
    origin = [{"id": SLAB, "kind": "late", "supplier": "S", "document": "D", "g": 900}]
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=origin)
    made = park.new(SMELTER, (SLAB, 880)).index
    park.wrong(SMELTER, made, "urn:made")
    done = park.new(SMELTER, (SLAB, 890), eventID="urn:made")
    assert (rules(done), park.have(SMELTER, SLAB), park.have(MILL, SLAB)) == ({"no_source"}, 890, 900)
    park.ship(SMELTER, MILL, (SLAB, None))
    assert places(park, SLAB) == [(MILL, "", 900)]


def once_more(park, index):
    """The event declared wrong and recorded again as it was; False where that is refused."""
    one, body = park.effects[index], park.bodies[index]
    park.wrong(one.issuer, index, "urn:right")
    told = {key: value for key, value in body.items() if key not in {"type", "eventTime", "eventID"}}
    try:
        park.say(one.issuer, body["type"].removesuffix("Event"), eventID="urn:right", **told)
    except Refused:
        return False
    return True


def grams(book):
    """What of each piece is where."""
    lots = [one for one in book.records().values() if isinstance(one, Lot) and "(21)" in one.id]
    return {one.id: {(at.holder, at.delivery): at.g for at in one.holdings} for one in lots}


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_what_is_recorded_again_as_it_was_leaves_every_piece_where_it_is(random, steps):
    made = Handling(random).go(steps, [act for act in HANDLING if act not in {"pack_more", "pack", "unpack"}])
    deliveries = [one for one in made.book.records().values() if isinstance(one, Delivery)]
    if not made.effects or any(one.sender == one.receiver for one in deliveries):
        return  # what somebody sends to himself is in two places of his
    before, there = grams(made.book), all_places(made.book, set())
    if once_more(made, random.randrange(len(made.effects))):
        assert all_places(made.book, set()) == there
        assert grams(made.book) == before


def test_most_events_of_these_parks_are_recorded_again():
    parks = [Handling(Random(seed)).go(30, HANDLING) for seed in range(40)]
    assert sum(once_more(park, len(park.effects) // 2) for park in parks) > 30
