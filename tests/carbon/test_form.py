"""Values out of form are refused, and the longest amounts that a body can have are computed with all their digits."""

from decimal import Decimal

import pytest
from example_park import PERIOD, process

from ledger.carbon import exact
from ledger.carbon.streams import read_stream
from ledger.form import number, rows, whole

LONG = "123456789012345.123456789012345"  # 4.9: at most 15 digits before the point and 15 after it


@pytest.mark.parametrize("value", [True, None, "", "1e3", "NaN", "Infinity", "1_0", " 1", "\u0661", ".5", [], {}])
def test_what_is_no_decimal_is_refused(value):
    with pytest.raises(TypeError, match="a decimal number"):
        number(value)


@pytest.mark.parametrize("value", ["0.5", "7", "-1.25", 7, Decimal("0.5")])
def test_decimal_text_and_numbers_are_decimals(value):
    assert number(value) == Decimal(value)


@pytest.mark.parametrize("value", [True, -1, "1", Decimal(1), None])
def test_what_is_no_whole_number_from_0_is_refused(value):
    with pytest.raises(TypeError, match="whole number from 0"):
        whole(value)


@pytest.mark.parametrize("value", ["electrolysis", {}, None, ("a",)])
def test_what_is_no_list_is_refused(value):
    with pytest.raises(TypeError, match="a list"):
        rows(value)


def test_a_factor_of_thirty_digits_is_exact_a_watt_hour():
    assert exact.parts_per_wh(Decimal(LONG)) == 123456789012345123456789012345 * 10**19


def heat(direction):
    body = {
        "process": process("casting"), "period": PERIOD, "stream": "heat", "kind": "heat", "status": "measured",
        "accounts": ["footprint"], "heat": {"direction": direction, "energy": 123_457, "factor": LONG},
    }  # fmt: skip
    return read_stream(body, 0).t


def test_heat_given_away_is_what_was_taken_in_to_the_last_of_34_digits():
    assert heat("in") + heat("out") == 0
    assert len(heat("in").as_tuple().digits) > 30


def test_cf4_in_the_duct_has_the_digits_that_were_stated():
    cell = {"method": "measured", "collection_efficiency": "1", "cf4": LONG, "c2f6": "0"}
    body = {"process": process("electrolysis"), "period": PERIOD, "stream": "pfc", "kind": "pfc", "status": "measured",
            "accounts": ["footprint"], "pfc": cell, "gwp": "AR5"}  # fmt: skip
    assert read_stream(body, 0).cf4 == exact.scaled(Decimal(LONG), -3) == Decimal("123456789012.345123456789012345")
