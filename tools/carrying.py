"""What commands over whole ledgers share: where a ledger is, how far the work is, and what is said of both heads."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.kernel.errors import Missing
from tools.head import second_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.kernel.checkpoint import Checkpoint
    from ledger.recording.second_head import HeadPlace
    from ledger.store.store import Location
    from ledger.upkeep.copying import Copied, Progress

_PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@]*@")


def place(said: str) -> Location:
    """A folder's database file, a database file, or a URL as it stands."""
    if "://" in said:
        return said
    path = Path(said)
    return path / "ledger.sqlite" if path.is_dir() else path


def kept_head(candidates: Sequence[HeadPlace], folders: Sequence[Path]) -> tuple[HeadPlace, Checkpoint] | None:
    """The first second head that is there. Read it before the database, which is never behind it."""
    for one in candidates:
        with suppress(Missing):
            return one, second_head(one, folders).read()
    return None


def beside(folder: Path) -> Path:
    """Where the second head of a ledger's folder is unless told otherwise."""
    return folder.absolute().with_name(folder.absolute().name + ".head")


@contextmanager
def showing(*, quiet: bool) -> Iterator[Progress]:
    """One line that moves on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _done: None
        return
    from rich.console import Console  # noqa: PLC0415  only where somebody looks

    with Console(stderr=True).status("") as status:
        yield lambda what, done: status.update(f"{what}: {done}" if done else what)


def report(target: str, copied: Copied, kept: tuple[HeadPlace, Checkpoint] | None, *, as_json: bool) -> str:
    """Both heads, for people or for machines."""
    head, root = copied.head, copied.head.root.hex()
    if as_json:
        second = kept and {"path": str(kept[0]), "size": kept[1].size, "root": kept[1].root.hex()}
        what = {"target": _shown(target), "uri": copied.uri, "size": head.size, "root": root, "rows": copied.rows}
        return json.dumps(what | {"second_head": second})
    rows = sum(copied.rows.values())
    lines = [
        f"{_shown(target)}: {head.size} entries, root {root}",
        f"{rows} rows were read back and compared, {head.size} entries hashed again; audit checks signatures",
    ]
    if kept is not None:
        path, other = kept
        lines.append(f"second head {path}: {other.size} entries, root {other.root.hex()}; {_stands(copied, other)}")
    return "\n".join(lines)


def _stands(copied: Copied, second: Checkpoint) -> str:
    if second.size > copied.head.size:
        return f"{second.size - copied.head.size} entries were acknowledged that are not in the copy: it does not open"
    if second.size == copied.head.size and second.root != copied.head.root:
        return "another history than the copy's: it does not open"
    return "the copy continues it"


def _shown(target: str) -> str:
    """Without a password."""
    return _PASSWORD.sub(r"\1@", target)
