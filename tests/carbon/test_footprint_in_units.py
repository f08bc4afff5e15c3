"""The footprint of a coil is computed again from its full bundle where its metal travelled in a unit, or others did."""

import pytest
from example_park import CONTEXT, time
from signed_example import POWER, Signed
from small_ledger import PLANT, small_ledger
from test_footprint_on_passport import Office, read_offline
from worked import example

from tests.tiers import first

UNIT, OUTER = "https://id.gs1.org/00/095211411111111118", "https://id.gs1.org/00/095211411111111125"


def url(who):
    return f"https://id.gs1.org/417/{who.id.removeprefix('(417)')}"


class Units:
    """Lot events a few minutes apart, as (who, typ, body)."""

    def __init__(self, hours):
        self.hours = hours

    def event(self, who, kind, **members):
        self.hours += 0.1
        return who, "lot-event", {
            "@context": CONTEXT, "type": f"{kind}Event", "eventTime": time(self.hours), "eventTimeZoneOffset": "+00:00",
            **members,
        }  # fmt: skip

    def moved(self, step, giver, taker, unit=UNIT):
        return self.event(
            giver if step == "shipping" else taker, "Object", action="OBSERVE", bizStep=step, epcList=[unit],
            bizTransactionList=[{"type": "desadv", "bizTransaction": f"urn:paper:{giver.name}"}],
            sourceList=[{"type": "possessing_party", "source": url(giver)}],
            destinationList=[{"type": "possessing_party", "destination": url(taker)}],
        )  # fmt: skip

    def packed(self, action, unit=UNIT, **what):
        return self.event(PLANT, "Aggregation", action=action, parentID=unit, **what)


def there_and_back(amount, hours, unpacked):
    """To the power producer and back, in a unit, while nothing else happens."""
    units = Units(hours)
    yield units.packed("ADD", childQuantityList=[amount])
    for giver, taker in ((PLANT, POWER), (POWER, PLANT)):
        yield units.moved("shipping", giver, taker)
        yield units.moved("receiving", giver, taker)
    if unpacked:
        yield units.packed("DELETE", childQuantityList=[amount])


def sent_off_in_a_box_on_a_pallet(amount, hours):
    """All of it; then as much is bought that nobody knows anything of."""
    units, bought = Units(hours), {"id": amount["epcClass"], "g": amount["quantity"], "supplier": "S", "document": "D"}
    yield units.packed("ADD", childQuantityList=[amount])
    yield units.packed("ADD", unit=OUTER, childEPCs=[UNIT])
    yield units.moved("shipping", PLANT, POWER, unit=OUTER)
    yield units.event(
        PLANT, "Object", action="OBSERVE", bizStep="receiving", quantityList=[amount],
        **{"al:origin": [{**bought, "kind": "outside"}]},
    )  # fmt: skip


def stirred_in(name, other, g, hours):
    """So little of one lot goes into another that a trace folds it, and a footprint does not."""
    mixed = [{"epcClass": one, "quantity": g, "uom": "GRM"} for one in (name, other)]
    return Units(hours).event(
        PLANT, "Transformation", inputQuantityList=mixed[:1], outputQuantityList=mixed[1:]
    )  # fmt: skip


def shipped_and_computed_again(office):
    """Its coil is, from the full bundle; an audit finds nothing."""
    office.ship()
    office.settle()
    report, told = read_offline(office)
    assert report.verified, report.verdict
    assert "were computed again from" in told, told
    assert office.audited()[0] == []


@pytest.mark.parametrize("unpacked", [True, False])
@pytest.mark.parametrize("lot", first(["AL-A", "MG-A", "AN-A"]))
def test_it_is_computed_again(tmp_path, vectors, lot, unpacked):
    with small_ledger(tmp_path) as world:
        office = Office(world, Signed(*example(vectors)))
        park = office.park
        for who, typ, body in park.chain("A", 1):
            for amount in body.get("inputQuantityList", ()):
                if amount["epcClass"].endswith(lot):
                    office.say(there_and_back(amount, 24 + 31, unpacked))
            office.say([(who, typ, body)])
        office.say([*park.consumption(1), *park.covered(1, 80), *park.rest(1)])
        shipped_and_computed_again(office)


@pytest.mark.slow
def test_so_it_is_where_a_lot_that_is_evidence_alone_left_in_a_unit(tmp_path, vectors):
    """What of the alumina was sent off carries what refining it took; what was bought in its place does not."""
    with small_ledger(tmp_path) as world:
        office = Office(world, Signed(*example(vectors)))
        park = office.park
        other, own = (list(park.chain(tag, 1)) for tag in "BA")
        (made,), (whole,) = (chain[1][2]["outputQuantityList"] for chain in (other, own))
        office.say([*other[:2], *sent_off_in_a_box_on_a_pallet(made, 24 + 3.1), *own[:2]])
        office.say([stirred_in(made["epcClass"], whole["epcClass"], 5_000, 24 + 5), *own[2:]])
        office.say([*park.consumption(1), *park.covered(1, 80), *park.rest(2)])
        shipped_and_computed_again(office)
