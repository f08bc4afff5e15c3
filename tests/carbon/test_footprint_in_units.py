"""The footprint of a coil whose metal travelled in a unit is computed again from its full bundle."""

import pytest
from example_park import CONTEXT, time
from signed_example import POWER, Signed
from small_ledger import PLANT, small_ledger
from test_footprint_on_passport import Office, read_offline
from worked import example

UNIT = "https://id.gs1.org/00/095211411111111118"


def url(who):
    return f"https://id.gs1.org/417/{who.id.removeprefix('(417)')}"


def there_and_back(amount, hours, unpacked):
    """To the power producer and back, in a unit, while nothing else happens."""

    def event(who, kind, **members):
        nonlocal hours
        hours += 0.1
        return who, "lot-event", {
            "@context": CONTEXT, "type": f"{kind}Event", "eventTime": time(hours), "eventTimeZoneOffset": "+00:00",
            **members,
        }  # fmt: skip

    def moved(who, step, giver, taker, paper):
        return event(
            who, "Object", action="OBSERVE", bizStep=step, epcList=[UNIT],
            bizTransactionList=[{"type": "desadv", "bizTransaction": f"urn:paper:{paper}"}],
            sourceList=[{"type": "possessing_party", "source": url(giver)}],
            destinationList=[{"type": "possessing_party", "destination": url(taker)}],
        )  # fmt: skip

    def packed(action):
        return event(PLANT, "Aggregation", action=action, parentID=UNIT, childQuantityList=[amount])

    yield packed("ADD")
    for giver, taker in ((PLANT, POWER), (POWER, PLANT)):
        yield moved(giver, "shipping", giver, taker, giver.name)
        yield moved(taker, "receiving", giver, taker, giver.name)
    if unpacked:
        yield packed("DELETE")


@pytest.mark.parametrize("unpacked", [True, False])
@pytest.mark.parametrize("lot", ["AL-A", "MG-A", "AN-A"])
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
        office.ship()
        office.settle()
        report, told = read_offline(office)
        assert report.verified, report.verdict
        assert "were computed again from" in told, told
        assert office.audited()[0] == []
