"""Counts of scans, in a small database of their own: they are no ledger data, and may be lost or thrown away."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from ledger.scans.counter import Key
from ledger.scans.judging import Counted
from ledger.store.sqlite.driver import sqlite3

_BUSY_SECONDS = 0.2  # a page does not wait longer for its count
_TABLE = """
CREATE TABLE IF NOT EXISTS scan (
    piece TEXT NOT NULL,
    day INTEGER NOT NULL,
    place INTEGER NOT NULL CHECK (place BETWEEN -1 AND 255),
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (piece, day, place)
) STRICT, WITHOUT ROWID
"""
_ADD = """
INSERT INTO scan (piece, day, place, count) VALUES (?, ?, ?, ?)
ON CONFLICT (piece, day, place) DO UPDATE SET count = count + excluded.count
"""


def scans_file(folder: Path) -> Path:
    """Where the counts of a ledger's server are kept."""
    return folder / "scans.sqlite"


class SqliteScans:
    """A file beside the ledger, opened when it is first needed: that it cannot be opened hinders nothing else.

    Several processes of one folder share it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def add(self, counts: Iterable[tuple[Key, int]]) -> None:
        """To what was counted before; all or nothing."""
        rows = [(*key, count) for key, count in counts]
        if not rows:
            return
        with self._lock:
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(_ADD, rows)
                connection.execute("COMMIT")  # a crash before it: nothing of this was counted
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def counted(self, piece: str, since: int) -> list[Counted]:
        """Of one piece, from a day on."""
        with self._lock:
            return list(
                self._opened().execute(
                    "SELECT day, place, count FROM scan WHERE piece = ? AND day >= ?", (piece, since)
                )
            )

    def forget(self, before: int) -> None:
        """Days before this one."""
        with self._lock:
            self._opened().execute("DELETE FROM scan WHERE day < ?", (before,))

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                # Not synced: what a power cut loses is a few scans.
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(_TABLE)
            except BaseException:
                connection.close()
                raise
            self._path.chmod(0o600)
            self._connection = connection
        return self._connection
