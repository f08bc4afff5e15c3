"""The proof of misbehaviour: two things that one log signed and that cannot both be true, in one file (SPEC 4.6)."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from ledger.kernel.encoding import b64_decode, b64_encode
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.members import ascii_text, elements, hashes, take, text
from ledger.kernel.receipt import (
    RECEIPT_LIMIT,
    STRING_LIMIT,
    Receipt,
    compact,
    hashes_text,
    parse_receipt,
    quoted,
    receipt_text,
)
from ledger.kernel.strict_json import decode

MISBEHAVIOUR_TYPE = "coilmark.misbehaviour/v1"
SIZE_LIMIT = 2 * RECEIPT_LIMIT  # bytes
CHECKPOINTS, ENTRIES = "checkpoints", "entries"
_COMMON = {"type", "kind"}


@dataclass(frozen=True, slots=True)
class ForkedTrees:
    """Two checkpoints, the smaller first, and what the larger tree has where the smaller one should be.

    `path` is the consistency proof that the first leaves of the tree of `newer`, as many as `older` counts, have the
    root `root`; the note `older` says another. Of equal sizes `root` is that of `newer`, and the path is empty.
    """

    older: str
    newer: str
    root: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ForkedEntries:
    """Two receipts: of different entries at one index, or of two entries that make one version of one subject."""

    receipts: tuple[Receipt, Receipt]


Misbehaviour: TypeAlias = ForkedTrees | ForkedEntries


def encode_misbehaviour(proof: Misbehaviour) -> bytes:
    """The file, in its one canonical spelling."""
    if isinstance(proof, ForkedEntries):
        shown, says = ENTRIES, f'"receipts":[{",".join(map(receipt_text, proof.receipts))}]'
    else:
        notes = f"{quoted(proof.older)},{quoted(proof.newer)}"
        root, path = b64_encode(proof.root), hashes_text(proof.path)
        shown, says = CHECKPOINTS, f'"checkpoints":[{notes}],"root":"{root}","path":{path}'
    return f'{{"type":"{MISBEHAVIOUR_TYPE}","kind":"{shown}",{says}}}'.encode("ascii")


def parse_misbehaviour(data: bytes) -> Misbehaviour:
    """Read a proof of misbehaviour. Raises Malformed or TooLarge; checks no hash, no proof and no signature."""
    if len(data) > SIZE_LIMIT:
        raise TooLarge("misbehaviour_size", f"the proof has {len(data)} bytes, the limit is {SIZE_LIMIT}")
    value = decode(data, "the proof of misbehaviour", max_string=STRING_LIMIT)
    kind = value.get("kind") if isinstance(value, dict) else None
    proof: Misbehaviour = _parse_entries(value) if kind == ENTRIES else _parse_checkpoints(value)
    if encode_misbehaviour(proof) != data:
        raise Malformed("misbehaviour", "the proof of misbehaviour is not in its one canonical spelling")
    return proof


def _parse_checkpoints(value: Any) -> ForkedTrees:
    members = take(value, "proof of misbehaviour", _COMMON | {"checkpoints", "root", "path"})
    _check_type(members["type"], text(members, "kind"))
    notes = elements(members, "checkpoints")
    if len(notes) != 2 or not all(isinstance(note, str) for note in notes):
        raise Malformed("misbehaviour", "checkpoints are two signed notes")
    root = b64_decode(ascii_text(members, "root"), "the root", HASH_SIZE)
    return ForkedTrees(notes[0], notes[1], root, hashes(members, "path"))


def _parse_entries(value: Any) -> ForkedEntries:
    members = take(value, "proof of misbehaviour", _COMMON | {"receipts"})
    _check_type(members["type"], text(members, "kind"))
    receipts = elements(members, "receipts")
    if len(receipts) != 2:
        raise Malformed("misbehaviour", f"the proof has {len(receipts)} receipts, want two")
    first, second = (parse_receipt(compact(receipt)) for receipt in receipts)
    return ForkedEntries((first, second))


def _check_type(kind_of_file: object, kind: object) -> None:
    if kind_of_file != MISBEHAVIOUR_TYPE or kind not in {CHECKPOINTS, ENTRIES}:
        raise Malformed(
            "misbehaviour",
            f"type or kind of the proof is not known, only {MISBEHAVIOUR_TYPE} of kind {CHECKPOINTS} or {ENTRIES}",
        )
