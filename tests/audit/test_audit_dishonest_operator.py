"""What an operator could record by leaving out a check: the ledger is consistent with itself, and audit still tells."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as change
from small_ledger import OPERATOR, PLANT, ROLLING, actor, coil, ledger_body, signer, small_ledger
from tampering import EVENT, findings, report, sentences, wrong

from ledger.admission import lots as lot_admission
from ledger.admission import statements as admission
from ledger.audit import authority, statements
from ledger.kernel import party
from ledger.kernel.encoding import b64_encode
from ledger.kernel.errors import Refused
from ledger.kernel.lineage import Role
from ledger.kernel.note import TYPE_COSIGNATURE, format_vkey, sign_note, vkey_of
from ledger.kernel.statement import Hidden, parse
from ledger.kernel.subjects import Want, subject_key
from ledger.kernel.trust import parse_trust
from ledger.lots.records import NOBODY
from ledger.recording.log import Submission
from ledger.store.sqlite.transaction import SqliteTransaction as Transaction

FIRST = 3  # the first entry after the plant was enrolled


@pytest.fixture
def world(tmp_path):
    with small_ledger(tmp_path) as made:
        yield made


def force(world, checked):
    """Record what was checked by somebody else, or not at all."""
    (outcome,) = world.log.append([Submission((checked,))])
    assert not isinstance(outcome, Refused), outcome


def audited(world):
    return findings(world.places.database)


def coil_by(world, who=PLANT, **event):
    return world.check(world.statement(who, "lot-event", coil("C-1", **event)))


def test_signature_that_does_not_hold(world):
    honest = coil_by(world)
    jwt = honest.statement.jwt[:-20] + b"AAAAAAAA" + honest.statement.jwt[-12:]
    force(world, change(honest, statement=parse(jwt + b"~")))
    assert audited(world) == [("signature", FIRST)]


def test_role_that_the_party_never_had(world, monkeypatch):
    monkeypatch.setattr(admission, "authorise", lambda *_: None)
    force(world, coil_by(world, OPERATOR))
    said = sentences(world.places.database)
    assert said == [f"entry {FIRST}: {OPERATOR.id} has no role to sign lot-event statements"]


def test_role_that_came_later(world, monkeypatch):
    world.enrol(ROLLING, "certificate")
    with monkeypatch.context() as patched:
        patched.setattr(admission, "authorise", lambda *_: None)
        force(world, coil_by(world, ROLLING))
    world.post(OPERATOR, "party", ROLLING.profile("lot-event"))
    world.post(ROLLING, "lot-event", coil("C-2"))
    assert audited(world) == [("role", FIRST + 2)]


def test_key_that_was_ended(world, monkeypatch):
    newer = PLANT.with_key("plant, newer")
    world.add_key(PLANT, newer)
    world.end_key(PLANT, PLANT.signer.key.kid, by=newer)
    monkeypatch.setattr(admission, "authorise", lambda *_: None)
    force(world, coil_by(world))
    assert audited(world) == [("key_not_valid", FIRST + 2)]


def test_key_of_nobody(world, monkeypatch):
    stranger = PLANT.with_key("stranger")
    monkeypatch.setattr(admission, "authorise", lambda *_: None)
    monkeypatch.setattr(admission, "_check_signed", lambda *_: None)
    force(world, coil_by(world, stranger))
    assert audited(world) == [("key_unknown", FIRST)]


def test_prefix_of_somebody_else(world, monkeypatch):
    monkeypatch.setattr(admission, "may_create_implied", lambda *_: True)
    force(
        world,
        world.check(world.statement(PLANT, "lot-event", coil(epcList=["https://id.gs1.org/00/340123450000000000"]))),
    )
    assert audited(world) == [("prefix", FIRST)]


def test_implied_item_left_out(world):
    checked = coil_by(world)
    force(world, change(checked, implied=()))
    assert audited(world) == [("item_missing", FIRST)]
    assert "has no item for lot (01)" in sentences(world.places.database)[0]


def test_reference_to_the_issuer_left_out(world):
    force(world, change(coil_by(world), issuer=subject_key("party", OPERATOR.id)))
    assert set(audited(world)) == {("item_missing", FIRST), ("item_extra", FIRST)}


def test_item_that_the_statement_does_not_imply(world):
    checked = coil_by(world)
    more = world.check(world.statement(PLANT, "lot-event", coil("C-2"))).implied
    force(world, change(checked, implied=checked.implied + more))
    assert audited(world) == [("item_extra", FIRST)]


def test_item_with_another_role(world):
    checked = coil_by(world)
    (one,) = checked.implied
    force(world, change(checked, implied=(replace(one, want=Want.CONSUME),)))
    assert audited(world) == [("item_role", FIRST)]


def test_reference_to_an_older_version(world, monkeypatch):
    """The plant's party has version 2 since its key came; a bundle made from version 1 would hide a revocation."""
    newest = Transaction.newest

    def stale(self, subjects):
        found = newest(self, subjects)
        plant = subject_key("party", PLANT.id)
        first = self.entry(1)
        return {
            **found,
            **({plant: change(found[plant], version=1, index=1, leaf=first.leaf)} if plant in found else {}),
        }

    monkeypatch.setattr(Transaction, "newest", stale)
    force(world, coil_by(world))
    assert audited(world) == [("lineage", FIRST)]
    assert "refers to version 1" in sentences(world.places.database)[0]


def test_version_made_twice(world, monkeypatch):
    world.post(PLANT, "lot-event", coil("C-1"))
    monkeypatch.setattr(Transaction, "newest", lambda *_: {})
    monkeypatch.setattr(admission, "_check_prefix", lambda *_: None)
    force_despite_the_table(world, monkeypatch, coil_by(world, action="OBSERVE", bizStep="inspecting"))
    assert ("lineage", FIRST + 1) in audited(world)


def force_despite_the_table(world, monkeypatch, checked):
    """The table of versions would refuse: leave its row out."""
    insert = Transaction.insert
    monkeypatch.setattr(
        Transaction, "insert", lambda self, rows: insert(self, [change(one, advanced=[]) for one in rows])
    )
    view_newest = {checked.issuer: world_link(world, checked.issuer)}
    monkeypatch.setattr(Transaction, "newest", lambda *_: view_newest)
    force(world, checked)


def world_link(world, subject):
    with world.log.store.reading() as transaction:
        return transaction.everything()[subject]


def test_same_jti_twice(world):
    world.post(PLANT, "lot-event", coil("C-1"), jti="urn:example:once")
    again = world.check(world.statement(PLANT, "lot-event", coil("C-2"), jti="urn:example:once"))
    force(world, change(again, request=bytes(32)))
    assert audited(world) == [("id_reused", FIRST + 1), ("request", FIRST + 1)]


def test_same_event_id_twice(world):
    world.post(PLANT, "lot-event", coil("C-1", eventID=EVENT))
    again = world.check(world.statement(PLANT, "lot-event", coil("C-2", eventID=EVENT)))
    force(world, change(again, event=None))
    assert ("event_id_used", FIRST + 1) in audited(world)


def test_correction_without_the_lots_of_the_event(world, monkeypatch):
    world.post(PLANT, "lot-event", coil("C-1", "C-2", eventID=EVENT))
    monkeypatch.setattr(admission, "_declared", lambda *_: {})
    force(world, world.check(world.statement(PLANT, "lot-event", wrong("C-1"))))
    assert audited(world) == [("declared_items", FIRST + 1)]


def test_correction_of_nothing(world, monkeypatch):
    monkeypatch.setattr(admission, "_declared", lambda *_: {})
    monkeypatch.setattr(lot_admission, "_wrong", lambda *_: NOBODY)
    force(world, world.check(world.statement(PLANT, "lot-event", wrong("C-1"))))
    assert audited(world) == [("unknown_event", FIRST)]


def test_heads_that_leave_a_subject_out(world, monkeypatch):
    everything = Transaction.everything

    def nearly(self):
        found = everything(self)
        del found[subject_key("party", PLANT.id)]
        return found

    monkeypatch.setattr(Transaction, "everything", nearly)
    world.post(OPERATOR, "heads", {})
    assert audited(world) == [("heads", FIRST)]


def test_statement_for_another_ledger(world):
    checked = coil_by(world)
    other = parse(world.statement(PLANT, "lot-event", coil("C-1"), aud="https://other.example/ledger"))
    force(world, change(checked, statement=other))
    assert audited(world) == [("audience", FIRST), ("request", FIRST)]


def test_body_that_breaks_its_schema(world):
    other = parse(world.statement(PLANT, "lot-event", {**coil("C-1"), "action": "PERHAPS"}))
    force(world, change(coil_by(world), statement=other))
    assert audited(world) == [("body", FIRST)]


def test_body_that_breaks_what_no_schema_says(world):
    """The schema takes it; that two spellings of a namespace would go unread is found all the same."""
    context = coil("C-1")["@context"]
    listed = context if isinstance(context, list) else [context]
    other = {**coil("C-1"), "@context": [*listed, {"ours": "https://coilmark.org/ns/al/2/"}]}
    force(world, change(coil_by(world), statement=parse(world.statement(PLANT, "lot-event", other))))
    assert ("al_namespace", FIRST) in audited(world)


def test_time_far_ahead(world, monkeypatch):
    monkeypatch.setattr(admission, "_check_times", lambda *_: None)
    force(world, world.check(world.statement(PLANT, "lot-event", coil("C-1"), iat=world.now // 1_000_000 + 3_600)))
    assert audited(world) == [("time_ahead", FIRST)]


def test_key_that_nobody_proved_to_hold(world, monkeypatch):
    """It is left out of the registry, and so is all that it signed."""
    robbed = actor("robbed", 7)
    monkeypatch.setattr(party, "_check_new_key", lambda *_: None)
    world.post(OPERATOR, "party", robbed.profile("lot-event"))
    addition = {**robbed.addition(), "proof": PLANT.addition()["proof"]}
    world.post(OPERATOR, "key", {"party": robbed.id, "add": [addition]})
    world.post(robbed, "lot-event", coil("C-1"))
    monkeypatch.undo()
    assert audited(world) == [("possession", FIRST + 1), ("key_unknown", FIRST + 2)]


def test_key_statement_whose_signature_does_not_hold(world):
    """It is named once, and the key it adds stays unknown."""
    newer = PLANT.with_key("plant, newer")
    honest = world.check(world.statement(PLANT, "key", {"party": PLANT.id, "add": [newer.addition()]}))
    jwt = honest.statement.jwt[:-20] + b"AAAAAAAA" + honest.statement.jwt[-12:]
    force(world, change(honest, statement=parse(jwt + b"~")))
    world.post(newer, "lot-event", coil("C-1"))
    assert audited(world) == [("signature", FIRST), ("key_unknown", FIRST + 1)]
    assert "left out of the registry" in sentences(world.places.database)[0]


def test_party_signed_by_no_operator(world, monkeypatch):
    monkeypatch.setattr(admission, "authorise", lambda *_: None)
    force(world, world.check(world.statement(PLANT, "party", PLANT.profile("lot-event"))))
    assert audited(world) == [("role", FIRST)]


def test_erasure_that_a_notice_tells_of(world):
    note = {"kind": "closing", "closing": {}, "note": Hidden("call the office")}
    world.post(OPERATOR, "notice", note)
    (disclosure,) = parse(world.stored(FIRST).wire).disclosures
    erasure = {"index": FIRST, "disclosures": [disclosure.digest], "ground": "personal-data"}
    world.post(OPERATOR, "notice", {"kind": "erasure", "erasure": erasure})
    assert world.stored(FIRST).disclosures == ()
    whole = report(world.places.database)
    assert whole.findings == ()
    assert [(one.code, one.index) for one in whole.notes] == [("erased", FIRST)]


def test_erasure_of_what_a_rule_reads(world, monkeypatch):
    body = {**coil("C-1"), "bizStep": Hidden("commissioning")}
    world.post(PLANT, "lot-event", body)
    (disclosure,) = parse(world.stored(FIRST).wire).disclosures
    erasure = {"index": FIRST, "disclosures": [disclosure.digest], "ground": "personal-data"}
    monkeypatch.setattr(admission, "texts_to_erase", lambda stored, _: stored.disclosures)
    world.post(OPERATOR, "notice", {"kind": "erasure", "erasure": erasure})
    assert audited(world) == [("erased_wrongly", FIRST)]


def test_key_that_only_the_operator_vouches_for(world):
    world.add_key(PLANT, PLANT.with_key("found again"), by=OPERATOR, recovery=True)
    world.post(PLANT.with_key("found again"), "lot-event", coil("C-1"))
    whole = report(world.places.database)
    assert whole.findings == ()
    (note,) = whole.notes
    assert (note.code, note.facts["statements"]) == ("vouched_by_operator", 1)


def test_history_rewritten_and_signed_again(tmp_path):
    """The same keys and the same clock, another event at entry 3: whole by itself, and not what was kept."""
    kept, trust, databases = [], [], []
    for name, serial in (("shown", "C-1"), ("rewritten", "C-9")):
        with small_ledger(tmp_path / name) as world:
            world.post(PLANT, "lot-event", coil(serial))
            world.post(PLANT, "lot-event", coil("C-2"))
            kept.append(world.log.state.published.note)
            trust.append(world.trust)
            databases.append(world.places.database)
            world.post(PLANT, "lot-event", coil("C-3"))
    assert findings(databases[1]) == []
    assert findings(databases[0], against=[kept[0]], trust=trust[0]) == []
    (sentence,) = sentences(databases[1], against=[kept[0]], trust=trust[0])
    assert sentence.startswith("the checkpoint 0 says that the first 5 entries have root ")
    assert sentence.endswith("history was rewritten")


def next_incarnation(world, note, lost):
    """A `ledger` statement that goes on under another origin after a restore."""
    size = world.size
    origin = "ledger.example/park/1"
    previous = {"checkpoint": note, "lost": {"from": size, "to": size + lost, "reason": "restored"}}
    body = ledger_body(origin=origin, incarnation=1, keys=[], previous=previous)
    body["log_keys"] = [format_vkey(vkey_of(origin, signer("log, again").key))]
    world.log._signer = signer("log, again")
    world.post(OPERATOR, "ledger", body)


def test_incarnation_that_lost_nothing(world):
    next_incarnation(world, world.log.state.published.note, 0)
    world.post(PLANT, "lot-event", coil("C-1"))
    whole = report(world.places.database)
    assert (whole.findings, whole.notes) == ((), ())


@pytest.mark.parametrize(("told", "codes"), [(2, []), (1, ["lost"])])
def test_incarnation_that_lost_entries(world, tmp_path, told, codes):
    with small_ledger(tmp_path / "before") as before:
        for serial in ("C-1", "C-2"):
            before.post(PLANT, "lot-event", coil(serial))
        note = before.log.state.published.note
    next_incarnation(world, note, told)
    whole = report(world.places.database)
    assert [one.code for one in whole.findings] == codes
    assert [one.sentence for one in whole.notes] == ["entry 3: a restore lost 2 entries of the incarnation before"]
    kept = report(world.places.database, against=[note])
    assert "a restore lost the rest" in kept.findings[0].sentence


def test_incarnation_of_another_history(world):
    note = sign_note(f"{world.origin}\n2\n{b64_encode(bytes(32))}\n", world.origin, signer("log"))
    next_incarnation(world, note, 0)
    assert audited(world) == [("rewritten", None)]


def test_checkpoint_of_another_log(world, tmp_path):
    with small_ledger(tmp_path / "other", origin="other.example/log") as other:
        note, trust = other.log.state.published.note, other.trust
    assert findings(world.places.database, against=[note]) == [("origin", None)]
    assert ("origin", None) in findings(world.places.database, against=[note], trust=trust)


def test_checkpoint_signed_by_another_key(world):
    forged = world.log.state.published.note
    name = forged.split("\n", 1)[0]
    text = forged.split("\n\n", maxsplit=1)[0] + "\n"
    forged = sign_note(text, name, signer("somebody"))
    assert findings(world.places.database, against=[forged]) == [("checkpoint_signature", None)]
    assert findings(world.places.database, against=[forged], trust=world.trust) == [("checkpoint_signature", None)]


def test_text_that_is_no_checkpoint(world):
    assert findings(world.places.database, against=["nothing of the kind"]) == [("checkpoint", None)]


def test_roles_are_numbered_as_the_fold_takes_them():
    assert [int(role) for role in Role] == [0, 1, 2, 3]


def test_log_key_that_the_ledger_does_not_name(world):
    note = sign_note(world.log.state.published.note.split("\n\n")[0] + "\n", world.origin, signer("another log"))
    trust = parse_trust(f"log {format_vkey(vkey_of(world.origin, signer('another log').key))}\nquorum none\n")
    assert findings(world.places.database, against=[note], trust=trust) == [("log_key", None)]


def test_witnesses_that_did_not_sign_are_a_note(world):
    witness = format_vkey(vkey_of("w.example", signer("witness").key, TYPE_COSIGNATURE))
    trust = parse_trust(world.trust_text.replace("quorum none", f"witness w {witness}\nquorum w"))
    whole = report(world.places.database, against=[world.log.state.published.note], trust=trust)
    assert whole.findings == ()
    assert [one.code for one in whole.notes] == ["quorum"]


def test_notice_of_an_erasure_that_was_not_carried_out(world, monkeypatch):
    world.post(OPERATOR, "notice", {"kind": "closing", "closing": {}, "note": Hidden("call the office")})
    (disclosure,) = parse(world.stored(FIRST).wire).disclosures
    monkeypatch.setattr(admission, "texts_to_erase", lambda *_: ())
    erasure = {"index": FIRST, "disclosures": [disclosure.digest], "ground": "personal-data"}
    world.post(OPERATOR, "notice", {"kind": "erasure", "erasure": erasure})
    assert [(one.code, one.index) for one in report(world.places.database).notes] == [("not_erased", FIRST)]


def test_touch_of_what_nobody_introduced(world, monkeypatch):
    """A lot may come late; a process, a meter or an attestation may not."""
    world.post(OPERATOR, "party", PLANT.profile("lot-event", "period-close"))
    months = {"from": "2025-11-01T00:00:00Z", "to": "2025-12-01T00:00:00Z"}
    item, touch = admission._item, admission._advance
    monkeypatch.setattr(
        admission,
        "_item",
        lambda *given: touch(Role.TOUCH, given[2].key, None) if given[2].kind == "process" else item(*given),
    )
    monkeypatch.setattr(admission, "judge_energy", lambda *_: None)
    world.post(PLANT, "period-close", {"processes": [f"{PLANT.id}/casting"], "period": months})
    assert ("unknown_subject", FIRST + 1) in audited(world)


def test_whatever_a_statement_provokes_is_a_finding(world, monkeypatch):
    world.post(PLANT, "lot-event", coil("C-1"))

    def fall_over(*_):
        raise KeyError("a member nobody thought of")

    monkeypatch.setattr(statements, "read_as", fall_over)
    assert {code for code, _ in audited(world)} == {"unjudged"}


def test_index_0_that_founds_nothing(world, monkeypatch):
    """Without a sound index 0 nobody's signature can be judged, and the audit says so."""
    monkeypatch.setattr(authority, "begin", lambda statement: authority.apply(None, statement, 0))
    found = audited(world)
    assert ("no_registry", 0) in found
    assert {index for _, index in found} == {0}
