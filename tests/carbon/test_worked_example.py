"""The worked example through the accounts: one coil at 100, 80 and 0 %, by the hour, and two coils in one period."""

from decimal import Decimal

import pytest
from example_park import START, ExamplePark, coil_of, process, slab_of
from folded_example import given
from worked import example, in_34_digits

from ledger.carbon.given import Covered, PowerHour
from ledger.carbon.recompute import recompute

HOUR = 3_600_000_000


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


def covered(park, day, share):
    """Hours of one chain, each covered to this share by power without emissions, in the hour."""
    for kind, hour, wh in park.hours(day=day):
        green = wh * share // 100
        rows = (Covered(green, "hourly", Decimal(0)),) if green else ()
        yield PowerHour(process(kind), int(START.timestamp()) * 1_000_000 + hour * HOUR, wh, True, rows)


def accounts_of(worked, *shares):
    """One coil for each share, all in one closed period."""
    return recompute(given_of(worked, *shares))


def given_of(worked, *shares):
    """What these accounts are made of."""
    park = ExamplePark(*worked)
    chains = [(chr(ord("A") + number), 1 + 3 * number, share) for number, share in enumerate(shares)]
    bodies = [one for tag, day, _ in chains for one in park.bodies(tag, day=day)]
    bodies += [*park.streams(len(shares)), park.close(len(shares))]
    hours = [one for _, day, share in chains for one in covered(park, day, share)]
    return given(bodies, hours)


@pytest.mark.parametrize("share", [100, 80, 0])
def test_one_coil(worked, share):
    s, r = worked
    accounts = accounts_of(worked, share)
    coil = accounts.footprint.of(coil_of("A"))
    assert coil.g == s["coil_t"] * 1_000_000
    assert coil.wh == r["E_total_MWh"] * 1_000_000
    with in_34_digits():
        for matching in ("hourly", "volumetric"):
            assert coil.electricity(matching) == r[f"PCF_s{share}_electricity"]
            assert coil.total(matching) == r[f"PCF_s{share}_total"]
            assert coil.per_t(matching) == r[f"PCF_s{share}_per_t"]
        assert coil.total("location") == r["PCF_s0_total"]
        assert 1 - coil.total("hourly") / coil.total("location") == r.get(f"reduction_s{share}", 0)
    assert coil.hourly_share == coil.volumetric_share == Decimal(share) / 100
    assert (coil.provisional, coil.coc_model, coil.gwp) == (False, "controlled-blending", "AR5")


def test_where_a_footprint_comes_from(worked):
    _, r = worked
    parts = accounts_of(worked, 100).footprint.of(coil_of("A")).parts
    with in_34_digits():
        found = {}
        for part in parts:
            found[part.stage, part.source] = found.get((part.stage, part.source), 0) + part.t
        assert found == {
            ("mining", "material"): r["PCF_item_mining"],
            ("refining", "fuel"): r["PCF_item_refinery_fuel"],
            ("anode-making", "material"): r["PCF_item_anode_plant"],
            ("electrolysis", "anode"): r["anode_co2_t"],
            ("electrolysis", "pfc"): r["pfc_tco2e"],
            ("casting", "fuel"): r["PCF_item_casthouse_fuel"],
            ("casting", "material"): r["PCF_item_alloying"],
            ("hot-rolling", "fuel"): r["hot_ng_tco2"],
            ("annealing", "fuel"): r["anneal_ng_tco2"],
        }
    assert {(part.gas, part.basis) for part in parts} == {
        ("CO2", "measured"), ("CO2", "default"), ("CF4", "measured"), ("C2F6", "measured")
    }  # fmt: skip


@pytest.mark.parametrize("share", [100, 80, 0])
def test_the_account_of_processes_does_not_know_of_renewable_power(worked, share):
    s, r = worked
    accounts = accounts_of(worked, share)
    slab, coil = accounts.cbam.rows
    assert (slab.good, coil.good, slab.cn, coil.cn) == (
        "unwrought-aluminium", "aluminium-products", "76012030", "76061292",
    )  # fmt: skip
    assert (slab.direct, coil.direct) == (r["P1_AttrEm_dir"], r["P2_AttrEm_dir"])
    assert (slab.see_direct, coil.see_direct) == (r["SEE_dir_slab"], r["SEE_dir_coil"])
    assert (slab.see_declared, coil.see_declared) == (r["SEE_dir_slab_declared"], r["SEE_dir_coil_declared"])
    assert slab.power_wh + coil.power_wh == r["E_cbam_boundary_MWh"] * 1_000_000
    assert (slab.activity, coil.activity) == (s["slab_t"] * 1_000_000, s["coil_t"] * 1_000_000)
    assert (slab.indirect, coil.indirect, slab.provisional) == (None, None, False)
    assert slab.scrap_g == s["scrap_in_t"] * 1_000_000


def test_two_coils_in_one_period(worked):
    s, r = worked
    accounts = accounts_of(worked, 100, 60)
    one, other = (accounts.footprint.of(coil_of(tag)) for tag in "AB")
    with in_34_digits():
        assert one.per_t("hourly") == r["two_coil_A_per_t"]
        assert other.per_t("hourly") == r["two_coil_B_per_t"]
        both = one.total("hourly") + other.total("hourly")
        assert both / (2 * s["coil_t"]) == r["two_coil_process_mean_per_t"]
    (row,) = [row for row in accounts.cbam.rows if row.good == "aluminium-products"]
    assert (row.see_declared, row.sold) == (r["SEE_dir_coil_declared"], 40_000_000)


def test_by_the_hour(worked):
    """One heat: what the sun gives too much at noon covers by volume what it lacks at night."""
    s, r = worked
    park = ExamplePark(s, r)
    offered = [18_000_000] * 8 + [9_000_000] * 8 + [2_295_000] * 8
    smelter = [one for one in covered(park, 1, 0) if one.process == process("electrolysis")]
    excess = sum(max(0, gc - hour.wh) for gc, hour in zip(offered, smelter, strict=True))
    hours = []
    for gc, hour in zip(offered, smelter, strict=True):
        rows = [Covered(min(gc, hour.wh), "hourly", Decimal(0))]
        beside = min(excess, hour.wh - rows[0].wh)
        excess -= beside
        rows += [Covered(beside, "volumetric", Decimal(0))] if beside else []
        hours.append(PowerHour(hour.process, hour.start, hour.wh, True, tuple(rows)))
    bodies = [*park.bodies("A", day=1), *park.streams(), park.close()]
    coil = recompute(given(bodies, hours)).footprint.of(coil_of("A"))
    (power,) = coil.power
    assert (power.wh, power.hourly_wh) == (r["h_cons_Wh_per_hour"] * 24, r["h_matched_Wh"])
    assert power.volumetric_wh == r["h_gc_total_Wh"]
    assert (coil.hourly_share, coil.volumetric_share) == (r["h_hourly_share"], r["h_volumetric_share"])
    assert (power.market_hourly, power.market_volumetric) == (r["h_em_hourly_t"], r["h_em_vol_t"])
    assert coil.coc_model == "mass-balance"


def test_what_is_charged_is_all_somewhere(worked):
    accounts = accounts_of(worked, 100, 60)
    assert {key: amount for key, amount in accounts.keys.said(accounts.left).items() if key.what != "gap"} == (
        accounts.keys.said(accounts.put_in)
    )
    slab = accounts.footprint.of(slab_of("A"))
    assert slab.wh < accounts.footprint.of(coil_of("A")).wh
