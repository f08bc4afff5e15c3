"""The incarnations of a ledger, and what became of an entry in later ones (SPEC 4.5).

They stand in the bundle of a `ledger` statement of the newest incarnation: it holds the operator's whole history, and
so every `ledger` statement from index 0 on, under a checkpoint of the log key that the reader trusts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledger.kernel.bundle import Bundle
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.note import Vkey, parse_vkey
from ledger.kernel.statement import parse
from ledger.kernel.trust import LogKey, Trust


@dataclass(frozen=True, slots=True)
class Life:
    """One incarnation: it begins with the entry at `index`, and all that stood there or beyond before is lost."""

    incarnation: int
    index: int
    origin: str
    log_keys: tuple[Vkey, ...]


def lives_of(bundle: Bundle) -> tuple[Life, ...]:
    """Every incarnation that a verified bundle shows, oldest first."""
    said = ((one.entry.index, parse(one.statement)) for one in bundle.entries if one.statement is not None)
    return tuple(
        Life(
            incarnation=int(statement.body["incarnation"]),
            index=index,
            origin=str(statement.body["origin"]),
            log_keys=tuple(parse_vkey(str(text)) for text in statement.body["log_keys"]),
        )
        for index, statement in said
        if statement.typ == "ledger"
    )


def with_lives(trust: Trust, lives: Sequence[Life]) -> Trust:
    """The trust file, and the log keys of earlier lives as the ledger itself names them."""
    known = {vkey.raw for vkey in trust.vkeys}
    more = {vkey.raw: LogKey(vkey) for life in lives for vkey in life.log_keys if vkey.raw not in known}
    return replace(trust, logs=(*trust.logs, *more.values()))


def lost_in(lives: Sequence[Life], checkpoint: Checkpoint, index: int) -> Life | None:
    """The incarnation that began without the entry at `index` of an earlier life's tree; None where it stands."""
    then = next((life for life in lives if life.origin == checkpoint.origin), None)
    if then is None:
        return None
    return next((life for life in lives if life.incarnation > then.incarnation and life.index <= index), None)
