"""Vectors of entries, lineages, subjects and what a statement implies (SPEC 4.3, 4.4, 6)."""

import hashlib
from dataclasses import replace

import slow_merkle
from vectors.cases import Case
from vectors.run import item_json

from ledger.kernel.entry import Entry
from ledger.kernel.lineage import NO_INDEX, NO_LEAF, Item, Role, lineage_of
from ledger.kernel.subjects import subject_key

GLN, OTHER_GLN = "(417)9521141000007", "(417)9521141000014"
AUD = "https://ledger.example/park"
COIL, CLASS = "(01)09521141000069(21)C0004711", "(01)09521141000014(10)BX-1"
EPCIS = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
AL = {"al": "https://coilmark.org/ns/al/1/"}


def digest(text):
    return hashlib.sha256(text.encode()).digest()


def entries():
    first = Entry(0, 1_767_585_600_000_000, bytes(32), digest("statement 0"), digest("lineage 0"))
    later = Entry(4711, 1_767_585_661_000_001, first.leaf, digest("statement"), digest("lineage"))
    leaf = slow_merkle.leaf(later.packed).hex()
    bad = [
        ("112-bytes", "A byte is missing.", later.packed[:-1]),
        ("version-2", "Only version 1 is known.", b"\x02" + later.packed[1:]),
        ("inner-node", "An inner node's 65 bytes in place of an entry.", b"\x01" + first.leaf + later.leaf),
    ]
    return [
        Case(
            "entry",
            "index-0",
            "The first entry: nothing before it.",
            {"entry": first.packed.hex()},
            said={"index": 0, "previous": bytes(32).hex()},
        ),
        Case(
            "entry",
            "later",
            "An entry that follows another.",
            {"entry": later.packed.hex()},
            said={"index": 4711, "leaf": leaf},
        ),
        *(Case("entry", name, desc, {"entry": data.hex()}, "entry") for name, desc, data in bad),
    ]


def items():
    """A lot made, a party referred to, a lot touched, one used up; in order of their keys."""
    made = [
        Item(Role.CREATE, subject_key("lot", COIL), 1, NO_INDEX, NO_LEAF),
        Item(Role.REFERENCE, subject_key("party", GLN), 2, 17, digest("entry 17")),
        Item(Role.TOUCH, subject_key("lot", CLASS), 3, 21, digest("entry 21")),
        Item(Role.CONSUME, subject_key("lot", "(01)09521141000069(21)S1"), 2, 40, digest("entry 40")),
        Item(Role.TOUCH, subject_key("process", f"{GLN}/hot-mill"), 9, 39, digest("entry 39")),
    ]
    return sorted(made, key=lambda one: one.subject)


def lineages():
    return [*_whole_lineages(), *_item_forms(), *_openings()]


def _whole_lineages():
    seed = digest("seed")
    for count, name in ((1, "one-item"), (5, "five-items")):
        chosen = items()[:count]
        made = lineage_of(seed, chosen)
        root = slow_merkle.mth(list(made.hashes))
        whole = hashlib.sha256(b"\x02" + count.to_bytes(4, "big") + root).hexdigest()
        given = {"seed": seed.hex(), "items": [item_json(one) for one in chosen]}
        yield Case("lineage", name, f"{count} items, from seed to lineage digest.", given, said={"digest": whole})


def _item_forms():
    one, two, *_ = items()
    made = next(item for item in items() if item.role is Role.CREATE)
    bad = [
        ("80-bytes", "An item of 80 bytes.", one.packed()[:-1]),
        ("role-4", "A role that is not known.", b"\x04" + one.packed()[1:]),
        ("version-0", "Versions begin at 1.", replace(made, version=0).packed()),
        ("create-version-2", "What is created has version 1.", replace(made, version=2).packed()),
        ("items-descend", "Items ascend by subject key.", two.packed() + one.packed()),
        ("subject-twice", "One item a subject.", one.packed() + one.packed()),
    ]
    packed = b"".join(item.packed() for item in items())
    yield Case("lineage", "packed-items", "Five items, read.", {"packed": packed.hex()})
    for name, desc, data in bad:
        yield Case("lineage", name, desc, {"packed": data.hex()}, "lineage")


def _openings():
    made = lineage_of(digest("seed"), items())
    opened = [
        {
            "position": one.position,
            "salt": one.salt.hex(),
            "item": one.item.packed().hex(),
            "path": [node.hex() for node in one.path],
        }
        for one in made.opened({item.subject for item in made.items})
    ]
    good = {"count": 5, "digest": made.digest.hex(), "opened": opened}
    last = {**good, "opened": opened[4:]}
    yield Case("lineage", "opened-all", "Every item opened.", good)
    yield Case("lineage", "opened-last-of-five", "The lone rightmost item: its path has one hash.", last)
    bad = [
        ("opened-count-forged", "Four items, where the digest says five.", {"count": 4, "opened": opened[:1]}),
        ("opened-position-moved", "The right item in another place.", {"opened": [{**opened[0], "position": 1}]}),
        (
            "opened-path-too-long",
            "A hash too many.",
            {"opened": [{**opened[4], "path": [*opened[4]["path"], "00" * 32]}]},
        ),
    ]
    for name, desc, change in bad:
        yield Case("lineage", name, desc, good | change, "lineage")


def subjects():
    lots = [
        ("link-to-a-piece", "https://mill.example/p/01/09521141000069/10/L1/21/C0004711", COIL, True),
        ("link-to-a-lot-with-query", "https://id.example.com/01/09521141000014/10/BX-1?11=261123", CLASS, False),
        ("urn-lgtin", "urn:epc:class:lgtin:9521141.000001.BX-1", CLASS, False),
        ("link-escaped-serial", "https://a.example/01/09521141000069/21/C%2F1", "(01)09521141000069(21)C/1", True),
        ("sscc", "https://id.gs1.org/00/195211410000010010", "(00)195211410000010010", True),
    ]
    for name, text, found, single in lots:
        given = {"kind": "lot", "text": text, "iss": GLN}
        yield Case("subject", f"lot-{name}", f"{text} names {found}.", given, said={"id": found, "single": single})
    local = f"{GLN}/hot-mill"
    for name, kind, text in (("local-process", "process", local), ("party", "party", GLN), ("ledger", "ledger", AUD)):
        key = hashlib.sha256(f"coilmark/subject/v1\n{kind}\n{text}".encode()).hexdigest()
        yield Case(
            "subject",
            name,
            f"A {kind} and its subject key.",
            {"kind": kind, "text": text, "iss": GLN},
            said={"id": text, "key": key},
        )
    yield from _bad_subjects()
    yield from _creators()


def _bad_subjects():
    bad = [
        ("wrong-check-digit", "lot", "(01)09521141000068(21)C1", "gs1_id"),
        ("query-holds-the-serial", "lot", "https://id.gs1.org/01/09521141000069?21=C1", "gs1_id"),
        ("value-reads-as-an-element", "lot", "https://id.gs1.org/01/09521141000069/21/A(10)B", "gs1_id"),
        ("element-string-with-more", "lot", "(01)09521141000069(10)L1(21)C1", "gs1_id"),
        ("kind-unknown", "coil", COIL, "subject_kind"),
        ("process-with-dots", "process", f"{GLN}/../hot-mill", "id_not_canonical"),
    ]
    for name, kind, text, code in bad:
        yield Case("subject", name, f"{text} is no id of a {kind}.", {"kind": kind, "text": text, "iss": GLN}, code)


def _creators():
    asked = [
        ("own-prefix", "lot", COIL, ["9521141"], True),
        ("prefix-of-another", "lot", COIL, ["9506000"], False),
        ("local-id-of-another", "process", f"{OTHER_GLN}/hot-mill", ["9521141"], False),
    ]
    for name, kind, text, prefixes, may in asked:
        desc = f"Whether {GLN} may create {text} with the prefixes {prefixes}."
        given = {"kind": kind, "text": text, "iss": GLN, "prefixes": prefixes}
        yield Case("subject", f"create-{name}", desc, given, said={"may_create": may})


def event(kind, action=None, context=EPCIS, **members):
    acted = {} if action is None else {"action": action}
    return {"@context": [context], "type": kind, **acted, **members}


def link(canonical):
    return "https://id.gs1.org/" + canonical[1:].replace(")", "/").replace("(", "/")


def quantity(canonical):
    return {"epcClass": link(canonical), "quantity": 12500, "uom": "KGM"}


SLAB, STRIP = "(01)09521141000069(21)S1", "(01)09521141000069(21)C1A"


def implications():
    both = {"epcList": [link(COIL)], "quantityList": [quantity(CLASS)]}
    seen = [
        ("object-add", event("ObjectEvent", "ADD", **both), {COIL: "CREATE", CLASS: "ADVANCE"}),
        ("object-observe", event("ObjectEvent", "OBSERVE", **both), {COIL: "TOUCH", CLASS: "TOUCH"}),
        ("object-delete", event("ObjectEvent", "DELETE", **both), {COIL: "CONSUME", CLASS: "TOUCH"}),
        (
            "transformation",
            event(
                "TransformationEvent",
                inputEPCList=[link(SLAB)],
                inputQuantityList=[quantity(CLASS)],
                outputEPCList=[link(COIL), link(STRIP)],
            ),
            {SLAB: "CONSUME", CLASS: "TOUCH", COIL: "CREATE", STRIP: "CREATE"},
        ),
        (
            "aggregation-add",
            event("AggregationEvent", "ADD", parentID=link("(00)195211410000010010"), childEPCs=[link(COIL)]),
            {"(00)195211410000010010": "ADVANCE", COIL: "TOUCH"},
        ),
        (
            "error-declaration",
            event(
                "ObjectEvent",
                "ADD",
                eventID="urn:example:1",
                **both,
                errorDeclaration={"declarationTime": "2026-01-05T09:00:00Z"},
            ),
            {COIL: "TOUCH", CLASS: "TOUCH"},
        ),
        (
            "al-process-bound",
            event("ObjectEvent", "OBSERVE", AL, epcList=[link(COIL)], **{"al:process": f"{GLN}/hot-mill"}),
            {COIL: "TOUCH", f"{GLN}/hot-mill": "REFERENCE"},
        ),
    ]
    for name, body, wants in seen:
        yield _implication(name, "lot-event", body, wants)
    yield from _other_implications()
    yield from _refused_implications()


def _implication(name, typ, body, wants):
    given = {"typ": typ, "iss": GLN, "aud": AUD, "body": body}
    return Case("implied", name, f"What a {typ} implies, ascending by subject key.", given, said={"wants": wants})


def _other_implications():
    profile = {"id": OTHER_GLN, "devices": [{"id": "(8004)9521141SCALE1"}], "meters": [{"id": f"{OTHER_GLN}/m1"}]}
    rows = [
        {"attestation": f"{OTHER_GLN}/a/1", "consumption": f"{GLN}/c/1", "contract": f"{OTHER_GLN}/ppa-1"},
        {"attestation": f"{OTHER_GLN}/a/2", "consumption": f"{GLN}/c/1"},
    ]
    yield _implication(
        "party",
        "party",
        profile,
        {OTHER_GLN: "ADVANCE", "(8004)9521141SCALE1": "ADVANCE", f"{OTHER_GLN}/m1": "ADVANCE"},
    )
    yield _implication(
        "certificate", "certificate", {"id": f"{GLN}/c/1", "lots": [COIL]}, {f"{GLN}/c/1": "ADVANCE", COIL: "TOUCH"}
    )
    yield _implication(
        "energy-allocation",
        "energy-allocation",
        {"rows": rows},
        {
            f"{OTHER_GLN}/a/1": "TOUCH",
            f"{OTHER_GLN}/a/2": "TOUCH",
            f"{GLN}/c/1": "TOUCH",
            f"{OTHER_GLN}/ppa-1": "REFERENCE",
        },
    )
    yield _implication("notice", "notice", {"kind": "rules"}, {AUD: "TOUCH"})


def _refused_implications():
    bad = [
        (
            "in-and-out",
            "lot-event",
            event("TransformationEvent", inputEPCList=[link(COIL)], outputEPCList=[link(COIL)]),
            "in_and_out",
        ),
        ("class-in-an-epc-list", "lot-event", event("ObjectEvent", "ADD", epcList=[link(CLASS)]), "epc_list"),
        ("link-in-our-own-body", "certificate", {"id": f"{GLN}/c/1", "lots": [link(COIL)]}, "id_not_canonical"),
        ("unknown-kind", "verification", {"subject": {"kind": "coil", "id": COIL}}, "subject_kind"),
    ]
    for name, typ, body, code in bad:
        given = {"typ": typ, "iss": GLN, "aud": AUD, "body": body}
        yield Case("implied", name, f"A {typ} that is refused.", given, code)
