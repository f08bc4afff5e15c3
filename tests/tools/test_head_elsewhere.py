"""A ledger whose second head is a URL, as an operator runs it: made, served, audited, backed up, restored."""

import json
import shutil
from contextlib import closing

import pytest
from small_park import coilmark, here

from ledger.kernel.keys import generate
from ledger.store.sqlite.driver import sqlite3
from tests.object_server import object_server
from tests.small_ledger import OPERATOR, coil, pem, small_ledger


@pytest.mark.slow
def test_every_command_takes_a_url_for_the_head(tmp_path):
    key = tmp_path / "operator.pem"
    key.write_bytes(generate())
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "head.authorization").write_text("Bearer let-me\n")
    with object_server() as server:
        server.wanted = "Bearer let-me"
        head = ("--head", server.url)
        run = coilmark(
            "init", folder, "--uri", "https://ledger.example/one", "--origin", "ledger.example/log", "--key", key,
            "--id", OPERATOR.id, "--name", "Park", *head,
        )  # fmt: skip
        assert (run.returncode, run.stderr) == (0, b"")
        assert server.text.startswith("ledger.example/log\n1\n")
        report = json.loads(coilmark("audit", folder, *head, "--json").stdout)
        assert report["clean"]
        assert f"the head's second place {server.url}: consistency" in report["checked"]
        written = json.loads(coilmark("backup", folder, tmp_path / "backup", *head, "--json").stdout)
        assert written["second_head"]["path"] == server.url
        assert coilmark("export", folder, tmp_path / "export", *head).returncode == 0
        for file in folder.glob("ledger.sqlite*"):
            file.unlink()
        copied = coilmark("copy", tmp_path / "backup", folder, *head)
        assert b"the copy continues it" in copied.stdout
        assert coilmark("restore", folder, *head).returncode == 0
        server.objects.clear()
        missing = coilmark("audit", folder, *head)
        assert (missing.returncode, b"is not there" in missing.stderr) == (2, True)
    away = coilmark("serve", folder, *head)
    assert (away.returncode, b"does not answer" in away.stderr) == (1, True)


def test_a_restore_moves_it_on(tmp_path):
    (tmp_path / "operator.pem").write_bytes(pem("operator"))
    with object_server() as server:
        with small_ledger(tmp_path, head=server.url) as world:
            world.close()
            with closing(sqlite3.connect(world.places.database)) as connection:
                connection.execute("VACUUM INTO ?", (str(tmp_path / "kept.sqlite"),))
            world.reopen()
            world.post(world.plant, "lot-event", coil("lost"))
        for beside in ("-wal", "-shm"):
            world.places.database.with_name(world.places.database.name + beside).unlink(missing_ok=True)
        shutil.copyfile(tmp_path / "kept.sqlite", world.places.database)
        new = ("--new-incarnation", "--key", tmp_path / "operator.pem", "--origin", "ledger.example/park/2")
        run = here("restore", world.places.folder, "--head", server.url, *new)
        assert (run.returncode, run.stderr) == (0, b"")
        assert b"1 entries were acknowledged and are lost: 3 to 3" in run.stdout
        assert server.text.startswith("ledger.example/park/2\n4\n")
