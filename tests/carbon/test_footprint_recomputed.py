"""A coil's footprint computed again from its full bundle alone, and passports that add up and do not follow from it."""

from contextlib import closing, contextmanager
from decimal import Decimal

import pyarrow as pa
import pytest
from msgspec.structs import replace
from signed_example import Signed
from small_ledger import small_ledger
from test_footprint_on_passport import COIL, Office, read_offline
from worked import example

from ledger.audit.audit import Order, audit
from ledger.audit.footprints import State, Walk, hold_footprints
from ledger.audit.sources import DatabaseSource
from ledger.carbon.evidence import Evidence
from ledger.carbon.recompute import recompute
from ledger.issuing import footprints
from ledger.issuing.carbon_source import batches_in, given_of
from ledger.issuing.passport_source import StoreSource
from ledger.kernel.statement import parse
from ledger.passport.evidence import in_ranges, of_ranges
from ledger.passport.issue import Basis, body_of, signed
from ledger.rules import rule_set
from ledger.store.sqlite.driver import sqlite3

AGAIN = "were computed again from"


@contextmanager
def shipped(folder, vectors):
    """Two coils, so that hours, streams and a close are shared; power by the hour, by volume and not at all."""
    with small_ledger(folder) as world:
        office = Office(world, Signed(*example(vectors)))
        park = office.park
        office.say([*park.chain("A", 1), *park.consumption(1), *park.by_the_hour(1)])
        office.say([*park.chain("B", 3), *park.consumption(3), *park.covered(3, 80), *park.rest(2)])
        office.ship()
        office.settle()
        yield office


@pytest.fixture
def office(tmp_path, vectors):
    with shipped(tmp_path, vectors) as office:
        yield office


def forge(office, change=lambda given: given, without=lambda _typ, _body: False):
    """A passport by an operator who cheats: signed, committed to, and adding up; computed from a changed account."""
    log = office.world.log
    checkpoint = log.state.published.checkpoint
    with log.store.reading() as transaction:
        given = given_of(transaction, log.state.registry, checkpoint.size)
        true = recompute(given, with_charges=True)
        false = recompute(change(given))
        evidence = Evidence(given, true.charges)
        computed = footprints.Footprints(checkpoint.size, checkpoint.root, false.footprint, evidence=evidence)
        accounted = computed.of(COIL)
        found = accounted.followed_back()
        left = {one for one in sorted(found.entries) if without(transaction.entry(one).typ, said(office, one))}
        accounted = replace(accounted, followed_back=lambda: found._replace(entries=found.entries - left))
        basis = Basis(checkpoint.size, checkpoint.root, log.tree.inclusion_leaf, log.state.registry)
        body = body_of(COIL, StoreSource(transaction, checkpoint.size), basis, rule_set(), accounted)
    office.world.submit(signed(body, office.world.issuer, log.state.registry, now=office.world.now))
    return read_offline(office)[0]


def said(office, entry):
    return parse(office.world.stored(entry).wire).body


def test_a_full_bundle_has_the_statements_that_the_footprint_follows_from(office):
    body = office.passport()
    evidence = of_ranges(body["evidence"])
    assert {office.world.stored(one).typ for one in evidence} == {
        "energy-consumption", "energy-allocation", "energy-attestation", "emission-source", "period-close", "lot-event",
    }  # fmt: skip
    report, told = read_offline(office)
    assert report.verified, report.verdict
    assert AGAIN in told
    assert "market- and location-based footprint, renewable shares by the hour and by volume" in told
    assert "that no hour, stream or step was left out of them, and that the power was rightly allocated" in told


@pytest.mark.slow
def test_an_audit_writes_what_it_computed_of_every_piece(office, tmp_path):
    path, log = tmp_path / "footprints.arrow", office.world.log
    report = audit(Order(DatabaseSource(office.world.places.database), footprints=path))
    with pa.ipc.open_file(path) as file:
        rows = {row["piece"]: row for row in file.read_all().to_pylist()}
    with log.store.reading() as transaction:
        account = recompute(given_of(transaction, log.state.registry, office.world.size)).footprint
    assert {name: row["wh"] for name, row in rows.items()} == {one.piece: one.wh for one in account if one.stated}
    assert f"{len(rows)} footprints of pieces, written as they were computed again" in report.checked


@pytest.mark.slow
def test_an_audit_tells_how_far_it_is_with_footprints(office, tmp_path):
    told, location = [], office.world.places.database
    audit(
        Order(DatabaseSource(location)),
        progress=lambda what, *done: told.append(done) if what == "footprints" else None,
    )
    first, *_, last = told
    assert (first[0], last[0]) == (0, last[1])
    assert sorted(told) == told
    steps = tmp_path / "steps"
    walk = Walk(location, (State(office.world.size, bytes(32), ()),), steps=steps)
    hold_footprints(walk)
    assert steps.stat().st_size == walk.length == 2 * batches_in(office.world.size)


@pytest.mark.slow
def test_an_audit_that_finds_something_writes_no_footprints_and_says_so(office, tmp_path):
    path, database = tmp_path / "footprints.arrow", office.world.places.database
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TRIGGER event_no_delete")
    report = audit(Order(DatabaseSource(database), footprints=path))
    assert report.findings
    assert not path.exists()
    assert any(one.startswith("footprints: for that reason none were written") for one in report.not_checked)


@pytest.mark.slow
def test_an_audit_computes_the_evidence_again(office):
    findings, report = office.audited()
    assert findings == []
    assert "footprints on them, from every signed statement below the state they name" in str(report.checked)


def test_an_audit_finds_a_statement_that_is_left_out_of_the_evidence(office):
    forge(office, without=lambda typ, body: typ == "emission-source" and "fuel" in body)
    findings, _ = office.audited()
    (told,) = findings
    assert told[0] == "passport"
    assert "evidence" in told[2]


def test_an_honest_passport_that_is_made_anew_is_the_same(office):
    assert forge(office).verified


def one_hour(given):
    first = next(one for one in given.hours if one.wh > 1_000_000 and one.rows)
    return replace(given, hours=tuple(replace(one, wh=one.wh - 1) if one is first else one for one in given.hours))


def one_row(given):
    first = next(one for one in given.hours if len(one.rows) > 1)
    more = replace(first.rows[0], wh=first.rows[0].wh + 1)
    rows = (more, *first.rows[1:])
    return replace(given, hours=tuple(replace(one, rows=rows) if one is first else one for one in given.hours))


def by_the_hour(given):
    """What was matched by volume is said to have been matched in the hour."""
    hours = (replace(one, rows=tuple(replace(row, matching="hourly") for row in one.rows)) for one in given.hours)
    return replace(given, hours=tuple(hours))


def another_stream(given):
    first = next(one for one in given.streams if one.emissions)
    less = replace(first, emissions=(replace(first.emissions[0], t=first.emissions[0].t - Decimal("0.001")),))
    return replace(given, streams=tuple(less if one is first else one for one in given.streams))


def a_factor(given):
    power = next(one for one in given.streams if one.power is not None)
    less = replace(power, power=replace(power.power, factor=power.power.factor - Decimal("0.01")))
    return replace(given, streams=tuple(less if one is power else one for one in given.streams))


def another_share(given):
    """The other coil is said to have weighed more, and has more of what both share."""
    heavy = next(one for one in given.steps if one.credits and COIL not in {m.place[0] for m in one.credits})
    more = tuple(replace(one, g=one.g + 1_000_000) for one in heavy.credits)
    return replace(given, steps=tuple(replace(one, credits=more) if one is heavy else one for one in given.steps))


FORGED = [one_hour, one_row, by_the_hour, another_stream, a_factor, another_share]


@pytest.mark.slow
@pytest.mark.parametrize("change", FORGED)
def test_a_footprint_that_adds_up_and_does_not_follow_from_what_was_signed_fails_step_11(office, change):
    report = forge(office, change)
    assert report.failed is not None, report.verdict
    assert (report.failed.number, report.code) == (11, "figure"), report.failed
    assert "its evidence gives" in report.failed.sentence  # it adds up: nothing else tells


def the_first(wanted):
    """Whether a statement is the first that is wanted, asked of each."""
    seen = []

    def is_first(typ, body):
        if not seen and wanted(typ, body):
            seen.append(body)
            return True
        return False

    return is_first


LEFT_OUT = [
    # a later one names the same hours, so that a version of their record is missing
    (lambda typ, _: typ == "energy-allocation", "inputs", "is left out"),
    (lambda typ, _: typ == "energy-attestation", "inputs", "is not shown"),
    (lambda typ, body: typ == "emission-source" and "fuel" in body, "figure", "its evidence gives"),
    (lambda typ, _: typ == "energy-consumption", "figure", "its evidence gives"),
    (lambda typ, _: typ == "period-close", "figure", "its evidence gives"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "code", "says"), LEFT_OUT)
def test_a_statement_that_is_left_out_of_the_evidence_is_missed(office, wanted, code, says):
    report = forge(office, without=the_first(wanted))
    assert report.failed is not None, report.verdict
    assert (report.failed.number, report.code) == (11, code), report.failed
    assert says in report.failed.sentence


@pytest.mark.parametrize("ranges", [[3], [3, 2], [1, 2, 2, 3], [0, 4_001], [True, 2]])
def test_evidence_is_a_list_of_ranges_that_ascend_and_do_not_touch(ranges):
    with pytest.raises(ValueError, match="evidence"):
        of_ranges(ranges)


def test_ranges_say_what_was_said():
    entries = [1, 2, 3, 7, 9, 10]
    assert in_ranges(entries) == [1, 4, 7, 8, 9, 11]
    assert sorted(of_ranges(in_ranges(entries))) == entries
