"""Bundles of an operator who cheats about keys and the histories of parties: step 7 of SPEC 7.

Each test is named by the attack. Everything here is included in the tree and under a good checkpoint.
"""

from dataclasses import replace

import pytest
from forged_ledger import ForgedLedger, with_a_coil, witness
from small_ledger import OPERATOR, PLANT, ROLLING, coil, ledger_body, piece, signer
from verdicts import breaks, bundle_fails

from ledger.kernel import verify_parties
from ledger.kernel.lineage import Role
from ledger.kernel.subjects import subject_key

SECOND_KEY = PLANT.with_key("plant-2")
KID = PLANT.signer.key.kid


@pytest.fixture
def forged():
    return with_a_coil()


@pytest.fixture
def rotated():
    """3 a second key of the plant, 4 the first one ended, 5 an event by the second."""
    ledger = ForgedLedger()
    ledger.add(PLANT, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    ledger.add(SECOND_KEY, "key", {"party": PLANT.id, "end": [{"kid": KID, "reason": "compromised"}]})
    ledger.add(SECOND_KEY, "lot-event", coil("C-1"))
    return ledger


def without_party(honest):
    return [item for item in honest if item.subject != subject_key("party", PLANT.id)]


def test_verify_forged_party_history_hiding_a_revocation(rotated):
    """The thief signs with the ended key; the operator leaves the ending out of the bundle."""
    rotated.add(PLANT, "lot-event", coil("C-2"))
    sentence = f"entry 6 says that {PLANT.id} had 4 versions before it, the newest at entry 4; the file shows 3"
    bundle_fails(rotated.bundle(6, without=(4,)), rotated.trust(), 7, sentence)


def test_verify_forged_party_history_with_the_middle_left_out(rotated):
    sentence = f"entry 4 says that {PLANT.id} had 3 versions before it, the newest at entry 3; the file shows 2"
    bundle_fails(rotated.bundle(5, without=(3,)), rotated.trust(), 7, sentence)


def test_verify_forged_party_history_in_the_lineage_itself():
    """The entry's own item points to the version before the revocation: the history then shows one too many."""
    forged = ForgedLedger()
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    newest = forged.newest[subject_key("party", PLANT.id)]
    forged.add(SECOND_KEY, "key", {"party": PLANT.id, "end": [{"kid": KID, "reason": "compromised"}]})
    forged.newest[subject_key("party", PLANT.id)] = newest
    forged.add(PLANT, "lot-event", coil("C-1"))
    breaks(forged, 5, 7, "had 3 versions before it, the newest at entry 3; the file shows 4, the newest at entry 4")


def test_verify_forked_party_history():
    """Two statements that both claim to be version 3: one of them can be shown, the other kept for later."""
    forged = ForgedLedger()
    before = dict(forged.newest)
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    forged.newest = before
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [PLANT.with_key("plant-3").addition()]})
    breaks(forged, 4, 7, f"{PLANT.id} had 2 versions before it, the newest at entry 2; the file shows 3")


def test_verify_party_item_not_opened(forged):
    subject = subject_key("party", PLANT.id)
    opened = tuple(one for one in forged.opened(3) if one.item.subject != subject)
    data = forged.bundle(3, changed={3: {"opened": opened}})
    bundle_fails(data, forged.trust(), 7, f"entry 3 opens no lineage item of the party {PLANT.id}")


def test_verify_party_item_left_out():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1"), items=without_party)
    breaks(forged, 3, 7, f"entry 3 opens no lineage item of the party {PLANT.id}")


def test_verify_party_item_altered(forged):
    subject = subject_key("party", PLANT.id)

    def older(one):
        return replace(one, item=replace(one.item, version=1, index=1)) if one.item.subject == subject else one

    opened = tuple(older(one) for one in forged.opened(3))
    bundle_fails(
        forged.bundle(3, changed={3: {"opened": opened}}), forged.trust(), 7, "is not what the entry commits to"
    )


def test_verify_key_statement_that_does_not_advance_its_party():
    forged = ForgedLedger()

    def unmoved(honest):
        version, index, leaf = forged.newest[subject_key("party", PLANT.id)]
        return [replace(i, role=Role.REFERENCE, version=version, index=index, leaf=leaf) for i in honest]

    forged.add(PLANT, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]}, items=unmoved)
    breaks(forged, 3, 7, f"the item of {PLANT.id} in entry 3 has role reference")


def test_verify_event_that_advances_its_issuer_s_party():
    forged = ForgedLedger()

    def moved(honest):
        return [replace(i, role=Role.TOUCH, version=3) if i.role is Role.REFERENCE else i for i in honest]

    forged.add(PLANT, "lot-event", coil("C-1"), items=moved)
    breaks(forged, 3, 7, f"the item of {PLANT.id} in entry 3 has role touch")


def test_verify_key_used_after_its_end(rotated):
    rotated.add(PLANT, "lot-event", coil("C-2"))
    breaks(rotated, 6, 7, f"key {KID} of {PLANT.id} is good for entries after 2 and before 4, not for entry 6")


def test_verify_key_used_before_it_was_enrolled():
    forged = ForgedLedger()
    forged.add(SECOND_KEY, "lot-event", coil("C-1"))
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    breaks(forged, 3, 7, f"key {SECOND_KEY.signer.key.kid} is not enrolled for {PLANT.id}")


def test_verify_key_enrolled_by_its_own_statement():
    forged = ForgedLedger()
    forged.add(SECOND_KEY, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    breaks(forged, 3, 7, f"key {SECOND_KEY.signer.key.kid} is not enrolled for {PLANT.id}")


def test_verify_key_of_another_party():
    forged = ForgedLedger()
    forged.add(replace(PLANT, signer=OPERATOR.signer), "lot-event", coil("C-1"))
    breaks(forged, 3, 7, f"key {OPERATOR.signer.key.kid} is not enrolled for {PLANT.id}")


def test_verify_issuer_that_is_not_enrolled():
    forged = ForgedLedger()
    forged.add(ROLLING, "lot-event", coil("C-1"), items=lambda honest: [i for i in honest if i.version])
    data = forged.bundle(3)
    bundle_fails(data, forged.trust(), 7, f"entry 3 opens no lineage item of the party {ROLLING.id}")


def test_verify_signature_by_another_key_under_the_party_s_kid():
    forged = ForgedLedger()
    thief = replace(PLANT, signer=replace(PLANT.signer, sign=signer("thief").sign))
    forged.add(thief, "lot-event", coil("C-1"))
    breaks(forged, 3, 7, f"the signature by key {KID} does not fit what was signed")


def test_verify_more_versions_than_the_limit(rotated, monkeypatch):
    monkeypatch.setattr(verify_parties, "PARTY_VERSIONS", 3)
    breaks(rotated, 5, 7, f"{PLANT.id} has 4 versions, the limit is 3")


def test_verify_registry_statement_with_a_false_signature():
    """The operator's own words in the party's name: the first key is in order, the second was never enrolled by it."""
    forged = ForgedLedger()
    thief = replace(PLANT, signer=replace(PLANT.signer, sign=signer("thief").sign))
    forged.add(thief, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    forged.add(SECOND_KEY, "lot-event", coil("C-1"))
    breaks(forged, 4, 7, f"the signature by key {KID} does not fit what was signed")


def test_verify_role_that_the_party_does_not_have():
    forged = ForgedLedger()
    forged.add(PLANT, "verification", {"subject": {"kind": "lot", "id": piece("C-1")}})
    breaks(forged, 3, 7, f"{PLANT.id} has no role to sign verification statements")


def test_verify_passport_that_is_not_the_operator_s():
    forged = with_a_coil()
    forged.add(PLANT, "passport", {"id": piece("C-1"), "piece": piece("C-1")})
    breaks(forged, 4, 7, f"only the operator {OPERATOR.id} signs passport statements")


def test_verify_party_statement_that_is_not_the_operator_s():
    forged = ForgedLedger()
    forged.add(PLANT, "party", PLANT.profile("lot-event", "verification"))
    breaks(forged, 3, 7, f"only the operator {OPERATOR.id} signs party statements")


def test_verify_second_key_by_the_operator_that_is_called_no_recovery():
    forged = ForgedLedger()
    forged.add(OPERATOR, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    forged.add(SECOND_KEY, "lot-event", coil("C-1"))
    breaks(forged, 4, 7, f"{PLANT.id} has keys: the operator may add or end one only as a recovery")


def test_verify_key_of_another_by_a_party():
    forged = ForgedLedger()
    forged.add(OPERATOR, "party", ROLLING.profile("lot-event"))
    forged.add(PLANT, "key", {"party": ROLLING.id, "add": [ROLLING.addition()]})
    breaks(forged, 4, 7, f"{PLANT.id} may not change the keys of {ROLLING.id}")


def test_verify_key_without_possession():
    forged = ForgedLedger()
    stolen = {**SECOND_KEY.addition(), "proof": PLANT.addition()["proof"]}
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [stolen]})
    breaks(forged, 3, 7, f"the proof of possession of key {SECOND_KEY.signer.key.kid} does not verify")


def test_verify_key_enrolled_twice():
    forged = ForgedLedger()
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [PLANT.addition()]})
    breaks(forged, 3, 7, f"key {KID} was enrolled before, for {PLANT.id}")


def test_verify_operator_key_as_log_key():
    """Who can sign checkpoints with a party's key can make a checkpoint of anything that the party signs."""
    forged = with_a_coil(founding=ledger_body(log="operator"), log="operator")
    breaks(forged, 3, 7, f"key {OPERATOR.signer.key.kid} signs checkpoints and cannot sign statements")


def test_verify_witness_key_as_party_key():
    forged = ForgedLedger()
    two = PLANT.with_key("w1")
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [two.addition()]})
    trust = forged.trust(witness("w1"))
    bundle_fails(forged.bundle(3), trust, 7, f"key {two.signer.key.kid} of {PLANT.id} is also the checkpoint key of w1")


@pytest.mark.parametrize("body", [{"add": 7}, {"add": [7]}, {"add": [{"jwk": 7, "proof": ""}]}, {"end": [7]}])
def test_verify_key_statement_in_no_form(body):
    forged = ForgedLedger()
    forged.add(PLANT, "key", {"party": PLANT.id, **body})
    breaks(forged, 3, 7, "the body of the key statement at entry 3 is not in the form of SPEC 4.9")
