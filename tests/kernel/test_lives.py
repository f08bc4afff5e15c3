"""Receipts of an earlier life: verified under the key of their time, lost where a later life begins before them."""

import pytest
from forged_ledger import renew
from small_ledger import ORIGIN
from vectors.misbehaviours import branch

from ledger.kernel.errors import Unverified
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.verify import read_lives, verify_receipt

NEW = f"{ORIGIN}/2"


@pytest.fixture
def lost():
    """A life of 7 entries, and its next one, which begins at entry 5."""
    before, after = branch("C-1", "C-2", "C-3", "C-4"), branch("C-1", "C-2")
    begins = renew(after)
    trust = after.trust()
    return before, trust, read_lives(after.bundle(begins), trust)


def test_the_lives_of_a_ledger(lost):
    _, _, lives = lost
    assert [(life.incarnation, life.index, life.origin) for life in lives] == [(0, 0, ORIGIN), (1, 5, NEW)]


@pytest.mark.parametrize("index", [5, 6])
def test_what_was_lost_is_lost(lost, index):
    before, trust, lives = lost
    report = verify_receipt(before.receipt(index), trust, lives=lives)
    assert (report.verified, report.code, report.failed.number) == (False, "lost", 3)
    assert report.verdict == (
        f"LOST: entry {index} was recorded under {ORIGIN} and lost in a restore: incarnation 1 of the ledger begins "
        "at entry 5."
    )


@pytest.mark.parametrize("index", [3, 4])
def test_what_came_before_still_verifies(lost, index):
    before, trust, lives = lost
    assert verify_receipt(before.receipt(index), trust, lives=lives).verified
    assert verify_receipt(before.receipt(index), trust).failed.number == 2  # nobody told of the old key


def test_junk_is_not_lost(lost):
    before, trust, lives = lost
    report = verify_receipt(before.receipt(6, at=5), trust, lives=lives)
    assert report.code == "inclusion"
    lines = parse_receipt(before.receipt(6)).proof.split("\n")
    end = lines.index("")
    turned = "\n".join([*lines[:2], *reversed(lines[2:end]), *lines[end:]])
    assert verify_receipt(before.receipt(6, proof=turned), trust, lives=lives).code == "inclusion"


def test_the_word_of_another_ledger_on_its_lives_is_not_taken(lost):
    before, trust, _ = lost
    with pytest.raises(Unverified, match="the bundle of the newest incarnation does not hold"):
        read_lives(before.bundle(3), trust)
