"""Verification of a receipt or a bundle with nothing but its bytes and what the reader trusts: SPEC 7.

The verifier trusts nothing it was not given. Origin, log key, quorum and pins come from the trust file, the expected
piece or index from the reader, and never from the file under test. No database, no network, no clock.

 1  limits and strict decoding
 2  the checkpoint: origin, log key, quorum
 3  every entry: 113 bytes, its own index, included under the one checkpoint
 4  index 0 names this log key, this ledger and its operator
 5  each statement is the one its entry commits to
 6  header, `typ` and `aud`
 7  whole party histories, keys valid at their entries, signatures
 8  disclosures are those that the signed bytes name
 9  opened lineage items are committed to, and are those the statement implies
10  what was expected: piece, index
11  inputs root and figures, computed again (passports)
12  time: claimed, recorded, bounded by witnesses
13  what was withheld, unwitnessed, vouched for by the operator alone, possibly stale

Each block below carries its number. A receipt has no index 0 and no party histories: steps 4 and 7 need a bundle.
What the caller must still do: read step 13, and every step that was not checked.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ledger.kernel.bundle import BundleEntry, parse_bundle
from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.lives import Life, lives_of, lost_in, with_lives
from ledger.kernel.note import TYPE_ED25519, Vkey, verify_note
from ledger.kernel.party import Registry
from ledger.kernel.proofs import verify_inclusion, verify_multiproof
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.report import LOST, Report, Steps
from ledger.kernel.subjects import Implied
from ledger.kernel.tlog_proof import parse_tlog_proof
from ledger.kernel.trust import Trust, quorum_met
from ledger.kernel.verify_circumstances import Expected, check_expected, check_time, say_open
from ledger.kernel.verify_lineage import check_lineage
from ledger.kernel.verify_parties import Authority, check_authority, check_index_0
from ledger.kernel.verify_passports import Recompute, check_inputs, check_kind
from ledger.kernel.verify_statements import Case, Signed, check_digests, open_disclosures, read_headers, shown

__all__ = ["Expected", "read_lives", "verify_bundle", "verify_receipt"]
NOTHING_EXPECTED = Expected()
_NO_REGISTRIES: Mapping[int, Registry] = {}


def verify_receipt(
    data: bytes,
    trust: Trust,
    *,
    statement: bytes | None = None,
    expected: Expected = NOTHING_EXPECTED,
    lives: Sequence[Life] = (),
) -> Report:
    """Verify a receipt file. `statement` (wire form) is the reader's own copy, and goes before the one in the file.

    With the ledger's `lives` (see `read_lives`) a receipt of an earlier one is verified under the log key of its time,
    and one of an entry that was lost fails as "lost". Raises nothing about the data: what is wrong with them is the
    failed step of the report.
    """
    steps = Steps("receipt")
    return steps.report(
        lambda: _receipt(steps, data, with_lives(trust, lives), expected, statement=statement, lives=lives)
    )


def read_lives(data: bytes, trust: Trust) -> tuple[Life, ...]:
    """The incarnations in the bundle of a `ledger` statement. Raises Unverified where it does not hold, Malformed."""
    report = verify_bundle(data, trust)
    if report.failed is not None:
        raise Unverified("lives", f"the bundle of the newest incarnation does not hold: {report.verdict}")
    return lives_of(parse_bundle(data))


def verify_bundle(
    data: bytes,
    trust: Trust,
    *,
    expected: Expected = NOTHING_EXPECTED,
    lives: Sequence[Life] = (),
    recompute: Recompute | None = None,
) -> Report:
    """Verify a bundle file, index 0 and party histories included; `lives` as for `verify_receipt`.

    `recompute` knows the rules of lots, which this kernel does not, and computes a passport again from its inputs.
    Raises nothing about the data: what is wrong with them is the failed step of the report.
    """
    steps = Steps("bundle")
    return steps.report(
        lambda: _bundle(steps, data, with_lives(trust, lives), expected, lives=lives, recompute=recompute)
    )


def _receipt(
    steps: Steps, data: bytes, trust: Trust, expected: Expected, *, statement: bytes | None, lives: Sequence[Life]
) -> None:
    # (1)
    steps.begin(1)
    receipt = parse_receipt(data)
    proof = parse_tlog_proof(receipt.proof)
    if proof.extra is not None:
        raise Malformed("receipt", "the proof of a receipt has no extra line: nothing would vouch for it")
    index = receipt.entry.index
    steps.passed(f"{len(data)} bytes, a receipt of entry {index} in its one canonical spelling")
    signed = _checkpoint(steps, proof.checkpoint, trust)
    # (3)
    steps.begin(3)
    if proof.index != index:
        raise Unverified("inclusion", f"the proof is of entry {proof.index}, the entry itself is {index}", step=3)
    size, root = signed.checkpoint.size, signed.checkpoint.root
    verify_inclusion(index=index, size=size, leaf=receipt.entry.leaf, path=proof.path, root=root)
    _check_lost(signed, index, lives)
    steps.passed(f"entry {index} is included in the {size} entries of the checkpoint, with {len(proof.path)} hashes")
    # (4), (7)
    steps.not_checked(4, f"a receipt does not hold index 0; the bundle of entry {index} does")
    steps.not_checked(7, f"a receipt does not hold the keys of its issuer; the bundle of entry {index} does")
    one = BundleEntry(receipt.entry, receipt.count, receipt.opened, statement or receipt.statement)
    case = _statements(steps, Case((shown(one),), index, signed, trust))
    wants = _rest(steps, case, expected, None)
    check_inputs(steps, case, "receipt", _NO_REGISTRIES, None)
    _close(steps, case, None, wants)


def _bundle(
    steps: Steps, data: bytes, trust: Trust, expected: Expected, *, lives: Sequence[Life], recompute: Recompute | None
) -> None:
    # (1)
    steps.begin(1)
    bundle = parse_bundle(data)
    count, about = len(bundle.entries), bundle.about
    steps.passed(f"{len(data)} bytes, a bundle of {count} entries about entry {about} in its one canonical spelling")
    signed = _checkpoint(steps, bundle.checkpoint, trust)
    # (3)
    steps.begin(3)
    size, root = signed.checkpoint.size, signed.checkpoint.root
    leaves = [(one.entry.index, one.entry.leaf) for one in bundle.entries]
    verify_multiproof(size=size, leaves=leaves, path=bundle.proof, root=root)
    _check_chain(bundle.entries)
    _check_lost(signed, about, lives)
    steps.passed(f"{count} entries are included in the {size} of the checkpoint, with {len(bundle.proof)} hashes")
    case = _statements(steps, Case(tuple(shown(one) for one in bundle.entries), about, signed, trust))
    check_kind(steps, case, bundle.kind)
    check_index_0(steps, case)
    authority = check_authority(steps, case)
    wants = _rest(steps, case, expected, authority)
    check_inputs(steps, case, bundle.kind, authority.registries, recompute)
    _close(steps, case, authority, wants)


def _checkpoint(steps: Steps, note: str, trust: Trust) -> Signed:
    """(2) A log of the trust file signed it under its own name, and enough of its witnesses cosigned."""
    steps.begin(2)
    checkpoint, cosignatures = open_checkpoint(note, trust.vkeys)
    vkeys = tuple(
        log.vkey
        for log in trust.logs
        if log.vkey.name == checkpoint.origin and log.vkey.type == TYPE_ED25519 and _signed_by(note, log.vkey)
    )
    cosigners = [one.vkey for one in cosignatures]
    if not vkeys or not quorum_met(trust, cosigners):
        raise Unverified(
            "quorum",
            f"{len(cosigners)} witnesses of the trust file cosigned the checkpoint, which does not meet its quorum "
            f"{trust.quorum}",
            step=2,
        )
    quorum = "the trust file asks for no witness" if trust.quorum is None else f"quorum {trust.quorum} is met"
    steps.passed(f"the checkpoint of {checkpoint.origin}, size {checkpoint.size}, is signed by its log key; {quorum}")
    return Signed(checkpoint, vkeys, cosignatures)


def _signed_by(note: str, vkey: Vkey) -> bool:
    try:
        verify_note(note, [vkey])
    except Unverified:
        return False
    return True


def _check_lost(signed: Signed, index: int, lives: Sequence[Life]) -> None:
    """It was recorded, as is proven by now, and is not in the ledger any more, as the ledger itself says (SPEC 4.5)."""
    life = lost_in(lives, signed.checkpoint, index)
    if life is not None:
        raise Unverified(
            LOST,
            f"entry {index} was recorded under {signed.checkpoint.origin} and lost in a restore: incarnation "
            f"{life.incarnation} of the ledger begins at entry {life.index}",
            step=3,
        )


def _check_chain(entries: Sequence[BundleEntry]) -> None:
    """Neighbours agree. No proof relies on the chain alone; a contradiction in it is one all the same."""
    for before, after in pairwise(one.entry for one in entries):
        if after.index == before.index + 1 and after.previous != before.leaf:
            raise Unverified(
                "chain", f"entry {after.index} names another leaf before it than entry {before.index}", step=3
            )


def _statements(steps: Steps, case: Case) -> Case:
    """(5), (6), (8), in this order: nothing is read out of bytes that the entry does not commit to."""
    check_digests(steps, case)
    return open_disclosures(steps, read_headers(steps, case))


def _rest(steps: Steps, case: Case, expected: Expected, authority: Authority | None) -> Mapping[bytes, Implied]:
    """(9), (10): what the entry implies."""
    wants = check_lineage(steps, case, authority.registries if authority else _NO_REGISTRIES)
    check_expected(steps, case, wants, expected)
    return wants


def _close(steps: Steps, case: Case, authority: Authority | None, wants: Mapping[bytes, Implied]) -> None:
    """(12), (13)"""
    check_time(steps, case)
    say_open(steps, case, authority, wants)
