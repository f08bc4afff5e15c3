"""One stored thing changed at a time, behind the back of every trigger: audit names it, and what follows from it."""

import re
from contextlib import closing

import pytest
from tampering import EVENT, behind_its_back, change, findings, flip, report, sentences

from ledger.audit import audit as conductor
from ledger.audit import sources
from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import event_key
from ledger.kernel.entry import parse_entry
from ledger.kernel.hashing import tree_root
from ledger.store.sqlite.driver import sqlite3


def test_untouched_ledger_is_clean(recorded, database):
    whole = report(database, against=[recorded.checkpoint, recorded.half], trust=recorded.trust)
    assert whole.findings == ()
    assert (whole.size, whole.signatures, whole.subjects) == (recorded.size, recorded.size, 9)
    assert [note.code for note in whole.notes] == ["disputed"]


def test_statement_bytes(recorded, database):
    change(database, "jwt", recorded.plain, lambda jwt: jwt.replace(b".", b".A", 1))
    assert f"entry {recorded.plain}: the stored statement does not hash to the digest in its entry" in sentences(
        database
    )
    assert {index for _, index in findings(database)} == {recorded.plain}


def test_signature_alone(recorded, database):
    change(database, "jwt", recorded.plain, lambda jwt: jwt[:-8] + b"AAAAAAA" + jwt[-1:])
    assert findings(database) == [("signature", recorded.plain), ("statement_digest", recorded.plain)]


def test_leaf(recorded, database):
    change(database, "leaf", recorded.plain, flip(3))
    assert sentences(database) == [f"entry {recorded.plain}: the stored leaf hash is not the hash of its 113 bytes"]


def test_time_in_an_entry(recorded, database):
    at = recorded.plain
    change(database, "entry", at, flip(16))
    assert [one for one in findings(database) if one[0] != "lineage"] == [
        ("root", None),
        ("leaf", at),
        ("chain", at + 1),
    ]


def test_entry_with_its_leaf(recorded, database):
    at = recorded.plain
    change(database, "entry", at, flip(16))
    with behind_its_back(database) as connection:
        (entry,) = connection.execute('SELECT entry FROM entry WHERE "index" = ?', (at,)).fetchone()
        connection.execute('UPDATE entry SET leaf = ? WHERE "index" = ?', (parse_entry(entry).leaf, at))
    found = findings(database)
    assert {("root", None), ("chain", at + 1)} <= set(found)
    assert ("leaf", at) not in found


@pytest.mark.parametrize(("offset", "code"), [(0, "entry"), (8, "index"), (20, "chain"), (50, "statement_digest")])
def test_each_part_of_an_entry(recorded, database, offset, code):
    change(database, "entry", recorded.plain, flip(offset))
    assert {(code, recorded.plain), ("leaf", recorded.plain)} <= set(findings(database))


def test_something_before_the_beginning(database):
    change(database, "entry", 0, flip(20))
    assert "entry 0: its previous leaf hash is not zero, though nothing is before it" in sentences(database)


def test_time_that_goes_back(recorded, database):
    change(database, "entry", recorded.plain, lambda entry: entry[:9] + bytes(8) + entry[17:])
    assert any(re.search(r"it was recorded \d+ µs before entry 4", one) for one in sentences(database))


def test_seed(recorded, database):
    change(database, "seed", recorded.plain, flip(0))
    assert sentences(database) == [
        f"entry {recorded.plain}: seed and lineage items do not hash to the lineage digest in its entry"
    ]


def test_link_in_an_item(recorded, database):
    change(database, "items", recorded.plain + 1, flip(60))
    assert {("lineage", recorded.plain + 1), ("lineage_digest", recorded.plain + 1)} == set(findings(database))


def test_item_removed(recorded, database):
    change(database, "items", recorded.plain, lambda items: items[81:])
    assert {("item_missing", recorded.plain), ("lineage_digest", recorded.plain)} <= set(findings(database))


def test_items_that_are_none(recorded, database):
    change(database, "items", recorded.plain, lambda items: items[:-1])
    assert ("items", recorded.plain) in findings(database)


def test_typ_column(recorded, database):
    change(database, "typ", recorded.plain, lambda _: "party")
    assert sentences(database) == [f"entry {recorded.plain}: its row says typ party, its statement lot-event"]


def test_request_column(recorded, database):
    change(database, "request", recorded.plain, flip(5))
    assert findings(database) == [("request", recorded.plain)]


def test_disclosure_changed(recorded, database):
    change(database, "text", recorded.hiding, lambda text: "A" + text[1:], table="disclosure")
    assert {index for _, index in findings(database)} == {recorded.hiding}


def test_disclosure_removed(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute('DELETE FROM disclosure WHERE "index" = ?', (recorded.hiding,))
    assert sentences(database) == [
        f"entry {recorded.hiding}: 1 of its disclosures are missing, and no notice says that they were erased"
    ]


def test_disclosure_added(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute("INSERT INTO disclosure VALUES (?, 0, 'WyJhIl0')", (recorded.plain,))
    assert {index for _, index in findings(database)} == {recorded.plain}


def test_disclosure_of_no_entry(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute("INSERT INTO disclosure VALUES (?, 0, 'WyJhIl0')", (recorded.size + 5,))
    assert sentences(database) == ["disclosure has 1 rows of entries that the ledger does not have"]


@pytest.mark.parametrize("size", [3, 15, 17, 2**62])
def test_size_of_the_head(recorded, database, size):
    with behind_its_back(database) as connection:
        connection.execute("UPDATE head SET size = ?", (size,))
    found = findings(database)
    assert ("count", None) in found
    assert f"the head says {size} entries, the database holds {recorded.size}" in sentences(database)


def test_root_of_the_head(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute("UPDATE head SET root = zeroblob(32)")
    (sentence,) = sentences(database)
    assert sentence.startswith(f"the head says that {recorded.size} entries have root {bytes(32).hex()}")


@pytest.mark.parametrize("sql", ["UPDATE head SET id = 2", "INSERT INTO head SELECT 2, size, root FROM head"])
def test_a_head_of_another_name_and_a_second_one(database, sql):
    with behind_its_back(database) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(sql)
    assert ("no_head", None) in findings(database)


def test_no_head(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute("DELETE FROM head")
    assert findings(database) == [("no_head", None)]
    assert report(database).size == recorded.size


@pytest.mark.parametrize(
    "sql",
    [
        'UPDATE subject_version SET version = version + 40 WHERE "index" = 5',
        'UPDATE subject_version SET "index" = 4 WHERE "index" = 5',
        'DELETE FROM subject_version WHERE "index" = 5',
        "INSERT INTO subject_version VALUES (zeroblob(32), 1, 5)",
    ],
)
def test_subject_version(database, sql):
    with behind_its_back(database) as connection:
        connection.execute(sql)
    found = findings(database)
    assert ("subject_version", 5) in found
    assert {code for code, _ in found} <= {"subject_version", "rows"}


_FIRST = '"index" = (SELECT min("index") FROM event)'


@pytest.mark.parametrize(
    "sql",
    ['UPDATE event SET "index" = 2', "DELETE FROM event", f"UPDATE event SET key = zeroblob(32) WHERE {_FIRST}"],
)
def test_event(recorded, database, sql):
    with behind_its_back(database) as connection:
        connection.execute(sql)
    assert ("event", recorded.event) in findings(database)


def test_event_added(database):
    with behind_its_back(database) as connection:
        connection.execute("INSERT INTO event VALUES (?, 6)", (event_key("somebody", EVENT),))
    assert ("event", 6) in findings(database)


def test_public_key_in_a_registry_statement(recorded, database):
    """The plant's first key is enrolled at entry 2; with another key in it, nothing the plant signed can be checked."""
    change(database, "jwt", 2, lambda jwt: jwt[:200] + bytes([jwt[200] ^ 1]) + jwt[201:])
    found = findings(database)
    assert ("statement_digest", 2) in found
    assert ("key_unknown", recorded.plain) in found


def test_last_entries_removed(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute('DELETE FROM entry WHERE "index" >= ?', (recorded.middle,))
    assert {("count", None), ("missing", recorded.middle), ("missing", recorded.last), ("root_unknown", None)} <= set(
        findings(database)
    )


def test_last_entries_removed_with_all_that_speaks_of_them(recorded, database):
    cut_back(database, recorded.middle)
    assert findings(database) == []
    (sentence,) = sentences(database, against=[recorded.checkpoint], trust=recorded.trust)
    assert (
        sentence
        == f"the checkpoint 0 covers {recorded.size} entries, only {recorded.middle} are stored: entries were removed"
    )


def cut_back(database, size):
    with behind_its_back(database) as connection:
        for table in ("entry", "disclosure", "subject_version", "event", "state_record", "lot_tag"):
            connection.execute(f'DELETE FROM {table} WHERE "index" >= ?', (size,))
        leaves = [leaf for (leaf,) in connection.execute('SELECT leaf FROM entry ORDER BY "index"')]
        connection.execute("UPDATE head SET size = ?, root = ?", (size, tree_root(leaves)))


def test_entry_removed_from_the_middle(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute('DELETE FROM entry WHERE "index" = ?', (recorded.plain,))
    assert f"entry {recorded.plain}: it is not stored" in sentences(database)


def test_two_entries_change_places(recorded, database):
    one, other = recorded.plain, recorded.plain + 2
    with behind_its_back(database) as connection:
        for old, new in ((one, -1), (other, one), (-1, other)):
            connection.execute('UPDATE entry SET "index" = ? WHERE "index" = ?', (new, old))
    assert {("index", one), ("index", other), ("chain", one), ("chain", other), ("root", None)} <= set(
        findings(database)
    )


def test_row_before_the_first(recorded, database):
    with behind_its_back(database) as connection:
        connection.execute(
            'INSERT INTO entry SELECT -1, entry, leaf, typ, zeroblob(32), jwt, seed, items FROM entry WHERE "index" = 4'
        )
    assert {("count", None), ("rows_beyond", None)} <= set(findings(database))
    assert report(database).size == recorded.size


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE stamp SET value = '9' WHERE name = 'schema'", "schema_version"),
        ("UPDATE stamp SET value = 'https://other.example/' WHERE name = 'uri'", "uri"),
        ("DELETE FROM stamp", "schema_version"),
        ("DROP INDEX entry_registry", "schema"),
        ("CREATE TABLE more (a)", "schema"),
    ],
)
def test_schema_and_stamps(database, sql, code):
    with behind_its_back(database) as connection:
        connection.execute(sql)
    assert code in {code for code, _ in findings(database)}


def test_table_that_is_gone(database):
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DROP TABLE event")
    said = sentences(database)
    assert "table event is missing from the database" in said
    assert any("no such table: event" in one for one in said)


def test_trigger_removed(database):
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entry_no_update")
    assert sentences(database) == ["trigger entry_no_update is missing from the database"]


def test_no_database(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + bytes(5_000))
    assert {"unreadable", "no_head"} <= {code for code, _ in findings(tmp_path / "ledger.sqlite")}


def test_empty_file(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"")
    assert "unreadable" in {code for code, _ in findings(tmp_path / "ledger.sqlite")}


def edits(recorded):
    """One fault in each of several ranges, and one that lies between two."""
    return [("seed", 1), ("leaf", 4), ("jwt", recorded.event), ("entry", 9), ("items", recorded.last)]


def test_ranges_and_processes_find_what_one_pass_finds(recorded, database, monkeypatch):
    for column, index in edits(recorded):
        change(database, column, index, flip(20))
    alone = report(database, against=[recorded.half])
    monkeypatch.setattr(sources, "_RANGE", 5)
    assert report(database, against=[recorded.half]).findings == alone.findings
    monkeypatch.setattr(conductor, "_SMALL", 0)
    assert report(database, against=[recorded.half], jobs=2).findings == alone.findings
    assert {index for _, index in findings(database)} >= {None, *(index for _, index in edits(recorded))}


def test_progress_reaches_the_end(recorded, database, monkeypatch):
    monkeypatch.setattr(sources, "_RANGE", 5)
    told = []
    audit(Order(DatabaseSource(database)), progress=lambda *one: told.append(one))
    size = recorded.size
    passes = ("reading the registry", "checking entries")
    for what in passes:
        done = [at for name, at, of in told if name == what and of == size]
        assert done[0] == 5
        assert done == sorted(done)
        assert done[-1] == size
    assert {name for name, *_ in told} == {*passes}


def test_rules_that_are_not_the_programs_own_are_said_to_be_unchecked(database, monkeypatch):
    whole = report(database)
    (said,) = (one for one in whole.not_checked if one.startswith("whether coilmark-rules/4, in force from entry 0"))
    assert "its digest is AAAAAAA" in said
    own = {"id": "coilmark-rules/4", "digest": "A" * 43}
    monkeypatch.setattr(conductor, "rule_set", lambda: own)
    assert not any("is what this program judges by" in one for one in report(database).not_checked)
