"""The footprints of all pieces in Arrow batches (SPEC 4.7, 12.5)."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ledger.carbon.accounts import FootprintAccount
from ledger.carbon.records import Footprint
from schemas.arrow import FOOTPRINTS

_ROWS = 10_000  # a batch
_PLACES, _SHARE = Decimal("0.000000000001"), Decimal("0.000001")


def write_table(account: FootprintAccount, used: AbstractSet[str], path: Path) -> int:
    """All of them into one Arrow file; how many there are. `used` are pieces that a later step used up."""
    rows = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, FOOTPRINTS) as writer:
        for batch in batches_of(account, used):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def batches_of(account: FootprintAccount, used: AbstractSet[str]) -> Iterator[pa.RecordBatch]:
    """One row a piece of which anything is known, by id."""
    pieces = iter(sorted(account.pieces))
    while names := list(islice(pieces, _ROWS)):
        found = (account.pieces[name] for name in names)
        rows = [_row(one, used=one.piece in used) for one in found if one.stated]
        if rows:
            yield pa.RecordBatch.from_pylist(rows, FOOTPRINTS)


def _row(one: Footprint, *, used: bool) -> dict[str, Any]:
    return {
        "piece": one.piece,
        "g": one.g,
        "used": used,
        "wh": one.wh,
        "hourly_wh": one.hourly_wh,
        "volumetric_wh": one.volumetric_wh,
        "direct": one.direct.quantize(_PLACES, ROUND_HALF_UP),
        "location": one.electricity("location").quantize(_PLACES, ROUND_HALF_UP),
        "market_hourly": one.electricity("hourly").quantize(_PLACES, ROUND_HALF_UP),
        "market_volumetric": one.electricity("volumetric").quantize(_PLACES, ROUND_HALF_UP),
        "coverage": one.coverage.quantize(_SHARE, ROUND_HALF_UP),
        "coc_model": one.coc_model,
        "provisional": one.provisional,
        "gwp": one.gwp,
    }
