"""Who may sign what, from when until when."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Conflict, RuleBroken, Unauthorised
from ledger.kernel.keys import PublicKey, Signer, jwk, possession_message
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.party import apply, authorise, begin, fold
from ledger.kernel.statement import issue, parse

URI = "https://ledger.example.org"
OPERATOR = "(417)9521141000014"
PLANT = "(417)9521141000021"
ORIGIN = "ledger.example.org/log"


def signer(name):
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return Signer(PublicKey("Ed25519", private.public_key().public_bytes_raw()), private.sign)


def addition(name, party, *, holder=None):
    new = signer(name)
    proof = (holder or new).sign(possession_message(URI, party, new.key.kid))
    return {"jwk": jwk(new.key), "proof": b64url_encode(proof)}


def profile(party, *roles):
    return {
        "id": party, "name": "A party", "roles": list(roles), "prefixes": ["9521141"],
        "sites": [], "processes": [], "devices": [], "meters": [],
    }  # fmt: skip


def statement(typ, iss, key, body, jti="urn:test:1"):
    return parse(issue(typ=typ, iss=iss, jti=jti, aud=URI, iat=1, body=body, signer=signer(key)))


def ledger(key="op-1", **changes):
    body = {
        "uri": URI, "origin": ORIGIN, "incarnation": 0,
        "log_keys": [format_vkey(vkey_of(ORIGIN, signer("log").key))],
        "operator": profile(OPERATOR), "keys": [addition("op-1", OPERATOR)],
        "rules": {"id": "coilmark/1", "digest": b64url_encode(bytes(32))},
    }  # fmt: skip
    return statement("ledger", OPERATOR, key, body | changes)


def keys(iss, key, party=PLANT, **body):
    return statement("key", iss, key, {"party": party, "add": [], "end": [], **body})


@pytest.fixture
def registry():
    """The operator, and a plant with two keys: p-1 added at 2, p-2 at 3."""
    return fold(
        [
            (0, ledger()),
            (1, statement("party", OPERATOR, "op-1", profile(PLANT, "lot-event"))),
            (2, keys(OPERATOR, "op-1", add=[addition("p-1", PLANT)])),
            (3, keys(PLANT, "p-1", add=[addition("p-2", PLANT)])),
        ]
    )


def event(iss=PLANT, key="p-1"):
    return statement("lot-event", iss, key, {"type": "ObjectEvent"})


def test_a_key_is_good_after_the_entry_that_added_it(registry):
    assert authorise(registry, event(), 3).added == 2
    with pytest.raises(Unauthorised, match=r"is good for entries after 2, not for entry 2"):
        authorise(registry, event(), 2)


def test_a_key_is_good_until_the_entry_that_ends_it(registry):
    ending = {"kid": signer("p-1").key.kid, "reason": "rotated"}
    after = apply(registry, keys(PLANT, "p-2", end=[ending]), 7)
    assert authorise(after, event(), 6).ended == 7
    with pytest.raises(Unauthorised, match="is good for entries after 2 and before 7, not for entry 7"):
        authorise(after, event(), 7)


def test_adding_a_key_ends_none(registry):
    assert authorise(registry, event(key="p-1"), 9)
    assert authorise(registry, event(key="p-2"), 9)


def test_a_dispute_marks_entries_and_does_not_unmake_them(registry):
    ending = {"kid": signer("p-1").key.kid, "reason": "compromised", "disputed_from": 5}
    record = authorise(apply(registry, keys(PLANT, "p-2", end=[ending]), 7), event(), 6)
    assert (record.disputed_at(4), record.disputed_at(5), record.disputed_at(6)) == (False, True, True)


def test_a_dispute_lies_within_the_life_of_the_key(registry):
    ending = {"kid": signer("p-1").key.kid, "reason": "compromised", "disputed_from": 2}
    with pytest.raises(RuleBroken, match="the dispute begins at entry 2, outside the life of the key"):
        apply(registry, keys(PLANT, "p-2", end=[ending]), 7)


def test_a_key_cannot_end_itself(registry):
    ending = {"kid": signer("p-1").key.kid, "reason": "rotated"}
    with pytest.raises(RuleBroken, match="cannot end itself: sign with another key"):
        apply(registry, keys(PLANT, "p-1", end=[ending]), 7)


def test_a_key_is_ended_once(registry):
    ending = {"kid": signer("p-1").key.kid, "reason": "rotated"}
    after = apply(registry, keys(PLANT, "p-2", end=[ending]), 7)
    with pytest.raises(RuleBroken, match=r"is no key of .* that could be ended"):
        apply(after, keys(PLANT, "p-2", end=[ending]), 8)


def test_whoever_enrols_a_key_holds_it(registry):
    with pytest.raises(Unauthorised, match=r"the proof of possession of key .* does not verify"):
        apply(registry, keys(PLANT, "p-1", add=[addition("p-3", PLANT, holder=signer("thief"))]), 7)


def test_a_proof_of_possession_is_for_one_party(registry):
    with pytest.raises(Unauthorised, match="proof of possession"):
        apply(registry, keys(PLANT, "p-1", add=[addition("p-3", OPERATOR)]), 7)


def test_a_thumbprint_belongs_to_one_party_for_ever(registry):
    with pytest.raises(Conflict, match=r"was enrolled before, for \(417\)9521141000014"):
        apply(registry, keys(PLANT, "p-1", add=[addition("op-1", PLANT)]), 7)


def test_a_log_key_signs_no_statements(registry):
    with pytest.raises(Conflict, match="signs checkpoints and cannot sign statements"):
        apply(registry, keys(PLANT, "p-1", add=[addition("log", PLANT)]), 7)


def test_the_operator_adds_no_second_key_but_as_a_recovery(registry):
    added = [addition("p-3", PLANT)]
    with pytest.raises(Unauthorised, match="the operator may add or end one only as a recovery"):
        authorise(registry, keys(OPERATOR, "op-1", add=added), 7)
    recovery = keys(OPERATOR, "op-1", add=added, recovery=True)
    assert authorise(registry, recovery, 7)
    after = apply(registry, recovery, 7)
    assert authorise(after, event(key="p-3"), 8).recovery
    assert not authorise(after, event(key="p-1"), 8).recovery


def test_nobody_else_touches_a_partys_keys(registry):
    with pytest.raises(Unauthorised, match=r"\(417\)9521141000021 may not change the keys of \(417\)9521141000014"):
        authorise(registry, keys(PLANT, "p-1", party=OPERATOR), 7)


def test_a_party_signs_only_what_its_roles_allow(registry):
    certificate = statement("certificate", PLANT, "p-1", {"id": "(253)95211410000141"})
    with pytest.raises(Unauthorised, match="has no role to sign certificate statements"):
        authorise(registry, certificate, 7)


@pytest.mark.parametrize("typ", ["ledger", "party", "passport", "heads", "notice"])
def test_the_operators_statements_are_the_operators(registry, typ):
    with pytest.raises(Unauthorised, match=f"only the operator .* signs {typ} statements"):
        authorise(registry, statement(typ, PLANT, "p-1", {}), 7)


def test_anothers_key_does_not_speak_for_a_party(registry):
    with pytest.raises(Unauthorised, match=r"is not enrolled for \(417\)9521141000021"):
        authorise(registry, event(key="op-1"), 7)


def test_an_unknown_party_is_refused(registry):
    with pytest.raises(Unauthorised, match=r"party \(417\)9521141000038 is not enrolled in this ledger"):
        authorise(registry, event(iss="(417)9521141000038"), 7)


def test_a_new_profile_keeps_the_keys(registry):
    after = apply(registry, statement("party", OPERATOR, "op-1", profile(PLANT, "certificate")), 7)
    with pytest.raises(Unauthorised, match="has no role to sign lot-event"):
        authorise(after, event(), 8)
    assert after.key(signer("p-2").key.kid) == signer("p-2").key


def test_index_0_stands_on_itself():
    with pytest.raises(Unauthorised, match="which it does not name"):
        begin(ledger(key="stranger"))
    with pytest.raises(RuleBroken, match="index 0 names another ledger, issuer or incarnation than its own"):
        begin(ledger(uri="https://elsewhere.example.org"))


def test_a_new_incarnation_counts_on(registry):
    renewed = {"incarnation": 1, "origin": "ledger.example.org/log2", "keys": [addition("op-2", OPERATOR)]}
    after = apply(registry, ledger(**renewed), 9)
    assert (after.incarnation, after.origin) == (1, "ledger.example.org/log2")
    assert authorise(after, event(iss=PLANT), 10)
    with pytest.raises(RuleBroken, match="the ledger is in incarnation 1, the statement says 1"):
        apply(after, ledger(**renewed), 11)


@pytest.mark.parametrize("change", [{"uri": "https://elsewhere.example.org"}, {"operator": profile(PLANT)}])
def test_a_new_incarnation_keeps_its_names(registry, change):
    with pytest.raises(
        RuleBroken, match=r"the ledger https://ledger.example.org of \(417\)9521141000014 keeps both names"
    ):
        apply(registry, ledger(**({"incarnation": 1, "keys": []} | change)), 9)


def test_a_partys_key_signs_no_checkpoints(registry):
    log_keys = [format_vkey(vkey_of(ORIGIN, signer("p-1").key))]
    with pytest.raises(Conflict, match="signs statements and cannot sign checkpoints"):
        apply(registry, ledger(incarnation=1, keys=[], log_keys=log_keys), 9)
