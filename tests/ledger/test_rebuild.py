"""What is derived of lots can be thrown away: it is made again byte for byte, whole or not at all."""

import pytest

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.errors import Conflict, Damaged
from ledger.lots.book import lot_key
from ledger.recording.opening import rebuild_ledger
from ledger.store.store import NewRow, open_store, remaking_derived
from tests.small_ledger import coil, piece, small_ledger

WRONG, RIGHT = "urn:event:wrong", "urn:event:right"


@pytest.fixture
def world(tmp_path, place):
    """A contract; pieces made, one of them wrongly and again rightly, one inspected, one destroyed."""
    with small_ledger(tmp_path, place=place) as world:
        world.post(world.plant, "contract", tolling(world))
        world.post(world.plant, "lot-event", coil("C-1", eventID=WRONG))
        declaration = {"declarationTime": "2026-01-05T09:00:00.000+05:00", "correctiveEventIDs": [RIGHT]}
        world.post(world.plant, "lot-event", coil("C-1", eventID=WRONG, errorDeclaration=declaration))
        world.post(world.plant, "lot-event", coil("C-1", "C-2", eventID=RIGHT))
        world.post(world.plant, "lot-event", coil("C-2", action="DELETE", bizStep="destroying"))
        yield world


def tolling(world):
    both = [world.operator.id, world.plant.id]
    return {
        "id": f"{world.plant.id}/tolling", "kind": "tolling", "status": "in-force", "from": both[0], "to": both[1],
        "parties": both, "valid": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
    }  # fmt: skip


def rows(world):
    """Every row of both tables, in order."""
    with open_store(world.places.location, write=False).reading() as transaction:
        query = transaction._rows
        records = query('SELECT "key", "index", value FROM state_record ORDER BY 1, 2')
        tags = query('SELECT tag, "key", "index" FROM lot_tag ORDER BY 1, 2')
        return [tuple(row) for row in records], [tuple(row) for row in tags]


def owner(place):
    return place.owner if place else None


def empty(world, place):
    with remaking_derived(world.places.location, owner(place)):
        pass


def test_records_and_tags_come_back_byte_for_byte(world, place):
    world.close()
    before = rows(world)
    empty(world, place)
    assert rows(world) == ([], [])
    assert rebuild_ledger(world.places, owner=owner(place)) == len(before[0])
    assert rows(world) == before
    assert audit(Order(DatabaseSource(world.places.location))).findings == ()


def weighed(serial, g, **members):
    body, al = coil(serial, **members), {"al": "https://coilmark.org/ns/al/1/"}
    masses = [{"id": body["epcList"][0], "g": g, "basis": "dry", "method": "scale"}]
    return {**body, "@context": [*body["@context"], al], "al:mass": masses}


def test_a_weight_that_making_and_weighing_were_corrected_of_comes_back_byte_for_byte(world, place):
    """The declaration that the weighing was wrong changes what the books have of the corrected making before it."""
    looked = {"action": "OBSERVE", "bizStep": "inspecting", "eventID": "urn:event:weighed"}
    declared = {"declarationTime": "2026-01-05T09:00:00.000+05:00"}
    name = piece("C-1")
    world.post(world.plant, "lot-event", weighed("C-1", 500, **looked))
    declaring = {"errorDeclaration": {**declared, "correctiveEventIDs": ["urn:event:third"]}}
    world.post(world.plant, "lot-event", coil("C-1", "C-2", eventID=RIGHT, **declaring))
    world.post(world.plant, "lot-event", weighed("C-1", 480, eventID="urn:event:third"))
    world.post(world.plant, "lot-event", weighed("C-1", 500, **looked, errorDeclaration=declared))
    with open_store(world.places.location, write=False).reading() as transaction:
        assert b"\xcd\x01\xe0" in transaction.state_records([lot_key(name)])[lot_key(name)]  # 480
    world.close()
    before = rows(world)
    rebuild_ledger(world.places, owner=owner(place))
    assert rows(world) == before
    assert audit(Order(DatabaseSource(world.places.location))).findings == ()


@pytest.mark.parametrize("kept", [0, 1], ids=["none", "some under other keys"])
def test_a_ledger_without_its_records_does_not_open_until_they_are_made_again(world, place, kept):
    world.close()
    with remaking_derived(world.places.location, owner(place)) as transaction:
        # as a program leaves them that has other keys for what events do
        rows = [NewRow(transaction.entry(3), b"", (), None, records=[(b"k" * 32, b"v")])]
        transaction.insert_derived(rows[:kept])
    with pytest.raises(Damaged, match="`coilmark rebuild` derives it"):
        world.reopen()
    rebuild_ledger(world.places, owner=owner(place))
    world.reopen()
    with pytest.raises(Conflict, match="exists already"):
        world.post(world.plant, "lot-event", coil("C-1"))


def test_a_running_server_keeps_its_tables(world, place):
    with pytest.raises(Conflict, match="another process"):
        rebuild_ledger(world.places, owner=owner(place))


def test_a_server_on_another_machine_keeps_its_tables(world, place):
    if place is None:
        pytest.skip("a file has no servers on other machines")
    with (
        pytest.raises(Conflict, match="stop all of its servers, then rebuild"),
        remaking_derived(world.places.location, owner(place)),
    ):
        pass


def test_what_fails_in_the_middle_changes_nothing(world, place, monkeypatch):
    world.close()
    before = rows(world)

    def fall_over(*_, **_named):
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr("ledger.recording.rebuild.book_lots", fall_over)
        with pytest.raises(RuntimeError, match="the power went"):
            rebuild_ledger(world.places, owner=owner(place))
    assert rows(world) == before


def test_levels_are_made_again(world, place):
    world.close()
    for file in world.places.levels.iterdir():
        file.write_bytes(bytes(len(file.read_bytes())))
    rebuild_ledger(world.places, owner=owner(place))
    world.reopen()
    root = world.log.state.published.checkpoint.root
    assert world.log.tree.root(world.size) == root


def test_an_altered_statement_is_not_booked(world, place, monkeypatch):
    world.close()
    monkeypatch.setattr("ledger.recording.rebuild.parse_entry", lambda _: type("Entry", (), {"statement": bytes(32)}))
    with pytest.raises(Damaged, match="entry 0 does not agree with its statement digest"):
        rebuild_ledger(world.places, owner=owner(place))


def test_a_lot_is_found_by_its_holder_afterwards(world, place):
    world.close()
    empty(world, place)
    rebuild_ledger(world.places, owner=owner(place))
    with open_store(world.places.location, write=False).reading() as transaction:
        assert set(transaction.state_records([lot_key(piece("C-1"))])) == {lot_key(piece("C-1"))}
