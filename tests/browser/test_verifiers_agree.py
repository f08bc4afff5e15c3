"""Two verifiers, one specification: on honest, forged and damaged files they say the same of every step.

A full bundle's passport is computed again by both, from events that a plant or the operator may have falsified.
"""

import json
import os
import sys
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from agree import BATCH, Batch, batches, judged
from both import agreed
from cheats import bundled, cheated, copied, replayed, told_by
from damaged import Source, cases, parcels
from engine import Given
from forged_ledger import renew
from forged_passports import committed, passport_of
from forgeries import forged
from small_ledger import OPERATOR, PLANT, ROLLING

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, TONNE, lot, pallet, piece, small_mill
from test_random_mills import Chance
from vectors.computed import COIL, cast_and_slit, footprint
from vectors.misbehaviours import branch, forked_entries, forked_trees, make_twice

from ledger.kernel.gs1 import canonical_id
from ledger.kernel.misbehaviour import encode_misbehaviour
from ledger.kernel.statement import parse
from ledger.kernel.trust import format_trust
from ledger.rules import rule_set

VECTORS = Path(__file__).parents[2] / "schemas" / "vectors"
NUMBER = int(os.environ.get("COILMARK_DAMAGED", "10000"))
CHEATS = NUMBER // 20  # of them: damaged before they were signed
pytestmark = pytest.mark.slow


def of_vectors():
    """Every receipt and bundle of schemas/vectors."""
    for path in sorted([*VECTORS.glob("receipt/*.json"), *VECTORS.glob("bundle/*.json")]):
        given = json.loads(path.read_text("ascii"))["input"]
        kind = path.parent.name
        file = given[kind].encode() if kind in given else b64decode(given[f"{kind}_base64"])
        yield Source(file, given["trust"].encode(), (None, given.get("expected", {}).get("piece")))


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        mill.make_coils("A")
        mill.pack(ROLLING, pallet(), piece("A-1"), piece("A-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None))
        yield mill


@pytest.fixture(scope="module")
def random_mill(tmp_path_factory):
    """Where anything may have happened: corrections, late senders, metal of two owners. Its pieces beside it."""
    with small_mill(tmp_path_factory.mktemp("random")) as mill:
        chance = Chance(mill, 39)
        chance.play(150)
        yield mill, [name for name in chance.pieces if chance.known(name) is not None]


def test_they_agree_on_every_step_of_every_file(mill):
    random, real = Random(20_260_105), list(parcels(mill, ("A-1", "A-2"), piece))
    sources = [*of_vectors(), *forged(random, NUMBER // 20), *real * (NUMBER // 250)]
    outcomes, _ = agreed(cases(random, sources, NUMBER - CHEATS))
    # Nothing would be shown by files that all fail alike.
    assert {step for step, _ in outcomes} == set(range(13)), outcomes
    assert len(outcomes) > 55, outcomes
    assert outcomes[0, ""] > NUMBER / 20, outcomes


def test_they_agree_on_passports_and_events_that_only_the_rules_of_lots_tell_from_true_ones(mill, random_mill):
    chance, pieces = random_mill
    told = [told_by(mill, [canonical_id(piece("A-1"))]), told_by(chance, map(canonical_id, pieces))]
    given = [Given(one.file, one.trust, one.pieces[-1]) for one in cheated(Random(20_260_106), told, CHEATS)]
    _, eleventh = agreed(given)
    computed = ("passed", ""), ("failed", "figure"), ("failed", "inputs"), ("not_checked", "")
    assert all(eleventh[one] > CHEATS / 100 for one in computed), eleventh


def test_a_shortage_upstream_is_found_by_both_and_missed_by_both(tmp_path):
    """More late statements than a passport tells findings, too: which are left out does not depend on the bundle."""
    with small_mill(tmp_path) as mill:
        for name in "AB":
            mill.make_coils(name)
        mill.send(ROLLING, CUSTOMER, (piece("A-1"), None))
        short = mill.wrong(PLANT, mill.steps["A"]["refining"][0])
        told = [told_by(mill, [canonical_id(piece("A-1"))])]
        for _ in range(201):
            mill.late(ROLLING, "inspecting", piece("A-1"))
        told.append(told_by(mill, [canonical_id(piece("A-1"))]))
    given = []
    for one in told:
        ((coil, (body, inputs)),) = one.said.items()
        others = [row for row in body["findings"] if row["entry"] != short]
        assert len(others) == len(body["findings"]) - 1
        for said in (body, {**body, "findings": others}):
            file = bundled(copied(one.ledger), coil, said, inputs)
            given.append(Given(file.file, file.trust, coil))
    _, eleventh = agreed(given)
    assert eleventh == {("passed", ""): 2, ("failed", "figure"): 2}


def shipped_full(mill):
    """Coils that rest on the silo are made and one is shipped: its full bundle."""
    mill.make_coils("B")
    mill.send(ROLLING, CUSTOMER, (piece("B-1"), None), paper="X")
    full = next(one for one in parcels(mill, ("B-1",), piece) if b'"kind":"full"' in one.file)
    return Given(full.file, full.trust, piece("B-1"))


def test_both_compute_what_rests_on_a_lot_that_was_packed_by_mistake(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.make_coils("A")
        mill.wrong(PLANT, mill.pack_some(PLANT, lot("SILO", 3), 2 * TONNE))
        _, eleventh = agreed([shipped_full(mill)])
    assert eleventh == {("passed", ""): 1}


def test_both_compute_what_rests_on_a_lot_that_went_in_a_unit(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.make_coils("A")
        mill.send_some_in_a_unit(PLANT, ROLLING, lot("SILO", 3), 2 * TONNE)
        _, eleventh = agreed([shipped_full(mill)])
    assert eleventh == {("passed", ""): 1}


def coil_of_what_was_bought(mill):
    """A coil, what was told of it, and the entry and event that brought in from outside some of its metal."""
    coil = canonical_id(piece("A-1"))
    told = told_by(mill, [coil])
    said = ((index, parse(told.ledger.wires[index]).body) for index in told.said[coil][1])
    return coil, told, *next((index, body) for index, body in said if "al:origin" in body)


def test_an_object_where_a_word_is_wanted_is_refused_by_both(mill):
    """In an event that a plant signed, and in what a passport says was found."""
    coil, told, bought, event = coil_of_what_was_bought(mill)
    body, inputs = told.said[coil]
    origin = [{**one, "kind": {"is": one["kind"]}} for one in event["al:origin"]]
    forged = replayed(told.statements, {bought: {**event, "al:origin": origin}})
    found = [{"rule": {"is": "claim_mass"}, "entry": bought, "says": "", "about": {}}]
    files = [
        bundled(forged, coil, committed(forged, body, inputs), inputs),
        bundled(copied(told.ledger), coil, {**body, "findings": found}, inputs),
    ]
    _, eleventh = agreed([Given(one.file, one.trust, coil) for one in files])
    assert eleventh == {("failed", "inputs"): 1, ("failed", "figure"): 1}


def test_a_mass_that_is_no_number_is_refused_by_both(mill):
    """Python takes True for 1, and reads texts that are no decimals here."""
    coil, told, bought, event = coil_of_what_was_bought(mill)
    body, inputs = told.said[coil]
    given = []
    for quantity in (True, "1e3", " 5", "1_0"):
        amounts = [{**one, "quantity": quantity} for one in event["quantityList"]]
        other = {**event, "quantityList": amounts, "al:origin": [{**one, "g": 1} for one in event["al:origin"]]}
        forged = replayed(told.statements, {bought: other})
        given.append(bundled(forged, coil, committed(forged, body, inputs), inputs))
    _, eleventh = agreed([Given(one.file, one.trust, coil) for one in given])
    assert eleventh == {("failed", "inputs"): len(given)}


def test_both_find_short_what_a_correction_takes_of_a_piece_that_was_sent_away(tmp_path):
    with small_mill(tmp_path) as mill:
        slab, coil = piece("SLAB-C", 5), piece("C-1")
        mill.new(ROLLING, (slab, 8 * TONNE))
        cut = mill.make(ROLLING, "cutting", [(slab, 8 * TONNE)], [(coil, 8 * TONNE)])
        mill.wrong(ROLLING, cut, "urn:example:right")
        mill.send(ROLLING, CUSTOMER, (slab, None), paper="S")
        mill.take(CUSTOMER, ROLLING, (slab, None), paper="S")
        mill.make(ROLLING, "cutting", [(slab, 8 * TONNE)], [(coil, 8 * TONNE)], eventID="urn:example:right")
        mill.send(ROLLING, CUSTOMER, (coil, None), paper="C")
        full = next(one for one in parcels(mill, ("C-1",), piece) if b'"kind":"full"' in one.file)
        found = told_by(mill, [canonical_id(coil)]).said[canonical_id(coil)][0]["findings"]
    assert [one["rule"] for one in found] == ["shortage"]
    _, eleventh = agreed([Given(full.file, full.trust, coil)])
    assert eleventh == {("passed", ""): 1}


def test_a_footprint_of_no_state_is_none_in_either():
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    body = {name: one for name, one in body.items() if name != "accounts"}
    file = ledger.bundle(ledger.add(OPERATOR, "passport", body), along=inputs, kind="full")
    _, eleventh = agreed([Given(file, format_trust(ledger.trust()).encode(), COIL)])
    assert eleventh == {("failed", "figure"): 1}


def test_an_entry_that_restates_a_footprint_has_a_number_in_both():
    body, inputs = passport_of(ledger := cast_and_slit(), COIL, rule_set(), footprint)
    body = {**body, "restated": [{"entry": True, "reason": "reversed"}]}
    file = ledger.bundle(ledger.add(OPERATOR, "passport", body), along=inputs, kind="full")
    _, eleventh = agreed([Given(file, format_trust(ledger.trust()).encode(), COIL)])
    assert eleventh == {("failed", "figure"): 1}


@pytest.mark.parametrize("kind", ["mill", "ledger", "park"])
def test_they_agree_on_some_of_each_story_of_the_long_run(kind):
    """`make agree` has ten thousand."""
    if kind not in {batch.kind for batch in batches(1, 10 * BATCH)}:
        pytest.skip("the worked example of carbon is not beside the vectors")
    outcomes, differing = judged(Batch("7", kind, 40))
    assert differing == []
    assert outcomes.total() == 40
    assert len(outcomes) > 2


def forks(random):
    """Proofs of two trees and of two entries, true ones and others."""
    small, large = sorted((random.randrange(1, 9), random.randrange(1, 9)))
    one = branch(*(f"A-{n}" for n in range(small)))
    other = branch(*(f"{random.choice('AAB')}-{n}" for n in range(large)))
    again = make_twice(other, random.choice(("A-0", "B-0")))
    trees = forked_trees(one, other)
    forked = (
        trees,
        replace(trees, older=trees.newer, newer=trees.older),
        forked_entries(one, other, random.randrange(3, 3 + small)),
        forked_entries(one, other, 3, random.randrange(3, 3 + large)),
        forked_entries(other, other, 3, again),
    )
    trust = format_trust(random.choice((one, one, one, branch(log="another"))).trust()).encode()
    return [Source(encode_misbehaviour(one), trust) for one in forked]


def test_they_agree_on_proofs_of_misbehaviour():
    random = Random(20_260_106)
    sources = [one for _ in range(40) for one in forks(random)]
    outcomes, _ = agreed(cases(random, sources, NUMBER // 5))
    assert {step for step, _ in outcomes} == {0, 1, 2, 3, 9}, outcomes
    assert {"no_contradiction", "consistency", "inclusion", "lineage"} <= {code for _, code in outcomes}, outcomes
    assert outcomes[0, ""] > NUMBER / 100, outcomes


def test_they_agree_on_what_was_lost():
    """Receipts and bundles of two lives of a ledger, for who was given the bundle of the later one, and who was not."""
    random = Random(20_260_107)
    before, after = branch("C-1", "C-2", "C-3", "C-4"), branch("C-1", "C-2")
    begins = renew(after)
    shown, trust = after.bundle(begins), format_trust(after.trust()).encode()
    files = [one.receipt(index) for one in (before, after) for index in range(len(one.entries))]
    files += [one.bundle(index) for one in (before, after) for index in range(len(one.entries))]
    given = cases(random, [Source(file, trust) for file in files], NUMBER // 10)
    outcomes, _ = agreed([replace(one, incarnation=random.choice((None, shown, shown))) for one in given])
    assert outcomes[3, "lost"] > NUMBER / 500, outcomes
    assert outcomes[0, ""] > NUMBER / 100, outcomes
