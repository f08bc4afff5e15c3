"""A server that reads its own ledger again finds whatever was changed behind its back, and says which entry or file."""

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
from small_ledger import coil, small_ledger

from api.self_check import SelfCheck
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import Damaged
from ledger.recording import log as log_module
from ledger.upkeep import scrub as scrubbing
from ledger.upkeep.scrub import scrub
from tests.audit.tampering import behind_its_back, change, flip

ENTRIES = 20
TABLES = ("entry", "subject_version", "event", "head", "state_record", "lot_tag")


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        world.place = place
        for number in range(ENTRIES - world.size):
            world.post(world.plant, "lot-event", coil(f"C-{number}", eventID=f"urn:example:event:{number}"))
        yield world


@pytest.fixture
def on_sqlite(tmp_path):
    with small_ledger(tmp_path) as world:
        for number in range(ENTRIES - world.size):
            world.post(world.plant, "lot-event", coil(f"C-{number}", eventID=f"urn:example:event:{number}"))
        yield world


@contextmanager
def owner(world):
    """A function that runs SQL with the owner's rights, past every trigger."""
    if world.place:
        names = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]
        for name in names:
            world.place.execute(name)
        yield world.place.execute
        return
    with behind_its_back(world.places.database) as connection:
        yield connection.execute


def test_a_whole_ledger_has_nothing_wrong(world):
    for start in range(0, ENTRIES, 7):
        scrub(world.log, start, min(start + 7, ENTRIES))


def test_what_is_recorded_meanwhile_is_nothing_wrong(on_sqlite, monkeypatch):
    derived = scrubbing._derived

    def and_another_is_recorded(*given):
        derived(*given)
        on_sqlite.post(on_sqlite.plant, "lot-event", coil("MEANWHILE"))

    monkeypatch.setattr(scrubbing, "_derived", and_another_is_recorded)
    scrub(on_sqlite.log, 0, on_sqlite.size)


@pytest.mark.parametrize("column", ["entry", "leaf", "jwt", "seed", "items"])
def test_a_byte_of_an_entry(on_sqlite, column):
    change(on_sqlite.places.database, column, 9, flip(20))
    with pytest.raises(Damaged, match="entry 9"):
        scrub(on_sqlite.log, 0, ENTRIES)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ('DELETE FROM subject_version WHERE "index" = 9', "entry 9 makes version 1 of a subject of which a later one"),
        ('UPDATE subject_version SET "index" = 8 WHERE "index" = 9', "entry 9 makes version 1 of a subject"),
        ('DELETE FROM event WHERE "index" = 9', "entry 9 is not found by the name of its event"),
        ('UPDATE event SET "index" = 8 WHERE "index" = 9', "entry 9 is not found by the name of its event"),
        ("UPDATE head SET size = 19", "the database's head says size 19"),
        ("DELETE FROM head", "the database's head says nothing"),
    ],
)
def test_derived_rows_and_the_head(world, sql, says):
    with owner(world) as execute:
        execute(sql)
    with pytest.raises(Damaged, match=says):
        scrub(world.log, 0, ENTRIES)


def test_a_request_that_leads_elsewhere(on_sqlite):
    change(on_sqlite.places.database, "request", 9, flip(3))
    with pytest.raises(Damaged, match="entry 9 is not found by its issuer and jti"):
        scrub(on_sqlite.log, 0, ENTRIES)


def put(file, at, data):
    with file.open("r+b") as levels:
        levels.seek(at)
        levels.write(data)


def test_every_byte_of_the_level_files_counts(on_sqlite):
    files = sorted(on_sqlite.places.levels.glob("level-*"))
    assert len(files) > 2
    for file in files:
        whole = file.read_bytes()
        for at in range(0, len(whole), 5):
            put(file, at, bytes([whole[at] ^ 0x40]))
            with pytest.raises(Damaged):
                scrub(on_sqlite.log, 0, ENTRIES)
            put(file, at, whole[at : at + 1])
    scrub(on_sqlite.log, 0, ENTRIES)


def test_a_chain_that_was_recorded_wrongly(on_sqlite, monkeypatch):
    log = on_sqlite.log
    with monkeypatch.context() as broken:
        broken.setattr(log, "_state", replace(log.state, last_leaf=bytes(32)))
        broken.setattr(
            log_module,
            "reread",
            lambda transaction, start, end, _: [
                (row, parse_entry(row.entry)) for row in transaction.entries(start, end)
            ],
        )
        on_sqlite.post(on_sqlite.plant, "lot-event", coil("unchained"))
        state = log.state
    log._state = state
    with pytest.raises(Damaged, match=f"entry {ENTRIES} does not continue the chain"):
        scrub(log, ENTRIES, ENTRIES + 1)


def test_a_page_that_cannot_be_read_is_a_finding_and_no_end_of_the_patrol(on_sqlite):
    check = SelfCheck(on_sqlite.log, lambda: 0, entries=7)
    on_sqlite.close()
    whole = on_sqlite.places.database.read_bytes()
    page = 4096
    spoilt = whole[: 3 * page] + b"\xff" * (len(whole) - 3 * page)
    on_sqlite.reopen()
    check._ledger = on_sqlite.log
    on_sqlite.places.database.write_bytes(spoilt)
    found = [check.round() for _ in range(4)]
    assert any(one.wrong for one in found)
    assert check.wrong
    on_sqlite.places.database.write_bytes(whole)


def test_rounds_go_round_and_repeat_what_was_wrong(on_sqlite):
    check = SelfCheck(on_sqlite.log, lambda: 5, entries=8)
    assert [(one.start, one.end) for one in (check.round() for _ in range(3))] == [(0, 8), (8, 16), (16, 20)]
    assert check.passes == 1
    (level,) = on_sqlite.places.levels.glob("level-02")
    whole = level.read_bytes()
    put(level, 0, bytes([whole[0] ^ 1]))
    first, second = check.round(), check.round()
    assert (first.start, second.start) == (0, 0)
    assert "level 2 of the tree is damaged" in first.wrong
    put(level, 0, whole)
    assert check.round().wrong == ""
    assert not check.wrong


FIRST = '(SELECT "key" FROM state_record WHERE "index" = 9 ORDER BY "key" LIMIT 1)'


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ('DELETE FROM state_record WHERE "index" = 9', "entry 9: state_record [0-9a-f]+ is missing"),
        ('UPDATE state_record SET value = {other} WHERE "index" = 9', "entry 9: state_record [0-9a-f]+ is not what"),
        ('UPDATE state_record SET "index" = 8 WHERE "index" = 9', "entry 9: its lots do not allow it"),
        ('DELETE FROM lot_tag WHERE "index" = 9', "entry 9: lot_tag [0-9a-f]+ of [0-9a-f]+ is missing"),
        (
            'INSERT INTO state_record ("key", "index", value) SELECT {key}, "index", value FROM state_record '
            'WHERE "index" = 9 AND "key" = ' + FIRST,
            "state_record has [0-9]+ rows for 20 entries, their statements make [0-9]+",
        ),
    ],
)
def test_records_of_lots_are_booked_again(world, sql, says):
    check = SelfCheck(world.log, lambda: 0, entries=8)
    assert [check.round().wrong for _ in range(3)] == ["", "", ""]
    blob = "decode('{}', 'hex')" if world.place else "x'{}'"
    sql = sql.format(other=blob.format("00ff"), key=blob.format("07" * 32))
    with owner(world) as execute:
        execute(sql)
    wrong = [check.round().wrong for _ in range(3)]
    assert any(re.search(says, one) for one in wrong), wrong
    assert check.wrong


def test_what_is_registered_meanwhile_is_nothing_wrong(on_sqlite):
    check = SelfCheck(on_sqlite.log, lambda: 0, entries=8)
    assert check.round().wrong == ""
    on_sqlite.enrol(on_sqlite.rolling, "lot-event")
    on_sqlite.post(on_sqlite.rolling, "lot-event", coil("R-1"))
    assert [check.round().wrong for _ in range(4)] == [""] * 4
    assert check.passes == 1


def test_a_row_too_many_stays_wrong_whatever_is_recorded_until_it_is_gone(on_sqlite):
    check = SelfCheck(on_sqlite.log, lambda: 0, entries=8)
    with behind_its_back(on_sqlite.places.database) as connection:
        connection.execute(
            'INSERT INTO state_record ("key", "index", value) SELECT ?, "index", value FROM state_record '
            f'WHERE "index" = 9 AND "key" = {FIRST}',
            (bytes([7] * 32),),
        )
    assert [bool(check.round().wrong) for _ in range(3)] == [False, False, True]
    on_sqlite.post(on_sqlite.plant, "lot-event", coil("MEANWHILE"))
    assert "state_record has" in check.round().wrong
    assert check.passes == 0
    with behind_its_back(on_sqlite.places.database) as connection:
        connection.execute('DELETE FROM state_record WHERE "key" = ?', (bytes([7] * 32),))
    assert check.round().wrong == ""
    assert check.passes == 1


def test_what_is_wrong_is_logged_once_and_again_where_it_comes_again(on_sqlite, caplog):
    check = SelfCheck(on_sqlite.log, lambda: 0)
    (level,) = on_sqlite.places.levels.glob("level-02")
    whole = level.read_bytes()
    for times in (1, 2):
        put(level, 0, bytes([whole[0] ^ 1]))
        assert [bool(check.round().wrong) for _ in range(3)] == [True] * 3
        put(level, 0, whole)
        assert not check.round().wrong
        assert len(caplog.records) == times
