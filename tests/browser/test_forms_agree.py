"""Bodies that are signed and out of form: what one language takes for a list or a number, neither verifier does."""

from collections import Counter
from decimal import Decimal

from both import compared, differs, outcome
from engine import Given
from forged_ledger import ForgedLedger, with_a_coil
from forged_passports import committed, passport_of
from forgeries import NAME, POWER
from small_ledger import OPERATOR, ORIGIN, PLANT, ROLES, coil, ledger_body, piece
from vectors.computed import COIL, cast_and_slit, footprint

from ledger.kernel.statement import parse
from ledger.kernel.trust import format_trust
from ledger.rules import rule_set


def shown(forged, about, **kind):
    return Given(forged.bundle(about, **kind), format_trust(forged.trust()).encode())


def founded_by(**said):
    """A ledger whose founding says something else, with a coil."""
    return shown(with_a_coil(founding=said), 3)


def with_plant(**said):
    """A ledger in which the plant is described anew before it makes a coil."""
    forged = ForgedLedger()
    forged.add(OPERATOR, "party", PLANT.profile(*ROLES, **said))
    return shown(forged, forged.add(PLANT, "lot-event", coil("C-1")))


def named(party):
    """A ledger in which a party is called so."""
    forged = ForgedLedger()
    items = forged.honest_items(forged.statement(OPERATOR, "party", PLANT.profile(*ROLES)))
    forged.registry.add(len(forged.entries))
    return shown(forged, forged.record(forged.statement(OPERATOR, "party", PLANT.profile(*ROLES, id=party)), items))


def with_keys(**said):
    """A ledger in which the plant's second key ends its first."""
    forged, second = ForgedLedger(), PLANT.with_key("plant-2")
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [second.addition()]})
    end = {"kid": PLANT.signer.key.kid, "reason": "lost", "disputed_from": 3, **said}
    forged.add(second, "key", {"party": PLANT.id, "end": [end]})
    return shown(forged, forged.add(second, "lot-event", coil("C-1")))


def recovered(recovery):
    """A ledger in which the operator gives the plant another key."""
    forged, second = ForgedLedger(), PLANT.with_key("plant-2")
    body = {"party": PLANT.id, "add": [second.addition()], "recovery": recovery}
    forged.add(OPERATOR, "key", body)
    return shown(forged, forged.add(second, "lot-event", coil("C-1")))


def renewed(**said):
    """A ledger of a second incarnation."""
    forged = ForgedLedger()
    forged.add(OPERATOR, "ledger", {**ledger_body(incarnation=1, keys=[]), **said})
    return shown(forged, forged.add(PLANT, "lot-event", coil("C-1")))


def under_rules(from_index):
    forged = ForgedLedger()
    rules = {"id": "r", "digest": "x", "from_index": from_index}
    return shown(forged, forged.add(OPERATOR, "notice", {"kind": "rules", "rules": rules}))


def at_time(said):
    forged = ForgedLedger()
    return shown(forged, forged.add(PLANT, "lot-event", coil("C-1", eventTime=said)))


def used(row=None, back=None, slices=None, wh=10):
    """An attestation, an hour that it covers, some of which is taken back, and what is then withdrawn."""
    forged, hour = ForgedLedger(), {"consumption": f"{PLANT.id}/con-1", "hour": 0}
    named = {list_: [{"id": f"{PLANT.id}/{list_}"}] for list_ in ("devices", "meters", "processes")}
    forged.add(OPERATOR, "party", PLANT.profile(*POWER, **named))
    forged.add(PLANT, "energy-consumption", {"id": hour["consumption"], "process": f"{PLANT.id}/processes", "wh": [9]})
    body = {"id": NAME, "device": f"{PLANT.id}/devices", "meter": f"{PLANT.id}/meters", "wh": wh}
    about = forged.add(PLANT, "energy-attestation", body)
    rows = [{"attestation": NAME, "from_wh": 1, "to_wh": 5, **hour, **(row or {})}]
    at = forged.add(PLANT, "energy-allocation", {"rows": rows})
    gone = [{"index": at, "row": 0, "consumption": hour["consumption"], "from_wh": 1, "to_wh": 3, **(back or {})}]
    slices = [{"from_wh": 1, "to_wh": 3}] if slices is None else slices
    forged.add(PLANT, "energy-action", {"attestation": NAME, "action": "withdraw", "slices": slices, "reversals": gone})
    return shown(forged, about, along=range(about, len(forged.entries)), kind="attestation")


def delivered(entry=3):
    """An event with the passport of its piece, whose step it is."""
    forged, coil_1, as_of = with_a_coil(), piece("C-1"), {"size": 4, "root": "x"}
    body = {"id": coil_1, "piece": coil_1, "steps": [{"entry": entry}], "references": [], "as_of": as_of}
    return shown(forged, 3, along=(forged.add(OPERATOR, "passport", body),), kind="delivery")


def told_again(count=int, changed=6, **more):
    """A coil's full bundle, in which the casting of its slab, or another entry, says something else."""
    honest, forged = cast_and_slit(), ForgedLedger()
    for index, said in [*enumerate(map(parse, honest.wires))][3:]:
        who = OPERATOR if said.typ == "party" else PLANT
        forged.add(who, said.typ, {**said.body, **(more if index == changed else {})})
    body, inputs = passport_of(honest, COIL, rule_set(), footprint)
    body = committed(forged, body, inputs)
    body["inputs"]["count"] = count(len(inputs))
    return shown(forged, forged.add(OPERATOR, "passport", body), along=inputs, kind="full")


def bought_as(kind):
    """A coil's full bundle, in which the scrap of its slab came from outside, or so."""
    said = parse(cast_and_slit().wires[5]).body
    return told_again(changed=5, **{"al:origin": [{**one, "kind": kind} for one in said["al:origin"]]})


def no_words():
    """A casting that says of which kind a loss is, or in which unit an amount, by what is no text."""
    said = parse(cast_and_slit().wires[6]).body
    amount, *rest = said["inputQuantityList"]
    yield {"al:loss": [{"kind": Decimal("1.0"), "g": 0}]}
    yield {"inputQuantityList": [amount, *rest, {**amount, "uom": Decimal("0.0")}]}


def out_of_form():
    """By step and code: files that fail so."""
    (key,) = ledger_body()["log_keys"]
    return {
        (4, "body"): [
            *(founded_by(incarnation=one) for one in (False, Decimal("0.0"))),
            founded_by(log_keys={key: 1}),
            founded_by(operator=OPERATOR.profile(roles={})),
            *(renewed(origin=one) for one in ([ORIGIN], {}, {ORIGIN: 1})),
            *(renewed(incarnation=one) for one in (True, Decimal("1.0"))),
            *(renewed(operator=OPERATOR.profile(prefixes=one)) for one in ("9521141", {"9521141": 1}, [9521141])),
            *(renewed(keys=one) for one in ("", {})),
        ],
        (7, "body"): [
            *(with_plant(roles=one) for one in (dict.fromkeys(ROLES, 1), [*ROLES, []], [*ROLES, {}])),
            *(with_plant(prefixes=one) for one in ("9521141", {"9521141": 1}, [9521141], [None], [[]])),
            *(named(one) for one in ({}, [{}], {"a": 1})),
            *(with_keys(disputed_from=one) for one in ("3", [3], {}, Decimal("3.0"), True)),
            *(recovered(one) for one in ([], {}, 1, "", Decimal("0.0"))),
            under_rules(Decimal("20.0")),
        ],
        (10, "delivery"): [delivered(one) for one in (Decimal("3.0"), "3", [3])],
        (11, "inputs"): [
            told_again(lambda count: Decimal(f"{count}.0")),
            told_again(**{"al:start": None}),
            *(told_again(**one) for one in no_words()),
            *(bought_as(one) for one in (Decimal("0.0"), {"is": "outside"})),
        ],
        (12, "time"): [at_time(one) for one in (["2026-01-05T08:59:00+05:00"], {}, {"a": 1}, [{}], True)],
        (11, "body"): [
            used(wh=Decimal("10.0")),
            used(wh="10"),
            *(used({"from_wh": one}) for one in (True, Decimal("1.0"))),
            *(used({"hour": one}) for one in (False, "0", [0])),
            *(used(back={"row": one}) for one in (False, Decimal("0.0"), "0", [0], {})),
            *(used(back={"index": one}) for one in ("6", [6], {})),
            *(used(slices=one) for one in ({}, [{"from_wh": True, "to_wh": 3}])),
        ],
    }  # fmt: skip


def test_what_is_in_form_is_verified_by_both():
    given = [founded_by(), with_plant(), with_keys(), recovered(True), renewed(), under_rules(20), used()]
    given += [delivered(), told_again()]
    assert [(report.code, said["code"]) for _, report, said in compared(given)] == [("", "")] * len(given)


def test_what_is_out_of_form_is_refused_by_both_at_one_step():
    """Python takes True and 1.0 for 1 and a text for a list, JavaScript [3] for 3 and an empty list for true."""
    given = out_of_form()
    found = compared([one for cases in given.values() for one in cases])
    assert Counter(outcome(report) for _, report, _ in found) == {step: len(cases) for step, cases in given.items()}
    assert [(said["code"], said["detail"]) for _, report, said in found if differs(report, said)] == []
    assert [said["code"] for _, _, said in found] == [report.code for _, report, _ in found]
