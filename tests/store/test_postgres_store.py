"""What PostgreSQL is made to refuse: to the role that serves, to the owner's slips, and to unsafe settings."""

import threading
from contextlib import ExitStack

import psycopg
import pytest
from store_rows import everything_in, fill, new_row

from ledger.kernel.errors import Busy, Conflict, Damaged, Missing, Unsettled
from ledger.store.store import StoredHead, create_store, open_store
from ledger.store.tables import LEDGER_TABLES, SCHEMA_VERSION
from tests.eventually import SOON, eventually
from tests.postgres_server import ADMIN, OWNER, WRITER


@pytest.fixture
def made(postgres):
    place = postgres.place()
    create_store(place.writer, "https://example.org/ledger", owner=place.owner)
    return place


@pytest.fixture
def store(made):
    store = open_store(made.writer, write=True)
    assert store.lead()
    fill(store)
    yield store
    store.close()


@pytest.fixture
def setting(postgres):
    """Change settings of the whole server for one test. The server hears of it a moment later: that is waited for."""

    def shown(name):
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            return connection.execute(f"SHOW {name}").fetchone()[0]

    def changed(name, how):
        before = shown(name)
        postgres.admin(f"ALTER SYSTEM {how}", "SELECT pg_reload_conf()")
        eventually(lambda: shown(name) != before)

    with ExitStack() as stack:

        def change(name, value):
            stack.callback(changed, name, f"RESET {name}")
            changed(name, f"SET {name} = {value}")

        yield change


NOT_FOR_THE_WRITER = {
    "update": "UPDATE {} SET {} = {}",
    "delete": "DELETE FROM {}",
    "truncate": "TRUNCATE {}",
    "alter": "ALTER TABLE {} DISABLE TRIGGER ALL",
    "drop": "DROP TABLE {}",
    "trigger": "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH STATEMENT EXECUTE FUNCTION refuse('x')",
    "rule": "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
}
A_COLUMN = dict.fromkeys(LEDGER_TABLES, '"index"') | {"head": "id", "stamp": "value"}


@pytest.mark.parametrize("table", LEDGER_TABLES)
def test_the_writing_role_cannot_change_history(store, made, table):
    before = everything_in(store)
    for sql in NOT_FOR_THE_WRITER.values():
        if table == "head" and sql.startswith("UPDATE"):
            continue  # forward only: see the contract
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            made.execute(sql.format(table, A_COLUMN[table], A_COLUMN[table]), role=WRITER)
    assert everything_in(store) == before


OTHER_WAYS = {
    "upsert": 'INSERT INTO entry SELECT * FROM entry ON CONFLICT ("index") DO UPDATE SET jwt = excluded.jwt',
    "another role": f"SET ROLE {OWNER}",
    "no triggers": "SET session_replication_role = replica",
    "a new function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "another erasure": "CREATE OR REPLACE FUNCTION erase_disclosure(which bigint, what text) RETURNS void "
    "LANGUAGE sql AS 'DELETE FROM disclosure'",
    "a stamp": "INSERT INTO stamp VALUES ('x', 'y')",
    "a program": "COPY entry FROM PROGRAM 'true'",
    "a token back": "UPDATE access_token SET digest = digest",
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_the_writing_role_has_no_way_around(store, made, way):
    before = everything_in(store)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        made.execute(OTHER_WAYS[way], role=WRITER)
    assert everything_in(store) == before


SLIPS = {
    "update": ("UPDATE entry SET jwt = '\\x00'", "entry is append-only"),
    "update nothing": ("UPDATE entry SET jwt = jwt WHERE false", "entry is append-only"),
    "delete": ("DELETE FROM event", "event is append-only"),
    "truncate": ("TRUNCATE subject_version", "subject_version is append-only"),
    "all": ("TRUNCATE entry, disclosure, subject_version, event, head", "append-only|fixed|never removed"),
    "disclosure": ("UPDATE disclosure SET text = 'x'", "disclosure is fixed"),
    "disclosures": ("TRUNCATE disclosure", "disclosure is fixed"),
    "head": ("DELETE FROM head", "the head is moved, never removed"),
    "head back": ("UPDATE head SET size = 1", "the head moves forward only"),
    "stamp": ("UPDATE stamp SET value = '2'", "stamp is append-only"),
    "gap": (
        "INSERT INTO entry SELECT 9, entry, leaf, typ, 'x', jwt, seed, items FROM entry WHERE \"index\" = 1",
        "entry indices are contiguous",
    ),
}


@pytest.mark.parametrize("role", [OWNER, ADMIN])
@pytest.mark.parametrize("slip", SLIPS)
def test_triggers_stop_those_whom_no_grant_does(store, made, slip, role):
    sql, sentence = SLIPS[slip]
    before = everything_in(store)
    with psycopg.connect(made.server.url(role, made.schema)) as connection:
        if role == ADMIN:
            connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RaiseException, match=sentence):
            connection.execute(sql)
    assert everything_in(store) == before


TAMPERING = {
    "dropped": ["DROP TRIGGER head_stays ON head"],
    "disabled": ["ALTER TABLE entry DISABLE TRIGGER entry_append_only"],
    "not always": ["ALTER TABLE entry ENABLE TRIGGER entry_append_only"],
    "extra": ["CREATE TRIGGER extra AFTER INSERT ON entry FOR EACH STATEMENT EXECUTE FUNCTION refuse('x')"],
    "a rule before": ["CREATE RULE quiet AS ON INSERT TO entry DO INSTEAD NOTHING"],
    "a policy": ["CREATE POLICY hidden ON entry USING (false)"],
    "other body": [
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    ],
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_other_triggers_do_not_open(made, tampering):
    for statement in TAMPERING[tampering]:
        made.execute(statement)
    with pytest.raises(Damaged, match="is not as this program made it; the tables may have been edited"):
        open_store(made.writer, write=True)


def test_another_schema_version_does_not_open(made):
    made.execute("ALTER TABLE stamp DISABLE TRIGGER stamp_append_only")
    made.execute("UPDATE stamp SET value = '99' WHERE name = 'schema'")
    made.execute("ALTER TABLE stamp ENABLE ALWAYS TRIGGER stamp_append_only")
    with pytest.raises(Damaged, match=f"the database has schema version 99, this program needs {SCHEMA_VERSION}"):
        open_store(made.writer, write=False)


ROLES = {
    "a superuser": (ADMIN, [], "is a superuser and could switch every safeguard off"),
    "the owner": (OWNER, [], "owns the .* and could .*; let the server connect as a role made for it"),
    "who may update": (WRITER, ["GRANT UPDATE ON entry TO PUBLIC"], "may UPDATE on entry; REVOKE UPDATE ON entry"),
    "by column": (WRITER, [f"GRANT UPDATE (jwt) ON entry TO {WRITER}"], "may UPDATE on entry"),
    "who may delete": (WRITER, [f"GRANT DELETE ON disclosure TO {WRITER}"], "may DELETE on disclosure"),
    "who may truncate": (WRITER, [f"GRANT TRUNCATE ON head TO {WRITER}"], "may TRUNCATE on head"),
    "who may create": (WRITER, ["GRANT CREATE ON SCHEMA {schema} TO PUBLIC"], "may create objects in the ledger's"),
    "owner of a table": (WRITER, [f"ALTER TABLE event OWNER TO {WRITER}"], "owns the table event and could drop its"),
    "owner of a guard": (WRITER, [f"ALTER FUNCTION refuse OWNER TO {WRITER}"], "owns the function refuse and could"),
    "owner of the schema": (
        WRITER,
        [f"ALTER SCHEMA {{schema}} OWNER TO {WRITER}"],
        "owns the schema .* and could drop",
    ),
    "who makes roles": (
        "makes_roles",
        ["CREATE ROLE makes_roles LOGIN CREATEROLE", f"GRANT {WRITER} TO makes_roles"],
        "may create roles and could give itself the owner's",
    ),
    "who writes files": (
        "writes_files",
        ["CREATE ROLE writes_files LOGIN", f"GRANT {WRITER}, pg_execute_server_program TO writes_files"],
        "is a member of pg_execute_server_program and could change the server's files",
    ),
    "who writes all data": (
        "writes_all",
        ["CREATE ROLE writes_all LOGIN", f"GRANT {WRITER}, pg_write_all_data TO writes_all"],
        "may UPDATE on entry",
    ),
    "who may become one that may": (
        "becomes_keeper",
        [
            "CREATE ROLE keeper",
            "GRANT UPDATE ON entry TO keeper",
            "CREATE ROLE becomes_keeper LOGIN NOINHERIT",
            "GRANT USAGE ON SCHEMA {schema} TO becomes_keeper",
            "GRANT SELECT ON stamp TO becomes_keeper",
            "GRANT keeper TO becomes_keeper",
        ],
        "is a member of keeper, which may UPDATE on entry; REVOKE keeper FROM it$",
    ),
    "who may become a superuser": (
        "becomes_chief",
        ["CREATE ROLE chief SUPERUSER", "CREATE ROLE becomes_chief LOGIN", f"GRANT {WRITER}, chief TO becomes_chief"],
        "is a member of chief, which is a superuser and could switch every safeguard off; REVOKE chief FROM it$",
    ),
    "who may become one that creates": (
        "becomes_maker",
        [
            "CREATE ROLE maker",
            "GRANT CREATE ON SCHEMA {schema} TO maker",
            "CREATE ROLE becomes_maker LOGIN NOINHERIT",
            "GRANT USAGE ON SCHEMA {schema} TO becomes_maker",
            "GRANT SELECT ON stamp TO becomes_maker",
            "GRANT maker TO becomes_maker",
        ],
        "is a member of maker, which may create objects in the ledger's schema; REVOKE maker FROM it$",
    ),
    "who may read nothing": ("stranger", ["CREATE ROLE stranger LOGIN"], "there is no ledger in schema None"),
    "who may see nothing": (
        "onlooker",
        ["CREATE ROLE onlooker LOGIN", "GRANT USAGE ON SCHEMA {schema} TO onlooker"],
        "the role onlooker may not read the ledger's tables; connect as the role that `coilmark init` was given",
    ),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_too_much_is_refused(made, role):
    who, grants, sentence = ROLES[role]
    for grant in grants:
        made.execute(grant.format(schema=made.schema), role=ADMIN)
    with pytest.raises((Damaged, Missing), match=sentence):
        open_store(made.server.url(who, made.schema), write=True)


def test_a_session_is_as_safe_as_the_role_that_came_in(made):
    """It runs as the writer by a setting that it can take back."""
    with pytest.raises(Damaged, match=f"the role {ADMIN} is a superuser and could switch every safeguard off"):
        open_store(f"{made.admin}%20-crole%3D{WRITER}", write=True)


def test_who_writes_does_not_own(postgres):
    place = postgres.place()
    with pytest.raises(
        Damaged, match="would own the tables that it writes and could drop their triggers; name another"
    ):
        create_store(place.owner, "https://example.org/ledger")


UNSAFE = {
    "fsync": ("off", "PostgreSQL has fsync = off; set fsync = on in postgresql.conf"),
    "full_page_writes": ("off", "PostgreSQL has full_page_writes = off; set full_page_writes = on in postgresql.conf"),
    "zero_damaged_pages": ("on", "set zero_damaged_pages = off: a damaged page must not be emptied"),
    "ignore_checksum_failure": ("on", "set ignore_checksum_failure = off: a damaged page must not be believed"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_settings_of_the_server_are_refused(made, setting, name):
    value, sentence = UNSAFE[name]
    setting(name, value)
    with pytest.raises(Damaged, match=sentence):
        open_store(made.writer, write=True)


def test_a_standby_that_comes_to_lead_looks_at_the_schema_again(made, store):
    """It was migrated while this server stood by, which therefore would leave rows out."""
    standby = open_store(made.writer, write=True)
    made.execute("ALTER TABLE stamp DISABLE TRIGGER stamp_append_only")
    made.execute("UPDATE stamp SET value = '99' WHERE name = 'schema'")
    store.close()
    with pytest.raises(Damaged, match="has schema version 99"):
        standby.lead()
    assert not standby.leads
    standby.close()


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
def test_commits_that_are_answered_early_are_refused(made, value):
    url = made.writer + f"%20-csynchronous_commit%3D{value}"
    with pytest.raises(Damaged, match=f"synchronous_commit = {value}; set synchronous_commit = on"):
        open_store(url, write=True)


def test_a_wait_for_a_standby_that_was_cut_short_is_unknown(store, made, setting):
    """The commit is on this server's disk and COMMIT reports success, with a warning: nobody may call that recorded."""
    setting("synchronous_standby_names", "'nobody'")
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

    def cut_short():
        eventually(lambda: made.execute(waiting, role=ADMIN))
        made.execute(f"SELECT pg_cancel_backend(pid) FROM ({waiting}) w", role=ADMIN)

    helper = threading.Thread(target=cut_short)
    helper.start()
    with pytest.raises(Unsettled, match="did not confirm the commit: canceling wait for synchronous"):
        _add_one(store)
    helper.join(SOON)


def test_a_session_that_was_ended_leads_no_more(store, made):
    made.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted", role=ADMIN)
    with pytest.raises(Unsettled, match="did not confirm the commit"):
        _add_one(store)
    assert not store.leads
    with pytest.raises(Conflict, match="another server writes to this ledger"):
        _add_one(store)
    eventually(store.lead)  # the server lets go of the lock a moment after it has ended the session
    _add_one(store)


def test_an_idle_leader_finds_out_that_its_session_was_ended(store, made):
    store.beat()
    assert store.leads
    made.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted", role=ADMIN)
    store.beat()
    assert not store.leads


def test_a_server_that_vanished_without_a_word_is_not_waited_for_for_hours(store):
    with store._pool.connection() as reader:
        both = [session.info.get_parameters() for session in (store._session, reader)]
    for said in both:
        assert int(said["tcp_user_timeout"]) <= 10_000
        waits = [int(said[f"keepalives_{name}"]) for name in ("idle", "interval", "count")]
        assert waits[0] + waits[1] * waits[2] <= 10


def test_one_store_leads(store, made):
    other = open_store(made.writer, write=True)
    assert (store.leads, store.lead(), other.leads, other.lead()) == (True, True, False, False)
    with pytest.raises(Conflict, match="another server writes to this ledger, this one is its standby"):
        _add_one(other)
    store.close()
    assert other.lead()
    _add_one(other)
    other.close()


def test_who_closes_lets_go_of_the_lock_before_the_session_ends(store, made, monkeypatch):
    """Else a server that is started again at once would find the ledger taken: PostgreSQL notices a moment later."""
    session = store._session
    with monkeypatch.context() as lingering:
        lingering.setattr(session, "close", lambda: None)
        store.close()
        other = open_store(made.writer, write=True)
        assert other.lead()
        other.close()
    session.close()


def test_ledgers_of_one_database_have_leaders_of_their_own(store, postgres):
    assert store.leads
    place = postgres.place()
    create_store(place.writer, "https://example.org/other", owner=place.owner)
    other = open_store(place.writer, write=True)
    assert other.lead()
    other.close()


def test_a_server_that_is_away_is_said_so_without_the_password(tmp_path):
    with pytest.raises(Busy, match="the PostgreSQL server cannot be reached") as refusal:
        open_store(f"postgresql://me:secret@/db?host={tmp_path}", write=True)
    assert "secret" not in str(refusal.value)


def _add_one(store):
    with store.writing() as transaction:
        transaction.insert([new_row(2, version=3)])
        transaction.move_head(StoredHead(2, b"r" * 32), StoredHead(3, b"s" * 32))
