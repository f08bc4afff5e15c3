"""Random parks: whatever plants do, and take back, no gram appears or vanishes, and records come back as they were."""

from random import Random

import pytest
from chance import ALL, HONEST, SETTINGS, Chance, seeds
from hypothesis import given
from hypothesis import strategies as st
from replayed import Replay

from ledger.lots import ancestry
from ledger.lots.descent import down
from ledger.lots.genealogy import UG
from ledger.lots.recall import starts_from_entry
from ledger.lots.records import Lot
from ledger.lots.wire import decode, encode


def on_books(park):
    lots = [one for one in park.book.records().values() if isinstance(one, Lot)]
    return sum(holding.g for one in lots for holding in one.holdings)


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_no_gram_appears_or_vanishes(random, steps):
    park = Chance(random).go(steps, ALL)
    came = sum(g for one in park.effects for g in one.entered.values())
    went = sum(g for one in park.effects for g in one.left.values())
    assert on_books(park) == came - went
    for one in park.effects:
        taken = sum(posting.g for posting in one.debits) + sum(one.entered.values())
        assert taken == sum(posting.g for posting in one.credits) + sum(one.left.values())
    for record in park.book.records().values():
        assert decode(encode(record)) == record
        assert encode(decode(encode(record))) == encode(record)


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_a_trace_ends_and_accounts_for_every_microgram(random, steps):
    park = Chance(random).go(steps, ALL)
    for one in park.book.records().values():
        if isinstance(one, Lot):
            trace = park.up(one.id)
            assert sum(end.ug for end in trace.ends) + trace.folded_ug == trace.ug
            assert set(trace.inputs) <= set(trace.closure)


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_without_a_correction_nobody_has_less_than_nothing_and_ancestry_goes_backwards_only(random, steps):
    park = Chance(random).go(steps, HONEST)
    lots = [one for one in park.book.records().values() if isinstance(one, Lot)]
    assert all(holding.g >= 0 for one in lots for holding in one.holdings)
    for one in park.effects:
        assert all(posting.mix < one.index for posting in one.debits)
        assert all(posting.had >= posting.g for posting in one.debits)


@SETTINGS
@given(seeds, st.integers(1, 30))
def test_a_trace_says_what_a_replay_of_everything_says(random, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ancestry, "FOLDED_BELOW", 10**30)
        compare(Chance(random).go(steps, [act for act in HONEST if act not in {"heard", "late"}]))


def compare(park):
    """Every µg within one for each sharing on its way."""
    replay = Replay(park.effects)
    for one in park.book.records().values():
        for holding in one.holdings if isinstance(one, Lot) else ():
            if holding.g <= 0:
                continue
            trace = park.up(one.id, holding.holder, holding.delivery)
            want = replay.share_of((one.id, holding.holder, holding.delivery), holding.g)
            have = {(end.entry, end.lot, end.reason, end.scrap): end.ug for end in trace.ends}
            assert trace.folded == 0
            for origin in want.keys() | have.keys():
                assert abs(want.get(origin, 0) * UG - have.get(origin, 0)) <= 3 * len(trace.nodes) + 3


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_what_is_traced_down_ends_somewhere_to_the_microgram(random, steps):
    park = Chance(random).go(steps, [act for act in HONEST if act not in {"heard", "taps"}])
    for one in park.effects:
        found = down(starts_from_entry(one, park.load), park.load, park.versions)
        assert sum(found.places.values()) + sum(found.left.values()) + found.folded_ug == found.ug


def test_most_of_what_these_parks_try_is_done():
    chances = [Chance(Random(seed)) for seed in range(20)]
    for one in chances:
        one.go(40, ALL)
    assert sum(one.done for one in chances) > 20 * 40 // 2
