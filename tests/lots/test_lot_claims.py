"""M6: claims of a mass balance come in, go out and come home, and never are more than there is (SPEC 5.9)."""

import re

import pytest
from folded import CUSTOMER, MILL, MINE, OTHER_SITE, SITE, SMELTER, Park, lot, piece, rules
from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots.claims import first_month

ORE, METAL, SLAB = lot("BX"), lot("PL"), piece("S-1")
PLACE = "(414)9521212000028"
DUG, CAST = f"{MINE}/scope-1", f"{SMELTER}/scope-1"
MONTH = 31 * 24 * 60  # minutes: from any day of March into April


def scope(name, site, material, inputs, **more):
    said = {
        "id": name, "scheme": "Example scheme", "sites": [site], "material": material, "begins": "2026-03", "months": 1,
        "opening": 0, "inputs": [{"material": one, "factor": factor} for one, factor in inputs],
    }  # fmt: skip
    return {name: {**said, **more}}


@pytest.fixture
def park():
    """A mine that claims its ore, a smelter that gets half of it as metal."""
    made = Park({
        MINE: scope(DUG, SITE, "bauxite", [("bauxite", "1")]),
        SMELTER: scope(CAST, PLACE, "aluminium", [("bauxite", "0.5"), ("aluminium", "1")]),
    })  # fmt: skip
    made.sites[PLACE] = SMELTER
    return made


def dig(park, g, claimed, **members):
    step = {"al_process": f"{MINE}/mining", "al_start": "2026-03-01T00:00:00Z"}
    about = [{"id": ORE, "material": "bauxite"}]
    return park.new(MINE, (ORE, g), al_attributes=about, al_claim=claim(DUG, claimed), **step, **members)


def claim(name, g):
    return [{"scope": name, "g": g}] if g else None


def sent_and_cast(park):
    """1 000 g of ore claimed and taken in, as 500 g of metal; a slab of 900 g is on hand."""
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 1_000))
    park.receive(SMELTER, MINE, (ORE, 1_000), al_claim=claim(CAST, 1_000))
    park.new(SMELTER, (METAL, 900), al_attributes=[{"id": METAL, "material": "aluminium"}])
    park.make(SMELTER, [(METAL, 900)], [(SLAB, 900)], al_attributes=[{"id": SLAB, "material": "aluminium"}])


def account(park, name):
    return [(one.period, one.came, one.went) for one in park.book.claims(name).turnovers]


def refused(code, says, function, *args, **members):
    with pytest.raises(RuleBroken, match=says) as no:
        function(*args, **members)
    assert no.value.code == code


def test_what_came_in_claimed_goes_out_claimed_by_its_factor_and_no_gram_more(park):
    sent_and_cast(park)
    assert account(park, CAST) == [(0, 500, 0)]
    says = f"scope .*{CAST[-7:]} claims 501 g in period 1 and has 500 g to claim"
    refused("claimed_balance", says, park.ship, SMELTER, CUSTOMER, (SLAB, 900), al_claim=claim(CAST, 501))
    park.ship(SMELTER, CUSTOMER, (SLAB, 900), al_claim=claim(CAST, 500))
    assert account(park, CAST) == [(0, 500, 500)]
    assert account(park, DUG) == [(0, 1_000, 1_000)]


def test_a_claim_is_of_what_is_shipped_and_at_most_all_of_it(park):
    dig(park, 2_000, 2_000)
    says = "claims 1 001 g of the 1 000 g that are shipped"
    refused("claim_mass", says, park.ship, MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 1_001))


def test_what_is_taken_in_came_with_a_claim_from_a_source_or_from_outside(park):
    dig(park, 1_000, 600)
    refused("claim_mass", "takes in 1 001 g", dig, park, 1_000, 1_001)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 600))
    says = "takes in 601 g, of which 1 g came with no claim"
    refused("claim_mass", says, park.receive, SMELTER, MINE, (ORE, 1_000), al_claim=claim(CAST, 601))
    park.receive(SMELTER, MINE, (ORE, 500), al_claim=claim(CAST, 400))
    says = "takes in 201 g, of which 1 g came with no claim"
    refused("claim_mass", says, park.receive, SMELTER, MINE, (ORE, 500), al_claim=claim(CAST, 201))
    origin = [{"id": METAL, "kind": "outside", "supplier": "S", "document": "D", "g": 70}]
    about = [{"id": METAL, "material": "aluminium"}]
    park.look(SMELTER, "receiving", (METAL, 70), al_origin=origin, al_attributes=about, al_claim=claim(CAST, 70))
    assert account(park, CAST) == [(0, 270, 0)]
    late = [{**origin[0], "id": lot("LATE"), "kind": "late"}]
    about = [{"id": lot("LATE"), "material": "aluminium"}]
    members = {"al_origin": late, "al_attributes": about, "al_claim": claim(CAST, 1)}
    refused("claim_mass", "1 g came with no claim", park.look, SMELTER, "receiving", (lot("LATE"), 70), **members)


def test_what_comes_from_outside_counts_by_its_factor_too(park):
    origin = [{"id": ORE, "kind": "outside", "supplier": "S", "document": "D", "g": 71}]
    about = [{"id": ORE, "material": "bauxite"}]
    park.look(SMELTER, "receiving", (ORE, 71), al_origin=origin, al_attributes=about, al_claim=claim(CAST, 71))
    assert account(park, CAST) == [(0, 35, 0)]


def test_a_claim_that_comes_in_is_at_most_what_arrives(park):
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 1_000))
    refused("claim_mass", "takes in 601 g", park.receive, SMELTER, MINE, (ORE, 600), al_claim=claim(CAST, 601))
    park.receive(SMELTER, MINE, (ORE, 600), al_claim=claim(CAST, 600))


def test_what_comes_back_to_its_sender_is_not_taken_in_once_more(park):
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 1_000))
    refused("claim_mass", "1 g came with no claim", park.receive, MINE, MINE, (ORE, 1_000), al_claim=claim(DUG, 1))


def test_what_comes_home_a_claim_for_its_grams_rounded_down(park):
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 700), al_claim=claim(DUG, 100))
    park.ship(MINE, SMELTER, (ORE, 300), paper="D-2", al_claim=claim(DUG, 300))
    park.look(MINE, "void_shipping", (ORE, 200), bizTransactionList=[{"type": "desadv", "bizTransaction": "D-1"}])
    assert account(park, DUG) == [(0, 1_000, 400 - 100 * 200 // 700)]


def test_periods_are_of_as_many_months_as_the_scope_says(park):
    said = {"begins": "2025-11", "months": 3}
    assert [first_month(said, number) for number in range(6)] == [
        "2025-11", "2026-02", "2026-05", "2026-08", "2026-11", "2027-02"
    ]  # fmt: skip
    park.scopes[MINE] = scope(DUG, SITE, "bauxite", [("bauxite", "1")], begins="2024-11", months=3)
    for month, period in (("2026-04-30T23:59:59.999999Z", 5), ("2026-05-01T00:00:00Z", 6)):
        dig(park, 10, 10, eventTime=month)
        assert account(park, DUG)[-1] == (period, 10, 0)


def test_things_of_two_materials_are_claimed_in_no_scope(park):
    park.new(MINE, (ORE, 10), (lot("AL"), 10), al_attributes=[
        {"id": ORE, "material": "bauxite"}, {"id": lot("AL"), "material": "alumina"},
    ])  # fmt: skip
    says = "has claims of bauxite here, the event is about alumina and bauxite"
    refused("claim_material", says, park.ship, MINE, SMELTER, (ORE, 1), (lot("AL"), 1), al_claim=claim(DUG, 1))
    park.scopes[MINE] = scope(DUG, SITE, "alumina", [("bauxite", "1")])
    refused(
        "claim_material",
        "alumina and bauxite",
        park.ship,
        MINE,
        SMELTER,
        (ORE, 1),
        (lot("AL"), 1),
        al_claim=claim(DUG, 1),
    )


def test_stock_that_was_there_is_claimed_by_the_opening_of_the_scope_alone(park):
    members = {"al_opening": True, "readPoint": {"id": SITE}, "al_attributes": [{"id": ORE, "material": "bauxite"}]}
    refused("claim_mass", "no claim", park.new, MINE, (ORE, 100), al_claim=claim(DUG, 100), **members)
    park.new(MINE, (ORE, 100), **members)
    park.scopes[MINE] = scope(DUG, SITE, "bauxite", [("bauxite", "1")], opening=40)
    refused("claimed_balance", "has 40 g", park.ship, MINE, SMELTER, (ORE, 50), al_claim=claim(DUG, 41))
    park.ship(MINE, SMELTER, (ORE, 50), al_claim=claim(DUG, 40))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sites": [PLACE]}, "has no scope"),
        ({"begins": "2026-04"}, "begins in 2026-04: nothing is claimed before"),
        ({"id": f"{MINE}/another"}, "has no scope"),
    ],
)
def test_a_claim_is_made_in_a_scope_of_the_issuer_where_and_when_it_holds(park, change, says):
    park.scopes[MINE] = {one["id"]: one for one in scope(DUG, SITE, "bauxite", [("bauxite", "1")], **change).values()}
    refused("claim_scope", says, dig, park, 100, 100)


def test_an_account_keeps_the_calendar_of_its_first_claim(park):
    dig(park, 100, 100)
    park.scopes[MINE] = scope(DUG, SITE, "bauxite", [("bauxite", "1")], months=12)
    refused("claim_scope", "another calendar", dig, park, 100, 100)


def test_nobody_claims_in_the_scope_of_another(park):
    park.scopes[MINE] |= scope(CAST, SITE, "bauxite", [("bauxite", "1")])
    says = "has no scope"
    members = {"al_claim": claim(CAST, 1), "al_attributes": [{"id": ORE, "material": "bauxite"}]}
    refused("claim_scope", says, park.new, MINE, (ORE, 100), **members)


def test_a_claim_is_of_the_materials_of_its_scope(park):
    refused("claim_material", "about alumina", park.new, MINE, (METAL, 9), al_claim=claim(DUG, 9),
            al_attributes=[{"id": METAL, "material": "alumina"}])  # fmt: skip
    sent_and_cast(park)
    park.new(SMELTER, (lot("X"), 50), al_attributes=[{"id": lot("X"), "material": "bauxite"}])
    says = "has claims of aluminium here, the event is about bauxite"
    refused("claim_material", says, park.ship, SMELTER, CUSTOMER, (lot("X"), 50), al_claim=claim(CAST, 50))


def test_a_claim_passes_between_scopes_of_one_scheme(park):
    park.scopes[SMELTER] = scope(CAST, PLACE, "aluminium", [("bauxite", "0.5")], scheme="Another scheme")
    dig(park, 100, 100)
    park.ship(MINE, SMELTER, (ORE, 100), al_claim=claim(DUG, 100))
    refused("claim_mass", "no claim", park.receive, SMELTER, MINE, (ORE, 100), al_claim=claim(CAST, 1))


def test_what_is_left_is_carried_into_the_next_period_and_no_further(park):
    sent_and_cast(park)
    park.minutes += MONTH
    park.ship(SMELTER, CUSTOMER, (SLAB, 900), al_claim=claim(CAST, 200))
    assert account(park, CAST) == [(0, 500, 0), (1, 0, 200)]
    park.minutes += MONTH
    park.new(SMELTER, (lot("P"), 9), al_attributes=[{"id": lot("P"), "material": "aluminium"}])
    refused("claimed_balance", "in period 3 and has 0 g", park.ship, SMELTER, CUSTOMER, (lot("P"), 9), paper="D-2",
            al_claim=claim(CAST, 1))  # fmt: skip


def test_a_late_claim_counts_in_its_own_period_and_what_rests_on_it_is_judged_too(park):
    sent_and_cast(park)
    park.minutes += MONTH
    park.new(SMELTER, (lot("P"), 500), al_attributes=[{"id": lot("P"), "material": "aluminium"}])
    park.ship(SMELTER, CUSTOMER, (lot("P"), 500), paper="D-2", al_claim=claim(CAST, 500))
    park.minutes -= MONTH
    refused("claimed_balance", "claims 500 g in period 2 and has 499 g", park.ship, SMELTER, CUSTOMER, (SLAB, 900),
            al_claim=claim(CAST, 1))  # fmt: skip


def test_what_comes_home_brings_its_part_of_the_claims_home(park):
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 500))
    park.look(MINE, "void_shipping", (ORE, 200), bizTransactionList=[{"type": "desadv", "bizTransaction": "D-1"}])
    assert account(park, DUG) == [(0, 1_000, 400)]
    park.receive(SMELTER, MINE, (ORE, 300), al_claim=claim(CAST, 100))
    park.receive(MINE, MINE, (ORE, 500))
    assert account(park, DUG) == [(0, 1_000, 100)]
    assert [one.g for one in park.book.accompanied(f"{MINE} D-1").sent] == [0]


def test_a_shipment_declared_wrong_gives_its_claim_back_and_says_who_had_taken_it_in(park):
    sent_and_cast(park)
    done = park.wrong(MINE, 1)
    assert account(park, DUG) == [(0, 1_000, 0)]
    says = [one.says for one in done.findings if one.rule == "claimed_balance"]
    assert says == [f"1 000 g of {MINE} D-1 were taken in as claimed and are claimed by nobody now"]


def test_a_receipt_declared_wrong_leaves_claims_without_ground_and_stops_more(park):
    sent_and_cast(park)
    park.ship(SMELTER, CUSTOMER, (SLAB, 900), al_claim=claim(CAST, 400))
    assert "claimed_balance" in rules(park.wrong(SMELTER, 2, "urn:event:right"))
    park.new(SMELTER, (lot("P"), 9), al_attributes=[{"id": lot("P"), "material": "aluminium"}])
    again = (SMELTER, CUSTOMER, (lot("P"), 9))
    refused("claimed_balance", "has 0 g", park.ship, *again, paper="D-2", al_claim=claim(CAST, 1))
    right = park.receive(SMELTER, MINE, (ORE, 1_000), al_claim=claim(CAST, 1_000), eventID="urn:event:right")
    assert "claimed_balance" not in rules(right)
    park.ship(*again, paper="D-2", al_claim=claim(CAST, 9))


def test_a_corrective_event_is_not_refused_for_a_claim_but_found(park):
    sent_and_cast(park)
    sent = park.ship(SMELTER, CUSTOMER, (SLAB, 900), al_claim=claim(CAST, 400))
    park.wrong(SMELTER, sent.index, "urn:event:more")
    done = park.ship(SMELTER, CUSTOMER, (SLAB, 900), al_claim=claim(CAST, 600), eventID="urn:event:more")
    assert rules(done) >= {"claimed_balance"}


def test_claims_change_no_mass_and_no_trace(park):
    sent_and_cast(park)
    without = Park()
    without.sites[PLACE] = SMELTER
    dig(without, 1_000, 0)
    without.ship(MINE, SMELTER, (ORE, 1_000))
    without.receive(SMELTER, MINE, (ORE, 1_000))
    assert without.lot(ORE) == park.lot(ORE)
    # But for the state in which it was asked, which has two entries more.
    assert replace(without.up(ORE), drawn={}) == replace(park.up(ORE), drawn={})


def twice_on_one_paper(park):
    """60 g claimed in March and 90 g in April, both on one delivery of 300 g."""
    dig(park, 500, 200)
    park.ship(MINE, SMELTER, (ORE, 100), al_claim=claim(DUG, 60))
    park.minutes += MONTH
    park.ship(MINE, SMELTER, (ORE, 200), al_claim=claim(DUG, 90))


def going(park, paper="D-1"):
    return [(one.period, one.g) for one in park.book.accompanied(f"{MINE} {paper}").sent]


def come(park, delivery, *masses, paper="D-1", **members):
    return park.receive(SMELTER, MINE, (ORE, delivery), paper=paper, al_claim=claim(CAST, *masses), **members)


def test_claims_of_two_periods_on_one_delivery_come_in_one_after_the_other(park):
    twice_on_one_paper(park)
    assert (account(park, DUG), going(park)) == ([(0, 200, 60), (1, 0, 90)], [(0, 60), (1, 90)])
    says = "takes in 151 g, of which 1 g came with no claim"
    refused("claim_mass", says, come, park, 300, 151)
    first = come(park, 50, 40)
    assert (going(park), len(park.book.claimed(first.index).claims)) == ([(0, 20), (1, 90)], 1)
    second = come(park, 150, 70)
    assert (going(park), len(park.book.claimed(second.index).claims)) == ([(0, 0), (1, 40)], 2)
    assert account(park, CAST) == [(1, 20 + 10 + 25, 0)]


def test_claims_of_two_periods_come_home_each_to_its_own(park):
    twice_on_one_paper(park)
    park.look(MINE, "void_shipping", (ORE, 100), bizTransactionList=[{"type": "desadv", "bizTransaction": "D-1"}])
    assert (account(park, DUG), going(park)) == ([(0, 200, 40), (1, 0, 60)], [(0, 40), (1, 60)])


def test_what_was_taken_in_of_a_shipment_declared_wrong_is_not_offered_once_more(park):
    twice_on_one_paper(park)
    come(park, 100, 60)
    assert "claimed_balance" not in rules(park.wrong(MINE, 1))
    assert going(park) == [(0, -60), (1, 90)]
    park.minutes += MONTH
    dig(park, 20, 20)
    park.ship(MINE, SMELTER, (ORE, 20), al_claim=claim(DUG, 20))
    refused("claim_mass", "of which 1 g came with no claim", come, park, 100, 51)
    come(park, 100, 50)
    assert going(park) == [(0, -60), (1, 40), (2, 20)]
    park.look(MINE, "void_shipping", (ORE, 10), bizTransactionList=[{"type": "desadv", "bizTransaction": "D-1"}])
    assert going(park) == [(0, -60), (1, 20), (2, 10)]  # of the 20 g that were under way


@pytest.mark.parametrize(("taken", "short"), [(None, None), (400, 400)])
def test_a_shipment_declared_wrong_is_short_of_what_was_taken_in(park, taken, short):
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 1_000))
    park.receive(SMELTER, MINE, (ORE, 600), al_claim=claim(CAST, taken))
    found = [one for one in park.wrong(MINE, 1).findings if one.rule == "claimed_balance"]
    assert [(one.says[:5], one.facts) for one in found] == ([(f"{short} g", {"short": short})] if short else [])


def test_what_comes_back_in_part_is_not_taken_in_once_more(park):
    dig(park, 1_000, 1_000)
    park.ship(MINE, SMELTER, (ORE, 1_000), al_claim=claim(DUG, 1_000))
    says = "1 g came with no claim"
    refused("claim_mass", says, park.receive, MINE, MINE, (ORE, 600), al_claim=claim(DUG, 1))


def test_claims_come_home_by_their_own_delivery(park):
    """Called back in one event: all 300 g of one paper, half of another."""
    other = lot("BX-2")
    dig(park, 1_000, 500)
    park.new(MINE, (other, 300), al_attributes=[{"id": other, "material": "bauxite"}])
    park.ship(MINE, SMELTER, (ORE, 200), al_claim=claim(DUG, 200))
    park.ship(MINE, SMELTER, (other, 300), paper="D-2", al_claim=claim(DUG, 300))
    park.look(MINE, "void_shipping", (ORE, 100), (other, 300))
    assert (account(park, DUG), going(park), going(park, "D-2")) == ([(0, 500, 100)], [(0, 100)], [(0, 0)])


def test_what_nobody_weighed_brings_no_claim_home(park):
    dig(park, 100, 100)
    park.new(MINE, (SLAB, None))
    park.ship(MINE, SMELTER, (ORE, 100), (SLAB, None), al_claim=claim(DUG, 100))
    park.receive(SMELTER, MINE, (ORE, 100))
    park.look(MINE, "void_shipping", (SLAB, None), bizTransactionList=[{"type": "desadv", "bizTransaction": "D-1"}])
    assert (account(park, DUG), going(park)) == ([(0, 100, 100)], [(0, 100)])


def test_what_had_arrived_before_its_sender_was_heard_is_claimed_as_what_it_is(park):
    """Nothing of it is under way, and what the event ships is bauxite all the same (SPEC 5.9)."""
    origin = [{"id": ORE, "kind": "late", "supplier": "X", "document": "N", "g": 100}]
    park.receive(SMELTER, MINE, (ORE, 100), al_origin=origin)
    dig(park, 100, 100)
    park.new(MINE, (METAL, 100), al_attributes=[{"id": METAL, "material": "alumina"}])
    both = (MINE, SMELTER, (ORE, 100), (METAL, 100))
    refused("claim_material", "is about alumina and bauxite", park.ship, *both, al_claim=claim(DUG, 100))
    park.ship(MINE, SMELTER, (ORE, 100), al_claim=claim(DUG, 100))
    assert (account(park, DUG), going(park)) == ([(0, 100, 100)], [(0, 100)])


@pytest.mark.parametrize(
    ("g", "said", "about"),
    [(None, {"material": "bauxite"}, "nothing"), (9, {"localId": "7"}, "unknown"), (9, {"material": "steel"}, "steel")],
)
def test_a_claim_says_which_materials_its_scope_has_and_what_the_event_is_about(park, g, said, about):
    said = [{"id": SLAB, **said}]
    says = f"scope .* has claims of aluminium, bauxite here, the event is about {about}$"
    members = {"al_claim": claim(CAST, 1), "al_attributes": said}
    refused("claim_material", says, park.new, SMELTER, (SLAB, g), **members)


def test_a_refusal_says_where_the_issuer_has_no_such_scope(park):
    for site, said in (({"readPoint": {"id": OTHER_SITE}}, OTHER_SITE), ({}, SITE)):
        says = re.escape(f"{MINE} has no scope {CAST} at site {said}")
        refused("claim_scope", says, park.new, MINE, (ORE, 9), al_claim=claim(CAST, 9), **site)
    refused("claim_scope", "at site unknown", park.new, MILL, (ORE, 9), al_claim=claim(CAST, 9))


def test_a_period_that_nothing_was_claimed_in_carries_nothing(park):
    sent_and_cast(park)
    park.minutes += 2 * MONTH
    refused("claimed_balance", "claims 1 g in period 3 and has 0 g", park.ship, SMELTER, CUSTOMER, (SLAB, 900),
            al_claim=claim(CAST, 1))  # fmt: skip


def test_an_event_that_claims_nothing_leaves_no_record_of_claims(park):
    done = dig(park, 100, 0)
    assert park.book.claimed(done.index) is None
