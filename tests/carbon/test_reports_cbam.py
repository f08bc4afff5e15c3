"""The CBAM report: the published example comes out, every field is there, and no claim of a coil gets in."""

import json
from decimal import Decimal
from typing import get_args, get_origin, get_type_hints

import msgspec
import pytest
from example_park import PERIOD, SITE, ExamplePark, process, table
from msgspec.structs import replace
from test_worked_example import accounts_of, given_of
from worked import example

from ledger.bodies import check_body
from ledger.carbon.accounts import CbamAccount
from ledger.carbon.given import close_of
from ledger.carbon.recompute import recompute
from ledger.carbon.reports.between import KINDS, flow_of
from ledger.carbon.reports.cbam import About, Site, cbam_report
from ledger.carbon.reports.empty import WHY, name_of
from ledger.carbon.reports.numbers import added, over
from ledger.carbon.streams import read_stream
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
    for one in works.processes:
        for good in one.goods:
            assert (good.see_indirect, good.electricity_factor) == ("not applicable", "not applicable")
            assert good.carbon_prices == []
    assert (works.indirect, works.street, works.email) == ("not applicable", None, None)
    assert (works.name, works.operator_name, works.country, works.cbam) == ("Works", "Plant", "KZ", "KZ-1")
    assert not report.provisional
    assert {one.id for one in report.factor_sets} >= {"eu-2025-2547/annex-ii", "eu-2025-2620/benchmarks"}


def kinds_of_rows():
    found, new = set(), {said.CbamReport}
    while new:
        found |= new
        hints = [hint for kind in new for hint in get_type_hints(kind).values()]
        new = {one for hint in hints for one in structs_in(hint)} - found
    return found


def structs_in(hint):
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return {hint}
    return {one for part in get_args(hint) for one in structs_in(part)}


def test_every_field_that_may_stand_empty_has_a_reason_and_no_other():
    may_be = set()
    for kind in kinds_of_rows():
        for field, hint in get_type_hints(kind).items():
            if type(None) in get_args(hint) or hint is type(None) or get_origin(hint) is list:
                may_be.add(f"{name_of(kind)}.{field}")
    never = {"report.factor_sets", "report.notes", "report.empty", "installation.processes", "process.processes",
             "process.goods", "process.factor_sets", "quality.processes"}  # fmt: skip
    assert may_be - never == set(WHY)


def test_whatever_stands_empty_is_told_with_its_reason(worked):
    report = report_of(worked, 80)
    told = {one.field: one.why for one in report.empty}
    assert told["installation.phone"].startswith("names of persons and contact data are never in the ledger")
    assert told["good.carbon_prices"] == WHY["good.carbon_prices"]
    assert {"process.waste_gas", "process.electricity_exported", "good.product_name", "installation.city"} <= set(told)
    null = {name for name, one in walked(json.loads(msgspec.json.encode(report))) if one is None or one == []}
    assert {name for name in null if name != "empty"} == {field.partition(".")[2] for field in told}


def walked(value):
    if isinstance(value, dict):
        for name, one in value.items():
            yield name, one
            yield from walked(one)
    for one in value if isinstance(value, list) else ():
        yield from walked(one)


def told(worked):
    """The example, with all that a statement may say for the report beside it."""
    s, r = worked
    park = ExamplePark(s, r)
    _, close = park.close()
    coil = next(row for row in close["activity"] if row["process"] == process("cold-rolling"))
    coil |= {"product": "Body sheet 5754", "non_aluminium": "0.035"}
    close |= {
        "carbon_price": [{
            "process": process("cold-rolling"), "cn": "76061292", "instrument": "emissions-trading",
            "covered": "20", "currency": "KZT", "due": "500",
            "rebate": {"kind": "free-allocation", "covered": "15", "amount": "7500"},
        }],
        "quality": {"data": "Metered.", "defaults": "None.", "assurance": "Internal review."},
        "monitoring_plan": {"digest": DIGEST, "media_type": "application/pdf"},
    }  # fmt: skip
    scenario = table("scenario-kz/1")

    def stream(kind, name, **body):
        return {
            "process": process("casting"), "period": PERIOD, "stream": name, "kind": kind, "status": "measured",
            "accounts": ["cbam-direct"], kind.replace("-", "_"): body, "table": scenario,
        }  # fmt: skip

    wood = {
        "fuel": "wood",
        "quantity": 1_000_000_000,
        "unit": "kJ",
        "factor": "110",
        "oxidation": "1",
        "biomass": "0.9",
    }
    slab = {
        "cn": "76012030", "mass": 1_000_000, "country": "IN", "basis": "default", "direct": "2", "mark_up": "10",
        "name": "Slab", "route": "secondary", "purchased": 3_000_000, "other": 1_500_000, "dated": "default-year",
    }  # fmt: skip
    streams = [
        stream("waste-gas", "gas-in", direction="in", energy=2_000_000_000, factor="50"),
        stream("waste-gas", "gas-out", direction="out", energy=1_000_000_000, factor="50"),
        stream("power-export", "power-out", energy=3_000_000, factor="0.5"),
        {**stream("fuel", "wood"), "fuel": wood},
        {**stream("precursor", "slab"), "precursor": slab, "status": "default"},
        {**stream("measured", "stack", gas="N2O", mass=10_000, method="stack"), "gwp": "AR5"},
    ]
    for typ, body in (("period-close", close), *(("emission-source", one) for one in streams)):
        check_body(typ, body)
    return close, streams


def test_all_that_statements_say_for_it_is_in_it(worked):
    close, streams = told(worked)
    given = given_of(worked, 80)
    with_all = replace(
        given, streams=(*given.streams, *(read_stream(one, 900 + n) for n, one in enumerate(streams))),
        closes=(close_of(close, "plant", 99),),
    )  # fmt: skip
    before = report_of(worked, 80).installations[0]
    flows = [flow_of(one, 900 + n) for n, one in enumerate(streams) if one["kind"] in KINDS]
    closes = [(SITE, one) for one in with_all.closes]
    report = cbam_report(recompute(with_all).cbam, about(flows=flows, closes=closes))
    (works,) = report.installations
    products, metal = works.processes
    # F8: 1 TJ of gas at 50, less 3 MWh at 0.5, a tenth of the wood's 110 t, 2.65 t of N2O
    more = Decimal(metal.direct) - Decimal(before.processes[1].direct)
    assert more == Decimal(50) - Decimal("1.5") + 11 + Decimal("2.65")
    assert (metal.waste_gas, metal.electricity_exported, metal.biomass) == ("50", "1.5", "99")
    assert (works.other, works.n2o, works.biomass) == ("48.5", "2.65", "99")
    parts = (works.calculated, works.pfc, works.measured, works.other)
    gases = (works.co2, works.n2o, works.pfcs, works.other)
    assert added(*map(Decimal, parts)) == added(*map(Decimal, gases)) == Decimal(works.direct)
    assert [(one.kind, one.direction, one.energy, one.unit, one.emissions) for one in metal.flows] == [
        ("waste-gas", "in", "2", "TJ", "100"), ("waste-gas", "out", "1", "TJ", "-50"),
        ("power-export", "out", "3", "MWh", "-1.5"),
    ]  # fmt: skip
    (coil,) = products.goods
    assert (coil.product_name, coil.non_aluminium) == ("Body sheet 5754", "0.035")
    assert coil.cn_name == "Aluminium plates, sheets and strip, of a thickness exceeding 0,2 mm"
    (price,) = coil.carbon_prices
    embedded = Decimal(coil.embedded)
    assert Decimal(price.share_covered) == over(Decimal(20), embedded)
    assert Decimal(price.effective) == round((Decimal(20) * 500 - 7500) / embedded, 6)
    (slab,) = [one for one in metal.precursors if one.basis == "default"]
    assert (slab.name, slab.route, slab.purchased, slab.used, slab.other, slab.control, slab.dated) == (
        "Slab", "secondary", "3", "1", "1.5", "0.5", "default-year",
    )  # fmt: skip
    (own,) = products.precursors
    assert (own.route, own.purchased, own.control) == ("primary", None, None)
    (quality,) = works.quality
    assert (quality.data, quality.assurance, quality.monitoring_plan) == ("Metered.", "Internal review.", DIGEST)
    # M7: what was bought is not where it is said to have gone
    (found,) = [one.says for one in recompute(with_all).findings if one.rule == "precursor"]
    assert "of stream slab 3 000 000 g were purchased, 2 500 000 g consumed" in found


def test_a_period_without_rows_is_provisional_and_empty():
    report = cbam_report(CbamAccount(()), about())
    assert (report.provisional, report.installations) == (True, [])


def test_both_totals_are_told_by_the_rounded_figure_and_by_the_exact_one(worked):
    (coil,) = report_of(worked, 80).installations[0].processes[0].goods
    assert Decimal(coil.embedded_of_rounded) == Decimal(coil.see_direct) * 20
    assert Decimal(coil.embedded) == worked[1]["coil_direct_total_t"]
