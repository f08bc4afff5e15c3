"""How long a ledger takes to open, as it grows: with its level files at hand, and where they are made again.

The ledger is that of `bench_proofs`: small statements that nobody signed, enough to be opened and read. On PostgreSQL
a reader opens it on a streaming replica too, as on a machine of its own.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ledger.recording.log import Log
from ledger.recording.opening import Layout, layout, open_for_reading, open_log
from ledger.store.store import check_head, open_store
from tools.bench.ingest import served
from tools.bench.ledger import beside, create
from tools.bench.own import Database
from tools.bench.proofs import lengthen

_FILE = Database()
_READER = 1  # the number of a second process on one folder
_PATIENCE = 60.0  # seconds for a replica to get what its primary has
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class OpenFigure:
    """Seconds until an opened ledger may answer: as its writer, as a reader beside it, and as a server just started.

    Without levels: the level files were not there, and were made again from the leaves in the database. A server has
    them, and is ready at the first answer that says so. A reader on a replica is one on a machine of its own, with a
    folder and a second head of its own; None where there is no replica.
    """

    size: int
    writer_s: float
    writer_without_levels_s: float
    reader_s: float
    reader_without_levels_s: float
    serving_s: float
    replica_s: float | None = None
    replica_without_levels_s: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def run_open(folder: Path, size: int, database: Database = _FILE) -> OpenFigure:
    """Make a ledger of `size` entries and open it in each way, one after the other."""
    places = layout(folder / "ledger", None, database.writer)
    reader = replace(places, process=_READER)
    lengthen(places, create(places, database.owner), size)
    shutil.rmtree(places.levels)
    without_levels = _seconds(places, open_log), _seconds(reader, open_for_reading)
    with_levels = _seconds(places, open_log), _seconds(reader, open_for_reading)
    started = time.perf_counter()
    with served(places, 1):
        serving = time.perf_counter() - started
    figure = OpenFigure(size, with_levels[0], without_levels[0], with_levels[1], without_levels[1], serving)
    if database.replica is None:
        return figure
    with database.replica() as url:
        replica = _on_replica(beside(places, "on-replica"), url, size)
    return replace(figure, replica_s=replica[0], replica_without_levels_s=replica[1])


def lines(figure: OpenFigure) -> Iterator[str]:
    """For people."""
    ways = [
        ("opened to write", figure.writer_s, figure.writer_without_levels_s),
        ("by a reader beside it", figure.reader_s, figure.reader_without_levels_s),
    ]
    if figure.replica_s is not None and figure.replica_without_levels_s is not None:
        ways.append(("by a reader on a replica", figure.replica_s, figure.replica_without_levels_s))
    yield f"{figure.size:,} entries"
    yield from (f"{how}: {whole:.2f} s, without level files {bare:.2f} s" for how, whole, bare in ways)
    yield f"from the start of the server's process to its first ready: {figure.serving_s:.2f} s"


def _on_replica(own: Layout, url: str, size: int) -> tuple[float, float]:
    """A reader that comes to a replica with nothing but a key and a head; then again, with level files."""
    reader = replace(own, url=url)
    _wait_for(reader, size)
    without_levels = _seconds(reader, open_for_reading)
    return _seconds(reader, open_for_reading), without_levels


def _wait_for(places: Layout, size: int) -> None:
    """Until the replica has all that its primary had. Raises RuntimeError."""
    with closing(open_store(places.location, write=False)) as store:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with store.reading() as transaction:
                if check_head(transaction.head()).size == size:
                    return
            time.sleep(_PAUSE)
    raise RuntimeError(f"the replica did not get {size} entries within {_PATIENCE:.0f} s")


def _seconds(places: Layout, opened: Callable[[Layout], AbstractContextManager[Log]]) -> float:
    started = time.perf_counter()
    with opened(places):
        return time.perf_counter() - started
