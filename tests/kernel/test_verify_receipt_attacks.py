"""Receipts of which bytes, checkpoint or place are not what they claim to be: steps 1 to 3 of SPEC 7.

Each test is named by the attack, and names the step that finds it.
"""

import json
from dataclasses import replace

import pytest
from forged_ledger import with_a_coil, witness
from small_ledger import ORIGIN, PLANT, SECOND, START, coil
from verdicts import receipt_fails

from ledger.kernel.encoding import b64_encode
from ledger.kernel.receipt import encode_receipt, parse_receipt


@pytest.fixture
def forged():
    """Two coils, entries 3 and 4."""
    ledger = with_a_coil()
    ledger.add(PLANT, "lot-event", coil("C-2"))
    return ledger


def edited(data, change):
    value = json.loads(data)
    change(value)
    return json.dumps(value, separators=(",", ":")).encode()


def test_verify_extra_member(forged):
    data = edited(forged.receipt(3), lambda value: value.update(verified=True))
    receipt_fails(data, forged.trust(), 1, "the receipt has unknown members: verified")


def test_verify_inner_node_as_leaf(forged):
    node = b"\x01" + forged.leaves[2] + forged.leaves[3]
    data = edited(forged.receipt(3), lambda value: value.update(entry=b64_encode(node)))
    receipt_fails(data, forged.trust(), 1, "an entry has 113 bytes, this has 65")


def test_verify_entry_of_another_version(forged):
    packed = b"\x02" + forged.entries[3].packed[1:]
    data = edited(forged.receipt(3), lambda value: value.update(entry=b64_encode(packed)))
    receipt_fails(data, forged.trust(), 1, "entry version 2 is not known")


def test_verify_split_lineage_item(forged):
    """80 bytes of item and a salt one byte longer hash alike: sizes are fixed, so that nothing can move over."""

    def shift(value):
        opened = value["lineage"]["opened"][0]
        opened["item"], opened["salt"] = b64_encode(bytes(80)), b64_encode(bytes(17))

    receipt_fails(edited(forged.receipt(3), shift), forged.trust(), 1, "salt has 17 bytes, want 16")


def test_verify_proof_with_an_extra_line(forged):
    receipt = parse_receipt(forged.receipt(3))
    proof = receipt.proof.replace("\nindex", "\nextra AAAA\nindex", 1)
    receipt_fails(encode_receipt(replace(receipt, proof=proof)), forged.trust(), 1, "has no extra line")


def test_verify_a_bundle_given_as_a_receipt(forged):
    receipt_fails(forged.bundle(3), forged.trust(), 1, "the receipt lacks entry, lineage")


def test_verify_checkpoint_of_another_log(forged):
    receipt_fails(
        forged.receipt(3), forged.trust(log="other"), 2, "none of the note's 1 signature lines is by a known key"
    )


def test_verify_checkpoint_signed_by_another_key_under_the_log_s_name(forged):
    forged.log = "other"
    receipt_fails(
        forged.receipt(3), forged.trust(log="log"), 2, "none of the note's 1 signature lines is by a known key"
    )


def test_verify_checkpoint_of_another_origin(forged):
    trust = forged.trust()
    proof = parse_receipt(forged.receipt(3)).proof
    forged.origin = f"{ORIGIN}/other"
    receipt_fails(forged.receipt(3), trust, 2, "is by a known key")
    receipt_fails(
        edit_proof(forged, proof.replace(f"\n\n{ORIGIN}\n", f"\n\n{ORIGIN}/other\n")), trust, 2, "does not verify"
    )


def edit_proof(forged, proof):
    return encode_receipt(replace(parse_receipt(forged.receipt(3)), proof=proof))


def test_verify_checkpoint_with_another_size(forged):
    proof = parse_receipt(forged.receipt(3)).proof
    grown = edit_proof(forged, proof.replace(f"{ORIGIN}\n5\n", f"{ORIGIN}\n6\n"))
    receipt_fails(grown, forged.trust(), 2, f"the signature line of {ORIGIN} ")


def test_verify_unwitnessed_where_witnesses_are_asked_for(forged):
    trust = forged.trust(witness("w1"), quorum="w1")
    receipt_fails(forged.receipt(3), trust, 2, "0 witnesses of the trust file cosigned the checkpoint")


def test_verify_too_few_witnesses(forged):
    trust = forged.trust(witness("w1"), witness("w2"), "group both all w1 w2", quorum="both")
    data = forged.receipt(3, ("w1", START // SECOND + 9))
    receipt_fails(
        data, trust, 2, "1 witnesses of the trust file cosigned the checkpoint, which does not meet its quorum both"
    )


def test_verify_cosignature_of_another_checkpoint(forged):
    trust = forged.trust(witness("w1"), quorum="w1")
    older = with_a_coil()
    line = older.note(("w1", 1)).splitlines(keepends=True)[-1]
    proof = parse_receipt(forged.receipt(3)).proof + line
    receipt_fails(edit_proof(forged, proof), trust, 2, "the signature line of w1")


def test_verify_a_witness_is_no_log(forged):
    """Only witnesses signed: a log key of the trust file has to."""
    trust = forged.trust(witness("w1"), log="other", quorum="w1")
    receipt_fails(forged.receipt(3, ("w1", 1)), trust, 2, "no log key that is trusted did")


def test_verify_entry_of_another_index(forged):
    """A good entry with the good proof of its neighbour."""
    receipt_fails(forged.receipt(3, at=4), forged.trust(), 3, "the proof is of entry 4, the entry itself is 3")


def test_verify_entry_that_claims_another_index(forged):
    moved = replace(forged.entries[3], index=4)
    receipt_fails(
        forged.receipt(4, entry=moved), forged.trust(), 3, "the path of leaf 4 of 5 does not lead to the root"
    )


def test_verify_index_beyond_the_tree(forged):
    far = replace(forged.entries[3], index=7)
    proof = parse_receipt(forged.receipt(3)).proof.replace("index 3\n", "index 7\n")
    receipt_fails(forged.receipt(3, entry=far, proof=proof), forged.trust(), 3, "there is no leaf 7 in a tree of 5")


def test_verify_path_with_a_hash_too_many(forged):
    proof = parse_receipt(forged.receipt(3)).proof
    longer = proof.replace("index 3\n", f"index 3\n{b64_encode(bytes(32))}\n")
    receipt_fails(edit_proof(forged, longer), forged.trust(), 3, "path has 4 hashes, want 3 for leaf 3 of 5")


def test_verify_entry_recorded_at_another_time(forged):
    later = replace(forged.entries[3], recorded_at=START)
    receipt_fails(forged.receipt(3, entry=later), forged.trust(), 3, "does not lead to the root")
