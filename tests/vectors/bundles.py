"""Vectors of bundles, good ones and attacks, each with the step of SPEC 7 that finds it."""

from dataclasses import replace

from forged_ledger import ForgedLedger, with_a_coil, witness
from small_ledger import OPERATOR, PLANT, START, coil, ledger_body, link, piece, signer
from vectors.cases import Case, text_or_base64

from ledger.kernel.bundle import encode_bundle, parse_bundle
from ledger.kernel.hashing import node_hash
from ledger.kernel.subjects import subject_key
from ledger.kernel.trust import format_trust

SECOND_KEY = PLANT.with_key("plant-2")
KID = PLANT.signer.key.kid
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
