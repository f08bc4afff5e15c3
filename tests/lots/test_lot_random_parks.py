"""Random parks: whatever plants do, and take back, no gram appears or vanishes, and records come back as they were."""

from random import Random

import pytest
from folded import MILL, MINE, SMELTER, Park, amount, lot, pallet, piece
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replayed import Replay

from ledger.kernel.errors import Refused
from ledger.lots import ancestry
from ledger.lots.descent import down
from ledger.lots.genealogy import UG
from ledger.lots.recall import starts_from_entry
from ledger.lots.records import Lot
from ledger.lots.wire import decode, encode

PARTIES = (MINE, SMELTER, MILL)


class Chance:
    """Tries things that mostly make sense as the books stand, and some that do not."""

    def __init__(self, random):
        self.park, self.random, self.serials, self.done = Park(), random, 0, 0
        self.announced = {}

    def go(self, steps, acts):
        for _ in range(steps):
            try:
                getattr(self, self.random.choice(acts))()
            except Refused:
                continue
            self.done += 1
        return self.park

    def some(self):
        """A party, a lot it has, and a part of what it has: too much, now and then."""
        holdings = [(one.holder, lot) for lot in self.lots() for one in lot.holdings if not one.delivery]
        who, one = self.random.choice(holdings or [(MINE, None)])
        if one is None:
            return MINE, (lot("none"), 1)
        have = max(1, one.on_hand(who))
        g = None if one.single else self.random.randint(1, have + have // 10)
        return who, (one.id, g)

    def lots(self):
        return [one for one in self.park.book.records().values() if isinstance(one, Lot)]

    def serial(self):
        self.serials += 1
        return piece(f"P-{self.serials}")

    def commission(self):
        who, name = self.random.choice(PARTIES), lot(self.random.choice("ABCDE"))
        self.park.new(who, (name, self.random.randint(1, 10_000)))

    def late(self):
        who, giver = self.random.sample(PARTIES, 2)
        name = self.random.choice([lot("A"), lot("Z"), self.serial()])
        g = self.random.randint(1, 1_000)
        origin = [{"id": name, "kind": "late", "supplier": giver, "document": "N", "g": g}]
        self.park.receive(who, giver, (name, g), al_origin=origin)

    def heard(self):
        """The sender of something late makes it and sends it."""
        waiting = [(one.id, late.holder, late.g) for one in self.lots() for late in one.late]
        if waiting:
            name, holder, g = self.random.choice(waiting)
            maker = self.random.choice([one for one in PARTIES if one != holder])
            self.park.new(maker, (name, g + 1))
            self.park.ship(maker, holder, (name, None if "(21)" in name else g + 1))

    def transform(self):
        who, part = self.some()
        if part[0].startswith("(00)"):
            return
        g = part[1] if part[1] is not None else self.park.have(who, part[0])
        g = max(0, g)
        share = self.random.randint(0, g)
        outputs = [(self.serial(), share), (lot(f"{who[-9:-7]}-{self.random.choice('XY')}"), g - share)]
        losses = self.random.choice((0, 0, g // 100))
        self.park.make(who, [part], outputs, self.random.choice(("casting", "refining")), losses)

    def taps(self):
        who, part = self.some()
        if part[0].startswith("(00)"):
            return
        run = {"transformationID": self.random.choice(("urn:1", "urn:2"))}
        sides = ([part], []) if self.random.random() < 0.5 else ([], [(lot(f"T-{who[-9:-7]}"), 50)])
        self.park.make(who, *sides, "electrolysis", al_run=self.random.choice(("open", "open", "closed")), **run)

    def ship(self):
        who, part = self.some()
        self.park.ship(who, self.random.choice(PARTIES), part, paper=self.random.choice(("D-1", "D-2")))

    def receive(self):
        under_way = [(lot, one) for lot in self.lots() for one in lot.holdings if one.delivery]
        if not under_way:
            return self.commission()
        one, holding = self.random.choice(under_way)
        delivery = self.park.book.delivery(holding.delivery)
        g = None if one.single else self.random.randint(1, max(1, holding.g + holding.g // 20))
        paper = delivery.name.rpartition(" ")[2]
        return self.park.receive(delivery.receiver, delivery.sender, (one.id, g), paper=paper)

    def count(self):
        who, (name, g) = self.some()
        self.park.look(who, "stock_taking", (name, g))

    def destroy(self):
        who, (name, g) = self.some()
        named = {"epcList": [name]} if g is None else {"quantityList": [amount(name, g)]}
        self.park.say(who, "Object", action="DELETE", **named)

    def pack(self):
        who, (name, g) = self.some()
        children = {"childEPCs": [name]} if g is None else {"childQuantityList": [amount(name, g)]}
        self.park.say(who, "Aggregation", action="ADD", parentID=pallet(self.random.randint(1, 2)), **children)

    def declare(self):
        index = self.random.randrange(len(self.park.effects) or 1)
        if index < len(self.park.effects):
            one = self.park.effects[index]
            self.park.wrong(one.issuer, index, f"urn:right:{index}")
            self.announced[f"urn:right:{index}"] = one

    def correct(self):
        """The same again with other masses, whoever has it now."""
        if self.announced:
            name, one = self.announced.popitem()
            inputs = [(posting.lot, None if "(10)" not in posting.lot else posting.g) for posting in one.debits]
            outputs = [(posting.lot, max(0, posting.g - 1)) for posting in one.credits if "(00)" not in posting.lot]
            if {posting.lot for posting in one.debits} & {posting.lot for posting in one.credits}:
                return
            self.park.make(one.issuer, inputs, outputs, eventID=name)


HONEST = ("late", "heard", "commission", "transform", "taps", "ship", "receive", "receive", "count", "destroy", "pack")
ALL = (*HONEST, "declare", "correct", "correct")
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.randoms(use_true_random=False)


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
        found = down(starts_from_entry(one), park.load, park.versions)
        assert sum(found.places.values()) + sum(found.left.values()) + found.folded_ug == found.ug


def test_most_of_what_these_parks_try_is_done():
    chances = [Chance(Random(seed)) for seed in range(20)]
    for one in chances:
        one.go(40, ALL)
    assert sum(one.done for one in chances) > 20 * 40 // 2
