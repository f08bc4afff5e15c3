"""Vectors of receipts, good ones and attacks, each with the step of SPEC 7 that finds it."""

import json
from dataclasses import replace

import forging
from forged_ledger import SALT, ForgedLedger, with_a_coil, witness
from small_ledger import PLANT, SECOND, START, URI, coil, link, piece
from vectors.cases import Case, text_or_base64

from ledger.kernel.encoding import b64_encode, b64url_encode
from ledger.kernel.lineage import Role
from ledger.kernel.receipt import encode_receipt, parse_receipt
from ledger.kernel.statement import Hidden
from ledger.kernel.subjects import subject_key
from ledger.kernel.trust import format_trust

SEEN = START // SECOND + 60


def receipt_case(name, desc, data, trust, *failing, **given):
    """`failing` is step and code, nothing for a receipt that verifies."""
    step, code = failing or (None, None)
    said = {} if step is None else {"step": step}
    whole = {**text_or_base64("receipt", data), "trust": format_trust(trust), **given}
    return Case("receipt", name, desc, whole, code, said)


def receipts():
    yield from _good()
    yield from _forms()
    yield from _checkpoints_and_proofs()
    yield from _statements()
    yield from _lineages()
    yield from _times()


def two_coils():
    forged = with_a_coil()
    forged.add(PLANT, "lot-event", coil("C-2"))
    return forged


def hidden():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1", note=Hidden("by hand")))
    return forged


def _good():
    forged, kept = two_coils(), hidden()
    jwt = kept.wires[3].split(b"~")[0] + b"~"
    trust = forged.trust(witness("w1"), quorum="w1")
    asked = {"piece": link("C-1"), "index": 3}
    yield receipt_case("good", "An entry with everything that belongs to it.", forged.receipt(3), forged.trust())
    yield receipt_case(
        "good-as-expected", "The reader knew piece and index before.", forged.receipt(3), forged.trust(), expected=asked
    )
    yield receipt_case(
        "good-witnessed", "Cosigned by the witness that the reader asks for.", forged.receipt(3, ("w1", SEEN)), trust
    )
    yield receipt_case(
        "good-statement-withheld",
        "Without the statement: the entry is proven, and no more.",
        forged.receipt(3, statement=None),
        forged.trust(),
    )
    yield receipt_case(
        "good-own-statement",
        "The reader has the statement, the file has not.",
        forged.receipt(3, statement=None),
        forged.trust(),
        statement=forged.wires[3].decode(),
    )
    yield receipt_case(
        "good-disclosure-withheld", "A digest that nobody opens here.", kept.receipt(3, statement=jwt), kept.trust()
    )


def edited(data, change):
    value = json.loads(data)
    change(value)
    return json.dumps(value, separators=(",", ":")).encode()


def _forms():
    forged = two_coils()
    data, trust = forged.receipt(3), forged.trust()
    node = b"\x01" + forged.leaves[2] + forged.leaves[3]
    receipt = parse_receipt(data)
    extra = encode_receipt(replace(receipt, proof=receipt.proof.replace("\nindex", "\nextra AAAA\nindex", 1)))

    def shift(value):
        opened = value["lineage"]["opened"][0]
        opened["item"], opened["salt"] = b64_encode(bytes(80)), b64_encode(bytes(17))

    bad = [
        ("extra-member", edited(data, lambda value: value.update(verified=True)), "members"),
        ("space-between-tokens", data.replace(b'":"', b'": "', 1), "receipt"),
        ("byte-after-the-last-brace", data + b"\n", "receipt"),
        ("inner-node-as-entry", edited(data, lambda value: value.update(entry=b64_encode(node))), "entry"),
        ("lineage-item-and-salt-split-elsewhere", edited(data, shift), "base64"),
        ("proof-with-an-extra-line", extra, "receipt"),
    ]
    for name, changed, code in bad:
        yield receipt_case(name, f"Not in its one form: {name.replace('-', ' ')}.", changed, trust, 1, code)


def _checkpoints_and_proofs():
    forged = two_coils()
    trust = forged.trust()
    proof = parse_receipt(forged.receipt(3)).proof
    grown = encode_receipt(replace(parse_receipt(forged.receipt(3)), proof=proof.replace("\n5\n", "\n6\n")))
    moved = replace(forged.entries[3], index=4)
    short = proof.split("\n")
    short = "\n".join([*short[:2], *short[3:]])
    bad = [
        ("checkpoint-of-another-log", forged.receipt(3), forged.trust(log="other"), 2, "unsigned"),
        ("checkpoint-size-changed", grown, trust, 2, "signature"),
        ("no-witness-where-one-is-asked-for", forged.receipt(3), forged.trust(witness("w1"), quorum="w1"), 2, "quorum"),
        (
            "only-a-witness-signed",
            forged.receipt(3, ("w1", SEEN)),
            forged.trust(witness("w1"), log="other", quorum="w1"),
            2,
            "log_signature",
        ),
        ("proof-of-the-neighbour", forged.receipt(3, at=4), trust, 3, "inclusion"),
        ("entry-that-claims-another-index", forged.receipt(4, entry=moved), trust, 3, "inclusion"),
    ]
    for name, data, held, step, code in bad:
        yield receipt_case(name, f"{name.replace('-', ' ').capitalize()}.", data, held, step, code)


def _statements():
    forged, kept = two_coils(), hidden()
    trust = forged.trust()
    resigned = forged.wires[3].rpartition(b".")[0] + b"." + b64url_encode(bytes(64)).encode() + b"~"
    jwt, text, _ = kept.wires[3].split(b"~")
    bad = [
        ("statement-swapped", forged.receipt(3, statement=forged.wires[4]), trust, 5, "statement_digest"),
        ("statement-with-another-signature", forged.receipt(3, statement=resigned), trust, 5, "statement_digest"),
        (
            "disclosure-twice",
            kept.receipt(3, statement=b"~".join([jwt, text, text, b""])),
            kept.trust(),
            8,
            "disclosure",
        ),
        (
            "key-binding-after-the-disclosures",
            kept.receipt(3, statement=kept.wires[3] + b"e30.e30.AA"),
            kept.trust(),
            8,
            "key_binding",
        ),
        (
            "disclosure-of-another-statement",
            forged.receipt(3, statement=forged.wires[3] + text + b"~"),
            trust,
            8,
            "disclosure",
        ),
    ]
    for name, data, held, step, code in bad:
        yield receipt_case(name, f"{name.replace('-', ' ').capitalize()}.", data, held, step, code)
    recorded = [
        ("header-with-crit", {"header": {**forging.HEADER, "crit": ["b64"]}}, "header_members"),
        ("duplicate-key-in-the-payload", {"payload": b'{"a":1,"\\u0061":1}'}, "duplicate_key"),
    ]
    for name, parts, code in recorded:
        own = ForgedLedger()
        good = {"payload": {**forging.PAYLOAD, "iss": PLANT.id, "aud": URI, "lot-event": coil("C-1")}}
        own.record(forging.wire_of(**(good | parts), signer=PLANT.signer), items=[])
        desc = f"Recorded by a ledger that does not refuse it: {name.replace('-', ' ')}."
        yield receipt_case(name, desc, own.receipt(3, count=1), own.trust(), 6, code)


def _lineages():
    forged = two_coils()
    trust = forged.trust()
    first, *rest = forged.opened(3)
    lot, strange = subject_key("lot", piece("C-1")), subject_key("lot", piece("C-9"))
    own, left_out, soft = ForgedLedger(), ForgedLedger(), with_a_coil()
    own.add(PLANT, "lot-event", coil("C-1"), items=lambda honest: [*honest, replace(honest[0], subject=strange)])
    left_out.add(PLANT, "lot-event", coil("C-1"), items=lambda honest: [i for i in honest if i.subject != lot])
    soft.add(
        PLANT,
        "lot-event",
        coil("C-1", action="DELETE"),
        items=lambda honest: [replace(i, role=Role.TOUCH) if i.subject == lot else i for i in honest],
    )
    bad = [
        ("lineage-salt-changed", forged.receipt(3, opened=(replace(first, salt=SALT), *rest)), trust, "lineage"),
        ("lineage-count-forged", forged.receipt(3, opened=(replace(first, path=()),), count=1), trust, "lineage"),
        ("lineage-item-not-implied", own.receipt(3), own.trust(), "lineage_implied"),
        ("lineage-item-left-out", left_out.receipt(3), left_out.trust(), "lineage_implied"),
        ("consumption-called-a-touch", soft.receipt(4), soft.trust(), "lineage_role"),
    ]
    for name, data, held, code in bad:
        yield receipt_case(name, f"{name.replace('-', ' ').capitalize()}.", data, held, 9, code)


def _times():
    forged, late = two_coils(), ForgedLedger()
    late.add(PLANT, "lot-event", coil("C-1"), iat=START // SECOND + 304)
    witnessed = forged.trust(witness("w1"), quorum="w1")
    yield receipt_case(
        "another-piece-than-expected",
        "The reader asked for another piece.",
        forged.receipt(3),
        forged.trust(),
        10,
        "expected_piece",
        expected={"piece": link("C-2")},
    )
    yield receipt_case(
        "another-index-than-expected",
        "The reader asked for another entry.",
        forged.receipt(3),
        forged.trust(),
        10,
        "expected_index",
        expected={"index": 4},
    )
    yield receipt_case(
        "signed-after-it-was-recorded", "iat lies 301 s ahead.", late.receipt(3), late.trust(), 12, "time"
    )
    yield receipt_case(
        "witnessed-before-it-was-recorded",
        "Recorded, it says, an hour after a witness saw it.",
        forged.receipt(3, ("w1", START // SECOND - 3600)),
        witnessed,
        12,
        "time",
    )
