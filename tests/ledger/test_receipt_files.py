"""Receipts made of stored bytes, here or in another process, are those that are made of what was read of them."""

import pytest
from small_ledger import coil, small_ledger

from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import Hidden, parse
from ledger.recording import receipts
from ledger.recording.receipts import Proven, parcel, receipt_files, run_of_receipts


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with small_ledger(tmp_path_factory.mktemp("files")) as made:
        for number in range(5):
            made.post(made.plant, "lot-event", coil(f"F-{number}") | {"eventTimeZoneOffset": Hidden("+05:00")})
        yield made


def _proven(world):
    """All entries, under the newest checkpoint."""
    size = world.log.state.published.checkpoint.size
    stored = [world.stored(index) for index in range(size)]
    runs = world.log.tree.inclusion_runs(range(size), size)
    return [Proven(one, parse(one.wire).iss, run) for one, run in zip(stored, runs, strict=True)]


@pytest.mark.parametrize("most", [receipts.OPENED_LIMIT, 1])
def test_files_of_stored_bytes_are_files_of_receipts(world, monkeypatch, most):
    monkeypatch.setattr(receipts, "OPENED_LIMIT", most)
    proven, note = _proven(world), world.log.state.published.note
    assert any(one.stored.disclosures for one in proven)
    files = [encode_receipt(world.receipt(one.stored.index)) for one in proven]
    assert receipt_files(proven, note) == files
    assert run_of_receipts([parcel(one) for one in proven], note) == b",".join(files)
