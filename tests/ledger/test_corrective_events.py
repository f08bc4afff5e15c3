"""A corrective event takes the declared one's place: the same serial may be made again, by it and by nothing else."""

from contextlib import closing

import pytest
from small_ledger import coil, piece, small_ledger

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.errors import Conflict, RefusedBatch
from ledger.kernel.lineage import Role, parse_items
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.subjects import subject_key
from ledger.kernel.verify import verify_receipt
from ledger.store.sqlite.driver import sqlite3

FIRST, RIGHT = "urn:event:first", "urn:event:right"


def wrong(*serials, event=FIRST, corrections=(RIGHT,)):
    declaration = {"declarationTime": "2026-01-05T09:00:00.000+05:00", "correctiveEventIDs": list(corrections)}
    return coil(*serials, eventID=event, errorDeclaration=declaration)


@pytest.fixture
def world(tmp_path):
    """Entry 3 makes C-1, entry 4 makes C-2."""
    with small_ledger(tmp_path) as world:
        world.post(world.plant, "lot-event", coil("C-1", eventID=FIRST))
        world.post(world.plant, "lot-event", coil("C-2"))
        yield world


def role_of(world, index, serial):
    subject = subject_key("lot", piece(serial))
    return next((i.role, i.version) for i in parse_items(world.stored(index).items) if i.subject == subject)


def codes(world):
    return [(one.code, one.index) for one in audit(Order(DatabaseSource(world.places.database))).findings]


def test_it_makes_the_serial_again_and_everyone_agrees(world):
    world.post(world.plant, "lot-event", wrong("C-1"))
    receipt = world.post(world.plant, "lot-event", coil("C-1", "C-3", eventID=RIGHT))
    assert role_of(world, 6, "C-1") == (Role.TOUCH, 3)
    assert role_of(world, 6, "C-3") == (Role.CREATE, 1)
    assert verify_receipt(encode_receipt(receipt), world.trust).verified
    assert codes(world) == []


def test_also_in_one_batch_and_where_the_event_is_named_by_its_jti(world):
    world.post(world.plant, "lot-event", coil("C-4"), jti="urn:jti:4")
    said = (wrong("C-4", event="urn:jti:4"), coil("C-4", eventID=RIGHT))
    world.submit(*(world.statement(world.plant, "lot-event", one) for one in said))
    assert role_of(world, 7, "C-4") == (Role.TOUCH, 3)
    assert codes(world) == []


def test_a_correction_may_itself_be_corrected(world):
    world.post(world.plant, "lot-event", wrong("C-1"))
    world.post(world.plant, "lot-event", coil("C-1", eventID=RIGHT))
    world.post(world.plant, "lot-event", wrong("C-1", event=RIGHT, corrections=["urn:event:better"]))
    world.post(world.plant, "lot-event", coil("C-1", eventID="urn:event:better"))
    assert role_of(world, 8, "C-1") == (Role.TOUCH, 5)
    assert codes(world) == []


@pytest.mark.parametrize(
    ("serial", "members"),
    [("C-1", {"eventID": "urn:event:other"}), ("C-1", {}), ("C-2", {"eventID": RIGHT})],
    ids=["not announced", "no eventID", "made by another event"],
)
def test_nothing_else_makes_it_again(world, serial, members):
    world.post(world.plant, "lot-event", wrong("C-1"))
    with pytest.raises(Conflict, match=r"exists already") as no:
        world.post(world.plant, "lot-event", coil(serial, **members))
    assert no.value.code == "subject_exists"


def test_another_party_cannot_take_its_place(world):
    world.enrol(world.rolling, "lot-event")
    world.post(world.plant, "lot-event", wrong("C-1"))
    with pytest.raises(Conflict, match=r"exists already"):
        world.post(world.rolling, "lot-event", coil("C-1", eventID=RIGHT))


def test_it_comes_after_the_declaration_and_once(world):
    with pytest.raises(Conflict, match=r"exists already"):
        world.post(world.plant, "lot-event", coil("C-1", eventID=RIGHT))
    world.post(world.plant, "lot-event", wrong("C-1"))
    world.post(world.plant, "lot-event", coil("C-1", eventID=RIGHT))
    with pytest.raises(Conflict, match=r"names the event of entry 6 already"):
        world.post(world.plant, "lot-event", coil("C-1", eventID=RIGHT))


def test_one_correction_takes_the_place_of_one_event(world):
    world.post(world.plant, "lot-event", coil("C-4", eventID="urn:event:4"))
    world.post(world.plant, "lot-event", wrong("C-1"))
    with pytest.raises(Conflict, match="entry 6 names one of these corrective events already") as no:
        world.post(world.plant, "lot-event", wrong("C-4", event="urn:event:4"))
    assert no.value.code == "correction_announced"


def test_a_refused_batch_announces_nothing(world):
    said = (wrong("C-1"), coil("C-2"))
    with pytest.raises(RefusedBatch):
        world.submit(*(world.statement(world.plant, "lot-event", one) for one in said))
    with pytest.raises(Conflict, match=r"exists already"):
        world.post(world.plant, "lot-event", coil("C-1", eventID=RIGHT))


def test_the_announcement_is_there_after_a_restart(world):
    world.post(world.plant, "lot-event", wrong("C-1"))
    world.reopen()
    world.post(world.plant, "lot-event", coil("C-1", eventID=RIGHT))
    assert codes(world) == []


def test_an_audit_finds_what_was_made_again_without_right(world, monkeypatch):
    monkeypatch.setattr("ledger.admission.statements._made_by_mistake", lambda *_: {subject_key("lot", piece("C-2"))})
    monkeypatch.setattr("ledger.admission.statements.judge_lots", lambda *_: None)
    world.post(world.plant, "lot-event", coil("C-2", eventID="urn:event:5"))
    world.post(world.plant, "lot-event", wrong("C-1"))
    world.post(world.plant, "lot-event", coil("C-2", eventID=RIGHT))
    assert {("made_again", 5), ("made_again", 7), ("made_twice", 5), ("made_twice", 7)} <= set(codes(world))


def test_an_audit_finds_an_announcement_that_is_gone(world):
    world.post(world.plant, "lot-event", wrong("C-1"))
    with closing(sqlite3.connect(world.places.database, isolation_level=None)) as cursor:
        (trigger,) = cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'event_no_delete'").fetchone()
        cursor.execute("DROP TRIGGER event_no_delete")
        cursor.execute('DELETE FROM event WHERE "index" = 5')
        cursor.execute(trigger)
    assert ("event", 5) in codes(world)
