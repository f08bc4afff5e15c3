"""Verification of a proof of misbehaviour: SPEC 7, of whose steps it takes 1, 2, 3 and 9.

That a consistency proof fails proves nothing: anybody can spoil one. What proves a fork is a consistency proof that
*holds*, from another root of the smaller size than the one that was signed: the larger tree begins otherwise.
"""

from dataclasses import dataclass

from ledger.kernel.checkpoint import Checkpoint, open_checkpoint
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.lineage import Role, check_opened
from ledger.kernel.misbehaviour import ForkedEntries, ForkedTrees, parse_misbehaviour
from ledger.kernel.note import TYPE_ED25519, Vkey, format_vkey, verify_note
from ledger.kernel.proofs import verify_consistency, verify_inclusion
from ledger.kernel.receipt import Receipt
from ledger.kernel.report import Report, Steps
from ledger.kernel.tlog_proof import TlogProof, parse_tlog_proof
from ledger.kernel.trust import Trust

_NOT_ASKED = "a proof of misbehaviour speaks of what the log signed, and of nothing that stands in it"


@dataclass(frozen=True, slots=True)
class _Signed:
    checkpoint: Checkpoint
    vkeys: tuple[Vkey, ...]  # log keys of the trust file that signed it


def verify_misbehaviour(data: bytes, trust: Trust) -> Report:
    """Whether the file proves that a log of the trust file signed what cannot be true together.

    Verified means proven. Raises nothing about the data: what is wrong with them is the failed step of the report.
    """
    steps = Steps("misbehaviour")
    return steps.report(lambda: _verify(steps, data, trust))


def _verify(steps: Steps, data: bytes, trust: Trust) -> None:
    # (1)
    steps.begin(1)
    proof = parse_misbehaviour(data)
    steps.passed(f"{len(data)} bytes, a proof of misbehaviour in its one canonical spelling")
    if isinstance(proof, ForkedTrees):
        _trees(steps, proof, trust)
    else:
        _entries(steps, proof, trust)
    for number in (4, 5, 6, 7, 8, 10, 11, 12):
        steps.not_checked(number, _NOT_ASKED)
    # (13)
    steps.begin(13)
    point = "who holds the log key did this: whether the operator or somebody who has his key, the file cannot say"
    steps.leave_open((point,))
    steps.passed(point)


def _trees(steps: Steps, proof: ForkedTrees, trust: Trust) -> None:
    older, newer, vkey = _both(steps, proof.older, proof.newer, trust)
    # (3) What holds is the proof from `root`, and `root` is not what was signed.
    steps.begin(3)
    verify_consistency(
        old_size=older.size, new_size=newer.size, old_root=proof.root, new_root=newer.root, path=proof.path
    )
    if proof.root == older.root:
        raise Unverified(
            "no_contradiction",
            f"the tree of {newer.size} entries begins with the tree of {older.size}: both checkpoints can be true",
            step=3,
        )
    says = (
        f"{vkey.name} signed that its first {older.size} entries have root {older.root.hex()}, and signed a tree of "
        f"{newer.size} entries of which the first {older.size} have root {proof.root.hex()}"
    )
    steps.passed(says)
    steps.not_checked(9, _NOT_ASKED)
    steps.proves(f"{says}; its key is {format_vkey(vkey)}")


def _entries(steps: Steps, proof: ForkedEntries, trust: Trust) -> None:
    first, second = proof.receipts
    proofs = [_proof_of(receipt) for receipt in proof.receipts]
    one, other, vkey = _both(steps, proofs[0].checkpoint, proofs[1].checkpoint, trust)
    # (3)
    steps.begin(3)
    for receipt, path, checkpoint in zip(proof.receipts, proofs, (one, other), strict=True):
        if path.index != receipt.entry.index:
            raise Unverified("inclusion", "the proof of a receipt is of its own entry, this is of another", step=3)
        leaf = receipt.entry.leaf
        verify_inclusion(index=path.index, size=checkpoint.size, leaf=leaf, path=path.path, root=checkpoint.root)
    if first.entry.leaf == second.entry.leaf:
        raise Unverified("no_contradiction", "both receipts are of the same entry", step=3)
    where = f"entry {first.entry.index} in a tree of {one.size}, entry {second.entry.index} in a tree of {other.size}"
    steps.passed(f"two different entries are included: {where}")
    if first.entry.index == second.entry.index:
        steps.not_checked(9, _NOT_ASKED)
        steps.proves(f"{vkey.name} signed two different entries {first.entry.index}; its key is {format_vkey(vkey)}")
        return
    # (9) Nothing is taken from a lineage item that the entry does not commit to.
    steps.begin(9)
    subject, version = _version_of_both(first, second)
    says = (
        f"entry {first.entry.index} and entry {second.entry.index} both make version {version} of the subject "
        f"{subject.hex()}"
    )
    steps.passed(says)
    steps.proves(f"{says}, and {vkey.name} signed both; its key is {format_vkey(vkey)}")


def _proof_of(receipt: Receipt) -> TlogProof:
    """Still step 1, as of a receipt that comes alone."""
    proof = parse_tlog_proof(receipt.proof)
    if proof.extra is not None:
        raise Malformed("receipt", "the proof of a receipt has no extra line: nothing would vouch for it")
    return proof


def _version_of_both(first: Receipt, second: Receipt) -> tuple[bytes, int]:
    shared = sorted(_made(first) & _made(second))
    if not shared:
        raise Unverified("no_contradiction", "no version of any subject is made by both entries", step=9)
    return shared[0]


def _made(receipt: Receipt) -> set[tuple[bytes, int]]:
    """The versions that an entry is shown to make."""
    if not receipt.opened:
        raise Unverified("lineage", f"entry {receipt.entry.index} opens no lineage item", step=9)
    check_opened(receipt.opened, receipt.count, receipt.entry.lineage)
    return {(one.item.subject, one.item.version) for one in receipt.opened if one.item.role is not Role.REFERENCE}


def _both(steps: Steps, first: str, second: str, trust: Trust) -> tuple[Checkpoint, Checkpoint, Vkey]:
    """(2) One log key of the trust file signed both, under one origin: after a restore both are others (SPEC 4.5)."""
    steps.begin(2)
    one, other = _open(first, trust), _open(second, trust)
    shared = [vkey for vkey in one.vkeys if vkey in other.vkeys]
    if not shared:
        raise Unverified(
            "other_log",
            f"the checkpoints are of {one.checkpoint.origin} and {other.checkpoint.origin}, signed by different log "
            "keys: they speak of two logs, or of two lives of one",
            step=2,
        )
    steps.passed(f"both checkpoints are of {one.checkpoint.origin} and signed by its one log key")
    return one.checkpoint, other.checkpoint, shared[0]


def _open(note: str, trust: Trust) -> _Signed:
    checkpoint, _ = open_checkpoint(note, trust.vkeys)
    vkeys = [log.vkey for log in trust.logs if log.vkey.name == checkpoint.origin and log.vkey.type == TYPE_ED25519]
    return _Signed(checkpoint, tuple(vkey for vkey in vkeys if _signed_by(note, vkey)))


def _signed_by(note: str, vkey: Vkey) -> bool:
    try:
        verify_note(note, [vkey])
    except Unverified:
        return False
    return True
