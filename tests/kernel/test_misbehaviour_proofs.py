"""A proof of misbehaviour proves a fork. A spoilt proof, two lives of a ledger, one entry shown twice do not."""

from dataclasses import replace

import pytest
from slow_merkle import mth
from small_ledger import signer
from vectors.misbehaviours import branch, forked_entries, forked_trees, make_twice

from ledger.kernel.checkpoint import Checkpoint, sign_checkpoint
from ledger.kernel.misbehaviour import ForkedEntries, ForkedTrees, encode_misbehaviour
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.trust import parse_trust
from ledger.kernel.verify_misbehaviour import verify_misbehaviour


def verdict(forked, trust):
    return verify_misbehaviour(encode_misbehaviour(forked), trust)


def fails(forked, trust, step, sentence):
    report = verdict(forked, trust)
    assert report.failed is not None, report.verdict
    assert (report.failed.number, sentence in report.failed.sentence) == (step, True), report.failed


@pytest.mark.parametrize("sizes", [(4, 4), (4, 5), (4, 8), (5, 6), (5, 8), (6, 9), (7, 7), (8, 9)])
def test_two_branches_are_proven_to_be_a_fork(sizes):
    small, large = sizes
    one = branch(*(f"A-{n}" for n in range(small - 3)))
    other = branch(*(f"B-{n}" for n in range(large - 3)))
    report = verdict(forked_trees(one, other), one.trust())
    assert report.verified, report.verdict
    assert report.verdict.startswith(f"PROVEN: ledger.example/park signed that its first {small} entries have root ")
    assert f"and signed a tree of {large} entries of which the first {small} have root" in report.verdict


@pytest.mark.parametrize("sizes", [(4, 4), (4, 6), (5, 8)])
def test_two_states_of_one_history_are_no_fork(sizes):
    small, large = sizes
    one = branch(*(f"A-{n}" for n in range(small - 3)))
    other = branch(*(f"A-{n}" for n in range(large - 3)))
    fails(forked_trees(one, other), one.trust(), 3, "both checkpoints can be true")


def test_a_spoilt_consistency_proof_proves_nothing():
    """Anybody can make one: what is asked for is one that holds, from another root."""
    one, other = branch("A-0", "A-1"), branch("A-0", "A-1", "A-2", "A-3")
    honest = forked_trees(one, other)
    spoilt = replace(honest, path=(bytes(32), *honest.path[1:]))
    fails(spoilt, one.trust(), 3, "does not lead to")
    fails(replace(honest, root=bytes(32)), one.trust(), 3, "does not lead to the earlier root")
    fails(replace(honest, path=()), one.trust(), 3, "hashes")


def test_the_smaller_checkpoint_comes_first():
    one, other = branch("A-0"), branch("B-0", "B-1")
    good = forked_trees(one, other)
    fails(replace(good, older=good.newer, newer=good.older), one.trust(), 3, "cannot be shown to continue")


def test_a_checkpoint_that_somebody_else_signed_proves_nothing():
    one, thief = branch("A-0"), branch("B-0", log="thief")
    fails(forked_trees(one, thief), one.trust(), 2, "none of the note's 1 signature lines is by a known key")


def test_two_lives_of_a_ledger_are_no_fork():
    """After a restore that lost entries origin and log key are others (SPEC 4.5): both may be honest."""
    before, after = branch("A-0"), branch("B-0", log="log 2", origin="ledger.example/park/2")
    lines = [format_vkey(vkey_of(one.origin, signer(one.log).key)) for one in (before, after)]
    trust = parse_trust("".join(f"log {line}\n" for line in lines) + "quorum none\n")
    fails(forked_trees(before, after), trust, 2, "they speak of two logs, or of two lives of one")


def test_a_second_key_under_the_same_name_is_another_log():
    before, after = branch("A-0"), branch("B-0", log="log 2")
    lines = [format_vkey(vkey_of(one.origin, signer(one.log).key)) for one in (before, after)]
    trust = parse_trust("".join(f"log {line}\n" for line in lines) + "quorum none\n")
    fails(forked_trees(before, after), trust, 2, "signed by different log keys")


def test_two_entries_at_one_index():
    one, other = branch("A-0", "A-1"), branch("B-0", "B-1", "B-2")
    report = verdict(forked_entries(one, other, 3), one.trust())
    assert report.verified
    assert "signed two different entries 3" in report.verdict


def test_one_entry_in_two_trees_is_no_contradiction():
    one, other = branch("A-0"), branch("A-0", "A-1")
    fails(forked_entries(one, other, 3), one.trust(), 3, "both receipts are of the same entry")


def test_one_version_made_twice_in_one_tree():
    forged = branch("A-0", "A-1")
    again = make_twice(forged, "A-0")
    report = verdict(forked_entries(forged, forged, 3, again), forged.trust())
    assert report.verified, report.verdict
    assert f"entry 3 and entry {again} both make version 1 of the subject" in report.verdict


def test_one_version_made_twice_across_branches():
    one, other = branch("A-0"), branch("B-0", "A-0")
    report = verdict(forked_entries(one, other, 3, 4), one.trust())
    assert report.verified
    assert "entry 3 and entry 4 both make version 1" in report.verdict


def test_entries_that_only_refer_to_the_same_version_do_not_contradict():
    forged = branch("A-0", "A-1")
    fails(forked_entries(forged, forged, 3, 4), forged.trust(), 9, "no version of any subject is made by both")


def test_items_that_the_entry_does_not_commit_to_prove_nothing():
    forged = branch("A-0", "A-1")
    first, second = forked_entries(forged, forged, 3, 4).receipts
    stolen = replace(second, opened=first.opened, count=first.count)
    fails(ForkedEntries((first, stolen)), forged.trust(), 9, "is not what the entry commits to")
    closed = replace(second, opened=())
    fails(ForkedEntries((first, closed)), forged.trust(), 9, "opens no lineage item")


def test_a_receipt_that_does_not_hold_proves_nothing():
    one, other = branch("A-0", "A-1"), branch("B-0", "B-1")
    bad = (parse_receipt(one.receipt(3)), parse_receipt(other.receipt(3, at=4)))
    fails(ForkedEntries(bad), one.trust(), 3, "the proof of a receipt is of its own entry")


def test_a_receipt_with_an_extra_line_is_out_of_form():
    one, other = branch("A-0", "A-1"), branch("B-0", "B-1")
    good, plain = forked_entries(one, other, 3).receipts
    extra = replace(good, proof=good.proof.replace("\nindex", "\nextra AAAA\nindex", 1))
    fails(ForkedEntries((extra, plain)), one.trust(), 1, "no extra line")


@pytest.mark.slow
def test_every_byte_of_a_proof_counts():
    one, other = branch("A-0", "A-1"), branch("B-0", "B-1", "B-2", "B-3")
    for forked in (forked_trees(one, other), forked_entries(one, other, 3, 3)):
        data = encode_misbehaviour(forked)
        assert verify_misbehaviour(data, one.trust()).verified
        for at in range(len(data)):
            for mask in (0x01, 0x80):
                flipped = data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
                report = verify_misbehaviour(flipped, one.trust())
                assert not report.verified or _unasked(data, at), (at, data[at : at + 20])


def _unasked(data, at):
    """Of two entries at one index neither statement nor lineage is asked for: nothing is said of them."""
    before = data[:at].decode()
    return any(
        before.rfind(f'"{name}"') > before.rfind(f'"{end}"')
        for name, end in (("lineage", "proof"), ("statement", "proof"))
    )


def test_a_checkpoint_of_another_text_is_no_checkpoint():
    one, other = branch("A-0"), branch("B-0")
    text = Checkpoint(one.origin, 4, bytes(32))
    note = sign_checkpoint(text, one.origin, signer("log"))
    report = verdict(ForkedTrees(note, other.note(), mth(other.leaves), ()), one.trust())
    assert report.verified  # whoever signs a root that no tree has, has signed two trees of one size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type":"coilmark.misbehaviour/v1"}',
        b'{"type":"coilmark.misbehaviour/v1","kind":"entries","receipts":[]}',
        b'{"type":"coilmark.misbehaviour/v1","kind":"entries","receipts":[1,2]}',
        b'{"type":"coilmark.misbehaviour/v1","kind":"checkpoints","checkpoints":[1,2],"root":"","path":[]}',
        b'{"type":"coilmark.misbehaviour/v2","kind":"checkpoints","checkpoints":["",""],"root":"","path":[]}',
        b'{"type":"coilmark.misbehaviour/v1","kind":"other","checkpoints":["",""],"root":"","path":[]}',
        b'{"type":"coilmark.misbehaviour/v1","kind":["entries"],"checkpoints":["",""],"root":"","path":[]}',
    ],
)
def test_other_files_fail_at_step_1(data):
    report = verify_misbehaviour(data, branch("A-0").trust())
    assert report.failed is not None
    assert report.failed.number == 1
