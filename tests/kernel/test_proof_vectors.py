"""transparency-dev/merkle's cases: what every other verifier of this tree accepts and refuses."""

import json
from collections import Counter

import pytest

from ledger.kernel.encoding import b64_decode
from ledger.kernel.errors import Unverified
from ledger.kernel.proofs import verify_consistency, verify_inclusion, verify_subtree


def cases(vectors, folder):
    files = sorted((vectors / "transparency-dev-merkle" / "testdata" / folder).rglob("*.json"))
    return [(file, json.loads(file.read_text())) for file in files]


def inclusion(case):
    start, size = case.get("start", 0), case.get("treeSize", case.get("end", 0) - case.get("start", 0))
    path, leaf, root = hashes(case), one(case["leafHash"]), one(case["root"])
    verify_inclusion(index=case["leafIdx"] - start, size=size, leaf=leaf, path=path, root=root)


def consistency(case):
    verify_consistency(
        old_size=case["size1"],
        new_size=case["size2"],
        old_root=one(case["root1"]),
        new_root=one(case["root2"]),
        path=hashes(case),
    )


def subtree_consistency(case):
    verify_subtree(
        start=case["start"],
        end=case["end"],
        size=case["size"],
        subtree=one(case["root1"]),
        root=one(case["root2"]),
        path=hashes(case),
    )


def one(text):
    return b64_decode(text or "")


def hashes(case):
    return [b64_decode(text) for text in case["proof"] or []]


@pytest.mark.parametrize(
    ("folder", "verify", "accepted", "refused"),
    [
        ("inclusion", inclusion, 6, 92),
        ("consistency", consistency, 6, 92),
        ("subtreeinclusion", inclusion, 12, 192),
        ("subtreeconsistency", subtree_consistency, 12, 106),
    ],
)
def test_all_cases_are_answered_as_published(vectors, folder, verify, accepted, refused):
    outcomes = Counter()
    for file, case in cases(vectors, folder):
        try:
            verify(case)
            good = True
        except Unverified:
            good = False
        assert good is not case["wantErr"], f"{file}: {case['desc']}"
        outcomes[good] += 1
    assert outcomes == {True: accepted, False: refused}
