"""What a statement takes on the disk, on both stores, everything included; and what so many a year come to."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.recording.opening import Layout, layout
from ledger.store.tables import LEDGER_TABLES
from ledger.upkeep.copying import copy_ledger
from tools.bench.ledger import create, fill
from tools.own_postgres import Place, Server

_GB = 1e9


@dataclass(frozen=True, slots=True)
class SizeFigure:
    """Bytes of all that belongs to so many statements: files, and PostgreSQL's tables, each with its indexes."""

    statements: int
    sqlite: int
    tables: dict[str, int]
    levels: int
    backup: int

    def each(self, size: int) -> float:
        """Of one statement."""
        return size / self.statements

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_size(folder: Path, statements: int, server: Server) -> SizeFigure:
    """Record the same number of lot events, 1 000 a commit, in a file and in a database."""
    file, place = layout(folder / "file"), server.place()
    _record(file, None, statements)
    _record(layout(folder / "far", None, place.writer), place.owner, statements)
    backup = folder / "backup" / "ledger.sqlite"
    copy_ledger(file.database, backup)
    return SizeFigure(
        statements,
        sqlite=sum(path.stat().st_size for path in file.folder.glob("ledger.sqlite*")),
        tables=_tables(place),
        levels=sum(path.stat().st_size for path in file.levels.iterdir()),
        backup=backup.stat().st_size,
    )


def _record(places: Layout, owner: str | None, statements: int) -> None:
    for _ in fill(places, create(places, owner), statements):
        pass


def _tables(place: Place) -> dict[str, int]:
    asked = ((name, "SELECT pg_total_relation_size(%s::regclass)") for name in LEDGER_TABLES)
    return {name: place.execute(sql, [name])[0][0] for name, sql in asked}


def lines(figure: SizeFigure, year: int) -> Iterator[str]:
    """For people."""
    largest = sorted(figure.tables.items(), key=lambda one: -one[1])[:3]
    parts = ", ".join(f"{name} {figure.each(size):,.0f}" for name, size in largest)
    kinds = {
        "SQLite": figure.sqlite,
        "PostgreSQL": sum(figure.tables.values()),
        "level files": figure.levels,
        "a backup": figure.backup,
    }
    for name, size in kinds.items():
        each = figure.each(size)
        yield f"{name:<12} {each:>7,.0f} bytes a statement, {each * year / _GB:6.2f} GB a year"
    yield f"in PostgreSQL, tables with their indexes: {parts}"
