import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import Malformed, Refused, RuleBroken, TooLarge
from ledger.kernel.event_subjects import AL, Names
from ledger.kernel.implied import implied
from ledger.kernel.statement import TYPES
from ledger.kernel.subjects import Want

OPERATOR, PLANT, POWER = "(417)9521141000007", "(417)9521141000014", "(417)9521141000021"
AUD = "https://ledger.example/park"
PIECE = "(01)09521141000069(21)C0004711"
PROFILE = {
    "id": OPERATOR,
    "name": "Example Rolling",
    "processes": [{"id": f"{OPERATOR}/hot-mill", "kind": "hot-rolling", "site": "(414)9521141000090"}],
    "devices": [{"id": "(8004)9521141SCALE1", "kind": "scale"}, {"id": f"{OPERATOR}/w1", "kind": "generator"}],
    "meters": [{"id": f"{OPERATOR}/m1", "process": f"{OPERATOR}/hot-mill"}],
}
# The members of each body that say whom it is about, and some that do not.
GOOD = {
    "ledger": [{"uri": AUD, "origin": "ledger.example/park", "operator": PROFILE, "incarnation": 0}],
    "party": [PROFILE],
    "key": [{"party": PLANT, "end": [{"kid": "x", "reason": "lost"}]}],
    "certificate": [{"id": "(253)9521141000090C1", "type": "3.1", "lots": [PIECE]}],
    "passport": [
        {
            "id": PIECE,
            "piece": PIECE,
            "facts": {"maker": PLANT, "certificates": [{"id": "(253)9521141000090C1"}]},
            "references": [{"kind": "certificate", "id": "(253)9521141000090C1"}, {"kind": "party", "id": PLANT}],
        }
    ],
    "heads": [{}],
    "notice": [{"kind": "rules"}],
    "contract": [{"id": f"{POWER}/ppa-1", "from": POWER, "to": PLANT, "parties": [POWER, PLANT]}],
    "energy-attestation": [
        {"id": f"{POWER}/a/1", "device": f"{POWER}/w1", "meter": f"{POWER}/m1", "wh": 1},
        {"id": f"{POWER}/a/1", "storage": {"charges": [{"consumption": f"{POWER}/c/1", "hour": 3}]}},
    ],
    "energy-consumption": [
        {"id": f"{PLANT}/c/1", "process": f"{PLANT}/potline-1", "meter": f"{PLANT}/m1"},
        {"id": f"{PLANT}/c/2", "process": f"{PLANT}/potline-1", "replaces": f"{PLANT}/c/1"},
    ],
    "energy-action": [
        {"attestation": f"{POWER}/a/1", "action": "transfer", "to": PLANT},
        {"attestation": f"{POWER}/a/1", "reversals": [{"index": 88, "row": 3, "consumption": f"{PLANT}/c/1"}]},
    ],
    "energy-allocation": [
        {
            "beneficiary": PLANT,
            "rows": [
                {"attestation": f"{POWER}/a/1", "consumption": f"{PLANT}/c/1", "contract": f"{POWER}/ppa-1"},
                {"attestation": f"{POWER}/a/2", "consumption": f"{PLANT}/c/1"},
            ],
        }
    ],
    "emission-source": [{"process": f"{PLANT}/potline-1", "stream": "pfc"}],
    "period-close": [{"processes": [f"{PLANT}/potline-1", f"{PLANT}/potline-2"]}],
    "verification": [{"subject": {"kind": "process", "id": f"{PLANT}/potline-1"}, "kind": "audit"}],
}
EPCIS = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

COIL, STRIP, SLAB = (f"(01)09521141000069(21){name}" for name in ("C1", "C1A", "S1"))
LOT, SCRAP = "(01)09521141000014(10)BX-1", "(01)09521141000083(10)SC-1"
SSCC, SKID = "(00)195211410000010010", "(8003)09521141009017SKID77"


def link(name):
    return "https://id.example.com/" + name.lstrip("(").replace("(", "/").replace(")", "/")


def amount(name, quantity=1):
    return {"epcClass": link(name), "quantity": quantity, "uom": "KGM"}


def event(kind, action=None, **members):
    base = {"@context": [EPCIS], "type": kind, "eventTime": "2026-11-23T05:00:00Z", "eventTimeZoneOffset": "+05:00"}
    return base | ({} if action is None else {"action": action}) | members


def wants(typ, body, iss=OPERATOR):
    return {(one.kind, one.id): one.want.name for one in implied(typ, iss, AUD, body)}


OF_PARTY = {
    ("party", OPERATOR): "ADVANCE",
    ("process", f"{OPERATOR}/hot-mill"): "ADVANCE",
    ("device", "(8004)9521141SCALE1"): "ADVANCE",
    ("device", f"{OPERATOR}/w1"): "ADVANCE",
    ("meter", f"{OPERATOR}/m1"): "ADVANCE",
}
TABLE = {
    ("ledger", 0): {("ledger", AUD): "ADVANCE", **OF_PARTY},
    ("party", 0): OF_PARTY,
    ("key", 0): {("party", PLANT): "TOUCH"},
    ("certificate", 0): {("certificate", "(253)9521141000090C1"): "ADVANCE", ("lot", PIECE): "TOUCH"},
    ("passport", 0): {
        ("passport", PIECE): "ADVANCE",
        ("lot", PIECE): "REFERENCE",
        ("certificate", "(253)9521141000090C1"): "REFERENCE",
        ("party", PLANT): "REFERENCE",
    },
    ("heads", 0): {},
    ("notice", 0): {("ledger", AUD): "TOUCH"},
    ("contract", 0): {
        ("contract", f"{POWER}/ppa-1"): "ADVANCE",
        ("party", POWER): "REFERENCE",
        ("party", PLANT): "REFERENCE",
    },
    ("energy-attestation", 0): {
        ("attestation", f"{POWER}/a/1"): "CREATE",
        ("device", f"{POWER}/w1"): "REFERENCE",
        ("meter", f"{POWER}/m1"): "REFERENCE",
    },
    ("energy-consumption", 0): {
        ("consumption", f"{PLANT}/c/1"): "CREATE",
        ("process", f"{PLANT}/potline-1"): "REFERENCE",
        ("meter", f"{PLANT}/m1"): "REFERENCE",
    },
    ("energy-attestation", 1): {("attestation", f"{POWER}/a/1"): "CREATE", ("consumption", f"{POWER}/c/1"): "TOUCH"},
    ("energy-consumption", 1): {
        ("consumption", f"{PLANT}/c/2"): "CREATE",
        ("consumption", f"{PLANT}/c/1"): "TOUCH",
        ("process", f"{PLANT}/potline-1"): "REFERENCE",
    },
    ("energy-action", 0): {("attestation", f"{POWER}/a/1"): "TOUCH", ("party", PLANT): "REFERENCE"},
    ("energy-action", 1): {("attestation", f"{POWER}/a/1"): "TOUCH", ("consumption", f"{PLANT}/c/1"): "TOUCH"},
    ("energy-allocation", 0): {
        ("attestation", f"{POWER}/a/1"): "TOUCH",
        ("attestation", f"{POWER}/a/2"): "TOUCH",
        ("consumption", f"{PLANT}/c/1"): "TOUCH",
        ("contract", f"{POWER}/ppa-1"): "REFERENCE",
    },
    ("emission-source", 0): {("process", f"{PLANT}/potline-1"): "TOUCH"},
    ("period-close", 0): {("process", f"{PLANT}/potline-1"): "TOUCH", ("process", f"{PLANT}/potline-2"): "TOUCH"},
    ("verification", 0): {("process", f"{PLANT}/potline-1"): "TOUCH"},
}
OBJECT = {"epcList": [link(COIL)], "quantityList": [amount(LOT)]}
BOTH_TOUCHED = {("lot", COIL): "TOUCH", ("lot", LOT): "TOUCH"}
FAMILY = {"parentID": link(SSCC), "childEPCs": [link(COIL)], "childQuantityList": [amount(LOT)]}
ALL_TOUCHED = {("lot", SSCC): "TOUCH", **BOTH_TOUCHED}
EVENTS = [
    (event("ObjectEvent", "ADD", **OBJECT), {("lot", COIL): "CREATE", ("lot", LOT): "ADVANCE"}),
    (event("ObjectEvent", "OBSERVE", **OBJECT), BOTH_TOUCHED),
    (event("ObjectEvent", "DELETE", **OBJECT), {("lot", COIL): "CONSUME", ("lot", LOT): "TOUCH"}),
    (event("ObjectEvent", "ADD", epcList=[link(SSCC), link(SKID), "urn:epc:id:giai:9521141.POT-1"]), {
        ("lot", SSCC): "CREATE", ("lot", SKID): "CREATE", ("lot", "(8004)9521141POT-1"): "CREATE"}),
    (event("ObjectEvent", "ADD", quantityList=[amount("(01)09521141000014"), amount("(8003)09521141009017")]), {
        ("lot", "(01)09521141000014"): "ADVANCE", ("lot", "(8003)09521141009017"): "ADVANCE"}),
    (event("ObjectEvent", "OBSERVE", readPoint={"id": link("(414)9521141000014")}, sensorElementList=[{}]), {}),
    (event("TransformationEvent", inputEPCList=[link(SLAB)], inputQuantityList=[amount(LOT)],
           outputEPCList=[link(COIL), link(STRIP)], outputQuantityList=[amount(SCRAP)]), {
        ("lot", SLAB): "CONSUME", ("lot", LOT): "TOUCH", ("lot", COIL): "CREATE", ("lot", STRIP): "CREATE",
        ("lot", SCRAP): "ADVANCE"}),
    (event("TransformationEvent", transformationID="urn:x:1", outputQuantityList=[amount(LOT)]),
        {("lot", LOT): "ADVANCE"}),
    # a heel: drawn from and added to in one event
    (event("TransformationEvent", inputQuantityList=[amount(LOT)], outputQuantityList=[amount(LOT)]),
        {("lot", LOT): "ADVANCE"}),
    (event("AggregationEvent", "ADD", **FAMILY), {**BOTH_TOUCHED, ("lot", SSCC): "ADVANCE"}),
    (event("AggregationEvent", "OBSERVE", **FAMILY), ALL_TOUCHED),
    (event("AggregationEvent", "DELETE", **FAMILY), ALL_TOUCHED),
    (event("AssociationEvent", "ADD", **FAMILY), {**BOTH_TOUCHED, ("lot", SSCC): "ADVANCE"}),
    (event("AssociationEvent", "OBSERVE", **FAMILY), ALL_TOUCHED),
    (event("AssociationEvent", "DELETE", **FAMILY), ALL_TOUCHED),
    *[(event("TransactionEvent", action, **OBJECT, parentID=link(SSCC)), ALL_TOUCHED)
      for action in ("ADD", "OBSERVE", "DELETE")],
    # two spellings of one thing are one subject
    (event("ObjectEvent", "ADD", epcList=["urn:epc:id:sscc:9521141.1000001001", link(SSCC)]),
        {("lot", SSCC): "CREATE"}),
]  # fmt: skip


def test_the_table_has_every_typ():
    assert {typ for typ, _ in TABLE} | {"lot-event"} == set(TYPES)


@pytest.mark.parametrize(("typ", "which"), TABLE)
def test_a_good_body_implies_what_the_table_says(typ, which):
    assert wants(typ, GOOD[typ][which]) == TABLE[typ, which]


@pytest.mark.parametrize(("body", "want"), EVENTS)
def test_an_event_implies_what_the_table_says(body, want):
    assert wants("lot-event", body) == want


@pytest.mark.parametrize(("body", "want"), EVENTS)
def test_a_declaration_of_error_only_touches(body, want):
    declared = body | {"eventID": "urn:x:1", "errorDeclaration": {"declarationTime": "2026-11-23T06:00:00Z"}}
    assert wants("lot-event", declared) == dict.fromkeys(want, "TOUCH")


def test_items_ascend_by_subject_key():
    keys = [one.key for one in implied("lot-event", OPERATOR, AUD, EVENTS[6][0])]
    assert keys == sorted(keys)
    assert len(set(keys)) == 5


def ours(**members):
    body = event("TransformationEvent", inputQuantityList=[amount(LOT)], outputQuantityList=[amount(SCRAP)])
    return body | {"@context": [EPCIS, {"al": AL}]} | members


AL_MEMBERS = {
    "al:process": f"{OPERATOR}/hot-mill",
    "al:contract": f"{OPERATOR}/tolling-1",
    "al:mass": [{"id": link(LOT), "g": 1000, "device": "(8004)9521141SCALE1"}, {"id": link(SCRAP), "g": 1000}],
}


def test_al_members_refer_to_process_contract_and_scale():
    assert wants("lot-event", ours(**AL_MEMBERS)) == {
        ("lot", LOT): "TOUCH",
        ("lot", SCRAP): "ADVANCE",
        ("process", f"{OPERATOR}/hot-mill"): "REFERENCE",
        ("contract", f"{OPERATOR}/tolling-1"): "REFERENCE",
        ("device", "(8004)9521141SCALE1"): "REFERENCE",
    }


@pytest.mark.parametrize(
    ("context", "bound"),
    [
        ([EPCIS, {"al": AL}], True),
        ({"al": AL}, True),
        ([EPCIS, {"x": "https://x.example/", "al": AL}], True),
        ([EPCIS, {"al": "https://ns.example.com/al/"}], False),
        ([EPCIS, {"al": AL}, {"al": "https://ns.example.com/al/"}], False),
        ([EPCIS, {"xx": AL}], False),
        (EPCIS, False),
        ([], False),
        (None, False),
    ],
)
def test_al_members_are_ours_only_under_our_namespace(context, bound):
    body = ours(**AL_MEMBERS) | {"@context": context}
    assert Names(body).ours is bound
    assert (("process", f"{OPERATOR}/hot-mill") in wants("lot-event", body)) is bound


def test_a_serial_may_not_go_in_and_come_out():
    body = event("TransformationEvent", inputEPCList=[link(COIL)], outputEPCList=["urn:epc:id:sgtin:9521141.000006.C1"])
    with pytest.raises(RuleBroken, match=r"\(21\)C1 is both used up and made") as refused:
        implied("lot-event", OPERATOR, AUD, body)
    assert refused.value.code == "in_and_out"


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"epcList": [link(LOT)]}, "is a class or lot and does not belong in epcList"),
        ({"epcList": [link("(8003)09521141009017")]}, "is a class or lot and does not belong in epcList"),
        ({"quantityList": [amount(COIL)]}, "is a single thing and does not belong in quantityList"),
    ],
)
def test_single_things_and_classes_have_their_own_lists(members, says):
    with pytest.raises(Malformed, match=says) as refused:
        implied("lot-event", OPERATOR, AUD, event("ObjectEvent", "OBSERVE", **members))
    assert refused.value.code == "epc_list"


def test_a_thing_without_a_gs1_id_is_refused():
    with pytest.raises(Malformed, match="names no GS1 key"):
        implied("lot-event", OPERATOR, AUD, event("ObjectEvent", "ADD", epcList=["https://example.com/coils/7"]))


@pytest.mark.parametrize("count", [5000, 5001])
def test_an_event_has_at_most_5000_subjects(count):
    serials = [f"https://id.example.com/01/09521141000069/21/{n}" for n in range(count)]
    body = event("ObjectEvent", "OBSERVE", epcList=[*serials, *serials])
    if count == 5000:
        assert len(implied("lot-event", OPERATOR, AUD, body)) == 5000
        return
    with pytest.raises(TooLarge, match="names 5001 subjects, the limit is 5000") as refused:
        implied("lot-event", OPERATOR, AUD, body)
    assert refused.value.code == "subjects_limit"


@pytest.mark.parametrize(
    ("typ", "change"),
    [
        ("party", {"id": "https://id.gs1.org/417/9521141000007"}),
        ("certificate", {"lots": [link(COIL)]}),
        ("certificate", {"lots": ["urn:epc:id:sgtin:9521141.000006.C1"]}),
        ("passport", {"references": [{"kind": "device", "id": "w1"}]}),
        ("energy-action", {"to": "9521141000015"}),
        ("contract", {"id": "ppa-1"}),
    ],
)
def test_ids_in_our_own_bodies_are_canonical_already(typ, change):
    with pytest.raises(Malformed) as refused:
        implied(typ, OPERATOR, AUD, GOOD[typ][0] | change)
    assert refused.value.code == "id_not_canonical"


def test_the_strongest_want_stays():
    body = GOOD["contract"][0] | {"parties": [OPERATOR, OPERATOR]}
    assert wants("contract", body)["party", OPERATOR] == "REFERENCE"
    body = GOOD["passport"][0] | {"references": [{"kind": "passport", "id": GOOD["passport"][0]["id"]}]}
    assert wants("passport", body)["passport", body["id"]] == "ADVANCE"


def test_an_unknown_kind_of_subject_is_refused():
    body = GOOD["verification"][0] | {"subject": {"kind": "coil", "id": COIL}}
    with pytest.raises(Malformed, match="no kind of subject"):
        implied("verification", OPERATOR, AUD, body)


def test_a_word_that_is_no_typ_is_our_own_mistake():
    with pytest.raises(ValueError, match="no typ"):
        implied("lot_event", OPERATOR, AUD, {})


def _places(value, place=()):
    if isinstance(value, dict):
        for key in value:
            yield (*place, key)
            yield from _places(value[key], (*place, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield (*place, at)
            yield from _places(one, (*place, at))


ALL = [(typ, body) for typ in GOOD for body in GOOD[typ]] + [("lot-event", body) for body, _ in EVENTS]
ALL.append(("lot-event", ours(**AL_MEMBERS)))
# What is withheld from a reader is not among these: it says what the ids of an event are.
STRUCTURE = {"@context", "type", "action"}


@pytest.mark.parametrize(("typ", "body"), ALL)
def test_with_anything_withheld_a_part_is_implied(typ, body):
    whole = wants(typ, body)
    for *path, last in _places(body):
        partial = copy.deepcopy(body)
        inner = partial
        for step in path:
            inner = inner[step]
        del inner[last]
        part = wants(typ, partial)
        assert part.keys() <= whole.keys(), (path, last)
        assert last in STRUCTURE or all(_weaker(part[key], whole[key]) for key in part)


def _weaker(part, whole):
    order = ["REFERENCE", "TOUCH", "ADVANCE", "CONSUME", "CREATE"]
    return order.index(part) <= order.index(whole)


JUNK = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2) | st.just({})
)


@given(st.sampled_from(ALL), st.data())
def test_a_body_of_any_shape_is_read_or_refused(which, data):
    typ, body = copy.deepcopy(which)
    *path, last = data.draw(st.sampled_from([*_places(body)])) if body else (None,)
    inner = body
    for step in path:
        inner = inner[step]
    inner[last] = data.draw(JUNK)
    try:
        found = implied(typ, OPERATOR, AUD, body)
    except Refused:
        return
    assert all(isinstance(one.want, Want) for one in found)
