"""The worked example posted over HTTP, and asked for again: report, claims and PACT document say its numbers."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from example_park import PERIOD, coil_of
from signed_example import Signed, parties
from small_ledger import PLANT, small_ledger
from test_footprint_on_passport import Office
from worked import example, in_34_digits

sys.path.append(str(Path(__file__).parents[1] / "api"))
from served import serving_world

from ledger.passport.codes import path_of

SPAN = f"from={PERIOD['from']}&to={PERIOD['to']}"


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


def asked(folder, park, said, *paths, ship=False):
    """What an open server answers to each path, after all was said."""
    with small_ledger(folder) as world:
        if ship:
            office = Office(world, park)
            office.say(said)
            office.ship()
            office.settle()
        else:
            parties(world)
            for who, typ, body in said:
                world.post(who, typ, body)
    with serving_world(world, open=True) as served:
        return [served.ask("GET", path) for path in paths]


def told(park, share, day=1, tag="A"):
    return [*park.chain(tag, day), *park.consumption(day), *park.covered(day, share)]


@pytest.mark.slow
@pytest.mark.parametrize("share", [100, 80, 0])
def test_a_declarant_is_told_the_same_to_the_last_digit_whatever_power_was_attested(tmp_path, worked, share):
    park, r = Signed(*worked), worked[1]
    (answer,) = asked(tmp_path, park, [*told(park, share), *park.rest()], f"/v1/cbam?{SPAN}&year=2026")
    (works,) = answer.json["installations"]
    products, metal = works["processes"]
    (coil,), (slab,) = products["goods"], metal["goods"]
    assert (coil["see_direct"], slab["see_direct"]) == (
        str(r["SEE_dir_coil_declared"]), str(r["SEE_dir_slab_declared"]),
    )  # fmt: skip
    assert Decimal(coil["see_direct_unrounded"]) == r["SEE_dir_coil"]
    assert Decimal(coil["free_allocation"]["total"]) == r["SEFA_actual"]
    (pfc,) = metal["pfc"]
    assert (Decimal(pfc["cf4"]) * 1000, Decimal(pfc["total"])) == (r["cf4_kg"], r["pfc_tco2e"])
    assert not answer.json["provisional"]


@pytest.mark.slow
def test_one_line_for_two_coils_and_two_footprints(tmp_path, worked):
    park, r = Signed(*worked), worked[1]
    said = [*told(park, 100), *told(park, 60, 4, "B"), *park.rest(2)]
    (answer,) = asked(tmp_path, park, said, f"/v1/cbam?{SPAN}&year=2026")
    (line,) = answer.json["installations"][0]["processes"][0]["goods"]
    assert (line["produced"], line["see_direct"]) == ("40", str(r["SEE_dir_coil_declared"]))


@pytest.mark.slow
@pytest.mark.parametrize("share", [100, 80, 0])
def test_a_customer_s_document_says_the_footprint_of_the_example(tmp_path, worked, share):
    park, r = Signed(*worked), worked[1]
    _, _, gtin, _, serial = path_of(coil_of("A")).split("/")
    said = [*told(park, share), *park.rest()]
    path = f"/v1/coils/{gtin}/{serial}/footprint"
    document, board = asked(
        tmp_path, park, said, path, f"/v1/claims?from={PERIOD['from']}&to=2026-02-01T00:00:00Z", ship=True
    )
    pcf = Decimal(document.json["pcf"]["pcfExcludingBiogenicUptake"])
    assert pcf == round(r[f"PCF_s{share}_per_t"], 6)
    electricity = document.json["extensions"][0]["data"]["electricity"]
    assert Decimal(electricity["location"]["pcf"]) == round(r["PCF_s0_per_t"], 6)
    assert Decimal(electricity["hourly"]["renewableShare"]) == Decimal(share) / 100
    assert document.json["companyName"] == PLANT.name
    renewable, lower, _ = board.json["claims"]
    verdict = "held" if share >= 80 else "not held"
    assert {one["verdict"] for one in renewable["figures"]} == {verdict}
    with in_34_digits():
        wanted = round(r.get(f"reduction_s{share}", Decimal(0)), 6)
    assert {Decimal(one["value"]) for one in lower["figures"]} == {wanted}
