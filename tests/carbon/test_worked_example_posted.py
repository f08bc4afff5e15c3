"""The worked example from signed statements, posted over HTTP: every number comes out of what the ledger recorded."""

import sys
from pathlib import Path

import pytest
from example_park import coil_of
from signed_example import Signed, parties
from small_ledger import PLANT, small_ledger
from worked import example, in_34_digits

sys.path.append(str(Path(__file__).parents[1] / "api"))
from served import serving_world

from ledger.carbon.recompute import recompute
from ledger.issuing.carbon_source import given_of
from ledger.questions.asking import of_store
from tests.tiers import first


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


def accounts_of(folder, said):
    """Post statements in batches to a server, and compute both accounts from its database."""
    with small_ledger(folder) as world:
        parties(world)
    wires = [world.statement(who, typ, body) for who, typ, body in said]
    with serving_world(world) as served:
        for start in range(0, len(wires), 200):
            answer = served.post_batch(*wires[start : start + 200])
            assert answer.status == 201, answer.json
        with of_store(world.places.location, None) as asked:
            assert asked.size == len(wires) + 6
            return recompute(given_of(asked.transaction, asked.registry, asked.size))


@pytest.mark.parametrize("share", first([80, 100, 0]))
def test_one_coil_to_this_share(tmp_path, worked, share):
    park, r = Signed(*worked), worked[1]
    said = [*park.chain("A", 1), *park.consumption(1), *park.covered(1, share), *park.rest()]
    accounts = accounts_of(tmp_path, said)
    coil = accounts.footprint.of(coil_of("A"))
    with in_34_digits():
        assert coil.total("hourly") == coil.total("volumetric") == r[f"PCF_s{share}_total"]
        assert coil.per_t("hourly") == r[f"PCF_s{share}_per_t"]
        assert coil.electricity("hourly") == r[f"PCF_s{share}_electricity"]
        assert coil.total("location") == r["PCF_s0_total"]
    assert coil.wh == r["E_total_MWh"] * 1_000_000
    assert coil.hourly_wh * 100 == coil.wh * share
    slab, rolled = accounts.cbam.rows
    assert (slab.direct, rolled.direct) == (r["P1_AttrEm_dir"], r["P2_AttrEm_dir"])
    assert (slab.see_direct, rolled.see_direct) == (r["SEE_dir_slab"], r["SEE_dir_coil"])


@pytest.mark.slow
def test_by_the_hour_and_by_volume(tmp_path, worked):
    park, r = Signed(*worked), worked[1]
    said = [*park.chain("A", 1), *park.consumption(1), *park.by_the_hour(1), *park.rest()]
    (power,) = [one for one in accounts_of(tmp_path, said).footprint.of(coil_of("A")).power if one.hourly_wh]
    assert (power.wh, power.hourly_wh) == (r["h_cons_Wh_per_hour"] * 24, r["h_matched_Wh"])
    assert power.volumetric_wh == r["h_gc_total_Wh"]
    assert (power.market_hourly, power.market_volumetric) == (r["h_em_hourly_t"], r["h_em_vol_t"])
    assert (power.coc_model, power.sources) == ("mass-balance", (("wind", r["h_gc_total_Wh"]),))


@pytest.mark.slow
def test_with_a_store(tmp_path, worked):
    park, r = Signed(*worked), worked[1]
    said = [*park.chain("A", 1), *park.consumption(1), *park.by_the_hour(1, store=True), *park.rest()]
    power, lost = [one for one in accounts_of(tmp_path, said).footprint.of(coil_of("A")).power if one.hourly_wh]
    # what the store lost on the way is the coil's too, beside what it drew: covered by the wind that was charged
    back = r["h_matched_with_storage_Wh"] - r["h_matched_Wh"]
    assert (lost.stage, lost.wh, lost.hourly_wh) == ("energy-storage", 46_350_000 - back, 46_350_000 - back)
    assert (lost.market_hourly, lost.sources) == (0, (("wind", 46_350_000 - back),))
    assert power.hourly_wh == r["h_matched_with_storage_Wh"]
    assert power.market_hourly == r["h_em_storage_t"]
    assert power.coc_model == "controlled-blending"


def test_two_coils_in_one_period(tmp_path, worked):
    park, (s, r) = Signed(*worked), worked
    said = [
        *park.chain("A", 1), *park.chain("B", 4), *park.consumption(1), *park.consumption(4), *park.covered(1, 100),
        *park.covered(4, 60), *park.rest(2),
    ]  # fmt: skip
    accounts = accounts_of(tmp_path, said)
    one, other = (accounts.footprint.of(coil_of(tag)) for tag in "AB")
    with in_34_digits():
        assert (one.per_t("hourly"), other.per_t("hourly")) == (r["two_coil_A_per_t"], r["two_coil_B_per_t"])
        mean = (one.total("hourly") + other.total("hourly")) / (2 * s["coil_t"])
        assert mean == r["two_coil_process_mean_per_t"]
    (row,) = [row for row in accounts.cbam.rows if row.good == "aluminium-products"]
    assert (row.see_declared, row.sold, row.indirect) == (r["SEE_dir_coil_declared"], 40_000_000, None)


def test_what_the_example_says_must_fail_fails(tmp_path, worked):
    """An hour is covered by its own power, by no more than it drew, and no watt-hour twice."""
    park = Signed(*worked)
    with small_ledger(tmp_path) as world:
        parties(world)
    before = [*park.consumption(1), *park.attested(30, 18_000_000), *park.attested(31, 18_000_000)]
    name, record = f"{before[-2][2]['id']}", "electrolysis-30"
    early = f"{before[-4][2]['id']}"
    bad = {
        "over_consumption": park.row(early, 0, 12_206_251, record, 0),
        "not_same_hour": park.row(early, 0, 1_000, record, 16),
        "slice": park.row(name, 0, 18_000_001, record, 1),
    }
    with serving_world(world) as served:
        for who, typ, body in before:
            assert served.post(world.statement(who, typ, body)).status == 201
        for code, row in bad.items():
            answer = served.post(world.statement(PLANT, *park.allocated([row])[1:]))
            assert (answer.status, answer.code) == (422, code), answer.json
