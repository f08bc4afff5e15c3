"""How long a ledger takes to open, as it grows: with its level files at hand, and where they are made again.

The ledger is that of `bench proofs`: small statements that nobody signed, enough to be opened and read.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ledger.recording.log import Log
from ledger.recording.opening import Layout, layout, open_for_reading, open_log
from tools.bench.ingest import served
from tools.bench.ledger import create
from tools.bench.proofs import lengthen

_READER = 1  # the number of a second process on one folder


@dataclass(frozen=True, slots=True)
class OpenFigure:
    """Seconds until an opened ledger may answer: as its writer, as a reader beside it, and as a server just started.

    Without levels: the level files were not there, and were made again from the leaves in the database. A server has
    them, and is ready at the first answer that says so.
    """

    size: int
    writer_s: float
    writer_without_levels_s: float
    reader_s: float
    reader_without_levels_s: float
    serving_s: float

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_open(folder: Path, size: int) -> OpenFigure:
    """Make a ledger of `size` entries and open it in each way, one after the other."""
    places = layout(folder / "ledger")
    reader = replace(places, process=_READER)
    lengthen(places, create(places), size)
    shutil.rmtree(places.levels)
    without_levels = _seconds(places, open_log), _seconds(reader, open_for_reading)
    with_levels = _seconds(places, open_log), _seconds(reader, open_for_reading)
    started = time.perf_counter()
    with served(places, 1):
        serving = time.perf_counter() - started
    return OpenFigure(size, with_levels[0], without_levels[0], with_levels[1], without_levels[1], serving)


def _seconds(places: Layout, opened: Callable[[Layout], AbstractContextManager[Log]]) -> float:
    started = time.perf_counter()
    with opened(places):
        return time.perf_counter() - started
