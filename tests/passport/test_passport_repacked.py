"""What was on a pallet is corrected when the customer has it: passports of what was, and was not, on it follow."""

import pytest
from small_ledger import PLANT, ROLLING
from small_mill import CUSTOMER, pallet, piece, small_mill
from test_passport_issued import verified
from test_passport_restated import restater, said

AFTER = "corrected_after_use"


@pytest.fixture
def mill(tmp_path):
    """A-1 and A-2 were packed, and are with the customer; A-1 and B-1 should have been said."""
    with small_mill(tmp_path) as mill:
        for name in "AB":
            mill.make_coils(name)
        wrong = mill.pack(ROLLING, pallet(), piece("A-1"), piece("A-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
        mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
        mill.declared = mill.wrong(ROLLING, wrong, "urn:right")
        mill.right = mill.pack(ROLLING, pallet(), piece("A-1"), piece("B-1"), eventID="urn:right")
        mill.restater = restater(mill)
        yield mill


def found(mill, name):
    return [(one["entry"], one["about"]["id"][-4:]) for one in said(mill, name)["findings"] if one["rule"] == AFTER]


def test_passports_say_who_was_on_a_pallet_after_all_and_who_was_not(mill):
    mill.send(CUSTOMER, PLANT, (pallet(), None), paper="Z")
    mill.send(ROLLING, CUSTOMER, (piece("B-1"), None), paper="Y")
    mill.restater.round(now=mill.world.now)
    statuses = {name: said(mill, name)["status"] for name in ("A-1", "A-2", "B-1")}
    assert statuses == {"A-1": "shipped", "A-2": "received", "B-1": "shipped"}
    assert said(mill, "A-2")["corrections"] == said(mill, "A-1")["corrections"] == [mill.declared, mill.right]
    assert (found(mill, "A-2"), found(mill, "B-1")) == ([(mill.declared, ")A-2")], [(mill.right, ")B-1")])
    for name in statuses:
        assert verified(mill, name).verified, verified(mill, name).verdict
