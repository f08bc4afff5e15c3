"""init, token, audit, export and verify on a ledger in PostgreSQL, by their command lines."""

import json

import pytest
from click.testing import CliRunner
from small_ledger import coil, small_ledger

from tools.main import cli
from tools.own_postgres import ADMIN, OWNER, WRITER


def run(*arguments, code=0):
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def place(postgres):
    return postgres.place()


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        world.post(world.plant, "lot-event", coil("C-1"))
    return world


def init_of(tmp_path, place):
    """The arguments that make a ledger in the folder `ledger`, with a key that is made here."""
    key = tmp_path / "operator.key"
    run("keygen", key)
    return [
        "init", tmp_path / "ledger", "--uri", "https://x.example/", "--origin", "x.example/log", "--key", key,
        "--id", "(417)9521141000014", "--name", "X", "--database", place.writer,
    ]  # fmt: skip


def test_a_ledger_from_an_empty_database(tmp_path, place):
    init = init_of(tmp_path, place)
    assert place.execute("SELECT to_regclass('entry')") == [(None,)]
    assert "entry 0 recorded" in run(*init, "--owner-database", place.owner)
    assert place.execute("SELECT size FROM head") == [(1,)]
    assert not (tmp_path / "ledger" / "ledger.sqlite").exists()
    report = json.loads(run("audit", tmp_path / "ledger", "--database", place.writer, "--json"))
    assert (report["clean"], report["size"]) == (True, 1)


def test_what_is_refused_leaves_no_key_and_no_table(tmp_path, place):
    folder, init = tmp_path / "ledger", init_of(tmp_path, place)
    assert "would own the tables that it writes" in run(*init, "--owner-database", place.writer, code=1)
    assert not folder.exists()
    assert place.execute("SELECT to_regclass('entry')") == [(None,)]
    assert "entry 0 recorded" in run(*init, "--owner-database", place.owner)


@pytest.mark.parametrize(
    ("unsafe", "mended", "says"),
    [
        (
            f"ALTER ROLE {WRITER} SET synchronous_commit = off",
            f"ALTER ROLE {WRITER} RESET synchronous_commit",
            "synchronous_commit",
        ),
        (f"ALTER ROLE {WRITER} CREATEROLE", f"ALTER ROLE {WRITER} NOCREATEROLE", "may create roles"),
        (
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA {{schema}} GRANT UPDATE ON TABLES TO {WRITER}",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA {{schema}} REVOKE UPDATE ON TABLES FROM {WRITER}",
            f"the role {WRITER} could UPDATE on entry as soon as the tables are there; take it back with ALTER DEFAULT",
        ),
        (
            f"GRANT pg_write_all_data TO {WRITER}",
            f"REVOKE pg_write_all_data FROM {WRITER}",
            "could UPDATE on entry as soon as the tables are there",
        ),
        (
            f"ALTER ROLE {WRITER} NOINHERIT; GRANT pg_write_all_data TO {WRITER}",
            f"ALTER ROLE {WRITER} INHERIT; REVOKE pg_write_all_data FROM {WRITER}",
            "could UPDATE on entry as soon as the tables are there; REVOKE pg_write_all_data FROM it",
        ),
    ],
)
def test_a_role_that_is_unsafe_is_refused_and_nothing_is_in_the_way_once_it_is_mended(
    tmp_path, place, unsafe, mended, says
):
    folder, init = tmp_path / "ledger", init_of(tmp_path, place)
    place.execute(unsafe.format(schema=place.schema), role=ADMIN)
    try:
        assert says in run(*init, "--owner-database", place.owner, code=1)
    finally:
        place.execute(mended.format(schema=place.schema), role=ADMIN)
    assert not folder.exists()
    assert "entry 0 recorded" in run(*init, "--owner-database", place.owner)


def test_tokens_are_in_the_database(world, place):
    at = [world.places.folder, "--database", place.writer]
    secret = run("token", "issue", *at, "--auditor").strip()
    (listed,) = json.loads(run("token", "list", *at, "--json"))
    assert listed["scope"] == "auditor"
    assert secret not in str(place.execute("SELECT * FROM access_token"))
    run("token", "revoke", *at, listed["id"])
    (listed,) = json.loads(run("token", "list", *at, "--json"))
    assert listed["revoked"] is not None
    assert not (world.places.folder / "access.sqlite").exists()


def test_audit_finds_what_was_changed(world, place):
    at = [world.places.folder, "--database", place.writer, "--json"]
    assert json.loads(run("audit", *at))["findings"] == []
    place.execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
    place.execute("UPDATE entry SET jwt = jwt || 'x' WHERE \"index\" = 3")
    found = json.loads(run("audit", *at, code=1))["findings"]
    assert ("schema", None) in {(one["code"], one.get("index")) for one in found}
    assert 3 in {one.get("index") for one in found}
    assert any("trigger entry_append_only is not as this program makes it" in one["sentence"] for one in found)


@pytest.mark.parametrize("table", ["subject_version", "event", "disclosure"])
def test_audit_finds_rows_that_nothing_gives(world, place, table):
    rows = {
        "subject_version": "INSERT INTO subject_version VALUES ('\\x00', 1, 3)",
        "event": "INSERT INTO event VALUES ('\\x00', 3)",
        "disclosure": "INSERT INTO disclosure VALUES (3, 7, 'x')",
    }
    place.execute(rows[table])
    found = json.loads(run("audit", world.places.folder, "--database", place.writer, "--json", code=1))["findings"]
    assert found


def test_an_export_of_it_is_audited_without_it(world, place, tmp_path):
    run("export", world.places.folder, tmp_path / "export", "--database", place.writer)
    report = json.loads(run("audit", tmp_path / "export", "--json"))
    assert (report["clean"], report["size"]) == (True, 4)


def test_an_empty_database_is_said_so(tmp_path, place):
    said = run("audit", tmp_path, "--database", place.writer, code=2)
    assert "there is no ledger" in said
