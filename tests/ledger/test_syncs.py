"""What is acknowledged is on the disk: each durable write is synced, in this order, before anybody is told."""

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Conflict
from ledger.merkle.tree import Tree
from ledger.recording.second_head import FileHead
from ledger.store.sqlite.driver import sqlite3
from tests.small_ledger import coil, small_ledger


@pytest.fixture
def seen(monkeypatch):
    """What was synced and renamed, in order: "sync draft", "rename", "sync folder"."""
    events = []
    fsync, fdatasync, replace = os.fsync, os.fdatasync, Path.replace

    def name(file):
        return os.path.basename(os.readlink(f"/proc/self/fd/{file}"))  # noqa: PTH119,PTH115  no path is known here

    monkeypatch.setattr(os, "fsync", lambda file: (events.append(f"sync {name(file)}"), fsync(file))[1])
    monkeypatch.setattr(os, "fdatasync", lambda file: (events.append(f"sync {name(file)}"), fdatasync(file))[1])
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (events.append(f"rename {self.name} {to.name}"), replace(self, to))[1]
    )
    return events


def test_the_second_head_is_synced_before_and_after_it_is_put_in_place(tmp_path, seen):
    head = FileHead(tmp_path / "head")
    head.create(Checkpoint("log", 1, bytes(32)))
    assert seen == ["sync head.draft", "rename head.draft head", f"sync {tmp_path.name}"]
    seen.clear()
    head.swap(Checkpoint("log", 1, bytes(32)), Checkpoint("log", 2, bytes(32)))
    assert seen == ["sync head.draft", "rename head.draft head", f"sync {tmp_path.name}"]


def test_an_append_syncs_the_second_head_before_it_answers(tmp_path, seen):
    with small_ledger(tmp_path) as world:
        seen.clear()
        world.post(world.plant, "lot-event", coil("C-1"))
        assert seen == ["sync ledger.head.draft", "rename ledger.head.draft ledger.head", f"sync {tmp_path.name}"]


def test_every_commit_of_sqlite_is_synced(tmp_path):
    with small_ledger(tmp_path) as world, world.log.store._writer.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "recursive_triggers", "secure_delete", "foreign_keys")
        }
    assert settings == {
        "journal_mode": "wal", "synchronous": 2, "recursive_triggers": 1, "secure_delete": 1, "foreign_keys": 1,
    }  # fmt: skip


def test_an_entry_that_was_acknowledged_is_in_the_files_at_once(tmp_path):
    """Another process reads it, with nothing closed and nothing waited for."""
    with small_ledger(tmp_path) as world:
        index = world.post(world.plant, "lot-event", coil("C-1")).entry.index
        connection = sqlite3.connect(f"{world.places.database.as_uri()}?mode=ro", uri=True)
        assert connection.execute('SELECT max("index") FROM entry').fetchone() == (index,)
        assert connection.execute("SELECT size FROM head").fetchone() == (index + 1,)
        connection.close()


def test_level_files_are_on_the_disk_before_it_is_noted(tmp_path, seen):
    tree = Tree.open(tmp_path / "levels")
    tree.append([bytes([n]) * 32 for n in range(4)])
    seen.clear()
    tree.sync()
    assert seen == [
        "sync level-00", "sync level-01", "sync level-02", "sync synced.draft", "rename synced.draft synced",
        "sync levels",
    ]  # fmt: skip
    tree.close()


def test_of_two_that_move_the_second_head_from_one_place_one_does(tmp_path, monkeypatch):
    """Compare-and-swap holds between processes and threads: whoever compares, holds the lock until it has swapped."""
    first = FileHead(tmp_path / "head")
    start = Checkpoint("log", 1, bytes(32))
    first.create(start)
    both = threading.Barrier(2)
    write = FileHead._write

    def slow_write(self, head):
        with suppress(threading.BrokenBarrierError):
            both.wait(0.3)  # without the lock both come this far
        write(self, head)

    monkeypatch.setattr(FileHead, "_write", slow_write)
    outcomes = []

    def swap(size):
        try:
            FileHead(tmp_path / "head").swap(start, Checkpoint("log", size, bytes(32)))
            outcomes.append(size)
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=swap, args=(size,)) for size in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "refused" in outcomes
