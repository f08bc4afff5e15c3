"""Vectors of party histories (SPEC 4.5): registry statements in order, and statements that are asked about."""

from dataclasses import replace

from forged_ledger import ForgedLedger
from small_ledger import OPERATOR, ORIGIN, PLANT, ROLES, ROLLING, coil, ledger_body, signer
from vectors.bundles import SECOND_KEY, adding, ending, rotated
from vectors.cases import Case

from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.statement import parse

THIRD_KEY = PLANT.with_key("plant-3")


def histories():
    yield from _good_histories()
    yield from _bad_histories()


def _history(forged, asked=()):
    shown = [{"index": index, "statement": forged.wires[index].decode()} for index in sorted(forged.registry)]
    return {"history": shown, "asked": [{"index": index, "statement": wire.decode()} for index, wire in asked]}


def _good_histories():
    first, turned, disputed, saved = ForgedLedger(), rotated(), ForgedLedger(), ForgedLedger()
    event = first.statement(PLANT, "lot-event", coil("C-1"))
    second = first.statement(SECOND_KEY, "lot-event", coil("C-1"))
    stranger = first.statement(ROLLING, "lot-event", coil("C-1"))
    yield Case(
        "party",
        "first-key",
        "A key is good after the entry that added it, for its party and its roles.",
        _history(
            first,
            [
                (2, event),
                (3, event),
                (99, event),
                (3, stranger),
                (3, first.statement(PLANT, "heads", {})),
                (3, first.statement(OPERATOR, "heads", {})),
                (3, first.statement(PLANT, "period-close", {"processes": []})),
            ],
        ),
        said={"verdicts": ["key_not_valid", "good", "good", "unknown_party", "role", "good", "role"]},
    )
    yield Case(
        "party",
        "rotation",
        "Key 1 added at 2 and ended at 4, key 2 added at 3.",
        _history(turned, [(3, event), (4, event), (3, second), (4, second)]),
        said={"verdicts": ["good", "key_not_valid", "key_not_valid", "good"]},
    )
    disputed.add(PLANT, "key", adding(SECOND_KEY))
    disputed.add(PLANT, "lot-event", coil("C-1"))
    disputed.add(PLANT, "lot-event", coil("C-2"))
    disputed.add(SECOND_KEY, "key", ending(disputed_from=5))
    yield Case(
        "party",
        "dispute",
        "From entry 5 on somebody else may have held the key that was ended at 6.",
        _history(disputed, [(4, event), (5, event), (6, event)]),
        said={"verdicts": ["good", "disputed", "key_not_valid"]},
    )
    saved.add(OPERATOR, "key", {**adding(SECOND_KEY), "recovery": True})
    yield Case(
        "party",
        "recovery",
        "The operator adds a second key, and says that it is a recovery.",
        _history(saved, [(4, event), (4, second)]),
        said={"verdicts": ["good", "good"]},
    )
    yield _new_incarnation(event)


def _new_incarnation(event):
    forged = ForgedLedger()
    log = format_vkey(vkey_of(f"{ORIGIN}/2", signer("log-2").key))
    body = {**parse(forged.wires[0]).body, "incarnation": 1, "origin": f"{ORIGIN}/2", "log_keys": [log], "keys": []}
    forged.add(OPERATOR, "ledger", body)
    return Case(
        "party",
        "new-incarnation",
        "Another origin and log key; the parties' keys stay.",
        _history(forged, [(4, event)]),
        said={"verdicts": ["good"]},
    )


def _bad_histories():
    bad = [
        ("key-that-ends-itself", [(PLANT, "key", ending())], "key_end"),
        (
            "key-ended-twice",
            [(PLANT, "key", adding(SECOND_KEY)), (SECOND_KEY, "key", ending()), (SECOND_KEY, "key", ending())],
            "key_end",
        ),
        (
            "dispute-before-the-key",
            [(PLANT, "key", adding(SECOND_KEY)), (SECOND_KEY, "key", ending(disputed_from=2))],
            "key_end",
        ),
        (
            "key-of-another-party",
            [
                (OPERATOR, "party", ROLLING.profile(*ROLES)),
                (OPERATOR, "key", {"party": ROLLING.id, "add": [_possessed(PLANT, ROLLING)]}),
            ],
            "key_taken",
        ),
        ("log-key-as-party-key", [(PLANT, "key", adding(PLANT.with_key("log")))], "key_taken"),
        (
            "ended-key-adds-another",
            [(PLANT, "key", adding(SECOND_KEY)), (SECOND_KEY, "key", ending()), (PLANT, "key", adding(THIRD_KEY))],
            "key_not_valid",
        ),
        ("incarnation-skipped", [(OPERATOR, "ledger", ledger_body(incarnation=2, keys=[]))], "incarnation"),
    ]
    for name, statements, code in bad:
        forged = ForgedLedger()
        for who, typ, body in statements:
            forged.add(who, typ, body)
        yield Case("party", f"bad-{name}", f"Refused: {name.replace('-', ' ')}.", _history(forged), code)


def _possessed(holder, party):
    """A key of one party, with a proof of possession for another."""
    return replace(holder, id=party.id).addition()
