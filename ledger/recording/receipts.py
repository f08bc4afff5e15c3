"""Receipts from what is stored: the prover's side of SPEC 4.6."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.lineage import Lineage, Opened
from ledger.kernel.receipt import Receipt
from ledger.kernel.subjects import subject_key
from ledger.kernel.tlog_proof import TlogProof, format_tlog_proof
from ledger.recording.recovery import Sound

OPENED_LIMIT = 5_000  # subjects an event may have (SPEC 8); a `heads` entry opens its issuer's alone


@dataclass(frozen=True, slots=True)
class Published:
    """One signed checkpoint: what it says, and the note that says it."""

    checkpoint: Checkpoint
    note: str


def receipt_of(sound: Sound, iss: str, path: Sequence[bytes], published: Published, *, may_see: bool) -> Receipt:
    """One entry's receipt under a checkpoint that `path` leads to; statement and lineage only if the caller may see."""
    return Receipt(
        entry=sound.entry,
        count=len(sound.lineage.items),
        opened=opened_lineage(sound.lineage, iss) if may_see else (),
        statement=sound.stored.wire if may_see else None,
        proof=format_tlog_proof(TlogProof(sound.entry.index, tuple(path), published.note)),
    )


def opened_lineage(lineage: Lineage, iss: str, also: Collection[bytes] = ()) -> tuple[Opened, ...]:
    """The items shown to whoever may see the statement of `iss`; where they are too many, at least those of `also`."""
    few = len(lineage.items) <= OPENED_LIMIT
    return lineage.opened(None if few else {subject_key("party", iss), *also})
