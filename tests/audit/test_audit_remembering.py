"""What an audit remembers between passports is what the store says, as of every state; alone or in workers."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest
from msgspec.structs import replace
from small_ledger import PLANT, ROLLING

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, lot, piece, small_mill

from ledger.audit import passports as passports_module
from ledger.audit.crew import crew
from ledger.audit.deferred import issued
from ledger.audit.passports import hold_rest, judge_passports, lost_rest, parts_of
from ledger.issuing.passport_source import StoreSource
from ledger.issuing.remembering import Bodies, Memory
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.statement import parse
from ledger.lots.genealogy import run_name, starts_of
from ledger.merkle.built import Built
from ledger.passport.body import shown
from ledger.passport.footprint import of_mass
from ledger.passport.issue import Basis, body_of, signed
from ledger.rules import rule_set
from schemas.arrow import HASH
from tests.tiers import first


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    """A and B from one silo, one coil of each shipped; then one refinery event of A turns out to be wrong."""
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        for name in "AB":
            mill.make_coils(name)
            mill.send(ROLLING, CUSTOMER, (piece(f"{name}-1"), None), paper=f"D-{name}")
        mill.wrong(PLANT, mill.steps["A"]["refining"][0])
        yield mill


def forge(mill, name):
    """The operator records a passport of a coil that states another mass than the ledger gives."""
    log = mill.world.log
    with log.store.reading() as transaction:
        head = log.state.published.checkpoint
        basis = Basis(head.size, head.root, log.tree.inclusion_leaf, log.state.registry)
        body = body_of(canonical_id(piece(name)), StoreSource(transaction, head.size), basis, rule_set())
    body["facts"]["mass"] = 1
    mill.world.submit(signed(body, mill.world.issuer, log.state.registry, now=mill.world.now))
    return mill.world.size - 1


@pytest.fixture(scope="module")
def forged(tmp_path_factory):
    """A mill with a passport of A and one of B, after either a forged one, and true ones between and behind."""
    with small_mill(tmp_path_factory.mktemp("forged")) as mill:
        wrong = []
        for name in "AB":
            mill.make_coils(name)
            mill.send(ROLLING, CUSTOMER, (piece(f"{name}-1"), None), paper=f"D-{name}")
            wrong.append(forge(mill, f"{name}-1"))
        mill.send(ROLLING, CUSTOMER, (piece("B-2"), None), paper="D-B2")
        yield mill, wrong


def passports_of(mill):
    """The tree of the ledger, and its passports."""
    with mill.world.log.store.reading() as transaction:
        size = mill.world.size
        tree = Built(pa.array(transaction.leaves(0, size), HASH))
        rows = transaction.entries(0, size)
        return tree, [issued(row.index, parse(row.wire)) for row in rows if row.typ == "passport"]


def test_a_memory_says_of_each_state_what_the_store_says(mill):
    size = mill.world.size
    with mill.world.log.store.reading() as transaction:
        memory = Memory(transaction, size)
        runs = {run_name(one.issuer, one.run) for one in StoreSource(transaction, size).effects(range(size)).values()
                if one.run}  # fmt: skip
        names = [*runs, *(canonical_id(piece(name)) for name in ("A-1", "B-1")), canonical_id(lot("SILO"))]
        for state in [size, *range(1, size)]:  # what was learnt of the newest state is asked for of older ones
            stored, known = StoreSource(transaction, state), memory.as_of(state)
            assert known.effects(range(size)) == stored.effects(range(size))
            assert {name: list(found) for name, found in known.versions(names).items()} == {
                name: list(found) for name, found in stored.versions(names).items()
            }
        assert memory.changed
        assert [memory.leaf(entry) for entry in range(size)] == transaction.leaves(0, size)


def test_a_trace_is_remembered_for_the_states_of_which_it_is_the_same(mill):
    size = mill.world.size
    with mill.world.log.store.reading() as transaction:
        memory, traced = Memory(transaction, size), []
        for state in [size, *range(1, size)]:
            stored, known = StoreSource(transaction, state), memory.as_of(state)
            for name in (canonical_id(piece("A-1")), canonical_id(piece("B-1"))):
                if (of := stored.lot(name)) is not None:
                    starts = starts_of(of, at=state - 1, load=stored.effects)
                    traced.append(known.trace(starts))
                    one, other = traced[-1], stored.trace(starts)
                    assert replace(one, drawn={}) == replace(other, drawn={})
                    assert {**one.drawn, name: 0} == {**other.drawn, name: 0}  # it was asked for as of another entry
        assert len(memory.traces) < len(traced)  # not each was traced
        assert any(one.met for one in memory.traces.values())


def test_a_passport_made_again_says_what_its_state_gives(mill):
    """Piece by piece, as an audit asks: declared wrong in between, and nothing new of the other piece."""
    size, log, rules = mill.world.size, mill.world.log, rule_set()
    with log.store.reading() as transaction:
        memory, bodies, shared = Memory(transaction, size), Bodies(rules), []
        for name in (canonical_id(piece("A-1")), canonical_id(piece("B-1"))):
            for state in [size, *range(1, size)]:
                stored = StoreSource(transaction, state)
                if stored.lot(name) is not None:
                    basis = Basis(state, log.tree.root(state), memory.leaf, log.state.registry)
                    made = bodies.of(name, memory.as_of(state), basis, ())
                    assert made == of_mass(shown(body_of(name, stored, basis, rules)))
                    shared.append(id(made["facts"]))
        assert len(set(shared)) < len(shared)  # not each was made


@pytest.mark.slow
def test_workers_find_what_one_process_finds(mill):
    tree, passports = passports_of(mill)
    done = []
    with crew(0) as alone, crew(2) as several:
        found = [
            judge_passports(mill.world.places.database, tree, passports, workers, lambda *said: done.append(said))
            for workers in (alone, several)
        ]
    assert found[0] == found[1]
    assert (found[0].same, found[0].findings) == (len(passports), [])
    told = [one for one in done if one[0] == "passports"]  # footprints tell by the clock
    assert told[len(told) // 2 - 1] == told[-1] == ("passports", len(passports), len(passports))


def test_passports_whose_process_was_brought_down_are_told_of(mill):
    tree, passports = passports_of(mill)
    (part,) = parts_of(mill.world.places.database, tree, passports)
    assert not hold_rest(part).findings
    (finding,) = lost_rest(part).findings
    assert (finding.code, finding.index) == ("passport", passports[0].index)
    assert f"{len(passports)} passports were not computed again" in finding.sentence


@pytest.mark.parametrize("processes", first([0, 2]))
def test_what_is_found_in_any_part_is_told_of(forged, monkeypatch, processes):
    monkeypatch.setattr(passports_module, "_TOGETHER", 1)  # a part each
    mill, wrong = forged
    tree, passports = passports_of(mill)
    database = mill.world.places.database
    assert len(parts_of(database, tree, passports)) == len(passports) >= 5
    assert passports[0].index < wrong[0] < wrong[1] < passports[-1].index
    told = []
    with crew(processes) as workers:
        found = judge_passports(database, tree, passports, workers, lambda *said: told.append(said))
    assert [(one.code, one.index) for one in found.findings] == [("passport", index) for index in wrong]
    assert found.same == len(passports) - len(wrong)
    assert [done for what, done, _ in told if what == "passports"] == list(range(1, len(passports) + 1))
