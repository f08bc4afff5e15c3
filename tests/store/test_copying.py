"""Backups and copies: one snapshot, every byte compared, whole or not at all, and never a second writer."""

import json
import os
import signal
import threading
from contextlib import closing
from itertools import count

import psycopg
import pytest
from click.testing import CliRunner

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.disclosure import Hidden
from ledger.kernel.errors import Conflict, Damaged, Missing
from ledger.recording.opening import layout, open_log
from ledger.store import carrying
from ledger.store.postgres.carrying import PostgresShelf
from ledger.store.sqlite import carrying as sqlite_carrying
from ledger.store.sqlite.driver import sqlite3
from ledger.store.store import reading_shelf
from ledger.upkeep.copying import copy_ledger
from tests.eventually import eventually
from tests.forked import status_of
from tests.postgres_server import OWNER, WRITER
from tests.small_ledger import coil, small_ledger
from tests.whole import check_whole
from tools.carrying import _shown
from tools.main import cli

WAYS = [(one, other) for one in ("sqlite", "postgres") for other in ("sqlite", "postgres")]


@pytest.fixture(params=[WAYS[0], *(pytest.param(one, marks=pytest.mark.slow) for one in WAYS[1:])], ids=" to ".join)
def way(request, tmp_path):
    """A ledger with everything in it that a table can hold, and where a copy shall be: place or None."""
    server = request.getfixturevalue("postgres") if "postgres" in request.param else None
    here, there = (server.place() if kind == "postgres" else None for kind in request.param)
    with small_ledger(tmp_path, place=here) as world:
        note = {"id": f"{world.plant.id}/c-1", "kind": "supply", "status": "in-force", "from": world.plant.id}
        note |= {"to": world.operator.id, "parties": [world.plant.id, world.operator.id], "note": Hidden("a note")}
        note |= {"valid": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}}
        world.post(world.plant, "contract", note)
        for n in range(3):
            world.post(world.plant, "lot-event", coil(f"C-{n}", f"D-{n}", eventID=f"urn:example:event-{n}"))
        yield world, there


def target_of(there, tmp_path):
    return there.writer if there else tmp_path / "copy" / "ledger.sqlite"


def copied(world, there, tmp_path, **more):
    return copy_ledger(world.places.location, target_of(there, tmp_path), owner=there and there.owner, **more)


def everything(location):
    with reading_shelf(location) as shelf:
        return {table: list(shelf.rows(table)) for table in (*carrying.CARRIED, carrying.STAMP)}


def test_a_copy_is_the_same_row_for_row_and_audits_clean(way, tmp_path):
    world, there = way
    answer = copied(world, there, tmp_path)
    assert (answer.head.size, answer.head.root) == (world.size, world.log.state.published.checkpoint.root)
    assert everything(target_of(there, tmp_path)) == everything(world.places.location)
    assert answer.rows["disclosure"] == 1
    assert audit(Order(DatabaseSource(target_of(there, tmp_path)))).findings == ()


def test_a_moved_ledger_goes_on_with_the_one_second_head(way, tmp_path):
    world, there = way
    receipts = [world.receipt(index) for index in range(world.size)]
    world.close()
    copied(world, there, tmp_path)
    places = layout(tmp_path / "copy", None, there and there.writer)
    places.folder.mkdir(exist_ok=True)
    places.log_key.write_bytes(world.places.log_key.read_bytes())
    with pytest.raises(Missing, match=r"the second head .* is not there"), open_log(places):
        pass
    world.places.head.rename(places.head)
    original, world.places = world.places, places
    world.reopen()
    receipts.append(world.post(world.plant, "lot-event", coil("C-9")))
    check_whole(world, receipts)
    world.close()
    with pytest.raises(Missing, match=r"the second head .* is not there"), open_log(original):
        pass


def test_a_copy_that_was_overtaken_does_not_open(way, tmp_path):
    """The original's servers went on: whoever serves the copy would sign a second history."""
    world, there = way
    copied(world, there, tmp_path)
    world.post(world.plant, "lot-event", coil("C-9"))
    world.close()
    places = layout(tmp_path / "copy", world.places.head, there and there.writer)
    places.folder.mkdir(exist_ok=True)
    places.log_key.write_bytes(world.places.log_key.read_bytes())
    with pytest.raises(Damaged, match="an older database was put in its place"), open_log(places):
        pass


def test_nothing_is_written_over(way, tmp_path):
    world, there = way
    copied(world, there, tmp_path)
    before = everything(target_of(there, tmp_path))
    with pytest.raises(Conflict, match="already"):
        copied(world, there, tmp_path)
    assert everything(target_of(there, tmp_path)) == before


def test_what_another_database_left_is_not_mixed_in(tmp_path):
    """SQLite would apply an old write-ahead log to the new file."""
    with small_ledger(tmp_path) as world:
        pass
    target = tmp_path / "copy" / "ledger.sqlite"
    target.parent.mkdir()
    target.with_name("ledger.sqlite-wal").write_bytes(b"old")
    with pytest.raises(Conflict, match=r"ledger\.sqlite-wal exists already"):
        copy_ledger(world.places.database, target)


@pytest.mark.slow
def test_killed_anywhere_it_leaves_nothing_and_works_the_next_time(way, tmp_path):
    world, there = way
    for stop in count(1):
        if _survives(stop, world, there, tmp_path):
            break
        with pytest.raises(Missing, match="there is no ledger"), reading_shelf(target_of(there, tmp_path)):
            pass
    assert stop > len(carrying.CARRIED)
    assert everything(target_of(there, tmp_path)) == everything(world.places.location)
    left = [path.name for path in tmp_path.rglob("*.draft*") if "ledger.head" not in path.name]
    assert left == []


def _survives(stop, world, there, tmp_path):
    """Copy in a process of its own, killed when it says for the `stop`th time how far it is: whether it ended."""

    def work():
        said = count(1)

        def fall(*_):
            if next(said) == stop:
                os.kill(os.getpid(), signal.SIGKILL)

        copied(world, there, tmp_path, progress=fall)
        os._exit(0)

    status = status_of(work)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


@pytest.mark.parametrize("table", carrying.CARRIED)
def test_a_store_that_loses_a_row_is_found_out(way, tmp_path, monkeypatch, table):
    world, there = way
    if not everything(world.places.location)[table]:
        pytest.skip(f"nothing is in {table}")
    shelf = PostgresShelf if there else sqlite_carrying._Draft
    real = shelf.add

    def losing(self, name, rows):
        if name != table:
            real(self, name, rows)
        elif len(rows) > 1:
            real(self, name, rows[:-1])

    monkeypatch.setattr(shelf, "add", losing)
    with pytest.raises(Damaged, match=f"the rows of {table} that were stored are not those that were read"):
        copied(world, there, tmp_path)
    with pytest.raises(Missing), reading_shelf(target_of(there, tmp_path)):
        pass


DAMAGE = {
    "statement": ('UPDATE entry SET jwt = {0} WHERE "index" = 4', "does not agree with its statement digest"),
    "leaf": ('UPDATE entry SET leaf = {1} WHERE "index" = 4', "does not agree with its leaf hash"),
    "lineage": ('UPDATE entry SET seed = {1} WHERE "index" = 4', "does not agree with its lineage digest"),
    "disclosure": ("UPDATE disclosure SET text = 'WyJ4Il0'", "the statement of entry 3 cannot be read"),
    "orphan": ("INSERT INTO disclosure VALUES (99, 0, 'x')", "a disclosure of entry 99 is stored, but no such entry"),
    "head": ("UPDATE head SET root = {1}", "the 7 entries lead to root"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_ledger_is_not_copied_as_if_it_were_sound(way, tmp_path, damage):
    world, there = way
    world.close()
    sql, sentence = DAMAGE[damage]
    _damage(world.places, sql)
    with pytest.raises(Damaged, match=sentence):
        copied(world, there, tmp_path)
    with pytest.raises(Missing), reading_shelf(target_of(there, tmp_path)):
        pass


def _damage(places, sql):
    if places.url is None:
        with closing(sqlite3.connect(places.database)) as connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(sql.format("x'00'", "zeroblob(32)"))
            for _, text in triggers:
                connection.execute(text)
            connection.commit()
        return
    with psycopg.connect(places.url.replace(WRITER, OWNER), autocommit=True) as connection:
        guards = [("entry", "entry_append_only"), ("disclosure", "disclosure_fixed"), ("head", "head_only_forward")]
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
        connection.execute(sql.format("'\\x00'", f"'\\x{bytes(32).hex()}'"))
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")


def run(*arguments, code=0):
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def at(world):
    return ["--database", world.places.url] if world.places.url else []


def test_a_backup_is_made_while_entries_come_in(tmp_path, place):
    """One moment of a ledger that goes on: complete up to its head, and continued by the second head."""
    with small_ledger(tmp_path, place=place) as world:
        stop = threading.Event()

        def busy():
            for n in count():
                if stop.is_set():
                    return
                world.post(world.plant, "lot-event", coil(f"C-{n}"))

        writer = threading.Thread(target=busy)
        writer.start()
        try:
            reports = []
            for n in range(5):
                said = run("backup", world.places.folder, tmp_path / f"backup-{n}", *at(world), "--json")
                reports.append(json.loads(said))
                eventually(lambda: world.size > reports[-1]["size"])
        finally:
            stop.set()
            writer.join()
        for n, report in enumerate(reports):
            folder = tmp_path / f"backup-{n}"
            audited = json.loads(run("audit", folder, "--json"))
            assert (audited["findings"], audited["size"]) == ([], report["size"])
            assert report["root"] == world.log.tree.root(report["size"]).hex() == audited["root"]
            assert report["second_head"]["size"] <= report["size"] <= world.size
        assert reports[0]["size"] < reports[-1]["size"]


def test_a_backup_is_put_back_and_goes_on(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        receipts = [world.post(world.plant, "lot-event", coil("C-1"))]
    said = run("backup", world.places.folder, tmp_path / "backup", *at(world))
    assert f"second head {world.places.head}: {world.size} entries" in said
    assert "the copy continues it" in said
    if place:
        place.server.admin(f"DROP SCHEMA {place.schema} CASCADE")
        place.server.admin(f"CREATE SCHEMA {place.schema} AUTHORIZATION {OWNER}")
        place.server.admin(f"GRANT USAGE ON SCHEMA {place.schema} TO {WRITER}")
        run("copy", tmp_path / "backup", place.writer, "--owner-database", place.owner)
    else:
        for path in world.places.folder.glob("ledger.sqlite*"):
            path.unlink()
        run("copy", tmp_path / "backup", world.places.folder)
    world.reopen()
    receipts.append(world.post(world.plant, "lot-event", coil("C-2")))
    check_whole(world, receipts)
    world.close()


def test_an_old_backup_says_what_it_lacks_and_does_not_open(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        run("backup", world.places.folder, tmp_path / "backup", *at(world))
        world.post(world.plant, "lot-event", coil("C-1"))
    said = run("copy", tmp_path / "backup", tmp_path / "again.sqlite", "--head", world.places.head)
    assert "1 entries were acknowledged that are not in the copy: it does not open" in said


def test_an_older_database_than_the_second_head_is_no_backup(tmp_path):
    with small_ledger(tmp_path) as world:
        run("backup", world.places.folder, tmp_path / "backup")
        world.post(world.plant, "lot-event", coil("C-1"))
    for path in world.places.folder.glob("ledger.sqlite*"):
        path.unlink()
    run("copy", tmp_path / "backup", world.places.folder)
    said = run("backup", world.places.folder, tmp_path / "other", code=1)
    assert "it ends at size 3, but size 4 was reached before" in said
    assert not (tmp_path / "other" / "ledger.sqlite").exists()


def test_a_password_is_not_repeated(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        pass
    target = tmp_path / "copy.sqlite"
    assert "secret" not in _shown("postgresql://me:secret@db.example.org/coilmark")
    assert str(target) in run("copy", world.places.url or world.places.folder, target)
