"""An audit computes footprints as of every state that a passport names, each entry read once on the way."""

from decimal import Decimal
from random import Random

import pytest
from msgspec.structs import replace
from signed_example import Signed
from small_ledger import PLANT, small_ledger
from test_footprint_on_passport import COIL, Office
from test_footprint_recomputed import forge
from worked import example

from ledger.audit import footprints
from ledger.audit.footprints import State, Walk, affordable, hold_footprints
from ledger.issuing import carbon_source
from ledger.issuing.carbon_source import GivenReader, batches_in
from ledger.issuing.footprints import footprints_of
from ledger.questions.asking import of_store
from ledger.questions.declaring import declaration
from tests.tiers import first


@pytest.fixture
def office(tmp_path, vectors):
    with small_ledger(tmp_path) as world:
        yield Office(world, Signed(*example(vectors)))


def shipped_and_restated(office):
    """A coil that was shipped, and whose passport was made again whenever more was said of it."""
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 80)])
    office.ship()
    *streams, closing = park.rest()
    office.say(streams)
    assert office.settle() == 1
    return closing


def less(given):
    """A stream is said to have emitted a kilogram less."""
    one = next(one for one in given.streams if one.emissions)
    part = replace(one.emissions[0], t=one.emissions[0].t - Decimal("0.001"))
    return replace(
        given, streams=tuple(replace(one, emissions=(part,)) if each is one else each for each in given.streams)
    )


def test_a_footprint_forged_as_of_an_older_state_and_put_right_later_is_found(office):
    closing = shipped_and_restated(office)
    forge(office, less)
    wrong = office.world.size - 1
    office.say([closing])
    assert office.settle() == 1
    assert office.standing().index > wrong
    findings, report = office.audited()
    assert [(code, index) for code, index, _ in findings] == [("passport", wrong)]
    assert f"passport of {COIL} has another breakdown, figures than the ledger gives" in findings[0][2]
    assert not any("older states" in one for one in report.not_checked)


def test_what_is_left_out_is_told_with_its_states(office, monkeypatch):
    monkeypatch.setattr(footprints, "_ENTRIES", 0)
    monkeypatch.setattr(footprints, "_TIMES", 1)
    closing = shipped_and_restated(office)
    state = office.passport()["accounts"]["size"]
    office.say([closing])
    assert office.settle() == 1
    _, report = office.audited()
    says = f"the footprints of 1 passports as of 1 older states, of {state} to {state} entries"
    assert says in report.not_checked
    assert "1 footprints on them" in str(report.checked)


def test_the_newest_states_are_afforded_first():
    sizes = range(250_000, 5_000_001, 250_000)
    assert affordable(sizes) == set(sizes)
    many = range(1_000, 101_000, 1_000)
    kept = affordable(many)
    assert kept == set(range(min(kept), 101_000, 1_000))
    assert sum(kept) <= 4_000_000 < sum(kept) + min(kept) - 1_000
    assert affordable([]) == set()


def test_each_entry_is_read_once_however_many_states_are_named(office, tmp_path, monkeypatch):
    monkeypatch.setattr(carbon_source, "_BATCH", 10)
    closing = shipped_and_restated(office)
    office.say([closing])
    office.settle()
    sizes = range(20, office.world.size + 1)
    states = tuple(State(size, bytes(32), (office.standing().index,)) for size in sizes)
    walk = Walk(office.world.places.database, states, steps=tmp_path / "steps")
    hold_footprints(walk)
    read = 2 + len(states) - 1  # batches: two up to the first state, one from each to the next
    assert walk.steps.stat().st_size == walk.length == read + sum(batches_in(size) for size in sizes)


@pytest.mark.parametrize("seed", first(range(6)))
def test_footprints_as_of_a_state_are_those_of_a_ledger_that_ends_there(office, seed):
    """Whatever comes between two states: covers that are withdrawn, stores, closes, an event that is declared wrong."""
    random, park, log = Random(seed), office.park, office.world.log
    made = [*park.chain("A", 1)]
    said = [
        *made, *park.consumption(1), *park.by_the_hour(1, store=True), *park.chain("B", 3), *park.consumption(3),
        *park.covered(3, 80), *park.rest(2),
    ]  # fmt: skip
    coil, declared_after, ended = office.world.size + len(made) - 1, random.randrange(len(made), len(said)), {}
    while said:
        many = random.randint(1, 40)
        office.say(said[:many])
        said = said[many:]
        if declared_after is not None and office.world.size > coil + declared_after - len(made):
            declare(office, coil)
            declared_after = None
        with log.store.reading() as transaction:
            ended[office.world.size] = told(transaction, log.state.registry, office.world.size)
    reader = GivenReader()
    with log.store.reading() as transaction:
        for size, pieces in ended.items():
            assert told(transaction, log.state.registry, size, read=reader.at) == pieces
    assert declared_after is None
    assert any(ended.values())


def declare(office, entry):
    with of_store(office.world.places.location, None) as asked:
        body = declaration(asked, entry, reason="incorrect_data", corrections=(), now=office.world.now)
    office.say([(PLANT, "lot-event", body)])


def told(transaction, registry, size, **how):
    """Every piece's footprint with the entries that it follows from."""
    found = footprints_of(transaction, registry, size, bytes(32), **how)
    return {piece: (found.account.of(piece), found.followed_back(piece)) for piece in found.pieces}
