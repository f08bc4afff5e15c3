"""Ingest on SQLite and on PostgreSQL, with one process that serves and with two, by turns and on one disk.

Whatever else the machine does meanwhile falls on all of them: what counts is how they stand to each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench.ingest import Figure, Plan, run_ingest
from tools.own_postgres import Server

_CONNECTIONS, _BATCH = 32, 500


@dataclass(frozen=True, slots=True)
class Way:
    """A store, and how many processes serve it."""

    store: str
    workers: int

    def __str__(self) -> str:
        return self.store if self.workers == 1 else f"{self.store}, {self.workers} processes"


SQLITE, POSTGRES, TWO = Way("SQLite", 1), Way("PostgreSQL", 1), Way("PostgreSQL", 2)


@dataclass(frozen=True, slots=True)
class StoresFigure:
    """For each way, each turn's figures of single statements and of batches."""

    turns: dict[Way, list[tuple[Figure, ...]]]

    def a_second(self, way: Way, work: int) -> float:
        """Statements a second in the middle of all turns; `work` is 0 for single ones, 1 for batches."""
        return median(turn[work].per_second for turn in self.turns[way])

    def ratio(self, one: Way, other: Way, work: int) -> float:
        """How fast `one` is if `other` is 1: in the middle of the turns, each held against its own."""
        pairs = zip(self.turns[one], self.turns[other], strict=True)
        return median(mine[work].per_second / its[work].per_second for mine, its in pairs)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "turns": {str(way): [[asdict(one) for one in turn] for turn in turns] for way, turns in self.turns.items()},
            "postgres_to_sqlite": [self.ratio(POSTGRES, SQLITE, work) for work in (0, 1)],
            "two_processes_to_one": [self.ratio(TWO, POSTGRES, work) for work in (0, 1)],
        }


def run_stores(folder: Path, server: Server, statements: int, rounds: int) -> StoresFigure:
    """A new ledger for every way in every round. Raises RuntimeError where a statement is refused."""
    turns: dict[Way, list[tuple[Figure, ...]]] = {SQLITE: [], POSTGRES: [], TWO: []}
    for number in range(rounds):
        for way, taken in turns.items():
            own = folder / f"{number}-{way.store}-{way.workers}"
            own.mkdir()
            taken.append(tuple(run_ingest(own, _plan(way, server, statements))))
    return StoresFigure(turns)


def _plan(way: Way, server: Server, statements: int) -> Plan:
    if way.store == SQLITE.store:
        return Plan(statements, _CONNECTIONS, _BATCH, 0, workers=way.workers)
    place = server.place()
    return Plan(statements, _CONNECTIONS, _BATCH, 0, place.writer, place.owner, way.workers, server.postmaster)


def lines(figure: StoresFigure) -> Iterator[str]:
    """For people."""
    for work, name in enumerate(("single statements", f"batches of {_BATCH}")):
        yield name
        for way, turns in figure.turns.items():
            yield (
                f"  {way!s:<24} {figure.a_second(way, work):>9,.0f} statements/s   processor a statement: server "
                f"{_middle([turn[work].server_us for turn in turns])}, database "
                f"{_middle([turn[work].database_us for turn in turns])}"
            )
        yield f"  PostgreSQL to SQLite: {figure.ratio(POSTGRES, SQLITE, work):.2f}"
        yield f"  two processes to one: {figure.ratio(TWO, POSTGRES, work):.2f}"


def _middle(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):,.0f} µs" if known else "in it"
