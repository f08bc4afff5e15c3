"""A shipment that ends at any step of its append: afterwards it is there with its passport, or neither is."""

import pytest
from small_ledger import ROLLING
from small_mill import CUSTOMER, handed, piece, small_mill, things

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.failpoints import Step
from ledger.issuing import commit as issuing
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.statement import parse
from ledger.kernel.subjects import subject_key
from ledger.recording.log import Submission
from ledger.showing.passports import newest_passport
from tests.tiers import first

COIL = canonical_id(piece("A-1"))


@pytest.fixture
def mill(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.make_coils("A")
        yield mill


def shipment(mill):
    members = {**things([(piece("A-1"), None)]), **handed(ROLLING, CUSTOMER, "Y")}
    body = mill.event(ROLLING, "Object", action="OBSERVE", bizStep="shipping", **members)
    return mill.world.statement(ROLLING, "lot-event", body)


def passports(mill):
    with mill.world.log.store.reading() as transaction:
        return transaction.versions(subject_key("passport", COIL))


def clean(mill):
    return [one.sentence for one in audit(Order(DatabaseSource(mill.world.places.database))).findings] == []


@pytest.mark.parametrize("step", first([*Step], 3))
def test_a_shipment_that_breaks_off_leaves_both_or_neither(mill, step):
    wire = shipment(mill)
    size = mill.world.size

    def reached(one):
        if one is step:
            raise OSError(step)

    mill.world.reached = reached
    with pytest.raises(Exception, match=step):
        mill.world.submit(wire)
    mill.world.reached = lambda _step: None
    mill.world.reopen()
    assert (mill.world.size, passports(mill)) in [(size, []), (size + 2, [size + 1])]
    (receipt,) = mill.world.submit(wire)
    assert (receipt.entry.index, passports(mill)) == (size, [size + 1])
    assert clean(mill)


def test_a_passport_that_cannot_be_made_stops_no_shipment(mill, monkeypatch, caplog):
    def broken(*_args):
        raise KeyError("a slip of ours")

    monkeypatch.setattr(issuing, "body_of", broken)
    (receipt,) = mill.world.submit(shipment(mill))
    assert (receipt.entry.index, passports(mill)) == (mill.world.size - 1, [])
    assert f"no passport of {COIL} was made" in caplog.text
    assert clean(mill)


def test_a_refused_shipment_makes_no_passport_beside_a_good_one(mill):
    """Two submissions in one commit: the second ships what the first one shipped already."""
    first, second = shipment(mill), shipment(mill)
    log = mill.world.log
    good, bad = log.append([Submission((mill.world.check(first),)), Submission((mill.world.check(second),))])
    assert good.admitted.indices == (mill.world.size - 2,)
    assert "is not with" in bad.sentence
    assert passports(mill) == [mill.world.size - 1]
    with log.store.reading() as transaction:
        body = parse(transaction.entry(newest_passport(transaction, COIL, mill.world.size)).wire).body
    assert body["as_of"]["size"] == mill.world.size - 1
    assert clean(mill)
