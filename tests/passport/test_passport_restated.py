"""Passports follow what happens: on the piece, in its unit, upstream; and nothing is made where nothing changed."""

from concurrent.futures import Future
from contextlib import closing

import pytest
from small_ledger import PLANT, ROLLING
from small_mill import CUSTOMER, TONNE, lot, pallet, piece, small_mill
from test_full_bundle_attacks import cheat, fails
from test_passport_issued import standing, verified

from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.errors import Busy, Damaged, Refused
from ledger.kernel.gs1 import canonical_id
from ledger.questions.asking import of_store
from ledger.questions.traces import trace_up
from ledger.store.sqlite.driver import sqlite3
from ledger.upkeep import restating
from ledger.upkeep.restating import Restater


@pytest.fixture
def mill(tmp_path):
    """A-1 shipped, B-1 and B-2 shipped on a pallet, everything looked at."""
    with small_mill(tmp_path) as mill:
        for name in "AB":
            mill.make_coils(name)
        mill.pack(ROLLING, pallet(), piece("B-1"), piece("B-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
        mill.send(ROLLING, CUSTOMER, (piece("A-1"), None), paper="Y")
        mill.restater = restater(mill)
        mill.restater.round(now=mill.world.now)
        yield mill


def restater(mill, seen=0):
    def submit(submissions):
        answer = Future()
        mill.world.now += 1_000_000
        answer.set_result(mill.world.log.append(submissions))
        return answer

    return Restater(mill.world.log, submit, mill.world.issuer, seen)


def said(mill, name):
    return standing(mill, name).statement.body


def test_what_stands_is_not_said_again(mill):
    """The slabs were shipped and used up since, the coils only shipped: the first round told of the slabs alone."""
    assert said(mill, "A-1")["as_of"]["size"] < mill.restater.seen
    size = mill.world.size
    assert restater(mill).round(now=mill.world.now) == 0
    assert mill.restater.round(now=mill.world.now) == 0
    assert (mill.world.size, mill.restater.pending, mill.restater.done) == (size, {}, size)


def damage(mill, index, old, new):
    """Other words in a stored passport, as who holds the database may write them."""
    with closing(sqlite3.connect(mill.world.places.database)) as connection, connection:
        connection.execute("DROP TRIGGER IF EXISTS entry_no_update")
        (jwt,) = connection.execute('SELECT jwt FROM entry WHERE "index" = ?', (index,)).fetchone()
        head, payload, signature = jwt.split(b".")
        other = b64url_encode(b64url_decode(payload.decode()).replace(old, new)).encode()
        assert other != payload
        changed = b".".join([head, other, signature])
        connection.execute('UPDATE entry SET jwt = ? WHERE "index" = ?', (changed, index))


@pytest.mark.parametrize("new", [b"EN-AC", b'EN"AW'])
def test_a_damaged_passport_does_not_hold_up_the_sound_ones(mill, monkeypatch, new):
    """In a round there is room for one here: the damaged one is the oldest, and it stays."""
    monkeypatch.setattr(restating, "_PASSPORTS", 1)
    damage(mill, standing(mill, "A-1").index, b"EN-AW", new)
    again = restater(mill, seen=mill.world.size)
    mill.look(ROLLING, "inspecting", piece("A-1"))
    mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
    assert [again.round(now=mill.world.now) for _ in range(4)] == [0, 1, 1, 0]
    assert [said(mill, name)["status"] for name in ("B-1", "B-2")] == ["received", "received"]
    assert set(again.pending) == {canonical_id(piece("A-1"))}


def test_a_passport_whose_stored_bytes_were_changed_is_not_replaced(mill):
    """A server that starts again compares every passport: a new one would take the refusal off the page."""
    index = standing(mill, "A-1").index
    damage(mill, index, b"EN-AW", b"EN-AC")
    size, again = mill.world.size, restater(mill)
    mill.look(ROLLING, "inspecting", piece("A-1"))
    assert again.round(now=mill.world.now) == 0
    assert canonical_id(piece("A-1")) in again.pending
    assert mill.world.size == size + 1
    with pytest.raises(Damaged, match=f"entry {index} does not agree with its statement digest"):
        standing(mill, "A-1")


def test_a_receipt_of_the_unit_makes_all_in_it_received(mill):
    size = mill.world.size
    mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
    mill.restater.look()
    assert mill.restater.pending == {canonical_id(piece(name)): size for name in ("B-1", "B-2")}
    assert mill.restater.done == size
    assert mill.restater.round(now=mill.world.now) == 2
    assert (mill.restater.pending, mill.restater.done) == ({}, mill.restater.seen)
    for name in ("B-1", "B-2"):
        assert said(mill, name)["status"] == "received"
        assert verified(mill, name).verified
    assert said(mill, "A-1")["status"] == "shipped"


@pytest.mark.slow
def test_what_is_said_of_a_unit_is_said_of_all_in_it(mill):
    """Also where nothing of them is moved, at any depth, and when all is taken out."""
    mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
    mill.pack(CUSTOMER, pallet(2), pallet())
    mill.restater.round(now=mill.world.now)
    mill.look(CUSTOMER, "holding", pallet(2))
    assert mill.restater.round(now=mill.world.now) == 2
    assert [said(mill, name)["status"] for name in ("B-1", "B-2")] == ["held"] * 2
    mill.look(CUSTOMER, "inspecting", pallet(2), disposition="conformant")
    mill.say(CUSTOMER, "Aggregation", action="DELETE", parentID=pallet())
    assert mill.restater.round(now=mill.world.now) == 2
    body = said(mill, "B-1")
    assert (body["status"], body["steps"][-1]["step"]) == ("received", "AggregationEvent")
    assert verified(mill, "B-1").verified


def test_pieces_that_changed_at_once_have_their_passports_by_id(mill):
    """In whatever order a set gives them: what is recorded is the same for the same events."""
    mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
    mill.restater.look()
    mill.restater.pending = dict(sorted(mill.restater.pending.items(), reverse=True))
    mill.restater.restate(now=mill.world.now)
    assert standing(mill, "B-1").index < standing(mill, "B-2").index


def test_passports_of_one_round_say_what_each_would_say_alone(mill):
    """Also where something is recorded between them: what was read for the first is not true for the second."""
    wrong, changed = mill.steps["B"]["refining"][0], mill.restater._changed

    def between(piece):
        body = changed(piece)
        if wrong not in declared:
            mill.wrong(PLANT, wrong)
            declared.append(wrong)
        return body

    declared = []
    mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
    mill.restater.look()
    mill.restater._changed = between
    assert mill.restater.restate(now=mill.world.now) == 2
    assert ["corrections" in said(mill, name) for name in ("B-1", "B-2")] == [False, True]
    assert mill.restater.round(now=mill.world.now) > 0
    assert said(mill, "B-1")["corrections"] == said(mill, "B-2")["corrections"]
    assert all(verified(mill, name).verified for name in ("B-1", "B-2"))


def test_passports_of_one_round_are_recorded_in_one_commit_and_one_that_is_refused_holds_up_no_other(mill):
    submit, handed_in = mill.restater._submit, []

    def refuse_the_first(submissions):
        handed_in.append(len(submissions))
        answer = Future()
        answer.set_result([Refused("refused", "not this one"), *submit(submissions[1:]).result()])
        return answer

    mill.take(CUSTOMER, ROLLING, (pallet(), None), paper="X")
    mill.restater._submit = refuse_the_first
    assert mill.restater.round(now=mill.world.now) == 1
    assert [said(mill, name)["status"] for name in ("B-1", "B-2")] == ["shipped", "received"]
    assert set(mill.restater.pending) == {canonical_id(piece("B-1"))}
    mill.restater._submit = submit
    assert mill.restater.round(now=mill.world.now) == 1
    assert (said(mill, "B-1")["status"], handed_in) == ("received", [2])


@pytest.mark.slow
def test_what_changes_upstream_of_a_piece_that_was_weighed_when_it_left_changes_its_passport(mill):
    """Nothing says in g what of the coil is in it, and yet it is made of it."""
    whole, other = piece("C-1"), mill.make_coils("C")[1]
    mill.make(ROLLING, "cutting", [(other, None)], [(piece("C-3"), None)])
    mill.send(ROLLING, CUSTOMER, (piece("C-3"), 7 * TONNE), paper="Z")
    mill.send(ROLLING, CUSTOMER, (whole, None), paper="W")
    mill.restater.round(now=mill.world.now)
    assert "corrections" not in said(mill, "C-3")
    wrong = mill.wrong(PLANT, mill.steps["C"]["refining"][0])
    mill.restater.round(now=mill.world.now)
    assert said(mill, "C-1")["corrections"] == said(mill, "C-3")["corrections"] == [wrong]
    assert verified(mill, "C-3").verified


@pytest.mark.slow
def test_several_changes_make_one_passport(mill):
    mill.take(CUSTOMER, ROLLING, (piece("A-1"), None), paper="Y")
    mill.look(CUSTOMER, "holding", piece("A-1"))
    mill.look(CUSTOMER, "inspecting", piece("A-1"))
    assert standing(mill, "A-1").since == mill.world.size - 3
    assert mill.restater.round(now=mill.world.now) == 1
    assert said(mill, "A-1")["status"] == "held"
    assert standing(mill, "A-1").since is None
    assert len(said(mill, "A-1")["holds"]) == 2


def test_a_piece_that_is_used_up_or_comes_back_says_so(mill):
    mill.take(CUSTOMER, ROLLING, (piece("A-1"), None), paper="Y")
    mill.send(CUSTOMER, ROLLING, (piece("A-1"), None), paper="Z")
    mill.take(ROLLING, CUSTOMER, (piece("A-1"), None), paper="Z")
    mill.restater.round(now=mill.world.now)
    assert said(mill, "A-1")["status"] == "made"
    mill.make(ROLLING, "cutting", [(piece("A-1"), 7_500_000)], [(piece("C-1"), 7_500_000)])
    mill.restater.round(now=mill.world.now)
    assert said(mill, "A-1")["status"] == "consumed"
    assert verified(mill, "A-1").verified


def test_a_refinery_event_declared_wrong_reaches_the_coils_made_of_it_and_no_other(mill):
    refined = mill.steps["A"]["refining"][0]
    index = mill.wrong(PLANT, refined, "urn:example:right")
    mill.restater.round(now=mill.world.now)
    for name in ("A-1", "B-1", "B-2"):  # the silo mixes: B has some of it
        body = said(mill, name)
        assert index in body["corrections"], name
        assert verified(mill, name).verified, verified(mill, name).verdict
    mill.make(
        PLANT, "refining", [(lot("BX-A"), 28 * TONNE)], [(lot("SILO", 3), 14 * TONNE)], eventID="urn:example:right"
    )
    mill.restater.round(now=mill.world.now)
    for name in ("A-1", "B-1", "B-2"):
        assert len(said(mill, name)["corrections"]) == 2
        assert verified(mill, name).verified, verified(mill, name).verdict


def shortages(mill, name):
    found = [one for one in said(mill, name).get("findings", ()) if one["rule"] == "shortage"]
    return [(one["entry"], one["about"]["id"]) for one in found]


def test_what_went_into_a_run_declared_wrong_reaches_the_coils_that_came_out_of_it(mill):
    """Also where it was corrected and the correction is wrong in turn: from the input that came first."""
    run, spare = {"transformationID": "urn:example:run:C"}, lot("MET-A", 4)
    mill.new(PLANT, (spare, 4 * TONNE))
    wrong = mill.make(PLANT, "casting", [(spare, TONNE)], [], **run)
    mill.make(PLANT, "casting", [], [(piece("C-1"), TONNE)], **run)
    mill.send(PLANT, CUSTOMER, (piece("C-1"), None), paper="C")
    mill.restater.round(now=mill.world.now)
    for again in ("urn:right", "urn:righter"):
        told = mill.wrong(PLANT, wrong, again)
        mill.restater.round(now=mill.world.now)
        assert said(mill, "C-1")["as_of"]["size"] > told
        wrong = mill.make(PLANT, "casting", [(spare, TONNE)], [], **run, eventID=again)
        mill.restater.round(now=mill.world.now)
        assert said(mill, "C-1")["as_of"]["size"] > wrong


def test_a_shortage_upstream_is_a_finding_of_every_piece_made_of_the_lot_and_is_computed_again(mill):
    """45 t of alumina stand and 48 t were used: which coil is of what was too little, mixing says of both."""
    index = mill.wrong(PLANT, mill.steps["A"]["refining"][0])
    mill.restater.round(now=mill.world.now)
    for name in ("A-1", "B-1"):
        assert shortages(mill, name) == [(index, canonical_id(lot("SILO", 3)))]
        assert said(mill, name)["status"] == "shipped"
        assert verified(mill, name).verified, verified(mill, name).verdict


@pytest.mark.slow
def test_a_shortage_that_later_draws_made_is_computed_again_from_the_bundle(mill):
    """A-1 drew from the silo before B was made; what is short rests on what B drew too."""
    index = mill.wrong(PLANT, mill.steps["A"]["refining"][0])
    mill.restater.round(now=mill.world.now)
    assert shortages(mill, "A-1")
    report = cheat(mill, lambda body: body.update(findings=without(body, index)), about=canonical_id(piece("A-1")))
    fails(report, "findings on what is shown")


def without(body, index):
    return [one for one in body["findings"] if one["entry"] != index]


@pytest.mark.slow
def test_what_a_corrective_event_takes_too_much_is_a_finding_of_what_is_made_of_it(mill):
    mill.wrong(PLANT, mill.steps["A"]["refining"][0], "urn:example:right")
    index = mill.make(
        PLANT, "refining", [(lot("BX-A"), 31 * TONNE)], [(lot("SILO", 3), 15 * TONNE)], eventID="urn:example:right"
    )
    mill.restater.round(now=mill.world.now)
    assert (index, canonical_id(lot("BX-A"))) in shortages(mill, "A-1")
    assert verified(mill, "A-1").verified, verified(mill, "A-1").verdict
    with of_store(mill.world.places.location, None) as asked:
        told = trace_up(asked, canonical_id(piece("A-1"))).findings
    assert (index, "shortage") in {(one.entry, one.rule) for one in told}


@pytest.mark.slow
def test_what_is_found_of_an_event_that_does_not_stand_is_not_found_of_the_piece(mill):
    closed = said(mill, "A-1")["findings"]
    assert {one["rule"] for one in closed} == {"alumina_band", "carbon_floor"}  # of the run, by its last event
    index = mill.wrong(PLANT, closed[0]["entry"])
    mill.restater.round(now=mill.world.now)
    found = {one["rule"]: one["entry"] for one in said(mill, "A-1")["findings"]}
    assert found == {"shortage": index, "run_not_judged": closed[0]["entry"] - 3}  # by its first tap, which stands
    assert verified(mill, "A-1").verified, verified(mill, "A-1").verdict


@pytest.mark.slow
def test_where_there_are_too_many_findings_late_statements_are_left_out_before_a_shortage(mill):
    kept = {one["entry"] for one in said(mill, "A-1")["findings"]}
    kept |= {mill.wrong(PLANT, mill.steps["A"]["refining"][0])}
    late = [mill.late(ROLLING, "inspecting", piece("A-1")) for _ in range(201)]
    mill.restater.round(now=mill.world.now)
    found = [one["entry"] for one in said(mill, "A-1")["findings"]]
    assert (len(found), found[-197:], set(found[:-197])) == (200, late[-197:], kept)
    assert verified(mill, "A-1").verified, verified(mill, "A-1").verdict


@pytest.mark.slow
def test_a_shortage_that_a_declaration_leaves_is_a_finding_of_the_passports(mill):
    index = mill.wrong(PLANT, mill.steps["A"]["casting"])
    mill.restater.round(now=mill.world.now)
    for name in ("A-1", "B-1"):
        found = [one for one in said(mill, name).get("findings", ()) if one["entry"] == index]
        found = [(one["rule"], one["about"]["id"]) for one in found]
        assert found == [("shortage", canonical_id(piece("SLAB-A", 5)))] * (name == "A-1")
        assert verified(mill, name).verified, verified(mill, name).verdict


@pytest.mark.slow
def test_what_cannot_be_recorded_now_is_recorded_later(mill):
    mill.take(CUSTOMER, ROLLING, (piece("A-1"), None), paper="Y")
    real = mill.restater._submit

    def busy(_submissions):
        raise Busy("too_busy", "come back later", retry_after=1)

    mill.restater._submit = busy
    assert mill.restater.round(now=mill.world.now) == 0
    assert len(mill.restater.pending) == 1
    mill.restater._submit = real
    assert mill.restater.round(now=mill.world.now) == 1
    assert mill.restater.pending == {}


@pytest.mark.slow
def test_pieces_shipped_while_no_key_was_there_get_theirs_later(mill):
    world, issuer = mill.world, mill.world.issuer
    world.issuer = None
    world.reopen()
    sent = mill.send(ROLLING, CUSTOMER, (piece("A-2"), None), paper="W")
    world.issuer = issuer
    world.reopen()
    later = restater(mill, seen=sent)
    assert later.round(now=world.now) == 1
    assert said(mill, "A-2")["status"] == "shipped"
    assert verified(mill, "A-2").verified


def test_a_certificate_is_named_as_long_as_it_stands(mill):
    world, digest = mill.world, b64url_encode(bytes(32))
    world.post(world.operator, "party", ROLLING.profile("lot-event", "certificate", **mill.profiles[ROLLING]))
    body = {
        "id": f"{ROLLING.id}/cert-1", "status": "valid", "type": "3.1", "standard": "EN 10204:2004",
        "issued": "2026-01-05T04:00:00Z", "lots": [canonical_id(piece("A-1"))],
        "document": {"digest": digest, "media_type": "application/pdf", "size": 1, "kind": "certificate"},
        "product": {"standard": "EN 485", "alloy": "5754"}, "heats": ["H-A"],
        "inspection": {"body": "Quality", "independent": True},
    }  # fmt: skip
    world.post(ROLLING, "certificate", body)
    mill.look(ROLLING, "inspecting", piece("A-1"))
    mill.restater.round(now=world.now)
    assert said(mill, "A-1")["facts"]["certificates"] == [{"id": body["id"], "digest": digest}]
    assert verified(mill, "A-1").verified
    world.post(ROLLING, "certificate", {**body, "status": "withdrawn", "withdrawn_reason": "wrong-lot"})
    mill.restater.round(now=world.now)
    assert "certificates" not in said(mill, "A-1")["facts"]
    assert verified(mill, "A-1").verified
