"""Every byte that means anything in a small ledger is flipped, one at a time, and an audit or a verifier must say so.

The ledger has parties, lots, a piece that was shipped, and its passport.
"""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.exported import ExportSource
from ledger.audit.heads import Kept
from ledger.audit.segments import ARROW, PARQUET
from ledger.audit.sources import DatabaseSource
from ledger.exporting.writing import Plan, write_export
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.keys import load_signer
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.report import Report
from ledger.kernel.trust import Trust, parse_trust
from ledger.kernel.verify import verify_bundle, verify_receipt
from ledger.passport.issue import Issuer
from ledger.passport.refold import recompute
from ledger.recording.log import Log
from ledger.recording.opening import Layout, layout, open_log, second_head
from ledger.rules import rule_set
from ledger.showing.passports import full, short, standing
from ledger.showing.reading import bundle, receipt
from ledger.store.access import EVERYTHING
from ledger.store.sqlite.driver import sqlite3
from tools.bench.ledger import create, signed_now
from tools.bench.passport import COIL, story

EVENTS = 5  # until a coil is shipped; its passport comes after
_MASKS = (0x01, 0x80, 0xFF)
_FAR = 1 << 32
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Flips:
    """How many bytes were flipped where, and those that nobody noticed."""

    database: int
    level_files: int
    second_head: int
    exports: int  # Arrow and Parquet, their manifests among them
    receipts: int
    bundles: int  # of an entry, of a passport short and full
    unseen: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def flip_bytes(folder: Path, seed: int, share: float = 1.0) -> Flips:
    """Flip each byte, or a `share` of them chosen at random, of a ledger that is made in `folder`."""
    choose = random.Random(seed)  # noqa: S311  no secret hangs on it
    places = layout(folder / "ledger")
    pem = create(places)
    signer = load_signer(pem)
    with open_log(places, issuer=Issuer(signer, rule_set(), choose.randbytes)) as log:
        signed_now(log, signer, story(EVENTS), EVENTS)
        papers = _papers(log)
        exports = [_export(log, places, form) for form in (ARROW, PARQUET)]
    unseen: list[str] = []
    database = _flip_database(places, choose, share, unseen)
    levels = sum(_flip_file(places, file, choose, share, unseen) for file in sorted(places.levels.glob("level-*")))
    head = _flip_file(places, Path(places.head), choose, share, unseen)
    exported = sum(_flip_export(export, papers, choose, share, unseen) for export in exports)
    receipts, *bundles = (_flip_paper(paper, papers.trust, choose, share, unseen) for paper in papers.all)
    return Flips(database, levels, head, exported, receipts, sum(bundles), tuple(unseen))


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
    connection.execute("PRAGMA synchronous = 0")  # nothing of this needs to last
    connection.execute("BEGIN")
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    change()
    for _, sql in triggers:
        connection.execute(sql)
    connection.execute("COMMIT")


def _flip_file(places: Layout, file: Path, choose: random.Random, share: float, unseen: list[str]) -> int:
    whole, count = file.read_bytes(), 0
    for at, flipped in _changed(whole, choose, share):
        count += 1
        file.write_bytes(flipped)
        if clean(places):
            unseen.append(f"{file.name}, byte {at}")
    file.write_bytes(whole)
    return count


Verify = Callable[[bytes, Trust], Report]


@dataclass(frozen=True, slots=True)
class _Paper:
    name: str
    whole: bytes
    verify: Verify


@dataclass(frozen=True, slots=True)
class _Papers:
    """What readers hold: the receipt first, then bundles."""

    trust: Trust
    all: tuple[_Paper, ...]


def _papers(log: Log) -> _Papers:
    last = log.state.published.checkpoint.size - 1
    trust = parse_trust("".join(f"log {vkey}\n" for vkey in log.state.registry.log_keys) + "quorum none\n")
    passport = standing(log, canonical_id(COIL))
    papers = (
        _Paper("receipt", encode_receipt(receipt(log, last, EVERYTHING)), verify_receipt),
        _Paper("bundle", encode_bundle(bundle(log, last, EVERYTHING)), verify_bundle),
        _Paper("short bundle", encode_bundle(short(log, passport, EVERYTHING)), verify_bundle),
        _Paper("full bundle", encode_bundle(full(log, passport, EVERYTHING)), _verify_full),
    )
    for paper in papers:
        if not paper.verify(paper.whole, trust).verified:
            raise RuntimeError(f"the untouched {paper.name} does not verify")
    return _Papers(trust, papers)


def _verify_full(data: bytes, trust: Trust) -> Report:
    return verify_bundle(data, trust, recompute=lambda one: recompute(one, rule_set()))


def _flip_paper(paper: _Paper, trust: Trust, choose: random.Random, share: float, unseen: list[str]) -> int:
    count = 0
    for at, flipped in _changed(paper.whole, choose, share):
        count += 1
        if paper.verify(flipped, trust).verified:
            unseen.append(f"{paper.name}, byte {at}")
    return count


def _export(log: Log, places: Layout, form: str) -> Path:
    folder, published = places.folder.with_name(f"export-{form}"), log.state.published
    write_export(Plan(places.location, folder, form, segment=4), published.checkpoint, lambda _head: published.note)
    return folder


def _flip_export(folder: Path, papers: _Papers, choose: random.Random, share: float, unseen: list[str]) -> int:
    if not _clean_export(folder, papers.trust):
        raise RuntimeError(f"an audit of the untouched {folder.name} is not clean")
    count = 0
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for at, flipped in _changed(whole, choose, share):
            count += 1
            file.write_bytes(flipped)
            if _clean_export(folder, papers.trust):
                unseen.append(f"{folder.name}/{file.name}, byte {at}")
        file.write_bytes(whole)
    return count


def _clean_export(folder: Path, trust: Trust) -> bool:
    """What an audit says; where a file's hash is wrong already, without the processes that a whole audit takes."""
    source = ExportSource(folder)
    outline = source.outline()
    if outline.findings:
        return False
    with source.reading() as reader:
        if any(reader.rows(start, end)[1] for start, end in outline.ranges):
            return False
    return not audit(Order(source, trust=trust)).findings
