"""Bundles that are not what they claim to be: most of them signed and proven by an operator who cheats.

Each test is named by the attack, and names the step of SPEC 7 that finds it.
"""

from dataclasses import replace

import pytest
from forged_ledger import ForgedLedger, with_a_coil, witness
from small_ledger import OPERATOR, ORIGIN, PLANT, ROLLING, START, URI, coil, ledger_body, piece, signer

from ledger.kernel import verify_parties
from ledger.kernel.bundle import encode_bundle, parse_bundle
from ledger.kernel.hashing import node_hash
from ledger.kernel.lineage import Role
from ledger.kernel.subjects import subject_key
from ledger.kernel.verify import Expected, verify_bundle

SECOND_KEY = PLANT.with_key("plant-2")
KID = PLANT.signer.key.kid


def fails(data, trust, step, sentence, **given):
    report = verify_bundle(data, trust, **given)
    assert report.failed is not None, report.verdict
    assert (report.failed.number, sentence in report.failed.sentence) == (step, True), report.failed


def breaks(forged, about, step, sentence):
    """The bundle as the cheating operator would hand it out fails."""
    fails(forged.bundle(about), forged.trust(), step, sentence)


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


# (1), (3)


def test_verify_duplicate_index_in_bundle(forged):
    bundle = parse_bundle(forged.bundle(3))
    twice = encode_bundle(replace(bundle, entries=(*bundle.entries, bundle.entries[3])))
    fails(twice, forged.trust(), 1, "entry 3 follows entry 3: entries ascend by index, each once")


def test_verify_entry_that_is_not_included(forged):
    """An entry of the attacker's own, put where the ledger has another."""
    own = replace(forged.entries[3], recorded_at=START + 1)
    data = forged.bundle(3, changed={3: {"entry": own}})
    fails(data, forged.trust(), 3, "the multi-proof of 4 leaves of 4 does not lead to the root")


def test_verify_registry_statement_not_included(forged):
    """A key the ledger never recorded, slipped in between."""
    forged.add(PLANT, "lot-event", coil("C-2"))
    own = ForgedLedger()
    own.add(OPERATOR, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    false = {"entry": own.entries[3], "opened": own.opened(3), "statement": own.wires[3], "count": 2}
    fails(forged.bundle(4, along=(3,), changed={3: false}), forged.trust(), 3, "does not lead to the root")


@pytest.mark.parametrize("change", [lambda path: path[1:], lambda path: (*path, bytes(32))])
def test_verify_multi_proof_of_another_length(forged, change):
    forged.add(PLANT, "lot-event", coil("C-2"))
    bundle = parse_bundle(forged.bundle(3))
    fails(
        encode_bundle(replace(bundle, proof=change(bundle.proof))),
        forged.trust(),
        3,
        "hashes, want 1 for 4 leaves of 5",
    )


def test_verify_inner_node_in_place_of_its_leaves(forged):
    """Two leaves left out and their parent put into the proof: its shape follows from size and indices."""
    bundle = parse_bundle(forged.bundle(3))
    parent = node_hash(forged.leaves[0], forged.leaves[1])
    data = encode_bundle(replace(bundle, entries=bundle.entries[2:], proof=(parent, parent)))
    fails(data, forged.trust(), 3, "multi-proof has 2 hashes, want 1 for 2 leaves of 4")


def test_verify_broken_chain():
    forged = ForgedLedger()
    forged.record(forged.statement(PLANT, "lot-event", coil("C-1")), previous=bytes(32))
    breaks(forged, 3, 3, "entry 3 names another leaf before it than entry 2")


# (2), (4)


def test_verify_checkpoint_of_another_log(forged):
    fails(forged.bundle(3), forged.trust(log="other"), 2, "is by a known key")


def test_verify_checkpoint_of_another_ledger_of_the_same_log_key(forged):
    """The same key signs under another origin, which the reader does not know."""
    trust = forged.trust()
    forged.origin = "ledger.example/shadow"
    fails(forged.bundle(3), trust, 2, "is by a known key")


def test_verify_index_0_left_out(forged):
    breaks_without_0 = forged.bundle(3, without=(0,))
    fails(breaks_without_0, forged.trust(), 4, "the file does not hold index 0 with its ledger statement")


def test_verify_index_0_with_its_statement_kept_back(forged):
    data = forged.bundle(3, changed={0: {"statement": None}})
    fails(data, forged.trust(), 6, "entry 0 is neither a registry statement nor entry 3")


def test_verify_index_0_that_is_no_ledger_statement():
    forged = ForgedLedger(founding=None)
    forged.add(OPERATOR, "party", OPERATOR.profile())
    breaks(forged, 0, 4, "does not hold index 0 with its ledger statement")


def test_verify_index_0_names_another_log_key():
    forged = with_a_coil(founding={"log_keys": ledger_body(log="other")["log_keys"]})
    breaks(forged, 3, 4, "index 0 names the log key ledger.example/park+")


def test_verify_index_0_names_another_origin():
    forged = with_a_coil(founding={"origin": "ledger.example/shadow"})
    breaks(forged, 3, 4, f"index 0 names the origin ledger.example/shadow, the checkpoint is of {ORIGIN}")


def test_verify_index_0_names_another_ledger():
    forged = with_a_coil(founding={"uri": "https://ledger.example/other"})
    breaks(forged, 3, 4, "index 0 is not signed by the operator it names, for the ledger it names")


def test_verify_index_0_signed_by_somebody_else():
    forged = with_a_coil(founder=ROLLING)
    breaks(forged, 3, 4, "index 0 is not signed by the operator it names")


def test_verify_index_0_signed_with_a_key_it_does_not_name():
    forged = with_a_coil(founder=OPERATOR.with_key("operator-2"))
    breaks(forged, 3, 7, f"index 0 is signed by key {signer('operator-2').key.kid}, which it does not name")


def test_verify_index_0_of_a_later_incarnation():
    breaks(with_a_coil(founding={"incarnation": 1}), 3, 4, "as incarnation 0")


def test_verify_index_0_that_follows_something():
    forged = ForgedLedger()
    first = replace(forged.entries[0], previous=bytes([1]) * 32)
    forged.entries[0] = first
    forged.entries[1] = replace(forged.entries[1], previous=first.leaf)
    forged.entries[2] = replace(forged.entries[2], previous=forged.entries[1].leaf)
    breaks(forged, 0, 4, "index 0 names an entry before it")


@pytest.mark.parametrize("founding", [{"operator": 7}, {"log_keys": 7}, {"operator": {"id": OPERATOR.id}}])
def test_verify_index_0_in_no_form(founding):
    forged = ForgedLedger(founding=None)
    forged.add(OPERATOR, "ledger", ledger_body(**founding), items=[])
    breaks(forged, 0, 4, "the body of the registry statement at entry 0 is not in the form of SPEC 4.5")


# (5), (6), (8)


def test_verify_statement_swapped(forged):
    data = forged.bundle(3, changed={2: {"statement": forged.wires[1]}})
    fails(data, forged.trust(), 5, "the statement shown for entry 2 has the SHA-256")


def test_verify_receipt_for_another_ledger(forged):
    """A statement the plant signed for another ledger, recorded here as if it were for this one."""
    forged.add(PLANT, "lot-event", coil("C-2"), aud="https://ledger.example/other")
    breaks(forged, 4, 6, f"the statement of entry 4 is for https://ledger.example/other, index 0 is for {URI}")


def test_verify_key_statement_for_another_ledger(forged):
    """A key that the plant enrolled elsewhere is not enrolled here."""
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]}, aud="https://ledger.example/other")
    forged.add(SECOND_KEY, "lot-event", coil("C-2"))
    breaks(forged, 5, 6, "the statement of entry 4 is for https://ledger.example/other")


def test_verify_a_second_entry_beside_the_one_it_is_about(forged):
    forged.add(PLANT, "lot-event", coil("C-2"))
    fails(forged.bundle(3, along=(4,)), forged.trust(), 6, "entry 4 is neither a registry statement nor entry 3")


def test_verify_disclosures_of_another_statement(forged):
    wire = forged.wires[3] + b"WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwibiIsMV0~"
    fails(forged.bundle(3, changed={3: {"statement": wire}}), forged.trust(), 8, "no digest names the disclosure")


# (7)


def test_verify_forged_party_history_hiding_a_revocation(rotated):
    """The thief signs with the ended key; the operator leaves the ending out of the bundle."""
    rotated.add(PLANT, "lot-event", coil("C-2"))
    sentence = f"entry 6 says that {PLANT.id} had 4 versions before it, the newest at entry 4; the file shows 3"
    fails(rotated.bundle(6, without=(4,)), rotated.trust(), 7, sentence)


def test_verify_forged_party_history_with_the_middle_left_out(rotated):
    sentence = f"entry 4 says that {PLANT.id} had 3 versions before it, the newest at entry 3; the file shows 2"
    fails(rotated.bundle(5, without=(3,)), rotated.trust(), 7, sentence)


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
    fails(data, forged.trust(), 7, f"entry 3 opens no lineage item of the party {PLANT.id}")


def test_verify_party_item_left_out():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1"), items=without_party)
    breaks(forged, 3, 7, f"entry 3 opens no lineage item of the party {PLANT.id}")


def test_verify_party_item_altered(forged):
    subject = subject_key("party", PLANT.id)

    def older(one):
        return replace(one, item=replace(one.item, version=1, index=1)) if one.item.subject == subject else one

    opened = tuple(older(one) for one in forged.opened(3))
    fails(forged.bundle(3, changed={3: {"opened": opened}}), forged.trust(), 7, "is not what the entry commits to")


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
    fails(data, forged.trust(), 7, f"entry 3 opens no lineage item of the party {ROLLING.id}")


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
    fails(forged.bundle(3), trust, 7, f"key {two.signer.key.kid} of {PLANT.id} is also the checkpoint key of w1")


@pytest.mark.parametrize("body", [{"add": 7}, {"add": [7]}, {"add": [{"jwk": 7, "proof": ""}]}, {"end": [7]}])
def test_verify_key_statement_in_no_form(body):
    forged = ForgedLedger()
    forged.add(PLANT, "key", {"party": PLANT.id, **body})
    breaks(forged, 3, 7, "the body of the registry statement at entry 3 is not in the form of SPEC 4.5")


# (9) to (12)


def test_verify_piece_outside_the_issuer_s_prefixes():
    forged = ForgedLedger()
    event = coil(epcList=["https://id.gs1.org/01/09506000134352/21/C-1"])
    forged.add(PLANT, "lot-event", event)
    breaks(forged, 3, 9, "makes lot (01)09506000134352(21)C-1, but the GS1 prefixes of (417)9521141000021 are 9521141")


def test_verify_prefix_that_was_granted_only_later():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil(epcList=["https://id.gs1.org/01/09506000134352/21/C-1"]))
    forged.add(OPERATOR, "party", PLANT.profile("lot-event", prefixes=["9521141", "9506000"]))
    breaks(forged, 3, 9, "but the GS1 prefixes of (417)9521141000021 are 9521141")


def test_verify_link_with_another_leaf(forged):
    """The item of the lot names entry 2 as its last version, with a leaf hash that entry 2 does not have."""
    lot = subject_key("lot", piece("C-1"))

    def astray(honest):
        return [replace(i, index=2, leaf=bytes([1]) * 32) if i.subject == lot else i for i in honest]

    forged.add(PLANT, "lot-event", coil("C-1", action="OBSERVE"), items=astray)
    breaks(forged, 4, 9, "an item of entry 4 links to entry 2 with another leaf hash than that entry has")


def test_verify_another_piece_than_expected(forged):
    expected = Expected(piece=piece("C-2"))
    fails(forged.bundle(3), forged.trust(), 10, f"piece {piece('C-2')} was expected", expected=expected)


def test_verify_another_index_than_expected(forged):
    fails(forged.bundle(3), forged.trust(), 10, "entry 7 was expected, the file is about 3", expected=Expected(index=7))


def test_verify_recorded_before_the_entry_before():
    forged = ForgedLedger()
    forged.record(forged.statement(PLANT, "lot-event", coil("C-1")), recorded_at=START)
    breaks(forged, 3, 12, "entry 3 was recorded before entry 2, says its time")
