"""A ledger is opened again: after a commit of unknown outcome, beside an older database, another history or a loss.

Every step of an append that fails or is the last one is in `test_failpoints`.
"""

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ledger.failpoints import Step
from ledger.kernel.errors import Conflict, Damaged, Malformed, Missing, Unsettled
from ledger.kernel.hashing import leaf_hash
from ledger.recording.opening import open_log
from ledger.store.postgres.store import PostgresStore
from ledger.store.sqlite.driver import sqlite3
from ledger.store.store import open_store
from tests.small_ledger import coil, founded, pem, small_ledger
from tests.whole import check_whole


class PowerLossError(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        yield world


@dataclass(frozen=True)
class Backup:
    """Folder and database at one moment."""

    folder: Path
    dump: bytes

    @classmethod
    def make(cls, world, place, folder):
        shutil.copytree(world.places.folder, folder)
        return cls(folder, place.dump() if place else b"")

    def restore(self, world, place):
        shutil.rmtree(world.places.folder)
        shutil.copytree(self.folder, world.places.folder)
        if place:
            place.restore(self.dump)


def _flip(world, place, column):
    """A byte of the newest entry, by somebody with the owner's rights."""
    value = getattr(_entry(world), column)
    _edit(world, place, **{column: value[:20] + bytes([value[20] ^ 1]) + value[21:]})


def _entry(world):
    """Entry 3 as it rests, of a ledger that may be closed."""
    with closing(open_store(world.places.location, write=False)) as store, store.reading() as transaction:
        return transaction.entry(3)


def _edit(world, place, **columns):
    """Put other values into the row of entry 3, with the owner's rights."""
    if place:
        names = ", ".join(f"{name} = %s" for name in columns)
        place.execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
        place.execute(f'UPDATE entry SET {names} WHERE "index" = 3', list(columns.values()))
        place.execute("ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_append_only")
        return
    names = ", ".join(f"{name} = ?" for name in columns)
    with sqlite3.connect(world.places.database) as connection:
        trigger = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entry_no_update'").fetchone()[0]
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute(f'UPDATE entry SET {names} WHERE "index" = 3', list(columns.values()))
        connection.execute(trigger)
    connection.close()


def _lose(world, place, index):
    """A row of `entry`, to somebody with the owner's rights."""
    if place:
        place.execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
        place.execute('DELETE FROM entry WHERE "index" = %s', [index])
        place.execute("ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_append_only")
        return
    with closing(sqlite3.connect(world.places.database)) as connection, connection:
        trigger = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entry_no_delete'").fetchone()[0]
        connection.execute("DROP TRIGGER entry_no_delete")
        connection.execute('DELETE FROM entry WHERE "index" = ?', [index])
        connection.execute(trigger)


def _break_commit(store, broken):
    """From now on a commit goes through, and says that it failed."""
    owner, name, error = (
        (store._session, "commit", psycopg.OperationalError)
        if isinstance(store, PostgresStore)
        else (store._writer.dialect, "do_commit", sqlite3.OperationalError)
    )
    real = getattr(owner, name)

    def committed_and_failed(*arguments):
        real(*arguments)
        raise error("disk I/O error")

    broken.setattr(owner, name, committed_and_failed)


def test_an_error_of_the_commit_is_unknown(world, monkeypatch):
    """The database says no after it has said yes to the disk: the caller is told to retry, and the retry settles it."""
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    with monkeypatch.context() as broken:
        _break_commit(world.log.store, broken)
        with pytest.raises(Unsettled, match="the database did not confirm the commit: disk I/O error"):
            world.submit(wire)
    size = world.size
    world.reopen()
    assert world.size == size + 1
    assert world.submit(wire)[0].entry.index == size
    check_whole(world)


def test_an_older_database_does_not_open(world, place, tmp_path):
    world.close()
    backup = Backup.make(world, place, tmp_path / "backup")
    world.reopen()
    world.post(world.plant, "lot-event", coil("C-1"))
    world.close()
    backup.restore(world, place)
    with pytest.raises(Damaged, match=r"ends at size 3 .* but size 4 .* an older database was put in its place"):
        world.reopen()


def test_another_history_does_not_open(world, place, tmp_path):
    """A fork: the same size was reached twice, with different entries."""
    world.close()
    backup = Backup.make(world, place, tmp_path / "copy")
    old_head = world.places.head.read_bytes()
    world.reopen()
    world.post(world.plant, "lot-event", coil("C-1"))
    world.close()
    backup.restore(world, place)
    kept = world.places.head.read_bytes()
    world.places.head.write_bytes(old_head)
    world.reopen()
    world.post(world.plant, "lot-event", coil("C-2"))
    world.post(world.plant, "lot-event", coil("C-3"))
    world.close()
    world.places.head.write_bytes(kept)
    with pytest.raises(Damaged, match=r"the head kept in the second place .* is no earlier state of this database"):
        world.reopen()


def test_a_ledger_without_its_second_head_does_not_open(world):
    world.close()
    world.places.head.unlink()
    with pytest.raises(Missing, match="is not there; without it a rollback is unseen"):
        world.reopen()


@pytest.mark.parametrize("loss", ["all", "top", "torn", "foreign", "inner", "no note of sync"])
def test_level_files_are_made_again(world, loss):
    receipts = [world.post(world.plant, "lot-event", coil(f"C-{n}")) for n in range(9)]
    world.close()
    levels = sorted(path for path in world.places.levels.iterdir() if path.name.startswith("level"))
    if loss == "all":
        shutil.rmtree(world.places.levels)
    elif loss == "top":
        levels[-1].unlink()
    elif loss == "torn":
        levels[0].write_bytes(levels[0].read_bytes()[:-45])
    elif loss == "inner":
        nodes = bytearray(levels[1].read_bytes())
        nodes[5] ^= 1
        levels[1].write_bytes(nodes)
    elif loss == "foreign":
        levels[0].write_bytes(bytes(len(levels[0].read_bytes())))
    else:
        (world.places.levels / "synced").unlink()
    world.reopen()
    check_whole(world, receipts)


@pytest.mark.parametrize("column", ["entry", "leaf", "jwt", "seed", "items"])
def test_what_the_second_head_had_not_seen_is_hashed_again_before_it_is_signed(world, place, column):
    """The commit went through, the process ended, and a byte flipped before the next start."""

    def reached(step):
        if step is Step.REREAD:
            raise PowerLossError(step)

    world.reached = reached
    with pytest.raises(PowerLossError):
        world.post(world.plant, "lot-event", coil("C-1"))
    world.close()
    _flip(world, place, column)
    with pytest.raises(Damaged, match=r"entry 3|leaf hashes in the database do not lead to the root"):
        world.reopen()


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (3, "entry 3 is not there, which entry 4 continues"),
        (4, "of entries 4 to 7 only 3 are there"),
        (6, "of entries 4 to 7 only 3 are there"),
        (7, "entry 7 is not there, and the head counts 8"),
    ],
)
def test_a_ledger_that_lost_a_row_does_not_open_where_its_second_head_is_behind(world, place, lost, said):
    """Its level files have all leaves: it is the rows that are read again."""
    world.post(world.plant, "lot-event", coil("C-0"))
    behind = world.places.head.read_bytes()
    for number in range(1, 5):
        world.post(world.plant, "lot-event", coil(f"C-{number}"))
    world.close()
    world.places.head.write_bytes(behind)
    _lose(world, place, lost)
    with pytest.raises(Damaged, match=said):
        world.reopen()


def test_another_log_key_does_not_open(world):
    world.close()
    world.places.log_key.write_bytes(pem("thief"))
    with pytest.raises(Damaged, match=r"the key that would sign is .*, the ledger names"):
        world.reopen()


@pytest.mark.parametrize("folder", ["a#b", "a b", "a%20b", "a?b"])
def test_any_folder_name_will_do(tmp_path, folder):
    (tmp_path / folder).mkdir()
    with small_ledger(tmp_path / folder) as world:
        world.post(world.plant, "lot-event", coil("C-1"))
        world.reopen()
        assert world.size == 4


def test_a_second_head_that_is_no_text_is_refused_in_words(world):
    world.close()
    world.places.head.write_bytes(b"\xff\xfe")
    with pytest.raises(Malformed, match="checkpoint"):
        world.reopen()


def test_creating_beside_another_ledgers_head_leaves_no_database(tmp_path):
    (tmp_path / "ledger.head").write_text("taken\n")
    with pytest.raises(Conflict, match="exists already: another ledger keeps its head there"):
        founded(tmp_path)
    assert not (tmp_path / "ledger" / "ledger.sqlite").exists()


def test_an_altered_row_is_not_handed_out_to_a_retry(world, place):
    """Entry and leaf were edited together, so that they agree with each other, and not with the tree."""
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    world.submit(wire)
    entry = _entry(world).entry
    later = entry[:16] + bytes([entry[16] ^ 1]) + entry[17:]
    _edit(world, place, entry=later, leaf=leaf_hash(later))
    with pytest.raises(Damaged, match="entry 3 is not the leaf that the tree has there"):
        world.submit(wire)


def test_one_process_writes(world):
    with pytest.raises(Conflict, match="another process writes to the ledger in"), open_log(world.places):
        pass


def test_a_ledger_under_rules_of_another_program_does_not_open(world, monkeypatch):
    world.close()
    monkeypatch.setattr("ledger.recording.recovery.KNOWN", ("coilmark-rules/1",))
    with pytest.raises(Damaged, match="from entry 0 on this ledger is judged by coilmark-rules/4, this program has"):
        world.reopen()
