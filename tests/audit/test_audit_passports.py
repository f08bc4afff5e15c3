"""Passports by an operator who cheats, and those of an honest one, computed again by an audit."""

import sys
from pathlib import Path

import pytest
from small_ledger import ROLLING

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, piece, small_mill

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.issuing.passport_source import StoreSource
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.gs1 import canonical_id
from ledger.passport.issue import Basis, body_of, signed
from ledger.rules import rule_set

COIL = canonical_id(piece("A-1"))


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    """A-1 shipped; the slab was, too."""
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        mill.make_coils("A")
        mill.send(ROLLING, CUSTOMER, (piece("A-1"), None))
        yield mill


def audited(mill, change=None):
    """What an audit finds once the operator has recorded a passport changed like this, and what it says it checked."""
    if change is not None:
        log = mill.world.log
        with log.store.reading() as transaction:
            checkpoint = log.state.published.checkpoint
            basis = Basis(checkpoint.size, checkpoint.root, log.tree.inclusion_leaf, log.state.registry)
            body = body_of(COIL, StoreSource(transaction, checkpoint.size), basis, rule_set())
        change(body)
        mill.world.submit(signed(body, mill.world.issuer, log.state.registry, now=mill.world.now))
    report = audit(Order(DatabaseSource(mill.world.places.database)))
    return [(one.code, one.index, one.sentence) for one in report.findings], (*report.checked, *report.not_checked)


def test_what_the_commit_of_the_shipment_says_is_what_the_records_say(mill):
    findings, said = audited(mill)
    assert findings == []
    assert "2 passports: each what the rules compute as of the state it names" in said


def test_a_passport_under_another_rule_set_is_told_and_not_judged(mill):
    def other(body):
        for one in body["figures"]:
            one["rules"] = {"id": "coilmark-rules/9", "digest": b64url_encode(bytes(32))}

    findings, said = audited(mill, other)
    assert findings == []
    assert "1 passports whose figures follow a rule set that this program does not have" in said


@pytest.mark.parametrize(
    ("member", "change"),
    [
        ("figures", lambda body: body["figures"][2].update(value="0.900000")),
        ("facts", lambda body: body["facts"].update(mass=1)),
        ("as_of", lambda body: body["as_of"].update(root=b64url_encode(bytes(32)))),
        ("inputs", lambda body: body["inputs"].update(root=b64url_encode(bytes(32)))),
        ("holds", lambda body: body.update(holds=[])),
    ],
)
def test_a_false_passport_is_found_by_its_member(mill, member, change):
    findings, _ = audited(mill, change)
    newest = max(findings, key=lambda one: one[1])
    assert newest[:2] == ("passport", mill.world.size - 1)
    assert f"has another {member} than the ledger gives" in newest[2]
