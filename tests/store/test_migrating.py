"""From every released schema version to this one: nothing is lost, old receipts verify, the guards stand again."""

import json
import os
import signal
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count

import psycopg
import pytest
from click.testing import CliRunner
from released import released
from sqlalchemy import Engine, event

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import check
from ledger.kernel.errors import Conflict, Damaged
from ledger.kernel.proofs import verify_consistency
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import issue
from ledger.kernel.verify import verify_receipt
from ledger.recording.log import Submission
from ledger.recording.opening import clock, migrate_ledger, open_log, rebuild_ledger
from ledger.store.sqlite.driver import sqlite3
from ledger.store.store import create_store, open_store, reading_raw
from ledger.store.tables import SCHEMA_VERSION
from tests.eventually import SOON
from tests.forked import status_of
from tests.small_ledger import OPERATOR, coil, small_ledger
from tools.main import cli

OLD = [one for one in released() if one.version < SCHEMA_VERSION]
# What PostgreSQL has beside columns and triggers, in the words of its catalogues.
CATALOGUES = (
    "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
    """SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2""",
    """SELECT table_name::text, grantee::text, privilege_type::text FROM information_schema.role_table_grants
    WHERE table_schema = current_schema() ORDER BY 1, 2, 3""",
)


# Of the tables that only grow, those with rows in every fixture: SQLite's triggers are on rows.
GUARDED = ("entry", "subject_version", "event")


def test_every_released_version_has_its_ledger():
    assert [one.version for one in OLD] == list(range(1, SCHEMA_VERSION))


@pytest.fixture(params=OLD, ids=lambda one: f"version {one.version}")
def old(request):
    return request.param


@pytest.fixture
def places(old, tmp_path, place):
    return old.lay(tmp_path, place)


def everything(places):
    """Every row of every ledger table that the old version had, whatever the schema."""
    with reading_raw(places.location) as raw:
        rows, odd = raw.rows(0, 1 << 40)
        return rows, odd, raw.head(), sorted(raw.version_rows()), sorted(raw.event_rows())


def migrated(places, place):
    return [one.version for one in migrate_ledger(places, owner=place and place.owner)]


def test_an_older_ledger_does_not_open_and_is_not_migrated_silently(places):
    before = everything(places)
    for _ in range(2):
        with pytest.raises(Conflict, match=r"has schema version .*, this program needs .*`coilmark migrate` bring it"):
            open_store(places.location, write=True)
    assert everything(places) == before


def test_nothing_of_it_changes_and_old_receipts_verify(places, place, old):
    before = everything(places)
    assert migrated(places, place) == list(range(old.version + 1, SCHEMA_VERSION + 1))
    assert everything(places) == before
    store = open_store(places.location, write=False)
    with store.reading() as transaction:
        stored = transaction.entries(0, 1 << 40)
    store.close()
    answers = [verify_receipt(receipt, old.trust) for receipt in old.receipts]
    assert all(answer.verified for answer in answers)
    kept = [json.loads(receipt)["statement"].encode() for receipt in old.receipts]
    assert len(kept) == len(stored) - 1  # index 0 was answered to nobody
    assert [one.jwt for one in stored[1:]] == [statement.partition(b"~")[0] for statement in kept]
    assert migrated(places, place) == []


def test_it_goes_on_and_audits_clean(places, place, old):
    migrated(places, place)
    with open_log(places) as log:
        before = log.state.published.checkpoint
        heads = issue(
            typ="heads", iss=OPERATOR.id, jti="urn:example:after", aud=log.uri, iat=clock() // 1_000_000, body={},
            signer=OPERATOR.signer,
        )  # fmt: skip
        checked = check(heads, audience=log.uri, keys=log.state.registry.all_keys())
        (outcome,) = log.append([Submission((checked,))])
        path = log.tree.consistency_path(before.size, before.size + 1)
        assert verify_receipt(encode_receipt(outcome.receipts[0]), old.trust).verified
        root = log.state.published.checkpoint.root
    verify_consistency(
        old_size=before.size, new_size=before.size + 1, old_root=before.root, new_root=root, path=path
    )  # fmt: skip
    assert audit(Order(DatabaseSource(places.location))).findings == ()


def test_its_schema_is_that_of_a_new_ledger(places, place, tmp_path, postgres):
    migrated(places, place)
    other = place and postgres.place()
    new = other.writer if other else tmp_path / "new.sqlite"
    create_store(new, "https://example.org/ledger", owner=other and other.owner)
    with reading_raw(places.location) as one, reading_raw(new) as two:
        assert one.schema() == two.schema()
        assert one.stamps()["schema"] == two.stamps()["schema"]
    for query in CATALOGUES if place else ():
        assert _catalogue(place, query) == _catalogue(other, query)


def _catalogue(place, query):
    return [tuple(str(value).replace(place.schema, "") for value in row) for row in place.execute(query)]


@pytest.mark.slow
def test_killed_at_every_step_it_begins_again_and_ends(places, place, old):
    before = everything(places)
    for step in count():
        survived = _survives(step, places, place)
        assert everything(places) == before
        if survived:
            break
        with reading_raw(places.location) as raw:
            assert int(raw.stamps()["schema"]) < SCHEMA_VERSION or raw.schema() == raw.as_made()[0]
    assert step > 10
    open_store(places.location, write=True).close()
    assert all(verify_receipt(receipt, old.trust).verified for receipt in old.receipts)
    for table in GUARDED:
        for sql in (f'UPDATE {table} SET "index" = 0', f"DELETE FROM {table}"):
            with pytest.raises((psycopg.Error, sqlite3.Error), match=f"{table} is append-only"):
                by_hand(places, place, sql)


def by_hand(places, place, sql):
    """As who owns the tables."""
    if place:
        place.execute(sql)
        return
    with closing(sqlite3.connect(places.database)) as connection:
        connection.execute(sql)


def _survives(step, places, place):
    """Migrate in a process of its own, killed before its statement number `step`: whether it came to its end."""
    until = time.monotonic() + SOON
    while True:
        status = status_of(partial(_migrate_until, step, places, place))
        if os.WIFSIGNALED(status):
            return False
        if os.WEXITSTATUS(status) == 0:
            return True
        # PostgreSQL has not noticed yet that the one before is dead.
        assert time.monotonic() < until
        time.sleep(0.02)


def _migrate_until(step, places, place):
    seen = count()

    def fall(*_):
        if next(seen) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", fall)
    event.listen(Engine, "commit", fall)
    try:
        migrated(places, place)
    except Conflict:
        os._exit(1)
    os._exit(0)


def test_a_ledger_that_is_being_served_is_not_migrated(places, place, tmp_path):
    migrated(places, place)
    with open_log(places):
        with pytest.raises(Conflict, match="another process writes to the ledger in"):
            migrated(places, place)
        if place:  # from another machine
            other = replace(places, folder=tmp_path / "other")
            other.folder.mkdir()
            with pytest.raises(Conflict, match="a server writes to this ledger; stop all of its servers"):
                migrated(other, place)


def test_a_guard_that_is_missing_stops_it(places, place, old):
    if place:
        place.execute("DROP TRIGGER event_append_only ON event")
    else:
        with closing(sqlite3.connect(places.database)) as connection:
            connection.execute("DROP TRIGGER event_no_delete")
    with pytest.raises(Damaged, match=r"trigger event_\w+ .*; the tables may have been edited"):
        migrated(places, place)
    with reading_raw(places.location) as raw:
        assert raw.stamps()["schema"] == str(old.version)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_the_role_that_serves_is_told_who_may_migrate_and_rebuild(places):
    for change in (lambda: list(migrate_ledger(places)), lambda: rebuild_ledger(places, owner=places.url)):
        with pytest.raises(Damaged, match=r"does not own the ledger's tables.* --owner-database"):
            change()


def test_the_command_says_what_it_did(places, place, old):
    at = ["migrate", str(places.folder)]
    if place:
        at += ["--database", place.writer, "--owner-database", place.owner]
    result = CliRunner().invoke(cli, [*at, "--json"])
    assert (result.exit_code, json.loads(result.output)["applied"]) == (
        0,
        list(range(old.version + 1, SCHEMA_VERSION + 1)),
    )
    result = CliRunner().invoke(cli, at)
    assert "nothing was done" in result.output


def test_what_was_migrated_and_not_rebuilt_is_not_served(tmp_path, place):
    """Lot events under lot rules, and a table of lots that is still empty, as a migration leaves it."""
    with small_ledger(tmp_path, place=place) as world:
        world.reopen()  # no lot event, no record: nothing lacks
        world.post(world.plant, "lot-event", coil("C-1"))
        world.reopen()
    empty_lots(world.places, place)
    with pytest.raises(Damaged, match="no record of what they did: `coilmark rebuild` derives it"):
        world.reopen()
    found = audit(Order(DatabaseSource(world.places.location))).findings
    assert "state_record" in {one.code for one in found}
    rebuild_ledger(world.places, owner=place and place.owner)
    world.reopen()
    assert audit(Order(DatabaseSource(world.places.location))).findings == ()
    world.close()


def empty_lots(places, place):
    if place:
        for table in ("state_record", "lot_tag"):
            place.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
            place.execute(f"DELETE FROM {table}")
            place.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
        return
    with closing(sqlite3.connect(places.database, isolation_level=None)) as connection:
        for table in ("state_record", "lot_tag"):
            sql = "SELECT sql FROM sqlite_master WHERE name = ?"
            ((guard,),) = connection.execute(sql, [f"{table}_no_delete"])
            connection.execute(f"DROP TRIGGER {table}_no_delete")
            connection.execute(f"DELETE FROM {table}")
            connection.execute(guard)
