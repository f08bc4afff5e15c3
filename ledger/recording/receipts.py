"""Receipts from what is stored: the prover's side of SPEC 4.6."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import astuple

from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.hashing import split_hashes
from ledger.kernel.lineage import Lineage, Opened, open_packed, split_items
from ledger.kernel.receipt import Receipt, entry_members, join_text, quoted
from ledger.kernel.subjects import subject_key
from ledger.kernel.tlog_proof import TlogProof, format_tlog_proof
from ledger.recording.recovery import Sound
from ledger.store.store import Stored

Parcel: TypeAlias = tuple[tuple[Any, ...], str, bytes]  # a Proven on its way to another process

OPENED_LIMIT = 5_000  # subjects an event may have (SPEC 8); a `heads` entry opens its issuer's alone


@dataclass(frozen=True, slots=True)
class Published:
    """One signed checkpoint: what it says, and the note that says it."""

    checkpoint: Checkpoint
    note: str


class Proven(Struct, frozen=True, gc=False):
    """A recorded entry and what proves it, before its receipt is made.

    `iss` signed its statement; `path` has the hashes of the way to the root one after the other, its sibling first.
    """

    stored: Stored
    iss: str
    path: bytes


def receipt_of(sound: Sound, iss: str, path: Sequence[bytes], note: str, *, may_see: bool) -> Receipt:
    """One entry's receipt under the checkpoint of `note`, to which `path` leads.

    Statement and lineage only if the caller may see.
    """
    return Receipt(
        entry=sound.entry,
        count=len(sound.lineage.items),
        opened=opened_lineage(sound.lineage, iss) if may_see else (),
        statement=sound.stored.wire if may_see else None,
        proof=format_tlog_proof(TlogProof(sound.entry.index, tuple(path), note)),
    )


def receipt_files(proven: Iterable[Proven], note: str) -> list[bytes]:
    """The receipts for who sent the statements, as files: what `receipt_of` and `encode_receipt` make, of stored bytes.

    The bytes must have been found sound. The checkpoint of `note` is the one that the paths lead to.
    """
    rest = quoted(note)[1:]
    return [_file(one, rest) for one in proven]


def _file(one: Proven, rest: str) -> bytes:
    stored, items = one.stored, split_items(one.stored.items)
    opened = open_packed(stored.seed, items, _shown(len(items), one.iss))
    way = format_tlog_proof(TlogProof(stored.index, split_hashes(one.path), ""))
    entry = entry_members(stored.entry, len(items), opened, stored.wire)
    return join_text(entry, quoted(way)[:-1] + rest).encode("ascii")


def parcel(proven: Proven) -> Parcel:
    """Few plain values, quickly sent."""
    return astuple(proven.stored), proven.iss, proven.path


def run_of_receipts(parcels: Sequence[Parcel], note: str) -> bytes:
    """In another process: `receipt_files` with a comma between them."""
    return b",".join(receipt_files([Proven(Stored(*stored), iss, path) for stored, iss, path in parcels], note))


def _shown(count: int, iss: str, also: Collection[bytes] = ()) -> Collection[bytes] | None:
    """Whose items of `count` are shown to whoever may see the statement of `iss`; None for all."""
    return None if count <= OPENED_LIMIT else {subject_key("party", iss), *also}


def opened_lineage(lineage: Lineage, iss: str, also: Collection[bytes] = ()) -> tuple[Opened, ...]:
    """The items shown to whoever may see the statement of `iss`; where they are too many, at least those of `also`."""
    return lineage.opened(_shown(len(lineage.items), iss, also))
