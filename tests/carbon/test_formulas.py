"""F1 to F12 against every number of the worked example that they give, and against the traps beside them."""

from decimal import Decimal, localcontext

import pytest
from worked import example

from ledger.carbon import embedded, formulas
from ledger.carbon.exact import in_parts, in_tonnes, per_tonne, ratio


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


def gas(s, tonnes, per):
    return formulas.combustion(s[tonnes], s[per], s["ef_ng"], Decimal(1), Decimal(0))


def perfluorocarbons(s):
    minutes = formulas.anode_effect_minutes(s["ae_freq"], s["ae_dur"])
    cf4 = formulas.slope(minutes, s["sef"], s["liquid_t"])
    c2f6 = formulas.hexafluoroethane(cf4, s["fc2f6"])
    duct = formulas.warming([(cf4, s["gwp_cf4"]), (c2f6, s["gwp_c2f6"])])
    return minutes, cf4, c2f6, duct, formulas.collected(duct, s["coll_eff"])


def test_direct_emissions_of_the_example(worked):
    s, r = worked
    net = s["liquid_t"] * s["nac"]
    carbon = 1 - s["anode_S"] - s["anode_ash"]
    assert formulas.carbon_balance(net, carbon, s["f_C"]) == r["anode_co2_t"]
    assert formulas.carbon_balance(net, carbon, Decimal(44) / 12) != r["anode_co2_t"]
    minutes, cf4, c2f6, duct, pfc = perfluorocarbons(s)
    assert (minutes, cf4 * 1000, c2f6 * 1000) == (r["aem"], r["cf4_kg"], r["c2f6_kg"])
    assert (duct, pfc) == (r["pfc_duct_tco2e"], r["pfc_tco2e"])
    assert gas(s, "slab_t", "ng_cast") == r["casthouse_ng_tco2"]
    assert gas(s, "hotband_t", "ng_hot") == r["hot_ng_tco2"]
    assert gas(s, "coil_t", "ng_anneal") == r["anneal_ng_tco2"]


def test_embedded_emissions_and_certificates_of_the_example(worked):
    s, r = worked
    slab = embedded.specific(r["P1_AttrEm_dir"], [], s["slab_t"])
    coil = embedded.specific(r["P2_AttrEm_dir"], [(s["slab_t"], slab)], s["coil_t"])
    own = embedded.specific(r["P2_AttrEm_dir"], [], s["coil_t"])
    m = ratio(s["slab_t"], s["coil_t"])
    assert (slab, coil, own) == (r["SEE_dir_slab"], r["SEE_dir_coil"], r["ae_dir_coil"])
    by_parts = embedded.specific_by_parts(own, [(m, slab)])
    assert abs(by_parts - coil) < Decimal("1e-30")  # E3: Eq 59 is Eq 62
    process = embedded.free_allocation(s["cbam_factor_2026"], s["cscf"], s["bm_a_7606"])
    slabs = embedded.free_allocation(s["cbam_factor_2026"], s["cscf"], s["bm_b_7601"])
    free = embedded.free_allocation_of_goods(process, [(m, slabs)])
    by_default = embedded.free_allocation(s["cbam_factor_2026"], s["cscf"], s["bm_b_7606"])
    default = embedded.default_value(s["dv_7606_kz"], s["markup_2026"] * 100)
    assert (free, by_default, default) == (r["SEFA_actual"], r["SEFA_default"], r["DV_7606_KZ_2026"])
    assert embedded.declared(coil) == r["SEE_dir_coil_declared"]
    assert embedded.certificates(embedded.declared(coil), free, s["coil_t"]) == r["certs_actual"]
    assert embedded.certificates(default, by_default, s["coil_t"]) == r["certs_default"]
    on_default = embedded.default_value(s["dv_7601_kz"], s["markup_2026"] * 100)
    assert embedded.specific_by_parts(own, [(m, on_default)]) == r["SEE_if_precursor_slab_on_default_KZ"]


def test_power_of_the_example(worked):
    s, r = worked
    wh = r["E_total_MWh"] * 1_000_000
    for tag, share in (("s0", Decimal(0)), ("s80", Decimal("0.8")), ("s100", Decimal(1))):
        factor = formulas.mixed_factor([(1 - share, s["ef_grid"]), (share, s["ef_re_direct"])])
        assert factor == r[f"EF_el_{tag}"]
        assert formulas.of_power(wh, factor) == r[f"PCF_{tag}_electricity"]


def test_overvoltage_takes_the_efficiency_in_percent():
    metal = Decimal(1_000_000)
    assert formulas.overvoltage(Decimal("1.16"), Decimal("9.5"), Decimal(95), metal) == 116
    assert formulas.overvoltage(Decimal("1.16"), Decimal("9.5"), Decimal("0.95"), metal) == 11_600


def test_heat_and_power_given_away_are_taken_off():
    assert embedded.attributed(Decimal(10), heat_in=Decimal(2), heat_out=Decimal(3), power_out=Decimal(1)) == 8


def test_formulas_do_not_depend_on_the_context_they_are_called_in():
    with localcontext() as context:
        context.prec = 5
        found = formulas.collected(Decimal("2.37926052"), Decimal("0.98"))
    assert found == Decimal("2.427816857142857142857142857142857")


def test_whole_parts_of_a_tonne_and_back():
    value = Decimal("35.37196789714285714285714285714286")
    assert in_tonnes(in_parts(value)) == value
    assert in_tonnes(in_parts(Decimal("-1.5"))) == Decimal("-1.5")
    assert per_tonne(Decimal("37.73445109714285714285714285714286"), 20_000_000) == Decimal(
        "1.886722554857142857142857142857143"
    )
    assert per_tonne(Decimal(1), 0) == ratio(1, 0) == 0
