"""A passport or an input that no schema would take: whoever signed it, it is a failed step and no crash."""

import pytest
from forged_passports import committed, passport_of
from msgspec.structs import replace
from small_ledger import OPERATOR
from vectors.computed import COIL, cast_and_slit, footprint

from ledger.kernel.errors import Unverified
from ledger.kernel.verify import Expected, verify_bundle
from ledger.kernel.verify_passports import Inputs
from ledger.passport.accounting import check_evidence
from ledger.passport.refold import recompute
from ledger.rules import rule_set


def verified(ledger, body, inputs):
    data = ledger.bundle(ledger.add(OPERATOR, "passport", body), along=inputs, kind="full")
    return verify_bundle(
        data, ledger.trust(), expected=Expected(COIL), recompute=lambda one: recompute(one, rule_set())
    )


def test_the_honest_one_is_computed_again():
    ledger = cast_and_slit()
    report = verified(ledger, *passport_of(ledger, COIL, rule_set(), footprint))
    assert report.verified, report.verdict
    assert "footprint and renewable shares are those of the breakdown" in report.steps[10].sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [("facts", None), ("facts", []), ("figures", None), ("figures", [5]), ("figures", {}), ("findings", [[]]),
     ("findings", 5), ("power", [{}]), ("tables", 5), ("tables", {}), ("restated", {}), ("accounts", [])],
)  # fmt: skip
def test_a_body_out_of_form_fails(name, value):
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    report = verified(ledger, {**body, name: value}, inputs)
    assert report.failed is not None, report.verdict
    assert (report.failed.number, report.code) == (11, "figure")


def test_a_footprint_of_no_state_is_none():
    """Nothing says what it was computed from, so that nothing of it could be held against anything."""
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    report = verified(ledger, {name: one for name, one in body.items() if name != "accounts"}, inputs)
    assert report.failed is not None, report.verdict
    assert (report.failed.number, report.code) == (11, "figure")
    assert "states a footprint and not of which state" in report.failed.sentence


@pytest.mark.parametrize("accounts", [5, {}, {"size": None}, {"size": 9}])
def test_evidence_of_a_state_out_of_form_fails_and_does_not_fall_over(accounts):
    with pytest.raises(Unverified) as failed:
        check_evidence({"piece": COIL, "accounts": accounts, "figures": []}, Inputs(None, (), {}), rule_set())
    assert failed.value.step == 11


def test_a_cut_breakdown_may_not_be_of_a_later_state():
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    rows = [body["breakdown"][0]] * 200
    later = {**body["as_of"], "size": body["as_of"]["size"] + 1}
    report = verified(ledger, {**body, "breakdown": rows, "accounts": later}, inputs)
    assert report.failed is not None, report.verdict
    assert "the passport as of" in report.failed.sentence


@pytest.mark.parametrize(
    ("entry", "taken"), [(0, True), (5, True), (12, True), (13, False), (-1, False), (True, False), ("5", False)]
)
def test_a_footprint_is_restated_by_an_entry_that_it_was_computed_from(entry, taken):
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    assert body["accounts"]["size"] == len(ledger.entries) == 13
    report = verified(ledger, {**body, "restated": [{"entry": entry, "reason": "replaced"}]}, inputs)
    assert (report.verified, report.code) == (taken, "" if taken else "figure"), report.verdict


def test_no_source_gives_less_than_nothing():
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    (row,) = body["power"]
    sources = [{"source": "wind", "wh": row["volumetric_wh"] + 1}, {"source": "solar", "wh": -1}]
    report = verified(ledger, {**body, "power": [{**row, "sources": sources}]}, inputs)
    assert report.failed is not None, report.verdict
    assert "of the power in electrolysis 6000000 Wh are matched" in report.failed.sentence


def test_of_a_breakdown_of_more_rows_than_a_passport_holds_it_is_said_that_it_cannot_be_added_up():
    def of_many(lot, as_of):
        one = footprint(lot, as_of)
        return replace(one, footprint=replace(one.footprint, parts=one.footprint.parts * 101))

    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), of_many)
    assert len(body["breakdown"]) == 200
    report = verified(ledger, body, inputs)
    assert report.verified, report.verdict
    assert "its breakdown is cut to what a passport holds, and cannot be added up" in report.steps[10].sentence


def test_a_finding_of_no_entry_that_is_judged_is_left():
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    report = verified(ledger, {**body, "findings": [{"entry": []}]}, inputs)
    assert report.verified, report.verdict


@pytest.mark.parametrize("said", [{"chemistry": [{"element": "Mg", "value": "x", "bound": "eq"}]}, {"chemistry": 5}])
def test_an_event_out_of_form_is_none_that_a_passport_follows_from(said):
    body, inputs = passport_of(cast_and_slit(), COIL, rule_set())
    ledger = cast_and_slit(**said)
    report = verified(ledger, committed(ledger, body, inputs), inputs)
    assert (report.failed.number, report.code) == (11, "inputs")
