"""The CBAM report: the published example comes out, every field is there, and no claim of a coil gets in."""

from decimal import Decimal

import msgspec
import pytest
from example_park import PERIOD, SITE
from test_worked_example import accounts_of
from worked import example

from ledger.carbon.accounts import CbamAccount
from ledger.carbon.reports.cbam import About, Site, cbam_report
from ledger.kernel.moments import micros
from schemas import wire_carbon as said

DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


def about(**more):
    site = Site(SITE, "Works", "(417)9521210000013", "Plant", "KZ", "51.7", "75.3", None, "KZ-1")
    rules = said.RuleSet(id="coilmark-rules/4", digest=DIGEST)
    period = (micros(PERIOD["from"]), micros(PERIOD["to"]))
    return About(
        "https://a.example/one", said.AsOf(size=9, root=DIGEST), rules, period, {SITE: site}, year=2026, **more
    )


def report_of(worked, *shares):
    return cbam_report(accounts_of(worked, *shares).cbam, about())


def test_the_published_example_comes_out_to_the_last_digit(worked):
    s, r = worked
    report = report_of(worked, 80)
    (works,) = report.installations
    products, metal = works.processes
    (coil,), (slab,) = products.goods, metal.goods
    assert Decimal(slab.see_direct_unrounded) == r["SEE_dir_slab"]
    assert Decimal(coil.see_direct_unrounded) == r["SEE_dir_coil"]
    assert (slab.see_direct, coil.see_direct) == (str(r["SEE_dir_slab_declared"]), str(r["SEE_dir_coil_declared"]))
    assert (Decimal(metal.direct), Decimal(products.direct)) == (r["P1_AttrEm_dir"], r["P2_AttrEm_dir"])
    assert (metal.direct_whole, products.direct_whole, works.total) == (35, 2, 38)
    assert Decimal(metal.pfc_total) == r["pfc_tco2e"]
    assert (Decimal(coil.produced), Decimal(slab.produced)) == (s["coil_t"], s["slab_t"])
    assert (products.control, metal.control) == ("0", "0")
    drawn = Decimal(metal.electricity) + Decimal(products.electricity)
    assert drawn == r["E_cbam_boundary_MWh"]
    (carried,) = products.precursors
    assert (carried.basis, Decimal(carried.ratio), Decimal(carried.see_direct)) == (
        "own", r["m_slab_per_coil"], r["SEE_dir_slab"],
    )  # fmt: skip
    assert Decimal(coil.free_allocation.total) == r["SEFA_actual"]
    owed = (Decimal(coil.see_direct) - Decimal(coil.free_allocation.total)) * Decimal(coil.produced)
    assert owed == r["certs_actual"]


def test_renewable_power_changes_no_byte_of_it(worked):
    reports = {msgspec.json.encode(report_of(worked, share)) for share in (0, 80, 100)}
    assert len(reports) == 1


def test_two_coils_with_different_claims_are_one_line(worked):
    report = report_of(worked, 100, 60)
    products = report.installations[0].processes[0]
    (line,) = products.goods
    assert (line.produced, line.see_direct) == ("40", "1.88672")


def test_it_knows_no_coil_and_no_share(worked):
    text = msgspec.json.encode(report_of(worked, 80)).decode()
    assert "COIL-" not in text
    assert "renewable" not in text.replace("Renewable power changes no figure here", "")


def test_what_is_claimed_of_a_coil_is_refused(worked):
    accounts = accounts_of(worked, 100)
    coil = next(iter(accounts.footprint))
    for wrong in (accounts.footprint, coil, [coil], CbamAccount((coil,)), CbamAccount(tuple(accounts.footprint))):
        with pytest.raises(TypeError, match="CBAM declaration"):
            cbam_report(wrong, about())


def test_it_says_that_indirect_emissions_do_not_apply_and_what_the_ledger_does_not_hold(worked):
    report = report_of(worked, 80)
    (works,) = report.installations
    for process in works.processes:
        for good in process.goods:
            assert (good.see_indirect, good.electricity_factor) == ("not applicable", "not applicable")
            assert good.carbon_price == said.CarbonPrice()
    assert (works.indirect, works.street, works.email) == ("not applicable", None, None)
    assert (works.name, works.operator_name, works.country, works.cbam) == ("Works", "Plant", "KZ", "KZ-1")
    assert not report.provisional
    assert {one.id for one in report.factor_sets} >= {"eu-2025-2547/annex-ii", "eu-2025-2620/benchmarks"}


def test_a_period_without_rows_is_provisional_and_empty():
    report = cbam_report(CbamAccount(()), about())
    assert (report.provisional, report.installations) == (True, [])


def test_both_totals_are_told_by_the_rounded_figure_and_by_the_exact_one(worked):
    (coil,) = report_of(worked, 80).installations[0].processes[0].goods
    assert Decimal(coil.embedded_of_rounded) == Decimal(coil.see_direct) * 20
    assert Decimal(coil.embedded) == worked[1]["coil_direct_total_t"]
