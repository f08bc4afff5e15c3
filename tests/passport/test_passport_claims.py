"""Claims of a mass balance in a real ledger: refused, recorded, said by the passport, derived again (SPEC 5.9)."""

from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from small_ledger import ROLLING
from small_mill import CUSTOMER, TONNE, pallet, piece, site, small_mill
from test_full_bundle_attacks import cheat, fails
from test_passport_issued import standing, verified
from test_passport_restated import restater

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.errors import Malformed, RuleBroken
from ledger.lots import wire
from ledger.lots.book import claims_key
from ledger.questions.asking import of_store
from ledger.questions.stock import stock
from tests.audit.tampering import behind_its_back

SCOPE = f"{ROLLING.id}/scope-1"


def scope(opening):
    return {
        "id": SCOPE, "scheme": "Example scheme", "sites": [site(3)], "material": "aluminium", "months": 12,
        "begins": "2026-01", "inputs": [{"material": "aluminium", "factor": "0.9"}], "opening": opening,
    }  # fmt: skip


def claim(g):
    return {"al_claim": [{"scope": SCOPE, "g": g}]}


@contextmanager
def claiming_mill(folder, opening=10 * TONNE, **given):
    """Coils B-1 and B-2 are on a pallet; the rolling mill may claim so much."""
    with small_mill(folder, **given) as mill:
        mill.make_coils("B")
        said = mill.profiles[ROLLING] | {"claim_scopes": [scope(opening)]}
        mill.world.post(mill.world.operator, "party", ROLLING.profile("lot-event", **said))
        coils = [piece("B-1"), piece("B-2")]
        mill.look(ROLLING, "storing", *coils, al_attributes=[{"id": one, "material": "aluminium"} for one in coils])
        mill.pack(ROLLING, pallet(), *coils)
        yield mill


def test_a_claim_above_the_balance_is_refused_and_one_within_is_on_the_passport_of_every_piece(tmp_path):
    with claiming_mill(tmp_path) as mill:
        size = mill.world.size
        with pytest.raises(RuleBroken, match="claims 10 000 001 g in period 1 and has 10 000 000 g") as no:
            mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(10 * TONNE + 1))
        assert (no.value.code, mill.world.size) == ("claimed_balance", size)
        entry = mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(10 * TONNE - 1))
        rows = [standing(mill, name).statement.body["claims"] for name in ("B-1", "B-2")]
        about = {"entry": entry, "party": ROLLING.id, "scope": SCOPE, "scheme": "Example scheme"}
        assert rows == [[{**about, "model": "mass-balance", "mass": g}] for g in (5 * TONNE, 5 * TONNE - 1)]
        assert verified(mill, "B-1").verified, verified(mill, "B-1").verdict
        with of_store(mill.world.places.location, None) as asked:
            (account,) = stock(asked, site(3)).claims
        assert (account.month, account.came, account.went, account.left) == ("2026-01", 0, 10 * TONNE - 1, 1)


def test_the_claim_of_a_shipment_that_did_not_happen_is_on_no_passport(tmp_path):
    with claiming_mill(tmp_path) as mill:
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(TONNE))
        paper = [{"type": "desadv", "bizTransaction": "urn:example:X"}]
        mill.look(ROLLING, "void_shipping", pallet(), bizTransactionList=paper)
        restater(mill).round(now=mill.world.now)
        assert "claims" not in standing(mill, "B-1").statement.body


@contextmanager
def two_pallets(folder):
    """On one truck with a coil from elsewhere: its bundle says nothing of that one, nor what it weighs."""
    with claiming_mill(folder) as mill:
        mill.make_coils("A")
        mill.look(ROLLING, "storing", piece("A-1"), al_attributes=[{"id": piece("A-1"), "material": "aluminium"}])
        mill.pack(ROLLING, pallet(2), piece("A-1"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None), (pallet(2), None), paper="X", **claim(9 * TONNE))
        yield mill


def test_a_share_of_a_claim_that_rests_on_what_the_bundle_does_not_hold_is_not_judged(tmp_path):
    with two_pallets(tmp_path) as mill:
        (row,) = standing(mill, "B-1").statement.body["claims"]
        report = verified(mill, "B-1")
        assert (row["mass"], report.verified) == (3 * TONNE, True), report.verdict
        assert "how much of the claim of entry" in report.steps[10].sentence


def test_verify_share_of_a_claim_above_all_that_was_claimed(tmp_path):
    with two_pallets(tmp_path) as mill:
        fails(cheat(mill, lambda body: body["claims"][0].update(mass=9 * TONNE + 1)), "the passport says claims ")
        fails(cheat(mill, lambda body: body["claims"][0].update(scheme="Another")), "the passport says claims ")
        fails(cheat(mill, lambda body: body["claims"].append(body["claims"][0])), "the passport says claims ")


def test_verify_claim_forged(tmp_path):
    with claiming_mill(tmp_path) as mill:
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(TONNE))
        fails(cheat(mill, lambda body: body["claims"][0].update(mass=2 * TONNE)), "the passport says claims ")
        fails(cheat(mill, lambda body: body.pop("claims")), "the passport says claims ")


def test_an_audit_finds_an_account_that_was_changed_behind_the_ledgers_back(tmp_path):
    with claiming_mill(tmp_path) as mill:
        entry = mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(TONNE))
        mill.world.close()
        assert audit(Order(DatabaseSource(mill.world.places.location))).findings == ()
        with behind_its_back(mill.world.places.database) as connection:
            key = claims_key(SCOPE)
            (value,) = connection.execute("SELECT value FROM state_record WHERE key = ?", (key,)).fetchone()
            account = wire.decode(value)
            more = wire.encode(replace(account, opening=account.opening + 1))
            connection.execute("UPDATE state_record SET value = ? WHERE key = ?", (more, key))
        findings = audit(Order(DatabaseSource(mill.world.places.location))).findings
        assert ("state_record", entry) in {(one.code, one.index) for one in findings}


def test_under_an_earlier_rule_set_there_are_no_claims(tmp_path):
    with claiming_mill(tmp_path, rules="coilmark-rules/3") as mill:
        with pytest.raises(RuleBroken, match="rule set coilmark-rules/3, which is in force here, knows no claims"):
            mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(TONNE))
        rules = {"id": "coilmark-rules/4", "digest": "A" * 43, "from_index": mill.world.size + 1}
        mill.world.post(mill.world.operator, "notice", {"kind": "rules", "rules": rules})
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **claim(TONNE))
        mill.world.close()
        assert audit(Order(DatabaseSource(mill.world.places.location))).findings == ()


def test_where_a_claim_may_stand(tmp_path):
    with claiming_mill(tmp_path) as mill:
        with pytest.raises(Malformed, match="ships, receives or adds") as no:
            mill.look(ROLLING, "storing", piece("B-1"), **claim(1))
        assert no.value.code == "al_claim"
        twice = {"al_claim": claim(1)["al_claim"] * 2}
        with pytest.raises(Malformed, match="same scope more than once"):
            mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X", **twice)


def test_a_claim_without_cover_is_found_on_the_passport_and_is_an_audit_s_to_judge(tmp_path):
    """What came in claimed is declared wrong: a bundle shows the claim that went out, and not the account."""
    with claiming_mill(tmp_path, opening=0) as mill:
        slab, coil = piece("BOUGHT", 5), piece("C-1")
        came = mill.new(ROLLING, (slab, 8 * TONNE), attributes=[(slab, {"material": "aluminium"})], **claim(8 * TONNE))
        mill.make(
            ROLLING, "cutting", [(slab, 8 * TONNE)], [(coil, 8 * TONNE)], attributes=[(coil, {"material": "aluminium"})]
        )
        mill.send(ROLLING, CUSTOMER, (coil, None), paper="X", **claim(7 * TONNE))
        index = mill.wrong(ROLLING, came, "urn:example:right")
        restater(mill).round(now=mill.world.now)
        found = [one["rule"] for one in standing(mill, "C-1").statement.body["findings"] if one["entry"] == index]
        assert "claimed_balance" in found
        assert verified(mill, "C-1").verified, verified(mill, "C-1").verdict
