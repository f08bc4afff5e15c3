"""All footprints as one Arrow table: what the accounts say, a row a piece."""

from decimal import Decimal

import pyarrow as pa
import pytest
from example_park import coil_of, slab_of
from test_worked_example import accounts_of
from worked import example

from ledger.issuing.footprint_table import batches_of
from schemas.arrow import FOOTPRINTS


@pytest.fixture(scope="module")
def table(vectors):
    accounts = accounts_of(example(vectors), 80, 0)
    return pa.Table.from_batches(batches_of(accounts.footprint, accounts.flowed.used), FOOTPRINTS)


def test_every_piece_has_a_row_with_what_it_carries(table, vectors):
    _, r = example(vectors)
    rows = {row["piece"]: row for row in table.to_pylist()}
    assert list(rows) == sorted(rows)
    assert len(rows) == 6  # slab, band and coil, twice
    coil, other = rows[coil_of("A")], rows[coil_of("B")]
    assert (coil["wh"], coil["hourly_wh"] * 10, other["hourly_wh"]) == (319_497_200, 319_497_200 * 8, 0)
    total = coil["direct"] + coil["market_hourly"]
    assert abs(total - r["PCF_s80_total"]) <= Decimal("1e-12")
    assert coil["location"] == other["market_hourly"] == r["PCF_s0_electricity"]
    assert (coil["used"], rows[slab_of("A")]["used"], coil["provisional"], coil["gwp"]) == (False, True, False, "AR5")
    assert 0 < coil["coverage"] < 1


def test_its_columns_say_their_units(table):
    assert table.schema.metadata == {b"coilmark": b"footprints/v1"}
    assert all(b"says" in field.metadata for field in table.schema)
