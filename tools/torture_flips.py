"""Every byte that means anything in a small ledger is flipped, one at a time, and an audit must say so."""

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.heads import Kept
from ledger.audit.sources import DatabaseSource
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.trust import parse_trust
from ledger.kernel.verify import verify_bundle, verify_receipt
from ledger.log import Log
from ledger.opening import Layout, layout, open_log, second_head
from ledger.reading import bundle, receipt
from ledger.store.access import EVERYTHING
from tools.bench_ledger import create, fill

ENTRIES = 6  # statements beside the founding
_MASKS = (0x01, 0x80, 0xFF)
_FAR = 1 << 32
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Flips:
    """How many bytes were flipped where, and those that nobody noticed."""

    database: int
    level_files: int
    second_head: int
    receipts: int
    unseen: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def flip_bytes(folder: Path, seed: int, share: float = 1.0) -> Flips:
    """Flip each byte, or a `share` of them chosen at random, of a ledger that is made in `folder`."""
    choose = random.Random(seed)  # noqa: S311  no secret hangs on it
    places = layout(folder / "ledger")
    pem = create(places)
    for _ in fill(places, pem, ENTRIES):
        pass
    with open_log(places) as log:
        files = _files(log)
    unseen: list[str] = []
    database = _flip_database(places, choose, share, unseen)
    levels = sum(_flip_file(places, file, choose, share, unseen) for file in sorted(places.levels.glob("level-*")))
    head = _flip_file(places, Path(places.head), choose, share, unseen)
    receipts = _flip_receipts(files, choose, share, unseen)
    return Flips(database, levels, head, receipts, tuple(unseen))


def clean(places: Layout) -> bool:
    """What an audit says, with the head's second place and the level files."""
    kept = Kept("the second head", second_head(places).text(), signed=False)
    return not audit(Order(DatabaseSource(places.location), (kept,), levels=places.levels)).findings


def _flip_database(places: Layout, choose: random.Random, share: float, unseen: list[str]) -> int:
    """Bytes of values, past the triggers; numbers are changed by one."""
    if not clean(places):
        raise RuntimeError("an audit of the untouched ledger is not clean")
    count = 0
    with closing(sqlite3.connect(places.database, isolation_level=None)) as connection:
        cells = list(_cells(connection))
    for number, (table, column, where, value) in enumerate(cells):
        for at, changed in _changed(value, choose, share):
            count += 1
            with _put(places.database, (table, column, where), changed):
                if clean(places):
                    unseen.append(f"{table}.{column} (cell {number}), byte {at}")
    return count


def _cells(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, Any]]:
    for (table,) in connection.execute(_TABLES).fetchall():
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        names = ", ".join(f'"{name}"' for name in columns)
        key = "rowid" if _has_rowid(connection, table) else None
        for row in connection.execute(f'SELECT {key or "NULL"}, {names} FROM "{table}"').fetchall():
            where = row[0] if key else row[1:]
            yield from ((table, name, where, value) for name, value in zip(columns, row[1:], strict=True))


def _has_rowid(connection: sqlite3.Connection, table: str) -> bool:
    try:
        connection.execute(f'SELECT rowid FROM "{table}" LIMIT 1')
    except sqlite3.OperationalError:
        return False
    return True


def _changed(value: Any, choose: random.Random, share: float) -> Iterator[tuple[int, Any]]:
    """(byte, value with that byte flipped), for as many bytes as asked for."""
    if isinstance(value, int):
        if choose.random() < share:
            yield 0, value + 1
        return
    if value is None:
        return
    data = value.encode() if isinstance(value, str) else value
    for at in range(len(data)):
        if choose.random() < share:
            flipped = data[:at] + bytes([data[at] ^ choose.choice(_MASKS)]) + data[at + 1 :]
            yield at, flipped.decode("latin-1") if isinstance(value, str) else flipped


@contextmanager
def _put(database: Path, cell: tuple[str, str, Any], value: Any) -> Iterator[None]:
    """Another value in one cell, past every trigger, and then the old file again."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        shutil.copyfile(database, kept)
        try:
            with closing(sqlite3.connect(database, isolation_level=None)) as connection:
                _past_triggers(connection, lambda: _update_somehow(connection, cell, value))
            yield
        finally:
            for beside in ("-wal", "-shm"):
                database.with_name(database.name + beside).unlink(missing_ok=True)
            shutil.copyfile(kept, database)


def _update_somehow(connection: sqlite3.Connection, cell: tuple[str, str, Any], value: Any) -> None:
    """A number that would repeat another row's key becomes one that no row has: the flip is made, not skipped."""
    try:
        _update(connection, *cell, value)
    except sqlite3.IntegrityError:
        if not isinstance(value, int):
            raise
        _update(connection, *cell, value + _FAR)


def _update(connection: sqlite3.Connection, table: str, column: str, where: Any, value: Any) -> None:
    if not isinstance(where, tuple):
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, where))
        return
    names = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    marks = " AND ".join(f'"{name}" IS ?' for name in names)
    connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {marks}', (value, *where))


def _past_triggers(connection: sqlite3.Connection, change: Callable[[], None]) -> None:
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.execute("PRAGMA ignore_check_constraints = 1")
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    change()
    for _, sql in triggers:
        connection.execute(sql)


def _flip_file(places: Layout, file: Path, choose: random.Random, share: float, unseen: list[str]) -> int:
    whole, count = file.read_bytes(), 0
    for at, flipped in _changed(whole, choose, share):
        count += 1
        file.write_bytes(flipped)
        if clean(places):
            unseen.append(f"{file.name}, byte {at}")
    file.write_bytes(whole)
    return count


@dataclass(frozen=True, slots=True)
class _Files:
    trust: str
    receipt: bytes
    bundle: bytes


def _files(log: Log) -> _Files:
    last = log.state.published.checkpoint.size - 1
    vkeys = log.state.registry.log_keys
    return _Files(
        "".join(f"log {vkey}\n" for vkey in vkeys) + "quorum none\n",
        encode_receipt(receipt(log, last, EVERYTHING)),
        encode_bundle(bundle(log, last, EVERYTHING)),
    )


def _flip_receipts(files: _Files, choose: random.Random, share: float, unseen: list[str]) -> int:
    trust, count = parse_trust(files.trust), 0
    for name, whole, verify in (("receipt", files.receipt, verify_receipt), ("bundle", files.bundle, verify_bundle)):
        for at, flipped in _changed(whole, choose, share):
            count += 1
            if verify(flipped, trust).verified:
                unseen.append(f"{name}, byte {at}")
    return count
