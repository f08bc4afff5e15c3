"""Rule 5.6: what is declared wrong, and what nothing rests on, leaves the books as if it had never been recorded."""

from random import Random

from chance import HANDLING, SETTINGS, Handling, seeds
from folded import OPERATOR
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import Refused
from ledger.lots.book import Book
from ledger.lots.fold import apply
from ledger.lots.records import NOBODY, Delivery, Lot, Run, Site
from ledger.lots.sums import Sums


def without(park, wrong):
    """The book and effects of all events but some; None where an event rests on one of them."""
    book, effects = Book(), []
    for event, declares in park.told:
        if event.index in wrong or declares != NOBODY:
            continue
        try:
            effects.append(apply(book, event, operator=OPERATOR, sites=park.sites))
        except Refused:
            return None
        if did(effects[-1]) != did(park.effects[event.index]):
            return None
    return book


def did(one):
    """What an event did, whatever was there before."""
    postings = [[(p.place, p.owner, p.g, p.kind) for p in side] for side in (one.debits, one.credits)]
    marks = (one.made, one.consumed, one.held, one.released, one.closed, one.packed, one.unpacked, one.lifted)
    return postings, one.entered, one.left, one.moved, marks, one.sold, one.settles, one.surplus, one.opened


def known(book):
    """What the books say, but for mixes, attributes and doubt, and for what there is nothing of."""
    return {name: said for one in book.records().values() for name, said in said_of(one) if said}


def said_of(one):
    if isinstance(one, Lot):
        here = {(at.holder, at.delivery): (at.owner, at.g) for at in one.holdings if at.g}
        yield f"mass {one.id}", (here, one.consumed_by) if here or one.consumed_by != NOBODY else None
        yield f"late {one.id}", one.late
        yield f"holds {one.id}", one.holds
        barred = one.blocked, one.surplus, one.closed_by
        yield f"barred {one.id}", barred if any(barred) else None
        yield f"inside {one.id}", (one.inside, one.packed_by) if one.inside else ""
        yield f"contents {one.id}", (*one.contents, *one.amounts)
    if isinstance(one, Delivery):
        for line in one.lines:
            yield f"{one.name} {line.lot}", (line.shipped, line.received) if line.shipped or line.received else None
    if isinstance(one, Run):
        yield f"run {one.name}", (one.sums, one.closed_by) if one.sums != Sums() or one.closed_by != NOBODY else None
    if isinstance(one, Site):
        yield one.id, one.opened_by + 1


def places(book, wrong):
    """Where each piece and unit is, and what it weighs; but for what was made by what is wrong."""
    lots = [one for one in book.records().values() if isinstance(one, Lot)]
    return {
        one.id: ({(at.holder, at.delivery) for at in one.holdings}, one.g)
        for one in lots if one.single and one.made_by not in wrong
    }  # fmt: skip


def declared(random, steps, most, *, newest_first=True):
    """A random park with some of its events declared wrong, and the entries of these."""
    chance = Handling(random)
    park = chance.go(steps, HANDLING)
    wrong = random.sample(range(len(park.effects)), min(len(park.effects), random.randint(1, most)))
    for index in sorted(wrong, reverse=newest_first):
        park.wrong(park.effects[index].issuer, index)
    return park, set(wrong)


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_what_nothing_rests_on_is_as_if_it_had_never_been(random, steps):
    park, wrong = declared(random, steps, 4, newest_first=random.random() < 0.5)
    book = without(park, wrong)
    if book is not None:
        assert known(park.book) == known(book)
        have, want = places(park.book, wrong), places(book, wrong)
        known_to_both = have.keys() & want.keys()
        assert {name: have[name] for name in known_to_both} == {name: want[name] for name in known_to_both}


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_whatever_rests_on_it_no_gram_appears_or_vanishes(random, steps):
    park, _ = declared(random, steps, 6, newest_first=random.random() < 0.5)
    lots = [one for one in park.book.records().values() if isinstance(one, Lot)]
    came, went = (sum(g for one in park.effects for g in side(one).values()) for side in (entered, left))
    assert sum(at.g for one in lots for at in one.holdings) == came - went
    for one in lots:
        assert all(park.lot(name).inside == one.id for name in one.contents)
        assert not one.inside or one.id in park.lot(one.inside).contents
        assert all(row.g >= 0 and row.unit == one.id for row in one.amounts)


def entered(one):
    return one.entered


def left(one):
    return one.left


def test_these_parks_try_what_can_be_told():
    """Most of what they do is done, and of many declarations nothing rests on what they are about."""
    told = [declared(Random(seed), 30, 1) for seed in range(60)]
    assert sum(len(park.effects) for park, _ in told) > 60 * 30 // 2
    assert sum(without(park, wrong) is not None for park, wrong in told) > 60 // 3
