"""What is refused of source streams and closes: with a code and the numbers in a sentence, and nothing is changed."""

import pytest
from example_park import PERIOD, ExamplePark, changed, process, table
from example_park import profile as plant_profile
from small_ledger import PLANT
from worked import example

from ledger.bodies import check_body
from ledger.book import RecordBook
from ledger.carbon import stating
from ledger.energy.said import Said
from ledger.kernel.errors import Malformed, Refused
from ledger.kernel.moments import micros
from ledger.kernel.party import Party
from ledger.rules import BALANCED

JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
FOLDS = {"emission-source": stating.state, "period-close": stating.close}


class Office:
    """Statements of one plant, one after the other."""

    def __init__(self):
        self.book, self.index = RecordBook(), 0
        self.party = Party(PLANT.id, "plant", frozenset(), (), plant_profile())

    def say(self, typ, body, *, now="2026-03-01T00:00:00Z"):
        check_body(typ, body)
        before = self.book.records()
        mark = self.book.mark()
        said = Said(typ, PLANT.id, body, self.index, micros(now), self.party, BALANCED)
        try:
            FOLDS[typ](self.book, said)
        except Refused:
            self.book.undo(mark)
            assert self.book.records() == before
            raise
        self.index += 1
        return self.index - 1

    def refused(self, typ, body, code, *words, **claims):
        with pytest.raises(Refused) as refusal:
            self.say(typ, body, **claims)
        assert refusal.value.code == code
        for word in words:
            assert word in refusal.value.sentence


@pytest.fixture
def office():
    return Office()


@pytest.fixture(scope="module")
def said(vectors):
    """The example's streams by kind, and its close."""
    return ExamplePark(*example(vectors)).said()


def test_a_stream_of_a_period_is_stated_once(office, said):
    first = office.say("emission-source", said["fuel"])
    office.refused("emission-source", said["fuel"], "stream_stated", f"entry {first}", "replaces")
    part = changed(said["fuel"], "period", "from", to="2025-12-20T00:00:00Z")
    office.refused("emission-source", part, "stream_stated")
    office.say("emission-source", {**said["fuel"], "period": JANUARY})
    second = office.say("emission-source", {**said["fuel"], "replaces": first})
    office.refused("emission-source", {**said["fuel"], "replaces": first}, "replaces", f"entry {first}")
    office.say("emission-source", {**said["fuel"], "replaces": second})


def test_another_kind_is_another_stream(office, said):
    office.say("emission-source", said["fuel"])
    other = {
        **said["material"],
        "stream": said["fuel"]["stream"],
        "process": said["fuel"]["process"],
        "period": JANUARY,
    }
    office.refused("emission-source", other, "stream_kind", "fuel", "material")


def test_after_a_close_nothing_is_added_and_what_was_wrong_is_put_right(office, said):
    first = office.say("emission-source", said["fuel"])
    closing = office.say("period-close", said["close"])
    office.refused("emission-source", said["pfc"], "period_closed", f"entry {closing}")
    office.say("emission-source", {**said["fuel"], "replaces": first})
    office.say("emission-source", {**said["pfc"], "period": JANUARY})


def test_a_period_is_closed_once_and_not_before_it_is_over(office, said):
    office.refused("period-close", said["close"], "time_ahead", now="2025-12-31T12:00:00Z")
    first = office.say("period-close", said["close"])
    office.refused("period-close", said["close"], "period_closed", f"entry {first}")
    half = changed(said["close"], "period", "from", to="2025-12-15T00:00:00Z")
    office.refused("period-close", half, "period_closed")
    office.say("period-close", {**said["close"], "replaces": first})
    office.refused("period-close", {**said["close"], "replaces": 77}, "replaces", "77")


def test_a_close_speaks_of_its_own_processes(office, said):
    others = changed(said["close"], "processes", to=[process("mining")])
    office.refused("period-close", others, "process", process("electrolysis"))
    strange = changed(said["close"], "processes", to=["(417)9521141000038/mill"], activity=[])
    strange.pop("activity")
    office.refused("period-close", strange, "process")


def test_no_more_of_a_carbon_price_is_given_back_than_was_due(office, said):
    price = {
        "process": process("cold-rolling"), "cn": "76061292", "instrument": "tax", "covered": "20", "currency": "KZT",
        "due": "500", "rebate": {"kind": "refund", "covered": "20", "amount": "10000"},
    }  # fmt: skip
    for changes in ({"covered": "20.1"}, {"amount": "10000.01"}):
        told = {**price, "rebate": {**price["rebate"], **changes}}
        office.refused(
            "period-close", {**said["close"], "carbon_price": [told]}, "carbon_price", "20 t CO2e", "500 KZT"
        )
    elsewhere = {**price, "process": "(417)9521141000038/mill"}
    office.refused("period-close", {**said["close"], "carbon_price": [elsewhere]}, "process", "(417)9521141000038/mill")
    office.say("period-close", {**said["close"], "carbon_price": [price]})


def test_waste_gas_and_power_that_is_given_away_are_streams_of_their_own(office, said):
    told = {**said["material"], "accounts": ["cbam-direct"], "period": JANUARY}
    told.pop("material")
    gas = {**told, "kind": "waste-gas", "stream": "off-gas"}
    with pytest.raises(Malformed):
        office.say("emission-source", gas)
    office.say("emission-source", {**gas, "waste_gas": {"direction": "in", "energy": 1, "factor": "50"}})
    power = {**told, "kind": "power-export", "stream": "power-out", "power_export": {"energy": 1, "factor": "0.5"}}
    office.say("emission-source", power)
    idle = {name: one for name, one in power.items() if name not in {"power_export", "table"}}
    office.say("emission-source", {**idle, "stream": "idle", "status": "not-applicable"})


def test_a_period_ends_after_it_begins_and_what_was_measured_is_over(office, said):
    turned = {**said["fuel"], "period": {"from": PERIOD["to"], "to": PERIOD["from"]}}
    office.refused("emission-source", turned, "period", "2026-01-01T00:00:00Z", "2025-12-01T00:00:00Z")
    office.refused("emission-source", said["fuel"], "time_ahead", now="2025-12-31T23:54:00Z")
    office.say("emission-source", said["fuel"], now="2025-12-31T23:56:00Z")


def test_an_unknown_factor_set_is_refused(office, said):
    unknown = {"id": "eu-2023-1773/annex-iii", "digest": table("scenario-kz/1")["digest"]}
    office.refused("emission-source", {**said["fuel"], "table": unknown}, "factor_set", "eu-2023-1773/annex-iii")
    other = {"id": "ipcc-2006/combustion", "digest": table("scenario-kz/1")["digest"]}
    office.refused("emission-source", {**said["fuel"], "table": other}, "factor_set", other["digest"])


def test_potentials_are_named_and_known(office, said):
    without = {name: one for name, one in said["pfc"].items() if name != "gwp"}
    office.refused("emission-source", without, "gwp_set", "gwp")
    office.refused("emission-source", {**said["pfc"], "gwp": "AR9"}, "gwp_set", "AR9", "AR5")
    stack = {"gas": "N2O", "mass": 1000, "method": "stack"}
    laughing = {**without, "kind": "measured", "stream": "stack", "measured": stack, "gwp": "AR4"}
    laughing.pop("pfc")
    office.refused("emission-source", laughing, "gwp_set", "N2O")
    office.say("emission-source", {**laughing, "gwp": "AR5"})


def test_a_percentage_is_no_fraction_and_a_fraction_no_percentage(office, said):
    by_voltage = {
        "method": "overvoltage", "technology": "CWPB", "metal": 1, "collection_efficiency": "0.98",
        "c2f6_ratio": "0.121", "overvoltage": "2", "overvoltage_factor": "1.16", "current_efficiency": "0.95",
    }  # fmt: skip
    office.refused("emission-source", {**said["pfc"], "pfc": by_voltage}, "percent", "0.95 %", "fraction")
    by_voltage["current_efficiency"] = "1.0"
    office.refused("emission-source", {**said["pfc"], "pfc": by_voltage}, "percent", "1.0 %", "fraction")
    by_voltage["current_efficiency"] = "101"
    office.refused("emission-source", {**said["pfc"], "pfc": by_voltage}, "current_efficiency", "101")
    by_voltage["current_efficiency"] = "95"
    office.say("emission-source", {**said["pfc"], "pfc": by_voltage})
    office.refused("emission-source", changed(said["pfc"], "pfc", "collection_efficiency", to="98"), "body")
    office.refused("emission-source", changed(said["pfc"], "pfc", "collection_efficiency", to="0"), "collection")
    bought = {"cn": "76011090", "mass": 1, "country": "KZ", "basis": "default", "direct": "1.87", "mark_up": "0.10"}
    slab = {**said["material"], "kind": "precursor", "precursor": bought, "table": table("eu-2025-2621/defaults")}
    slab.pop("material")
    office.refused("emission-source", slab, "percent", "0.10 %")
    office.say("emission-source", changed(slab, "precursor", "mark_up", to="10"))


def test_a_default_is_the_published_value(office, said):
    own = changed(said["pfc"], "pfc", "slope", to="0.2")
    office.refused("emission-source", {**own, "status": "default"}, "factor_differs", "0.2", "0.104")
    office.say("emission-source", own)  # as it was determined on the cells
    fuel = changed(said["fuel"], "fuel", "factor", to="50", status="default")
    office.refused("emission-source", fuel, "factor_differs", "natural-gas", "50", "56.1")
    power = changed(said["electricity"], "electricity", "factor", to="0.1")
    office.refused("emission-source", power, "factor_differs", "0.1", "0.80")
    wide = changed(said["pfc"], "pfc", "technology", to="PFPB-MW", status="default", stream="other")
    office.refused("emission-source", wide, "technology", "PFPB-MW")


def test_carbon_becomes_carbon_dioxide_as_the_named_set_says(office, said):
    trap = changed(said["anode"], "anode", "factor", to="3.666666666666667")
    office.refused("emission-source", trap, "factor_differs", "3.664")
    office.say("emission-source", {**trap, "table": table("ipcc-2006/aluminium")})
    office.refused("emission-source", changed(said["anode"], "anode", "carbon", to="0.99"), "carbon", "1.014")


def test_what_is_no_direct_emission_and_no_precursor_stays_out_of_the_account_of_processes(office, said):
    power = {**said["electricity"], "accounts": ["cbam-direct", "footprint"]}
    office.refused("emission-source", power, "account", "electricity")
    alumina = {"cn": "28182000", "mass": 1, "country": "IN", "basis": "default", "direct": "1.2", "mark_up": "0"}
    bought = {**said["material"], "kind": "precursor", "precursor": alumina, "accounts": ["cbam-direct"]}
    bought.pop("material")
    office.refused("emission-source", bought, "no_precursor", "28182000")
    office.say("emission-source", {**bought, "accounts": ["footprint"]})


def test_exempt_is_what_comes_from_where_the_ets_holds(office, said):
    swiss = {"cn": "76012080", "mass": 1, "country": "CH", "basis": "exempt", "direct": "0"}
    bought = {**said["material"], "kind": "precursor", "precursor": swiss}
    bought.pop("material")
    office.refused("emission-source", changed(bought, "precursor", "country", to="KZ"), "exempt", "KZ")
    office.refused("emission-source", changed(bought, "precursor", "direct", to="2"), "exempt", "2 t")
    office.say("emission-source", bought)


def test_a_stream_that_did_not_run_is_said_and_needs_no_numbers(office, said):
    idle = {name: one for name, one in said["fuel"].items() if name not in {"fuel", "table"}}
    office.say("emission-source", {**idle, "status": "not-applicable"})
    with pytest.raises(Malformed):
        office.say("emission-source", {**said["pfc"], "status": "not-applicable"})
