"""Rules 5.2 and 5.4 over random parks: whatever is done, corrected and returned, no gram appears or vanishes anywhere.

Not in all alone: in each place, delivery and run, and of each piece.
"""

from collections import Counter
from random import Random

from chance import EVERYTHING, SETTINGS, Handling, seeds
from hypothesis import given
from hypothesis import strategies as st

from ledger.lots.records import NOBODY, Delivery, Lot, Run


@SETTINGS
@given(seeds, st.integers(20, 50))
def test_no_gram_appears_or_vanishes(random, steps):
    park = Handling(random).go(steps, EVERYTHING)
    every_event_balances(park)
    every_place_has_what_was_posted(park)
    every_delivery_has_what_was_sent_and_not_received(park)
    every_run_has_what_its_events_took_and_made(park)
    every_closed_run_gives_no_more_than_it_takes_or_that_is_found(park)
    every_piece_weighs_on_the_books_what_it_weighs(park)
    every_piece_is_somewhere_until_it_is_used_up(park)


def every_event_balances(park):
    for one in park.effects:
        assert g_of(one.debits) + sum(one.entered.values()) == g_of(one.credits) + sum(one.left.values())


def every_place_has_what_was_posted(park):
    there = {(one.id, at.holder, at.delivery): at.g for one in kept(park, Lot) for at in one.holdings}
    assert Counter(there) == posted(park)
    came, went = (sum(sum(side.values()) for side in sides) for sides in entered_and_left(park))
    assert sum(there.values()) == came - went


def every_delivery_has_what_was_sent_and_not_received(park):
    for one in kept(park, Delivery):
        for line in one.lines:
            lot = park.lot(line.lot)
            under_way = sum(at.g for at in lot.holdings if at.delivery == one.name)
            assert lot.single or under_way == line.shipped - line.received + more_than_was_sent(park, one.name, lot.id)


def every_run_has_what_its_events_took_and_made(park):
    for one in kept(park, Run):
        took, made = through(park, one)
        sums = one.sums
        assert one.monthly or (sum(sums.inputs.values()), sum(sums.outputs.values()), sums.took) == (took, made, took)


def every_closed_run_gives_no_more_than_it_takes_or_that_is_found(park):
    """But where a correction is still to come."""
    for one in kept(park, Run):
        said = [
            park.book.effects(done.index) for done in park.effects if (done.issuer, done.run) == (one.issuer, one.name)
        ]
        gave = sum(done.entered.get("run", 0) for done in said if done.declared_by == NOBODY)
        found = {"output_above_input", "mass_not_closed"} & {
            found.rule for done in park.effects if done.issuer == one.issuer
            for found in done.findings if found.says.startswith(f"{one.name}: ")
        }  # fmt: skip
        waits = any(done.awaited and done.replaced_by == NOBODY for done in said)
        over = one.sums.closing and one.closed_by != NOBODY and gave > one.sums.took + one.sums.took // 200
        assert not over or found or waits


def every_piece_weighs_on_the_books_what_it_weighs(park):
    """But where two say what: who had it before its maker was heard; who used what was corrected, or is in doubt."""
    of_two = {posting.lot for one in park.effects for posting in one.credits if posting.kind == "late"}
    of_two |= {found.lot for one in park.effects for found in one.findings if found.rule == "corrected_after_use"}
    for one in kept(park, Lot):
        if one.single and one.id not in of_two and not one.blocked and one.doubt == NOBODY:
            weighs = one.g or 0 if one.consumed_by == NOBODY else 0
            assert sum(at.g for at in one.holdings) == weighs


def every_piece_is_somewhere_until_it_is_used_up(park):
    for one in kept(park, Lot):
        assert not one.single or one.holdings or one.consumed_by != NOBODY or one.doubt != NOBODY


def entered_and_left(park):
    return [one.entered for one in park.effects], [one.left for one in park.effects]


def kept(park, kind):
    return [one for one in park.book.records().values() if isinstance(one, kind)]


def g_of(postings):
    return sum(one.g for one in postings)


def posted(park):
    """What is in each place, by every posting there ever was."""
    places = Counter()
    for one in park.effects:
        for posting in one.credits:
            places[posting.place] += posting.g
        for posting in one.debits:
            places[posting.place] -= posting.g
    return places


def more_than_was_sent(park, delivery, lot):
    """What arrived beyond what had left, by the receivers' weights."""
    about = [one for one in park.effects if any((at.delivery, at.lot) == (delivery, lot) for at in one.moved)]
    signs = ((one, side, sign) for one in about for side, sign in ((one.credits, 1), (one.debits, -1)))
    return sum(
        sign * posting.g for one, side, sign in signs for posting in side
        if (posting.lot, posting.kind) == (lot, "delivery difference")
    )  # fmt: skip


def through(park, run):
    """What the events of a run that stand took, and what they made."""
    said = [park.book.effects(one.index) for one in park.effects if (one.issuer, one.run) == (run.issuer, run.name)]
    stand = [one for one in said if one.declared_by == NOBODY]
    made = (posting.g for one in stand for posting in one.credits if not posting.kind)
    return sum(one.left["run"] for one in stand if "run" in one.left), sum(made)


def test_these_parks_do_everything_that_can_be_done_with_metal():
    chances = [Handling(Random(seed)) for seed in range(80)]
    parks = [one.go(40, EVERYTHING) for one in chances]
    done = Counter(one.what for park in parks for one in park.effects)
    for what in ("commissioning", "casting", "electrolysis", "shipping", "receiving", "void_shipping", "stock_taking",
                 "AggregationEvent", "error declaration", "holding"):  # fmt: skip
        assert done[what] > 5
    kinds = Counter(kind for park in parks for sides in entered_and_left(park) for one in sides for kind in one)
    for kind in ("late", "outside", "run", "unaccounted", "destroyed", "weighed", "count surplus", "opening",
                 "delivery difference", "correction", "reaction", "oxidation"):  # fmt: skip
        assert kinds[kind] > 0, kind
    assert sum(one.replaces != NOBODY for park in parks for one in park.effects) > 80 // 2
    assert sum(one.done for one in chances) > 80 * 40 // 2
