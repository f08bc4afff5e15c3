"""Checkpoints: origin, size and root of the tree, as the text of a signed note (SPEC 4.6, C2SP tlog-checkpoint v1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.kernel.encoding import b64_decode, b64_encode, decimal_integer
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.hashing import EMPTY_ROOT, HASH_SIZE
from ledger.kernel.keys import Signer
from ledger.kernel.note import TYPE_ED25519, Vkey, sign_note, verify_note
from ledger.kernel.proofs import SIZE_LIMIT


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of `size` leaves has `root` (32 bytes), says the log named `origin`.

    Raises Malformed for values that no checkpoint can carry: an origin that is empty or more than a line, a root of
    another length, size 0 with another root than the empty tree's.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Hold what the docstring promises, so that format and parse cannot disagree."""
        if not self.origin or any(c < "\x20" or "\ud800" <= c <= "\udfff" for c in self.origin):
            raise Malformed("origin", "the origin of a checkpoint is one line of text that is not empty")
        if not 0 <= self.size <= SIZE_LIMIT:
            raise Malformed("size", f"the size of a checkpoint is 0 to {SIZE_LIMIT}, not {self.size}")
        if len(self.root) != HASH_SIZE:
            raise Malformed("root", f"the root of a checkpoint has {HASH_SIZE} bytes, not {len(self.root)}")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("root", "a checkpoint of size 0 has the root of the empty tree, the SHA-256 of nothing")


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text: three lines. Extension lines are never written, since nobody can audit them."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{b64_encode(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note text. Raises Malformed. Extension lines of other logs are allowed, if not empty, and mean nothing."""
    *lines, end = text.split("\n")
    if end or len(lines) < 3 or not all(lines):
        raise Malformed("checkpoint", "a checkpoint has at least three lines, origin, size and root, and none is empty")
    size = decimal_integer(lines[1], "the size of a checkpoint", SIZE_LIMIT)
    return Checkpoint(lines[0], size, b64_decode(lines[2], "the root of a checkpoint", HASH_SIZE))


def sign_checkpoint(checkpoint: Checkpoint, name: str, signer: Signer) -> str:
    """The signed note; by convention `name` is the origin."""
    return sign_note(format_checkpoint(checkpoint), name, signer)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness saw this tree, consistent with all it saw before, at `timestamp` (POSIX seconds)."""

    vkey: Vkey
    timestamp: int


def open_checkpoint(note: str | bytes, vkeys: Sequence[Vkey]) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """The checkpoint in a note, and the cosignatures on it by the witnesses among `vkeys`.

    Raises Malformed, or Unverified: "signature" and "unsigned" as `verify_note` does; "log_signature" where no log
    key among `vkeys` signed; "origin" where one did, but goes by another name than the origin (tlog-policy, Defining
    a log). Whether the cosignatures are enough is `trust.quorum_met`; which origin is expected, the reader knows.
    """
    text, verified = verify_note(note, vkeys)
    checkpoint = parse_checkpoint(text)
    logs = [one.vkey.name for one in verified if one.vkey.type == TYPE_ED25519]
    if not logs:
        raise Unverified("log_signature", "witnesses signed the checkpoint, but no log key that is trusted did")
    if checkpoint.origin not in logs:
        raise Unverified("origin", f"the checkpoint is of {checkpoint.origin}, but was signed by the log key {logs[0]}")
    return checkpoint, tuple(Cosignature(one.vkey, one.timestamp) for one in verified if one.timestamp is not None)
