"""What the one writer records, what it refuses, and what its entries say."""

import gc

import pytest

from ledger.admission import statements as admission
from ledger.kernel.errors import Conflict, Malformed, Refused, RefusedBatch, RuleBroken, TooLarge, Unauthorised
from ledger.kernel.lineage import NO_INDEX, Role, parse_items
from ledger.kernel.statement import parse
from ledger.kernel.subjects import subject_key
from ledger.recording.log import Submission
from tests.small_ledger import SECOND, URI, Actor, coil, link, piece, small_ledger


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        yield world


def items(world, index):
    return {item.subject: item for item in parse_items(world.stored(index).items)}


def lot(serial):
    return subject_key("lot", piece(serial))


def quantity(batch="B-1"):
    return {"epcClass": f"https://id.gs1.org/01/{piece('x')[4:18]}/10/{batch}", "quantity": 1000, "uom": "KGM"}


def stock(batch="B-1", **changes):
    event = coil("x", quantityList=[quantity(batch)], **changes)
    del event["epcList"]
    return event


def test_a_statement_becomes_the_next_entry(world):
    size = world.size
    receipt = world.post(world.plant, "lot-event", coil("C-1"))
    assert receipt.entry.index == size
    assert receipt.entry.previous == world.stored(size - 1).leaf
    assert items(world, size)[lot("C-1")].role is Role.CREATE
    assert items(world, size)[lot("C-1")].index == NO_INDEX


def test_lineage_names_the_newest_entry_of_each_subject(world):
    first = world.post(world.plant, "lot-event", coil("C-1", "C-2")).entry
    second = world.post(world.plant, "lot-event", coil("C-1", action="OBSERVE", bizStep="inspecting")).entry
    item = items(world, second.index)[lot("C-1")]
    assert (item.role, item.version, item.index, item.leaf) == (Role.TOUCH, 2, first.index, first.leaf)
    third = world.post(world.plant, "lot-event", coil("C-1", "C-2", action="DELETE", bizStep="destroying")).entry
    consumed = items(world, third.index)
    assert (consumed[lot("C-1")].role, consumed[lot("C-1")].version, consumed[lot("C-1")].index) == (
        Role.CONSUME, 3, second.index,
    )  # fmt: skip
    assert (consumed[lot("C-2")].version, consumed[lot("C-2")].index) == (2, first.index)


def test_every_entry_names_the_newest_state_of_its_issuer(world):
    before = world.post(world.plant, "lot-event", coil("C-1")).entry
    party = subject_key("party", world.plant.id)
    old = items(world, before.index)[party]
    assert old.role is Role.REFERENCE
    world.add_key(world.plant, world.plant.with_key("plant-2"))
    changed = world.size - 1
    after = world.post(world.plant, "lot-event", coil("C-2")).entry
    new = items(world, after.index)[party]
    assert (new.role, new.version, new.index) == (Role.REFERENCE, old.version + 1, changed)


def test_a_retry_gets_the_same_entry_and_stores_nothing(world):
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    (first,) = world.submit(wire)
    size = world.size
    (again,) = world.submit(wire)
    assert again.entry == first.entry
    assert again.statement == wire
    assert world.size == size


def test_a_retry_is_answered_after_its_key_has_ended(world):
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    index = world.submit(wire)[0].entry.index
    successor = world.plant.with_key("plant-2")
    world.add_key(world.plant, successor)
    world.end_key(world.plant, world.plant.signer.key.kid, by=successor)
    assert world.submit(wire)[0].entry.index == index
    with pytest.raises(Unauthorised, match=r"is good for entries after .* and before"):
        world.post(world.plant, "lot-event", coil("C-2"))


def test_a_jti_says_one_thing_for_ever(world):
    index = world.submit(world.statement(world.plant, "lot-event", coil("C-1"), jti="urn:x:1"))[0].entry.index
    size = world.size
    with pytest.raises(Conflict, match=f"jti urn:x:1 of .* was used for entry {index}, which says something else"):
        world.submit(world.statement(world.plant, "lot-event", coil("C-2"), jti="urn:x:1"))
    assert world.size == size


def test_nobody_else_learns_whether_a_jti_was_used(world):
    world.submit(world.statement(world.plant, "lot-event", coil("C-1"), jti="urn:x:1"))
    guess = Actor("stranger", world.plant.id, world.operator.signer)
    with pytest.raises(Unauthorised, match="is not enrolled for"):
        world.submit(world.statement(guess, "lot-event", coil("C-2"), jti="urn:x:1"))


def test_two_parties_may_use_the_same_jti(world):
    world.enrol(world.rolling, "lot-event")
    world.submit(world.statement(world.plant, "lot-event", coil("C-1"), jti="urn:x:1"))
    world.submit(world.statement(world.rolling, "lot-event", coil("C-2"), jti="urn:x:1"))


def test_the_rows_of_a_batch_see_each_other(world):
    made = world.statement(world.plant, "lot-event", coil("C-1"))
    seen = world.statement(world.plant, "lot-event", coil("C-1", action="OBSERVE", bizStep="inspecting"))
    first, second = (receipt.entry for receipt in world.submit(made, seen))
    assert second.index == first.index + 1
    assert items(world, second.index)[lot("C-1")].leaf == first.leaf


def test_a_batch_may_enrol_a_key_and_use_it(world):
    successor = world.plant.with_key("plant-2")
    body = {"party": world.plant.id, "add": [successor.addition()]}
    key = world.statement(world.plant, "key", body)
    used = world.statement(successor, "lot-event", coil("C-1"))
    assert len(world.submit(key, used)) == 2


def test_a_batch_that_uses_a_key_before_it_is_enrolled_is_refused(world):
    successor = world.plant.with_key("plant-2")
    key = world.statement(world.plant, "key", {"party": world.plant.id, "add": [successor.addition()]})
    with pytest.raises(RefusedBatch, match=r"row 0: key .* is not enrolled for"):
        world.submit(world.statement(successor, "lot-event", coil("C-1")), key)


def test_a_refused_batch_names_every_bad_row_and_stores_none(world):
    world.post(world.plant, "lot-event", coil("C-1"))
    before = world.size, world.log.state
    rows = [coil("C-2"), coil("C-1"), coil("C-3"), coil("C-3")]
    with pytest.raises(RefusedBatch, match="2 rows are refused of 4, nothing was stored") as refusal:
        world.submit(*(world.statement(world.plant, "lot-event", row) for row in rows))
    assert [(row, error.code) for row, error in refusal.value.rows] == [(1, "subject_exists"), (3, "subject_exists")]
    assert (world.size, world.log.state) == before
    assert world.post(world.plant, "lot-event", coil("C-2")).entry.index == before[0]


def test_a_refusal_leaves_no_trace_for_its_neighbours_in_the_same_commit(world):
    """The refused batch had made C-2, used a jti and enrolled a key before its last row failed."""
    successor = world.plant.with_key("plant-2")
    key = world.statement(world.plant, "key", {"party": world.plant.id, "add": [successor.addition()]})
    doomed = [key, world.statement(successor, "lot-event", coil("C-2"), jti="urn:x:2")]
    doomed.append(world.statement(world.plant, "lot-event", coil("C-2")))
    good = world.statement(world.plant, "lot-event", coil("C-2"), jti="urn:x:2")
    late = world.statement(successor, "lot-event", coil("C-4"))
    batches = [Submission(tuple(world.check(wire) for wire in wires)) for wires in (doomed, [good], [late])]
    refused, recorded, unknown = world.log.append(batches)
    assert isinstance(refused, RefusedBatch)
    assert recorded.admitted.indices == (world.size - 1,)
    assert isinstance(unknown, Unauthorised)


def test_the_same_statement_twice_in_one_commit_is_one_entry(world):
    checked = world.check(world.statement(world.plant, "lot-event", coil("C-1")))
    first, second = world.log.append([Submission((checked,)), Submission((checked,))])
    assert first.admitted.indices == second.admitted.indices
    assert (first.admitted.repeated, second.admitted.repeated) == ((False,), (True,))


def test_rehearsing_says_what_would_be_and_stores_nothing(world):
    before = world.size, world.log.state
    checked = world.check(world.statement(world.plant, "lot-event", coil("C-1")))
    assert world.log.rehearse(Submission((checked,))).indices == (world.size,)
    assert (world.size, world.log.state) == before
    world.log.append([Submission((checked,))])
    assert world.log.rehearse(Submission((checked,))).repeated == (True,)
    with pytest.raises(Conflict, match="exists already"):
        world.log.rehearse(Submission((world.check(world.statement(world.plant, "lot-event", coil("C-1"))),)))


def test_recorded_times_never_go_back(world):
    first = world.post(world.plant, "lot-event", coil("C-1")).entry
    world.now = first.recorded_at - 3600 * SECOND
    back = coil("C-2", eventTime="2026-01-05T01:00:00.000Z", eventTimeZoneOffset="+00:00")
    wire = world.statement(world.plant, "lot-event", back, iat=world.now // SECOND)
    assert world.submit(wire)[0].entry.recorded_at == first.recorded_at


@pytest.mark.parametrize("claim", ["iat", "eventTime"])
def test_a_claimed_time_may_be_five_minutes_ahead_and_no_more(world, claim):
    def claimed(ahead, serial):
        seconds = world.now // SECOND + ahead
        if claim == "iat":
            return world.statement(world.plant, "lot-event", coil(serial), iat=seconds)
        from datetime import UTC, datetime  # noqa: PLC0415  for this branch alone

        moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return world.statement(world.plant, "lot-event", coil(serial, eventTime=moment, eventTimeZoneOffset="+00:00"))

    world.submit(claimed(290, "C-1"))
    with pytest.raises(RuleBroken, match=f"{claim} lies .* s ahead of the ledger's clock, the most is 300 s"):
        world.submit(claimed(420, "C-2"))


def test_ids_are_made_by_who_owns_their_prefix(world):
    foreign = coil("x") | {"epcList": ["https://id.gs1.org/01/04012345999990/21/C-1"]}
    with pytest.raises(
        Unauthorised, match=r"may not make lot \(01\)04012345999990\(21\)C-1: its GS1 prefixes are 9521141"
    ):
        world.post(world.plant, "lot-event", foreign)


def test_what_is_referred_to_must_be_registered(world):
    event = coil("C-1") | {
        "@context": [{"al": "https://coilmark.org/ns/al/1/"}],
        "al:process": f"{world.plant.id}/caster-1",
        "al:start": "2026-01-05T08:00:00.000+05:00",
    }
    with pytest.raises(RuleBroken, match=r"process \(417\)\d+/caster-1 is not known to this ledger"):
        world.post(world.plant, "lot-event", event)


def test_a_class_lot_takes_additions(world):
    first = world.post(world.plant, "lot-event", stock()).entry
    second = world.post(world.plant, "lot-event", stock(bizStep="creating_class_instance")).entry
    (made,) = [item for item in items(world, first.index).values() if item.role is Role.CREATE]
    assert items(world, second.index)[made.subject].role is Role.TOUCH


def test_a_party_has_a_thousand_versions_at_most(world, monkeypatch):
    """More, and no bundle could hold its history (SPEC 8)."""
    monkeypatch.setattr(admission, "PARTY_VERSIONS", 6)
    monkeypatch.setattr(admission, "VERSIONS_RESERVED", 2)
    thief, rescue = world.plant.with_key("thief"), world.plant.with_key("rescue")
    world.add_key(world.plant, thief)
    world.post(world.operator, "party", world.plant.profile("lot-event"))
    for full in (lambda: world.add_key(thief, rescue), lambda: world.post(world.operator, "party", thief.profile())):
        with pytest.raises(TooLarge, match="has 4 versions, the most for this statement is 4"):
            full()
    # What is kept back is for keys that have to end, and for the operator's help.
    world.end_key(world.plant, thief.signer.key.kid, reason="compromised")
    world.add_key(world.plant, rescue, by=world.operator, recovery=True)
    with pytest.raises(TooLarge, match="has 6 versions, the most for this statement is 6"):
        world.end_key(world.plant, rescue.signer.key.kid)


class TestDeclarations:
    """An event declared wrong: its subjects are touched by the declaration (SPEC 4.4, 4.8)."""

    def test_an_event_id_names_one_event(self, world):
        world.post(world.plant, "lot-event", coil("C-1", eventID="urn:uuid:1"))
        with pytest.raises(Conflict, match="eventID urn:uuid:1 names the event of entry 3 already"):
            world.post(world.plant, "lot-event", coil("C-2", eventID="urn:uuid:1"))

    def test_a_declaration_touches_what_the_event_advanced(self, world):
        wrong = world.post(world.plant, "lot-event", coil("C-1", "C-2", eventID="urn:uuid:1")).entry
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "incorrect_data"}
        declared = coil("C-1", eventID="urn:uuid:1", errorDeclaration=error)
        entry = world.post(world.plant, "lot-event", declared).entry
        touched = items(world, entry.index)
        assert {touched[lot(serial)].role for serial in ("C-1", "C-2")} == {Role.TOUCH}
        assert touched[lot("C-2")].index == wrong.index

    def test_an_event_without_an_id_is_named_by_its_jti(self, world):
        world.submit(world.statement(world.plant, "lot-event", coil("C-1"), jti="urn:event:7"))
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "did_not_occur"}
        declared = coil("C-1", eventID="urn:event:7", errorDeclaration=error)
        entry = world.post(world.plant, "lot-event", declared).entry
        assert items(world, entry.index)[lot("C-1")].version == 2

    def test_in_the_same_batch(self, world):
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "did_not_occur"}
        made = world.statement(world.plant, "lot-event", coil("C-1", eventID="urn:uuid:1"))
        wrong = world.statement(world.plant, "lot-event", coil("C-1", eventID="urn:uuid:1", errorDeclaration=error))
        entry = world.submit(made, wrong)[1].entry
        assert items(world, entry.index)[lot("C-1")].version == 2

    def test_an_event_is_declared_wrong_once(self, world):
        world.post(world.plant, "lot-event", coil("C-1", eventID="urn:uuid:1"))
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "did_not_occur"}
        wrong = coil("C-1", eventID="urn:uuid:1", errorDeclaration=error)
        index = world.post(world.plant, "lot-event", wrong).entry.index
        with pytest.raises(Conflict, match=f"event urn:uuid:1 was declared wrong by entry {index} already"):
            world.post(world.plant, "lot-event", wrong)

    def test_a_declaration_is_no_event_that_could_be_wrong(self, world):
        world.post(world.plant, "lot-event", coil("C-1", eventID="urn:uuid:1"))
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "did_not_occur"}
        wrong = coil("C-1", eventID="urn:uuid:1", errorDeclaration=error)
        world.post(world.plant, "lot-event", wrong, jti="urn:declaration:1")
        with pytest.raises(RuleBroken, match="has no event urn:declaration:1 that could be declared wrong"):
            world.post(world.plant, "lot-event", wrong | {"eventID": "urn:declaration:1"})

    def test_a_declaration_and_its_event_have_so_many_subjects(self, world, monkeypatch):
        world.post(world.plant, "lot-event", coil("C-1", "C-2", "C-3", eventID="urn:uuid:1"))
        monkeypatch.setattr(admission, "SUBJECTS", 3)
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "did_not_occur"}
        with pytest.raises(TooLarge, match="the declaration and its event name 4 subjects, the most is 3"):
            world.post(world.plant, "lot-event", coil("D-1", eventID="urn:uuid:1", errorDeclaration=error))

    @pytest.mark.parametrize("first_by_jti", [False, True])
    def test_a_name_is_of_one_event_wherever_it_stands(self, world, first_by_jti):
        by_jti = world.statement(world.plant, "lot-event", coil("C-1"), jti="urn:event:7")
        by_id = world.statement(world.plant, "lot-event", coil("C-2", eventID="urn:event:7"))
        first, second = (by_jti, by_id) if first_by_jti else (by_id, by_jti)
        world.submit(first)
        with pytest.raises(Conflict, match=r"urn:event:7 (names the event|is the eventID) of entry 3 already"):
            world.submit(second)

    def test_nobody_declares_anothers_event_wrong(self, world):
        world.enrol(world.rolling, "lot-event")
        world.post(world.plant, "lot-event", coil("C-1", eventID="urn:uuid:1"))
        error = {"declarationTime": "2026-01-05T08:59:30.000Z", "reason": "did_not_occur"}
        with pytest.raises(RuleBroken, match="has no event urn:uuid:1 that could be declared wrong"):
            world.post(world.rolling, "lot-event", coil("C-1", eventID="urn:uuid:1", errorDeclaration=error))


def test_heads_names_the_newest_version_of_every_subject(world):
    first = world.post(world.plant, "lot-event", coil("C-1", "C-2")).entry
    newest = world.post(world.plant, "lot-event", coil("C-1", action="OBSERVE", bizStep="inspecting")).entry
    entry = world.post(world.operator, "heads", {}).entry
    named = items(world, entry.index)
    with world.log.store.reading() as transaction:
        everything = transaction.everything()
    assert named.keys() == everything.keys()
    assert {item.role for item in named.values()} == {Role.REFERENCE}
    assert (named[lot("C-1")].index, named[lot("C-2")].index) == (newest.index, first.index)


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        ({"aud": "https://elsewhere.example/park"}, Unauthorised, f"the statement is for .*, this ledger is {URI}"),
        ({"typ": "notice", "body": {}}, Malformed, "notice body: /"),
    ],
)
def test_a_statement_for_elsewhere_or_without_a_body_is_refused(world, change, kind, sentence):
    claims = {"typ": "lot-event", "body": coil("C-1")} | change
    size = world.size
    with pytest.raises(kind, match=sentence):
        world.submit(world.statement(world.plant, claims.pop("typ"), claims.pop("body"), **claims))
    assert world.size == size


def test_a_statement_signed_by_another_key_is_refused(world):
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    other = world.statement(world.plant.with_key("thief"), "lot-event", coil("C-1"))
    forged = wire.rpartition(b".")[0] + b"." + other.rpartition(b".")[2]
    with pytest.raises(Unauthorised, match=r"the signature by key .* does not fit what was signed"):
        world.submit(forged)


def test_nothing_refused_is_half_stored(world):
    """After every refusal above, in one ledger: the database holds what the head says and no more."""
    for serial in ("C-1", "C-1", "C-2", "C-2"):
        try:
            world.post(world.plant, "lot-event", coil(serial))
        except Refused:
            continue
    with world.log.store.reading() as transaction:
        assert transaction.head().size == world.size == len(transaction.entries(0, 99))
        stored = transaction.entries(3, 99)
    assert [parse(one.wire).body["epcList"] for one in stored] == [[link("C-1")], [link("C-2")]]


def test_a_commit_leaves_nothing_to_the_garbage_collector(world):
    """A cycle would keep all that a commit made until the collector comes, which then has ten times as much to do."""
    world.post(world.plant, "lot-event", coil("C-0"))
    gc.disable()
    try:
        # Other threads of this process, servers of other tests, may leave something meanwhile, though not each time.
        assert 0 in (_left_by(world, coil(f"C-{number}")) for number in range(1, 20))
    finally:
        gc.enable()


def _left_by(world, event):
    wire = world.statement(world.plant, "lot-event", event)
    gc.collect()
    world.submit(wire)
    return gc.collect()
