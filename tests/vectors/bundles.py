"""Vectors of bundles, good ones and attacks, each with the step of SPEC 7 that finds it."""

from dataclasses import replace

from forged_ledger import ForgedLedger, with_a_coil, witness
from small_ledger import OPERATOR, PLANT, START, coil, ledger_body, link, piece, signer
from vectors.cases import Case, text_or_base64

from ledger.kernel.bundle import encode_bundle, parse_bundle
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.hashing import node_hash, tree_root
from ledger.kernel.subjects import subject_key
from ledger.kernel.trust import format_trust

SECOND_KEY = PLANT.with_key("plant-2")
KID = PLANT.signer.key.kid
AT = "2026-01-05T04:00:00Z"
ELSEWHERE = "https://ledger.example/other"


def bundle_case(name, desc, data, trust, *failing, **given):
    """`failing` is step and code, nothing for a bundle that verifies."""
    step, code = failing or (None, None)
    said = {} if step is None else {"step": step}
    whole = {**text_or_base64("bundle", data), "trust": format_trust(trust), **given}
    return Case("bundle", name, desc, whole, code, said)


def broken(name, desc, forged, about, *failing):
    """A bundle as an operator who cheats would hand it out."""
    return bundle_case(name, desc, forged.bundle(about), forged.trust(), *failing)


def adding(key, **changes):
    return {"party": PLANT.id, "add": [{**key.addition(), **changes}]}


def ending(**changes):
    return {"party": PLANT.id, "end": [{"kid": KID, "reason": "compromised", **changes}]}


def rotated():
    """3 a second key of the plant, 4 the first one ended, 5 an event by the second."""
    forged = ForgedLedger()
    forged.add(PLANT, "key", adding(SECOND_KEY))
    forged.add(SECOND_KEY, "key", ending())
    forged.add(SECOND_KEY, "lot-event", coil("C-1"))
    return forged


def bundles():
    yield from _good()
    yield from _proofs()
    yield from _index_0()
    yield from _statements()
    yield from _keys()
    yield from _rest()
    yield from _passports()


def _good():
    forged, turned = with_a_coil(), rotated()
    pinned = forged.trust(f"party {PLANT.id} {KID}")
    asked = {"piece": link("C-1"), "index": 3}
    yield bundle_case(
        "good",
        "An event, index 0 and the histories of plant and operator.",
        forged.bundle(3),
        forged.trust(),
        expected=asked,
    )
    yield bundle_case("good-pinned", "The reader knows the plant's key himself.", forged.bundle(3), pinned)
    yield bundle_case("good-index-0", "About index 0 itself.", forged.bundle(0), forged.trust())
    yield bundle_case(
        "good-statement-withheld",
        "The event may not be seen: the entry is proven, and no more.",
        forged.bundle(3, changed={3: {"statement": None}}),
        forged.trust(),
    )
    yield bundle_case(
        "good-key-rotated", "Signed by the second key, after the first was ended.", turned.bundle(5), turned.trust()
    )


def _proofs():
    forged = with_a_coil()
    own = replace(forged.entries[3], recorded_at=START + 1)
    bundle = parse_bundle(forged.bundle(3))
    parent = node_hash(forged.leaves[0], forged.leaves[1])
    inner = encode_bundle(replace(bundle, entries=bundle.entries[2:], proof=(parent, parent)))
    twice = encode_bundle(replace(bundle, entries=(*bundle.entries, bundle.entries[3])))
    chain = ForgedLedger()
    chain.record(chain.statement(PLANT, "lot-event", coil("C-1")), previous=bytes(32))
    bad = [
        ("entry-twice", twice, 1, "bundle"),
        ("entry-not-included", forged.bundle(3, changed={3: {"entry": own}}), 3, "inclusion"),
        ("multi-proof-a-hash-too-long", forged.bundle(3, proof=(bytes(32),)), 3, "inclusion"),
        ("inner-node-in-place-of-its-leaves", inner, 3, "inclusion"),
    ]
    for name, data, step, code in bad:
        yield bundle_case(name, f"{name.replace('-', ' ').capitalize()}.", data, forged.trust(), step, code)
    yield broken("broken-chain", "Entry 3 names another leaf before it than entry 2 has.", chain, 3, 3, "chain")


def _index_0():
    forged = with_a_coil()
    yield bundle_case(
        "index-0-left-out",
        "Nothing says whose ledger this is.",
        forged.bundle(3, without=(0,)),
        forged.trust(),
        4,
        "index_0",
    )
    named = [
        ("index-0-names-another-log-key", {"log_keys": ledger_body(log="other")["log_keys"]}, "log_key"),
        ("index-0-names-another-origin", {"origin": "ledger.example/shadow"}, "origin"),
        ("index-0-names-another-ledger", {"uri": ELSEWHERE}, "index_0"),
    ]
    for name, founding, code in named:
        other = with_a_coil(founding=founding)
        yield broken(name, f"{name.replace('-', ' ').capitalize()}.", other, 3, 4, code)


def _statements():
    forged = with_a_coil()
    swapped = forged.bundle(3, changed={2: {"statement": forged.wires[1]}})
    forged.add(PLANT, "lot-event", coil("C-2"), aud=ELSEWHERE)
    beside = with_a_coil()
    beside.add(PLANT, "lot-event", coil("C-2"))
    earlier = with_a_coil()
    yield bundle_case(
        "statement-swapped",
        "The key statement replaced by the party statement.",
        swapped,
        earlier.trust(),
        5,
        "statement_digest",
    )
    yield broken("statement-for-another-ledger", "Signed for another ledger, recorded here.", forged, 4, 6, "audience")
    yield bundle_case(
        "another-entry-beside",
        "Two events: which one is it about?",
        beside.bundle(3, along=(4,)),
        beside.trust(),
        6,
        "superfluous",
    )


def _keys():
    hidden = rotated()
    hidden.add(PLANT, "lot-event", coil("C-2"))
    yield bundle_case(
        "revocation-left-out",
        "The key was ended at entry 4, which the file does not show.",
        hidden.bundle(6, without=(4,)),
        hidden.trust(),
        7,
        "party_history",
    )
    ended = rotated()
    ended.add(PLANT, "lot-event", coil("C-2"))
    yield broken(
        "signed-with-an-ended-key", "The thief signs with the key that was ended.", ended, 6, 7, "key_not_valid"
    )
    yield broken(
        "signed-with-a-key-nobody-enrolled",
        "A key that the ledger never recorded.",
        _with(PLANT.with_key("thief"), "lot-event", coil("C-1")),
        3,
        7,
        "key_unknown",
    )
    yield broken(
        "false-signature",
        "The plant's key is named, another one signed.",
        _with(replace(PLANT, signer=replace(PLANT.signer, sign=signer("thief").sign)), "lot-event", coil("C-1")),
        3,
        7,
        "signature",
    )
    yield broken(
        "no-role",
        "The plant has no role to verify anything.",
        _with(PLANT, "verification", {"subject": {"kind": "lot", "id": piece("C-1")}}),
        3,
        7,
        "role",
    )
    yield broken(
        "key-without-possession",
        "The proof is of another key.",
        _with(PLANT, "key", adding(SECOND_KEY, proof=PLANT.addition()["proof"])),
        3,
        7,
        "possession",
    )
    yield broken(
        "second-key-by-the-operator",
        "A recovery that is not called one.",
        _with(OPERATOR, "key", adding(SECOND_KEY)),
        3,
        7,
        "key_issuer",
    )
    shared = _with(PLANT, "key", adding(PLANT.with_key("w1")))
    yield bundle_case(
        "witness-key-as-party-key",
        "Who signs statements signs no checkpoints.",
        shared.bundle(3),
        shared.trust(witness("w1")),
        7,
        "key_shared",
    )


def _with(who, typ, body):
    forged = ForgedLedger()
    forged.add(who, typ, body)
    return forged


def _rest():
    outside = _with(PLANT, "lot-event", coil(epcList=["https://id.gs1.org/01/09506000134352/21/C-1"]))
    yield broken("piece-outside-the-prefixes", "The GTIN is another company's.", outside, 3, 9, "prefix")
    astray, lot = with_a_coil(), subject_key("lot", piece("C-1"))
    astray.add(
        PLANT,
        "lot-event",
        coil("C-1", action="OBSERVE"),
        items=lambda honest: [replace(i, index=2, leaf=bytes([1]) * 32) if i.subject == lot else i for i in honest],
    )
    yield broken(
        "link-with-another-leaf",
        "An item links to entry 2 with a leaf hash that entry 2 does not have.",
        astray,
        4,
        9,
        "lineage_link",
    )
    early = ForgedLedger()
    early.record(early.statement(PLANT, "lot-event", coil("C-1")), recorded_at=START)
    yield broken("recorded-before-the-entry-before", "Recorded times do not fall.", early, 3, 12, "time")


def _passports():
    """3 C-1 made, 4 C-2 made, 5 C-1 shipped, 6 the passport of C-1 from 3 and 5, 7 that of C-2 from 4."""
    forged = ForgedLedger()
    for event in (coil("C-1"), coil("C-2"), coil("C-1", action="OBSERVE", bizStep="shipping")):
        forged.add(PLANT, "lot-event", event)
    first = forged.add(OPERATOR, "passport", _passport(forged, (3, 5)))
    second = forged.add(OPERATOR, "passport", _passport(forged, (4,), "C-2"))
    late = forged.add(OPERATOR, "passport", _passport(forged, (3, 5), as_of=99))
    asked = {"piece": link("C-1")}
    trust = forged.trust()

    def full(*inputs):
        return forged.bundle(first, along=inputs, kind="full")

    good = [
        ("good-short", "A passport and who signed it.", forged.bundle(first, kind="short")),
        ("good-full", "A passport with its inputs; that they make up what it says is not checked here.", full(3, 5)),
        ("good-delivery", "A shipment and the passport of the piece in it.", _delivery(forged, first)),
    ]
    for name, desc, data in good:
        yield bundle_case(name, desc, data, trust, expected=asked)
    short = {index: forged.bundle(index, kind="short") for index in (5, first, second, late)}
    with_input = forged.bundle(first, along=(3,), kind="short")
    bad = [
        ("short-about-an-event", "A short bundle is about a passport.", short[5], 6, "bundle_kind"),
        ("input-beside-a-short-one", "It calls itself short and holds an input.", with_input, 6, "superfluous"),
        ("passport-of-another-piece", "The good bundle of another coil.", short[second], 10, "expected_piece"),
        ("passport-that-saw-the-future", "Its as_of lies behind its own index.", short[late], 10, "as_of"),
        ("passport-of-another-delivery", "The shipment is not its step.", _delivery(forged, second), 10, "delivery"),
        ("input-left-out", "One of two inputs is not there.", full(5), 11, "inputs"),
        ("input-added", "An entry that is no input stands among them.", full(3, 4, 5), 11, "inputs"),
    ]
    for name, desc, data, step, code in bad:
        yield bundle_case(name, desc, data, trust, step, code, expected=asked)


def _delivery(forged, passport):
    return forged.bundle(5, along=(passport,), kind="delivery")


def _passport(forged, inputs, serial="C-1", as_of=None):
    root = b64url_encode(tree_root([forged.entries[index].leaf for index in inputs]))
    return {
        "id": piece(serial), "piece": piece(serial), "status": "shipped", "facts": {"form": "coil"},
        "steps": [
            {"entry": index, "step": "shipping", "party": PLANT.id, "at": AT, "recorded": AT} for index in inputs
        ],
        "figures": [], "as_of": {"size": as_of or len(forged.entries), "root": b64url_encode(bytes(32))},
        "inputs": {"count": len(inputs), "root": root}, "references": [],
    }  # fmt: skip
