"""The park's story holds together: every rule of the ledger takes it, masses close, times make sense, of any size."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from told import FOUND, lots, tell

from ledger.bodies import check_body
from ledger.kernel.gs1 import canonical_id
from ledger.lots.hindsight import delivery_findings
from tests.tiers import first
from tools.park.actors import ACTORS, CUSTOMERS, MILL, REFINERY, SMELTER
from tools.park.events import MIDNIGHT, day
from tools.park.finishing import pallet, pieces
from tools.park.mill import rolled
from tools.park.plan import OFFLINE, make_plan
from tools.park.story import story

CLOSING = {"casthouse", "scalper", "hot", "cold", "slitter", "shear"}
ONE_AT_A_TIME = CLOSING - {"casthouse"} | {"annealer", "leveller"}


@pytest.fixture(scope="module")
def park():
    """(plan, told) of the usual size; every body checked against its schema."""
    return tell(checked=True)


def test_it_has_the_size_that_was_asked_for(park):
    plan, told = park
    coils = [coil for heat in plan.heats for coil in heat.coils]
    assert len(coils) == len({coil.serial for coil in coils}) == 40
    assert 4_000 < len(told.said) < 4_500
    assert plan.days == 21
    heats = Counter(heat.product.alloy for heat in plan.heats)
    assert set(heats) == {"5754", "6016", "7075"}
    assert min(heats.values()) > 1
    shipped = {one.id for one in told.book.records().values() if hasattr(one, "holdings") and one.in_transit(MILL.id)}
    whole = {canonical_id(one) for coil in coils if coil is not plan.returned for one in pieces(coil)}
    assert whole < shipped
    assert {line.product.customer.id for line in coils} == {one.id for one in CUSTOMERS}


def test_only_what_is_meant_to_be_found_is_found(park):
    plan, told = park
    found = Counter((said.actor.word, one.rule) for said, one in told.findings())
    assert found == {
        ("smelter", "shortage"): len(plan.misweighed.coils),
        ("smelter", "corrected_after_use"): 1,
        ("smelter", "count_down"): 1,
        ("smelter", "late_statement"): 1,
        ("refinery", "late_statement"): found["refinery", "late_statement"],
    }
    assert {said.time < day(OFFLINE[1]) for said, one in told.findings() if said.actor is REFINERY} == {True}
    assert told.in_time() == []
    deliveries = [one for one in told.book.records().values() if hasattr(one, "lines")]
    short = {one.facts["delivery"] for delivery in deliveries for one in delivery_findings(delivery)}
    assert {one.rpartition(":")[2] for one in short} == {"BARGE-005"}


@pytest.mark.parametrize(("coils", "seed"), first([(1, "a"), (2, "b"), (3, "c"), (7, "d"), (130, "e")], 2))
def test_any_number_of_coils_and_any_seed_is_taken(coils, seed):
    plan, told = tell(coils, seed)
    assert sum(len(heat.coils) for heat in plan.heats) == coils
    assert {one.rule for _, one in told.findings()} == FOUND
    assert told.in_time() == []


def test_no_gram_appears_or_vanishes(park):
    _, told = park
    everything = [one for one in told.book.records().values() if hasattr(one, "holdings")]
    assert min(holding.g for one in everything for holding in one.holdings) == 0
    effects = told.effects.values()
    came = sum(sum(one.entered.values()) - sum(one.left.values()) for one in effects)
    assert came == sum(holding.g for one in everything for holding in one.holdings)
    assert not {kind for one in effects for kind in one.entered} & {"unaccounted", "weighed"}


def test_mass_closes_to_the_gram_from_the_casthouse_on(park):
    _, told = park
    closed = Counter()
    for one in told.said.values():
        process = one.body.get("al:process", "").rpartition("/")[2]
        if one.body.get("type") != "TransformationEvent" or process not in CLOSING or "errorDeclaration" in one.body:
            continue
        masses = defaultdict(int)
        outputs = {row["epcClass"] for row in one.body.get("outputQuantityList", ())}
        outputs |= set(one.body.get("outputEPCList", ()))
        for row in one.body["al:mass"]:
            masses[row.get("side", "output" if row["id"] in outputs else "input")] += row["g"]
        assert masses["input"] == masses["output"] + sum(loss["g"] for loss in one.body.get("al:loss", ()))
        closed[process] += 1
    assert set(closed) == CLOSING


def test_what_happened_is_heard_in_order_but_for_what_is_told_late(park):
    _, told = park
    happened = [said for said in told.said.values() if said.late is None and said.actor is not REFINERY]
    assert all(first.time <= second.time for first, second in pairwise(happened))
    assert {said.time.utcoffset() for said in told.said.values()} == {timedelta(hours=5)}
    for post in story(make_plan(40, "coilmark")):
        assert all(timedelta(minutes=5) >= said.signed - post.time for said in post.statements)
        on_time = [said for said in post.statements if said.actor is not REFINERY]
        assert all(post.time - said.signed <= timedelta(hours=2) for said in on_time)


def test_no_line_works_on_two_things_at_once(park):
    _, told = park
    windows = defaultdict(list)
    for said in told.said.values():
        process = said.body.get("al:process", "").rpartition("/")[2]
        if process in ONE_AT_A_TIME or "Furnace" in said.body.get("al:equipment", ""):
            start = datetime.fromisoformat(said.body["al:start"])
            windows[process, said.body.get("al:equipment")].append((start, said.time))
    assert len(windows) == len(ONE_AT_A_TIME) + 3
    for spans in windows.values():
        assert all(end <= start for (_, end), (start, _) in pairwise(sorted(set(spans))))


def test_every_coil_and_strip_says_its_heat_order_and_customer_part(park):
    plan, told = park
    for heat in plan.heats:
        for coil in heat.coils:
            for name in {rolled(coil), *pieces(coil)}:
                said = told.book.lot(canonical_id(name)).attributes
                assert (said["heat"], said["order"], said["customerPart"]) == (
                    heat.number, coil.order, coil.product.part,
                )  # fmt: skip
                assert said["alloy"] == heat.product.designation
                assert said["temper"] == heat.product.temper


def test_scrap_of_every_class_is_melted_and_the_mills_own_comes_round(park):
    _, told = park
    classes = Counter()
    for one in told.effects.values():
        for posting in one.debits if one.what == "casting" and one.issuer == SMELTER.id else ():
            if posting.role == "scrap":
                classes[told.book.lot(posting.lot).attributes["scrapClass"]] += posting.g
    assert set(classes) == {"internal", "pre-consumer", "post-consumer"}
    assert min(classes.values()) > 10_000_000


def test_the_followed_coil_comes_of_bauxite_that_the_story_mines_and_of_scrap_of_every_class(park):
    plan, told = park
    trace = told.up(canonical_id(pieces(plan.followed)[0]))
    ends = Counter()
    for end in trace.ends:
        ends[end.scrap or end.reason] += end.ug
    assert trace.ug == plan.followed.weights.strips[0] * 10**9
    assert ends["primary"] * 3 > trace.ug
    assert min(ends["internal"], ends["pre-consumer"], ends["post-consumer"]) * 50 > trace.ug
    assert ends["unknown"] == 0
    assert len(trace.inputs) > 150


def test_what_came_before_its_maker_was_heard_is_settled_when_he_is(park):
    _, told = park
    unheard = [one for _, one in sorted(told.effects.items()) if "late" in one.entered]
    heard = [one for _, one in sorted(told.effects.items()) if "late" in one.left]
    assert len(unheard) == len(heard) == 4
    (lot,) = {posting.lot for one in unheard[2:] for posting in one.credits}
    assert told.book.lot(lot).maker == REFINERY.id
    assert not told.book.lot(lot).late
    assert told.effects[told.book.lot(lot).made_by].issuer == SMELTER.id


def test_the_wrong_weight_is_corrected_after_the_slab_was_rolled(park):
    plan, told = park
    coil = plan.misweighed.coils[-1]
    (slab,) = lots(told, f"(21){coil.heat}-{coil.position}")
    wrong = next(one for one in map(told.book.effects, told.effects) if one.declared_by >= 0)
    used = told.effects[slab.consumed_by]
    assert wrong.index < used.index < wrong.declared_by < wrong.replaced_by == slab.made_by
    assert (slab.g, slab.blocked, slab.doubt) == (coil.weights.slab * 1_000, (), -1)
    assert sum(posting.g for posting in used.debits) == slab.g + 80_000


def test_what_was_held_is_free_before_it_is_slit(park):
    plan, told = park
    names = {canonical_id(rolled(coil)) for coil in plan.doubted.coils}
    held = next(one for one in told.effects.values() if one.held)
    freed = next(one for one in told.effects.values() if one.released)
    slit = min(one.index for one in told.effects.values() if one.what == "slitting" and names & set(one.consumed))
    assert set(held.held) == set(freed.released) == names
    assert held.index < freed.index < slit


def test_a_delivery_comes_back_and_is_judged(park):
    plan, told = park
    unit = told.book.lot(canonical_id(pallet(plan.returned)))
    bad, good = (told.book.lot(canonical_id(one)) for one in pieces(plan.returned))
    assert unit.contents == ()
    assert (bad.attributes["grade"], good.attributes["grade"]) == ("prime", "second")
    assert bad.consumed_by >= 0
    assert (good.on_hand(MILL.id), good.in_transit(MILL.id)) == (plan.returned.weights.strips[1] * 1_000, 0)


def test_one_seed_is_one_story_and_another_is_another():
    assert list(story(make_plan(3, "x"))) == list(story(make_plan(3, "x")))
    assert list(story(make_plan(3, "x"))) != list(story(make_plan(3, "y")))


def test_the_parties_are_what_the_schema_asks_for_and_their_ids_are_gs1s():
    assert len(ACTORS) == 7
    for actor in ACTORS:
        check_body("party", actor.profile)
        for name in (actor.id, actor.site):
            assert canonical_id(name) == name
    assert not {one.id for one in CUSTOMERS} & {one.id for one in ACTORS}
    assert MIDNIGHT.utcoffset() == timedelta(hours=5)
