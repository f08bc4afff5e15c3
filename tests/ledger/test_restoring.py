"""The second head of a restored ledger moves on from where it was seen, and from nowhere else."""

import pytest

from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Conflict
from ledger.recording.second_head import BehindHead, FileHead


def test_the_second_head_moves_on_from_where_it_was_seen(tmp_path):
    seen, restored, new = (
        Checkpoint("log", 9, bytes(32)),
        Checkpoint("log", 4, b"r" * 32),
        Checkpoint("log2", 5, b"n" * 32),
    )
    head = FileHead(tmp_path / "head")
    head.create(seen)
    BehindHead(head, seen).swap(restored, new)
    assert head.read() == new
    with pytest.raises(Conflict, match="another server is writing"):
        BehindHead(head, seen).swap(restored, Checkpoint("log3", 5, b"m" * 32))
    assert head.read() == new
