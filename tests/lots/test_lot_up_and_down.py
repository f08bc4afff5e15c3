"""Traces up and down are two programs over one genealogy (rule 5.2): they say the same of what nobody corrected."""

from collections import Counter

import pytest
from chance import HONEST, SETTINGS, Chance, seeds
from hypothesis import given
from hypothesis import strategies as st

from ledger.lots import amounts, ancestry
from ledger.lots.descent import down
from ledger.lots.recall import starts_from_entry
from ledger.lots.records import Lot

# Without runs: going down, what went into one is in each gram that comes out, which is more than went in. Without
# senders who are heard late: all that they say they sent goes down to where some of it had arrived. Without
# corrections: a draw takes of what is traced as it took of what was there when it was recorded, which may have changed.
ACTS = [act for act in HONEST if act not in {"taps", "heard"}]


class Closed(Chance):
    """What goes into a step comes out of it."""

    def losses(self, _):
        return 0


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_a_trace_up_and_a_trace_down_say_the_same(random, steps):
    with pytest.MonkeyPatch.context() as patch:
        for module in (ancestry, amounts):
            patch.setattr(module, "FOLDED_BELOW", 10**30)
        compare(Closed(random).go(steps, ACTS))


def compare(park):
    """Every µg within one for each sharing on either way."""
    above, ways = ends_above(park)
    for one in park.load(range(len(park.effects))).values():
        if one.debits or not one.entered or one.settled:
            continue  # what had come early is, once its sender is heard, of what he sent
        found = down(starts_from_entry(one, park.load), park.load, park.versions)
        for place in found.places.keys() | above[one.index].keys():
            there, here = found.places.get(place, 0), above[one.index][place]
            assert abs(there - here) <= 3 * (ways[place] + len(found.nodes)) + 3


def ends_above(park):
    """For each entry how many µg of it are in each place by the traces up from there, and how long those are."""
    above, ways = [Counter() for _ in park.effects], Counter()
    for lot in park.book.records().values():
        for holding in lot.holdings if isinstance(lot, Lot) else ():
            if holding.g > 0:
                place = (lot.id, holding.holder, holding.delivery)
                trace = park.up(*place)
                ways[place] = len(trace.nodes)
                for end in trace.ends:
                    above[end.entry][place] += end.ug
    return above, ways
