"""Who asks of state after state reads each from where the one before ended, and has what who reads all of it has."""

import pytest
from msgspec.structs import asdict
from signed_example import POWER, Signed
from small_ledger import PLANT, small_ledger
from test_footprint_on_passport import Office
from worked import example

from ledger.issuing.carbon_source import GivenReader, given_of
from ledger.kernel.statement import parse
from ledger.questions.asking import of_store
from ledger.questions.declaring import declaration


@pytest.fixture
def office(tmp_path, vectors):
    with small_ledger(tmp_path) as world:
        yield Office(world, Signed(*example(vectors)))


class Counted:
    """A transaction that counts the entries which are read."""

    def __init__(self, transaction):
        self._transaction, self.read = transaction, 0

    def __getattr__(self, name):
        return getattr(self._transaction, name)

    def entries(self, start, end):
        self.read += end - start
        return self._transaction.entries(start, end)


def told(given):
    """In an order of its own: hours are told in whatever order they were read."""
    rows = {name: value for name, value in asdict(given).items() if name not in {"hours", "sites"}}
    return (
        rows,
        {(one.process, one.start): one for one in given.hours},
        {(one.site, one.start): one for one in given.sites},
    )


def read_on(office, reader):
    """What is there now, the same as read at once; how many entries it took."""
    log = office.world.log
    with log.store.reading() as transaction:
        counted, size = Counted(transaction), office.world.size
        found = reader.at(counted, log.state.registry, size)
        assert told(found) == told(given_of(transaction, log.state.registry, size))
    return counted.read


def test_each_state_is_that_of_all_that_was_signed(office):
    park, reader = office.park, GivenReader()
    said = [
        *park.chain("A", 1), *park.consumption(1), *park.by_the_hour(1, store=True), *park.chain("B", 3),
        *park.consumption(3), *park.covered(3, 80), *park.rest(2),
    ]  # fmt: skip
    for start in range(0, len(said), 23):
        before = office.world.size
        office.say(said[start : start + 23])
        assert read_on(office, reader) == (office.world.size - before if start else office.world.size)


def test_an_hour_whose_cover_is_withdrawn_is_read_again(office):
    park, reader = office.park, GivenReader()
    office.say([*park.chain("A", 1), *park.consumption(1)])
    read_on(office, reader)
    allocation = office.say(park.covered(1, 100))
    read_on(office, reader)
    rows = parse(office.world.stored(allocation).wire).body["rows"]
    row = next(number for number, one in enumerate(rows) if one["attestation"] == f"{POWER.id}/att-30")
    part = {"from_wh": 0, "to_wh": 12_206_250}
    office.say([(POWER, "energy-action", {
        "attestation": f"{POWER.id}/att-30", "action": "withdraw", "slices": [part], "reason": "wrong-meter-data",
        "reversals": [{"index": allocation, "row": row, "consumption": f"{PLANT.id}/electrolysis-30", **part}],
    })])  # fmt: skip
    assert read_on(office, reader) == 1


def test_where_an_event_is_declared_wrong_all_is_read_anew(office):
    park, reader = office.park, GivenReader()
    last = office.say(park.chain("A", 1))
    office.say(park.consumption(1))
    read_on(office, reader)
    with of_store(office.world.places.location, None) as asked:
        body = declaration(asked, last, reason="incorrect_data", corrections=(), now=office.world.now)
    office.say([(PLANT, "lot-event", body)])
    assert read_on(office, reader) == office.world.size


def test_an_earlier_state_may_be_asked_for(office):
    park, reader = office.park, GivenReader()
    office.say(park.chain("A", 1))
    earlier = office.world.size
    office.say([*park.consumption(1), *park.covered(1, 80)])
    read_on(office, reader)
    log = office.world.log
    with log.store.reading() as transaction:
        found, fresh = (one(transaction, log.state.registry, earlier) for one in (reader.at, given_of))
    assert told(found) == told(fresh)
    read_on(office, reader)
