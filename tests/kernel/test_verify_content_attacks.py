"""Receipts that are included and signed, and whose content is not what it claims to be: steps 5 to 12 of SPEC 7.

Each test is named by the attack, and names the step that finds it.
"""

from dataclasses import replace

import forging
import pytest
from forged_ledger import SALT, ForgedLedger, with_a_coil, witness
from small_ledger import PLANT, SECOND, START, URI, coil, link, piece
from verdicts import receipt_fails

from ledger.kernel.disclosure import hide
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.lineage import Role
from ledger.kernel.statement import Hidden
from ledger.kernel.subjects import subject_key
from ledger.kernel.verify import Expected, verify_receipt


@pytest.fixture
def forged():
    """Two coils, entries 3 and 4."""
    ledger = with_a_coil()
    ledger.add(PLANT, "lot-event", coil("C-2"))
    return ledger


def test_verify_statement_swapped(forged):
    data = forged.receipt(3, statement=forged.wires[4])
    receipt_fails(data, forged.trust(), 5, "the statement shown for entry 3 has the SHA-256")


def test_verify_statement_other_than_the_reader_s_own(forged):
    receipt_fails(forged.receipt(3), forged.trust(), 5, "the entry commits to", statement=forged.wires[4])


def test_verify_statement_signed_anew(forged):
    """Ed25519 is deterministic: another signature over the same words is another statement."""
    jwt = forged.wires[3].rpartition(b".")[0] + b"." + b64url_encode(bytes(64)).encode() + b"~"
    receipt_fails(forged.receipt(3, statement=jwt), forged.trust(), 5, "has the SHA-256")


@pytest.mark.parametrize(
    ("header", "payload", "sentence"),
    [
        ({"crit": ["b64"]}, {}, "the header has exactly alg, kid and typ"),
        ({"jwk": {}}, {}, "the header has exactly alg, kid and typ"),
        ({"alg": "none"}, {}, "alg is Ed25519, EdDSA or ES256"),
        ({}, {"exp": 1}, "the payload of lot-event has exactly"),
        ({}, {"iat": True}, "iat is a whole number of seconds"),
        ({}, {"iss": ""}, "iss is printable ASCII"),
    ],
)
def test_verify_header_or_payload_beyond_the_profile(header, payload, sentence):
    """Recorded by an operator who does not refuse, and read by a verifier who does."""
    forged = ForgedLedger()
    good = {**forging.PAYLOAD, "iss": PLANT.id, "aud": URI, "lot-event": coil("C-1")}
    wire = forging.wire_of(header=forging.HEADER | header, payload=good | payload, signer=PLANT.signer)
    forged.record(wire, items=[])
    receipt_fails(forged.receipt(3, count=1), forged.trust(), 6, sentence)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b'{"a":1,"a":1}', 'the key "a" occurs more than once'),
        (b'{"a":1,"\\u0061":1}', 'the key "a" occurs more than once'),
        (b"[" * 40 + b"]" * 40, "nested 40 deep, the limit is 32"),
        (b'{"a":NaN}', "NaN is not a JSON number"),
        (b'{"a":1e3}', "has an exponent"),
        (b'{"a":9007199254740992}', "beyond"),
        (b'{"a":"\xff"}', "is not UTF-8"),
    ],
)
def test_verify_json_that_two_readers_could_read_in_two_ways(payload, sentence):
    forged = ForgedLedger()
    forged.record(forging.wire_of(header=forging.HEADER, payload=payload, signer=PLANT.signer), items=[])
    receipt_fails(forged.receipt(3, count=1), forged.trust(), 6, sentence)


def hidden():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1", note=Hidden("by hand")))
    return forged


def test_verify_disclosure_that_no_digest_names():
    forged = hidden()
    _, (other,) = hide({"note": Hidden("by robot")}, lambda: SALT)
    wire = forged.wires[3].split(b"~")[0] + b"~" + other.encode() + b"~"
    receipt_fails(forged.receipt(3, statement=wire), forged.trust(), 8, "no digest names the disclosure")


def test_verify_disclosure_given_twice():
    forged = hidden()
    jwt, text, _ = forged.wires[3].split(b"~")
    wire = b"~".join([jwt, text, text, b""])
    receipt_fails(forged.receipt(3, statement=wire), forged.trust(), 8, "the same disclosure is given twice")


def test_verify_key_binding_after_the_disclosures():
    forged = hidden()
    receipt_fails(
        forged.receipt(3, statement=forged.wires[3] + b"e30.e30.AA"), forged.trust(), 8, "key binding is not taken"
    )


def test_verify_lineage_item_altered(forged):
    def older(one):
        return replace(one, item=replace(one.item, index=1)) if one.item.role is Role.REFERENCE else one

    opened = tuple(older(one) for one in forged.opened(3))
    receipt_fails(forged.receipt(3, opened=opened), forged.trust(), 9, "is not what the entry commits to")


def test_verify_lineage_salt_altered(forged):
    first, *rest = forged.opened(3)
    receipt_fails(
        forged.receipt(3, opened=(replace(first, salt=SALT), *rest)), forged.trust(), 9, "not what the entry commits to"
    )


def test_verify_lineage_of_another_entry(forged):
    receipt_fails(forged.receipt(3, opened=forged.opened(4)), forged.trust(), 9, "is not what the entry commits to")


def test_verify_lineage_count_altered(forged):
    receipt_fails(forged.receipt(3, count=4), forged.trust(), 9, "lineage item")


def test_verify_lineage_item_withheld_and_count_forged(forged):
    """The only item left stands for the whole list: count and root are hashed together."""
    alone = replace(forged.opened(3)[0], path=())
    receipt_fails(
        forged.receipt(3, opened=(alone,), count=1),
        forged.trust(),
        9,
        "position 0 of 1 is not what the entry commits to",
    )


def test_verify_lineage_item_that_the_statement_does_not_imply():
    forged = ForgedLedger()
    other = subject_key("lot", piece("C-9"))
    forged.add(PLANT, "lot-event", coil("C-1"), items=lambda honest: [*honest, replace(honest[0], subject=other)])
    receipt_fails(forged.receipt(3), forged.trust(), 9, "is of a subject that its statement does not imply")


def test_verify_lineage_item_missing():
    forged = ForgedLedger()
    of_lot = subject_key("lot", piece("C-1"))
    forged.add(PLANT, "lot-event", coil("C-1"), items=lambda honest: [i for i in honest if i.subject != of_lot])
    receipt_fails(forged.receipt(3), forged.trust(), 9, "entry 3 has 1 lineage items, its statement implies 2")


def test_verify_issuer_s_party_left_out():
    forged = ForgedLedger()
    issuer = subject_key("party", PLANT.id)
    forged.add(PLANT, "lot-event", coil("C-1"), items=lambda honest: [i for i in honest if i.subject != issuer])
    receipt_fails(forged.receipt(3), forged.trust(), 9, "entry 3 has 1 lineage items, its statement implies 2")


def test_verify_another_item_behind_the_ones_that_are_shown():
    """Right in number, but the one kept back is of another subject: the others then stand in other places."""
    forged = ForgedLedger()
    lot, strange = subject_key("lot", piece("C-1")), bytes([255]) * 32

    def exchanged(honest):
        return [replace(i, subject=strange) if i.subject == lot else i for i in honest]

    issuer = subject_key("party", PLANT.id)
    assert lot < issuer < strange
    forged.add(PLANT, "lot-event", coil("C-1"), items=exchanged)
    data = forged.receipt(3, opened=forged.opened(3, {issuer}))
    receipt_fails(data, forged.trust(), 9, f"the item of {PLANT.id} stands at position 0 of entry 3, not 1")


def test_verify_correction_that_leaves_its_own_lot_out():
    """A correction may hold further items, and must hold its own."""
    forged = with_a_coil()
    lot = subject_key("lot", piece("C-2"))
    wrong = coil("C-2", eventID="urn:example:3", errorDeclaration={"reason": "incorrect_data"})
    forged.add(PLANT, "lot-event", wrong, items=lambda honest: [i for i in honest if i.subject != lot])
    receipt_fails(forged.receipt(4), forged.trust(), 9, f"entry 4 has no item of lot {piece('C-2')}, which it implies")


def test_verify_correction_that_refers_to_a_stranger():
    """The items of the event declared wrong are touched: a reference is none of them."""
    forged = with_a_coil()
    strange = replace(forged.lineages[3].items[0], role=Role.REFERENCE, subject=bytes(32), version=1, index=0)
    wrong = coil("C-2", eventID="urn:example:3", errorDeclaration={"reason": "incorrect_data"})
    forged.add(PLANT, "lot-event", wrong, items=lambda honest: [*honest, replace(strange, leaf=forged.leaves[0])])
    receipt_fails(forged.receipt(4), forged.trust(), 9, "is of a subject that its statement does not imply")


def test_verify_a_lot_made_twice():
    """The second time the operator calls it a touch, so that the piece has one history: the statement says made."""
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1"))

    def touched(honest):
        return [replace(i, role=Role.TOUCH) if i.role is Role.TOUCH else i for i in honest]

    forged.add(PLANT, "lot-event", coil("C-1"), items=touched)
    report = verify_receipt(forged.receipt(4), forged.trust())
    assert (
        f"{piece('C-1')} had a history before this entry made it: whether by right, an audit tells"
        in report.open_points
    )


def test_verify_consumption_called_a_touch():
    forged = with_a_coil()
    lot = subject_key("lot", piece("C-1"))

    def softened(honest):
        return [replace(i, role=Role.TOUCH) if i.subject == lot else i for i in honest]

    forged.add(PLANT, "lot-event", coil("C-1", action="DELETE"), items=softened)
    receipt_fails(forged.receipt(4), forged.trust(), 9, "in role touch, version 2; its statement implies consume")


def test_verify_link_to_an_entry_that_comes_later():
    forged = ForgedLedger()
    forged.add(
        PLANT,
        "lot-event",
        coil("C-1"),
        items=lambda honest: [replace(i, index=3) if i.version == 2 else i for i in honest],
    )
    receipt_fails(forged.receipt(3), forged.trust(), 9, "an item of entry 3 links to entry 3, which is not before it")


def test_verify_another_entry_than_expected(forged):
    receipt_fails(
        forged.receipt(3), forged.trust(), 10, "entry 4 was expected, the file is about 3", expected=Expected(index=4)
    )


def test_verify_another_piece_than_expected(forged):
    sentence = f"piece {piece('C-2')} was expected, the statement is not about it"
    receipt_fails(forged.receipt(3), forged.trust(), 10, sentence, expected=Expected(piece=link("C-2")))


def test_verify_expected_piece_with_the_statement_kept_back(forged):
    data = forged.receipt(3, statement=None)
    sentence = "was expected; the file shows no statement of entry 3"
    receipt_fails(data, forged.trust(), 10, sentence, expected=Expected(piece=link("C-1")))


def test_verify_claimed_time_after_the_recording():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1"), iat=START // SECOND + 304)
    receipt_fails(
        forged.receipt(3), forged.trust(), 12, "iat of entry 3, 2026-01-05T04:05:04Z, lies more than 300 s after"
    )


def test_verify_event_time_after_the_recording():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1", eventTime="2026-01-06T00:00:00Z"))
    receipt_fails(
        forged.receipt(3), forged.trust(), 12, "eventTime of entry 3, 2026-01-06T00:00:00Z, lies more than 300 s after"
    )


@pytest.mark.parametrize("time", ["yesterday", "2026-01-05T04:00:00", "0001-01-01T00:00:00+14:00", 7])
def test_verify_event_time_that_is_none(time):
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1", eventTime=time))
    receipt_fails(forged.receipt(3), forged.trust(), 12, "eventTime of entry 3: ")


def test_verify_recorded_after_a_witness_had_seen_it(forged):
    trust = forged.trust(witness("w1"), quorum="w1")
    receipt_fails(
        forged.receipt(3, ("w1", START // SECOND - 300)), trust, 12, "but a witness had seen it by 2026-01-05T03:55:00Z"
    )


def test_verify_recorded_in_the_year_584556():
    forged = ForgedLedger()
    forged.record(forged.statement(PLANT, "lot-event", coil("C-1")), recorded_at=2**64 - 1)
    receipt_fails(forged.receipt(3), forged.trust(), 12, "the time of entry 3 lies after the year 9999")


@pytest.mark.parametrize(
    "body",
    [
        {"type": 7, "action": "ADD", "epcList": [link("C-1")]},
        {"type": "ObjectEvent", "action": "ADD", "epcList": "x"},
        {"type": "ObjectEvent", "action": "ADD", "epcList": [7]},
    ],
)
def test_verify_body_that_no_schema_would_have_let_in(body):
    forged = ForgedLedger()
    forged.record(forged.statement(PLANT, "lot-event", body), items=[])
    receipt_fails(forged.receipt(3, count=1), forged.trust(), 9, "the statement of entry 3: ")
