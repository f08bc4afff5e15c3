"""The durable steps of an append, each by name, so that a test can end the process or raise right after any of them.

Off unless one is passed in: nothing here reads an environment, and the product passes none. What is found after each
is in DESIGN 1; `tests/ledger/test_failpoints.py` ends every one of them, on both stores, and reads everything again.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias


class Step(StrEnum):
    """In the order in which an append takes them. The number of a step in DESIGN 1 stands beside it."""

    BEGUN = "begun"  # (4) the write transaction is open, nothing is in it
    INSERTED = "inserted"  # (5) the rows are in the transaction
    GROWN = "grown"  # (5) the level files hold the new leaves
    HEAD_MOVED = "head-moved"  # (5) the head is in the transaction; the commit is next
    COMMITTED = "committed"  # (6) durable, and nobody was told
    REREAD = "reread"  # (7) what was stored was read and hashed again
    DRAFTED = "drafted"  # (8) the second head's draft is written and synced
    RENAMED = "renamed"  # (8) the draft is in place, its folder not yet synced
    SECOND_MOVED = "second-moved"  # (8) both heads agree
    SIGNED = "signed"  # (9) the checkpoint is signed
    SHOWN = "shown"  # (10) memory has changed, the caller has no answer yet


Reached: TypeAlias = Callable[[Step], None]


def unwatched(_step: Step) -> None:
    """No test is looking."""
