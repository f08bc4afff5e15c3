"""The contract of a store, kept by every one of them: `ledger.store.protocol` in examples."""

import pytest
from msgspec.structs import replace
from store_rows import everything_in, fill, new_row

from ledger.kernel.errors import Conflict, Malformed, Missing, Unsettled
from ledger.store.store import Link, NewRow, StoredHead, create_store, open_store
from ledger.store.tables import SCHEMA_VERSION

pytestmark = pytest.mark.both_stores
URI = "https://example.org/ledger"


@pytest.fixture
def location(tmp_path, place):
    return place.writer if place else tmp_path / "ledger.sqlite"


@pytest.fixture
def created(location, place):
    create_store(location, URI, owner=place and place.owner)
    return location


@pytest.fixture
def store(created):
    store = open_store(created, write=True)
    assert store.lead()
    fill(store)
    yield store
    store.close()


def test_creating_never_overwrites(created, place):
    with pytest.raises(Conflict, match="already; a ledger is created once and never overwritten"):
        create_store(created, "https://example.org/other", owner=place and place.owner)


def test_opening_never_creates(location, tmp_path):
    for _ in range(2):
        with pytest.raises(Missing, match=r"there is no ledger .*; `coilmark init` creates one"):
            open_store(location, write=True)
    assert list(tmp_path.iterdir()) == []


def test_a_store_says_what_it_is(store):
    assert store.stamps == {"schema": str(SCHEMA_VERSION), "uri": URI}


def test_a_url_is_of_postgresql():
    with pytest.raises(Malformed, match="a database URL begins with postgresql://") as refusal:
        open_store("mysql://me:secret@host/db", write=False)
    assert "secret" not in str(refusal.value)


def test_what_is_inserted_is_found(store):
    with store.reading() as transaction:
        assert transaction.head() == StoredHead(2, b"r" * 32)
        assert transaction.entry(0).disclosures == ("one", "two")
        assert transaction.entry(0).wire == b"jwt0~one~two~"
        assert [stored.index for stored in transaction.entries(0, 9)] == [0, 1]
        assert transaction.leaves(0, 2) == [bytes(32), bytes([1]) * 32]
        assert transaction.newest([b"s" * 32, b"t" * 32]) == {b"s" * 32: Link(2, 1, bytes([1]) * 32)}
        assert transaction.everything() == transaction.newest([b"s" * 32])
        assert transaction.versions(b"s" * 32) == [0, 1]
        assert transaction.requests([b"r%031d" % 1, b"nobody"]) == {b"r%031d" % 1: (1, b"jwt1")}
        assert transaction.events([b"e" * 32]) == {b"e" * 32: 0}
        with pytest.raises(Missing, match="there is no entry 7 in this ledger"):
            transaction.entry(7)


def test_records_of_lots_that_were_never_derived_are_missed(store):
    def lacking(transaction, first, last):
        return [transaction.lacks_records(since, first, last) for since in (0, 1, 2)]

    with store.reading() as transaction:
        assert lacking(transaction, bytes(32), b"\xff" * 32) == [True, True, False]
    with store.writing() as transaction:
        transaction.insert([replace(new_row(2, version=3), records=[(b"k" * 32, b"value")])])
        assert lacking(transaction, b"k" * 32, b"l" * 32) == [False, False, False]
        assert lacking(transaction, b"l" * 32, b"m" * 32) == [True, True, True]


def test_the_entries_of_a_record_are_found(store):
    with store.writing() as transaction:
        key = b"k" * 32
        rows = [replace(new_row(n, version=n + 1), records=[(key, b"value %d" % n)]) for n in (2, 3, 4)]
        transaction.insert(rows)
        assert transaction.record_entries([key, b"x" * 32], 4) == {key: [2, 3]}
        assert transaction.record_entries([], 4) == {}


def test_lookups_of_many_keys_are_split(store):
    with store.reading() as transaction:
        many = [b"%032d" % n for n in range(2_500)] + [b"s" * 32]
        assert list(transaction.newest(many)) == [b"s" * 32]


def test_a_transaction_that_raises_leaves_nothing(store):
    with pytest.raises(RuntimeError), store.writing() as transaction:  # noqa: PT012  the point is where it stops
        transaction.insert([new_row(2, version=3)])
        raise RuntimeError
    with store.reading() as transaction:
        assert transaction.entries(2, 3) == []


def test_the_head_moves_only_from_where_it_was_read(store):
    with (
        pytest.raises(Conflict, match="the head is no longer at size 1: another server is writing"),
        store.writing() as t,
    ):
        t.move_head(StoredHead(1, b"x" * 32), StoredHead(3, b"y" * 32))


def test_erasure_removes_one_disclosure_and_nothing_else(store):
    with store.writing() as transaction:
        transaction.erase(0, ["one"])
    with store.reading() as transaction:
        assert transaction.entry(0).disclosures == ("two",)


def test_a_transaction_sees_what_it_wrote(store):
    with store.writing() as transaction:
        transaction.insert([new_row(2, version=3)])
        assert transaction.newest([b"s" * 32])[b"s" * 32].version == 3
        assert transaction.entry(2).jwt == b"jwt2"
        transaction.move_head(StoredHead(2, b"r" * 32), StoredHead(3, b"s" * 32))


def test_a_snapshot_does_not_move(store):
    with store.reading() as before:
        assert before.head().size == 2
        with store.writing() as transaction:
            transaction.insert([new_row(2, version=3)])
            transaction.move_head(StoredHead(2, b"r" * 32), StoredHead(3, b"s" * 32))
        assert before.head().size == 2
        assert before.entries(2, 3) == []
    with store.reading() as after:
        assert after.head().size == 3


REFUSED_ROWS = {
    "gap": new_row(3, version=3),
    "index again": new_row(1, version=3),
    "request again": NewRow(new_row(2).stored, request=b"r%031d" % 1, advanced=[(b"s" * 32, 3)], event=None),
    "version again": new_row(2, version=2),
    "event again": new_row(2, version=3, event=b"e" * 32),
    "short entry": NewRow(replace(new_row(2).stored, entry=b"x"), b"r" * 32, [], None),
    "short leaf": NewRow(replace(new_row(2).stored, leaf=b"x"), b"r" * 32, [], None),
}


@pytest.mark.parametrize("row", REFUSED_ROWS)
def test_the_database_itself_refuses(store, row):
    before = everything_in(store)
    with pytest.raises(Unsettled, match="the database did not confirm the commit"), store.writing() as transaction:
        transaction.insert([REFUSED_ROWS[row]])
    assert everything_in(store) == before


def test_many_rows_leave_no_gap(store):
    with store.writing() as transaction:
        transaction.insert([new_row(n, version=n + 1) for n in range(2, 200)])
    with store.reading() as transaction:
        assert [one.index for one in transaction.entries(0, 999)] == list(range(200))
    rows = [new_row(200, version=201), new_row(202, version=202)]
    with pytest.raises(Unsettled, match="contiguous"), store.writing() as transaction:
        transaction.insert(rows)


def test_the_head_never_goes_back(store):
    head = StoredHead(2, b"r" * 32)
    for size in (1, 2):
        with pytest.raises(Unsettled, match="the head moves forward only"), store.writing() as transaction:
            transaction.move_head(head, StoredHead(size, b"x" * 32))
    with store.reading() as transaction:
        assert transaction.head() == head


def test_there_is_one_head(store):
    with pytest.raises(Unsettled, match="the database did not confirm"), store.writing() as transaction:
        transaction.move_head(None, StoredHead(9, b"x" * 32))


def test_after_a_refusal_the_store_goes_on(store):
    with pytest.raises(Unsettled), store.writing() as transaction:
        transaction.insert([new_row(7)])
    assert store.lead()
    with store.writing() as transaction:
        transaction.insert([new_row(2, version=3)])


def test_a_reader_cannot_write(store):
    with pytest.raises(Exception, match=r"readonly|query_only|read-only"), store.reading() as transaction:
        transaction.insert([new_row(2, version=3)])


def test_whoever_leads_says_where(created):
    first, second = (open_store(created, write=True, address=f"http://{name}") for name in ("one", "two"))
    try:
        assert second.leader() == ""
        assert (first.lead(), second.lead(), second.leads) == (True, False, False)
        assert first.leader() == second.leader() == "http://one"
        first.step_down()
        assert (first.leads, second.lead(), first.leader()) == (False, True, "http://two")
        with pytest.raises(Conflict, match="this one is its standby"), first.writing():
            pass
    finally:
        first.close()
        second.close()


def test_a_store_for_reading_never_leads(created):
    store = open_store(created, write=False)
    assert (store.lead(), store.leads) == (False, False)
    with pytest.raises(Conflict, match="this one is its standby"), store.writing():
        pass
    store.close()
