"""Bundles that are not what they claim to be: most of them signed and proven by an operator who cheats.

Each test is named by the attack, and names the step of SPEC 7 that finds it.
"""

from dataclasses import replace

import pytest
from forged_ledger import ForgedLedger, with_a_coil
from small_ledger import OPERATOR, ORIGIN, PLANT, ROLLING, START, URI, coil, ledger_body, piece, signer
from verdicts import breaks, bundle_fails

from ledger.kernel.bundle import encode_bundle, parse_bundle
from ledger.kernel.hashing import node_hash
from ledger.kernel.subjects import subject_key
from ledger.kernel.verify import Expected

SECOND_KEY = PLANT.with_key("plant-2")
KID = PLANT.signer.key.kid


@pytest.fixture
def forged():
    return with_a_coil()


# (1), (3)


def test_verify_duplicate_index_in_bundle(forged):
    bundle = parse_bundle(forged.bundle(3))
    twice = encode_bundle(replace(bundle, entries=(*bundle.entries, bundle.entries[3])))
    bundle_fails(twice, forged.trust(), 1, "entry 3 follows entry 3: entries ascend by index, each once")


def test_verify_entry_that_is_not_included(forged):
    """An entry of the attacker's own, put where the ledger has another."""
    own = replace(forged.entries[3], recorded_at=START + 1)
    data = forged.bundle(3, changed={3: {"entry": own}})
    bundle_fails(data, forged.trust(), 3, "the multi-proof of 4 leaves of 4 does not lead to the root")


def test_verify_registry_statement_not_included(forged):
    """A key the ledger never recorded, slipped in between."""
    forged.add(PLANT, "lot-event", coil("C-2"))
    own = ForgedLedger()
    own.add(OPERATOR, "key", {"party": PLANT.id, "add": [SECOND_KEY.addition()]})
    false = {"entry": own.entries[3], "opened": own.opened(3), "statement": own.wires[3], "count": 2}
    bundle_fails(forged.bundle(4, along=(3,), changed={3: false}), forged.trust(), 3, "does not lead to the root")


@pytest.mark.parametrize("change", [lambda path: path[1:], lambda path: (*path, bytes(32))])
def test_verify_multi_proof_of_another_length(forged, change):
    forged.add(PLANT, "lot-event", coil("C-2"))
    bundle = parse_bundle(forged.bundle(3))
    bundle_fails(
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
    bundle_fails(data, forged.trust(), 3, "multi-proof has 2 hashes, want 1 for 2 leaves of 4")


def test_verify_broken_chain():
    forged = ForgedLedger()
    forged.record(forged.statement(PLANT, "lot-event", coil("C-1")), previous=bytes(32))
    breaks(forged, 3, 3, "entry 3 names another leaf before it than entry 2")


# (2), (4)


def test_verify_checkpoint_of_another_log(forged):
    bundle_fails(forged.bundle(3), forged.trust(log="other"), 2, "is by a known key")


def test_verify_checkpoint_of_another_ledger_of_the_same_log_key(forged):
    """The same key signs under another origin, which the reader does not know."""
    trust = forged.trust()
    forged.origin = "ledger.example/shadow"
    bundle_fails(forged.bundle(3), trust, 2, "is by a known key")


def test_verify_index_0_left_out(forged):
    breaks_without_0 = forged.bundle(3, without=(0,))
    bundle_fails(breaks_without_0, forged.trust(), 4, "the file does not hold index 0 with its ledger statement")


def test_verify_index_0_with_its_statement_kept_back(forged):
    data = forged.bundle(3, changed={0: {"statement": None}})
    bundle_fails(data, forged.trust(), 6, "entry 0 is neither a registry statement nor entry 3")


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
    breaks(forged, 0, 4, "the body of the ledger statement at entry 0 is not in the form of SPEC 4.9")


# (5), (6), (8)


def test_verify_statement_swapped(forged):
    data = forged.bundle(3, changed={2: {"statement": forged.wires[1]}})
    bundle_fails(data, forged.trust(), 5, "the statement shown for entry 2 has the SHA-256")


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
    bundle_fails(forged.bundle(3, along=(4,)), forged.trust(), 6, "entry 4 is neither a registry statement nor entry 3")


def test_verify_disclosures_of_another_statement(forged):
    wire = forged.wires[3] + b"WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwibiIsMV0~"
    bundle_fails(
        forged.bundle(3, changed={3: {"statement": wire}}), forged.trust(), 8, "no digest names the disclosure"
    )


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
    bundle_fails(forged.bundle(3), forged.trust(), 10, f"piece {piece('C-2')} was expected", expected=expected)


def test_verify_another_index_than_expected(forged):
    bundle_fails(
        forged.bundle(3), forged.trust(), 10, "entry 7 was expected, the file is about 3", expected=Expected(index=7)
    )


def test_verify_recorded_before_the_entry_before():
    forged = ForgedLedger()
    forged.record(forged.statement(PLANT, "lot-event", coil("C-1")), recorded_at=START)
    breaks(forged, 3, 12, "entry 3 was recorded before entry 2, says its time")
