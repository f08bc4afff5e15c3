"""The lot event's schema against GS1's published one and its examples, and the rules that no schema can say."""

import json
import random
import re
from decimal import Decimal

import jsonschema
import jsonschema_rs
import pytest
from epcis_events import broken, events_of, published

from ledger.bodies import check_body, schema_text
from ledger.kernel.errors import Malformed
from ledger.kernel.event_subjects import AL, Names
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.implied import implied
from ledger.kernel.moments import micros
from ledger.lots.event_body import check_lot_event, event_time, grams, window
from tests.tiers import first

EPCIS = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
LOT, SCRAP = "https://id.example.com/01/09521141000014/10/BX-1", "https://id.example.com/01/09521141000083/10/SC-1"
COIL, OTHER = "https://id.example.com/01/09521141000069/21/C1", "https://id.example.com/01/09521141000069/21/C2"
PLANT = "(417)9521141000014"


def amount(name, quantity=1, uom="KGM"):
    return {"epcClass": name, "quantity": quantity, "uom": uom}


def observed(**members):
    base = {"@context": [EPCIS], "type": "ObjectEvent", "action": "OBSERVE", "epcList": [COIL]}
    return base | {"eventTime": "2026-11-23T05:00:00Z", "eventTimeZoneOffset": "+05:00"} | members


def typed(kind, **members):
    event = {name: value for name, value in observed().items() if name != "epcList"} | {"type": kind}
    if kind == "TransformationEvent":
        del event["action"]
    return event | members


def step(**members):
    """A process step under our namespace: a lot in, a coil and some of the same scrap lot out."""
    return typed(
        "TransformationEvent",
        inputQuantityList=[amount(LOT, 100), amount(SCRAP, 5)],
        outputEPCList=[COIL],
        outputQuantityList=[amount(SCRAP, Decimal("7.5"))],
    ) | {"@context": [EPCIS, {"al": AL}], "al:process": f"{PLANT}/mill", "al:start": "2026-11-23T04:00:00Z", **members}


def check(event):
    check_body("lot-event", event)
    check_lot_event(event)


def refusal_of(event):
    try:
        check_body("lot-event", event)
    except Malformed as refusal:
        return refusal.sentence
    return ""


def is_good(event):
    return not refusal_of(event)


@pytest.fixture(scope="module")
def theirs(vectors):
    schema = json.loads((vectors / "epcis2" / "EPCIS-JSON-Schema.json").read_text("utf-8"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


# ---- what GS1 publishes


def test_the_schema_is_json_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text("lot-event")))


def test_every_published_event_is_good(vectors, theirs):
    documents = published(vectors)
    for name, events in documents.items():
        for event in events:
            assert theirs.is_valid(event), name
            check_body("lot-event", event)
    assert len(documents) == 47
    assert sum(map(len, documents.values())) == 56


def test_one_published_event_cannot_be_recorded_it_declares_an_unnamed_event_wrong(vectors):
    for name, events in published(vectors).items():
        for event in events:
            if name == "SensorDataExample12.jsonld":
                with pytest.raises(Malformed, match="names the event that is wrong by eventID"):
                    check_lot_event(event)
            else:
                check_lot_event(event)


def test_every_published_event_implies_its_lots(vectors):
    silent = set()
    for name, events in published(vectors).items():
        for event in events:
            named = {canonical_id(text) for text in _ids(event)}
            assert {one.id for one in implied("lot-event", PLANT, "urn:x:ledger", event)} == named
            silent |= set() if named else {name[:17]}
    assert silent == {"SensorDataExample"}  # what a sensor reports of a place is about no lot


def _ids(event):
    for member, value in event.items():
        if member == "parentID":
            yield value
        elif member.endswith(("epcList", "EPCList", "childEPCs")):
            yield from value
        elif member.lower().endswith("quantitylist"):
            yield from (element["epcClass"] for element in value)


def test_of_the_schema_s_own_tests_all_but_the_event_of_a_foreign_type_are_good(vectors):
    folder = vectors / "epcis2" / "JSON-Schema" / "test"
    bad = {path.name for path in folder.glob("*.json") if not is_good(*events_of(path))}
    assert bad == {"Extended-Event.json"}
    assert len(list(folder.glob("*.json"))) == 5


def test_a_published_event_with_an_old_urn_for_a_word_is_refused_by_both(vectors, theirs):
    folder = vectors / "epcis2" / "XML" / "WithEventHashID"
    (event,) = events_of(folder / "event_with_identical_hash_id_7.json")
    assert not theirs.is_valid(event)
    assert not is_good(event)


# ---- where it is closed

SENSED = {"readPoint": {"id": "urn:x:1"}, "sensorElementList": [{"sensorReport": [{"type": "Mass"}]}]}
BROKEN = {
    "a misspelt member": observed(bizstep="shipping"),
    "a misspelt list": typed("ObjectEvent", EPCList=[COIL]),
    "a word of no list": observed(bizStep="shiping"),
    "a disposition as step": observed(bizStep="in_transit"),
    "an old word": observed(disposition="urn:epcglobal:cbv:disp:in_transit"),
    "a time without offset": observed(eventTime="2026-11-23T05:00:00"),
    "a day that is none": observed(eventTime="2026-02-30T05:00:00Z"),
    "an offset of 15 hours": observed(eventTimeZoneOffset="+15:00"),
    "an offset of 14 and a half hours": observed(eventTimeZoneOffset="+14:30"),
    "no context": {key: value for key, value in observed().items() if key != "@context"},
    "no action": {key: value for key, value in observed().items() if key != "action"},
    "an action of a transformation": step(action="ADD"),
    "an id that is no uri": observed(epcList=["C1"]),
    "the same id twice": observed(epcList=[COIL, COIL]),
    "nothing observed": typed("ObjectEvent"),
    "sensors of no place": typed("ObjectEvent", sensorElementList=SENSED["sensorElementList"]),
    "a quantity of nothing": typed("ObjectEvent", quantityList=[{"quantity": 1}]),
    "a quantity in text": typed("ObjectEvent", quantityList=[amount(LOT, "1")]),
    "a unit in small letters": typed("ObjectEvent", quantityList=[amount(LOT, 1, "kg")]),
    "an extra member of a quantity": typed("ObjectEvent", quantityList=[amount(LOT) | {"ex:a": 1}]),
    "master data of what was there": observed(ilmd={"ex:a": 1}),
    "master data without a prefix": observed(action="ADD", ilmd={"heat": 1}),
    "inputs alone, in no run": typed("TransformationEvent", inputEPCList=[COIL]),
    "outputs alone, in no run": typed("TransformationEvent", outputEPCList=[COIL]),
    "an empty run": typed("TransformationEvent", transformationID="urn:x:1"),
    "nothing packed": typed("AggregationEvent", action="ADD", parentID="urn:x:1"),
    "a lasting disposition of a package": typed(
        "AggregationEvent", parentID="urn:x:1", childEPCs=[COIL], persistentDisposition={"set": ["active"]}
    ),
    "a lasting disposition of nothing": observed(persistentDisposition={}),
    "an association with nothing": typed("AssociationEvent", childEPCs=[COIL]),
    "a transaction without documents": typed("TransactionEvent", epcList=[COIL]),
    "an unknown document": observed(bizTransactionList=[{"type": "receipt", "bizTransaction": "urn:x:1"}]),
    "a source of no kind": observed(sourceList=[{"source": "urn:x:1"}]),
    "a place without id": observed(readPoint={"ex:a": 1}),
    "a report of nothing": observed(sensorElementList=[{"sensorReport": []}]),
    "a report of an unknown quantity": observed(sensorElementList=[{"sensorReport": [{"type": "Weight"}]}]),
    "a misspelt report": observed(sensorElementList=[{"sensorReport": [{"type": "Mass", "val": 1}]}]),
    "an extension that is no uri": observed(**{"my_ns:a": 1}),
}
# Ours takes less than theirs, and why.
STRICTER = {
    "a type of event that no rule knows": (typed("ObjectEvent") | {"type": "ex:Event"}, "/type"),
    "an event of nothing": (typed("ObjectEvent", epcList=[]), "none of the 3 forms"),
    "a transaction of nothing": (
        typed("TransactionEvent", epcList=[], bizTransactionList=[{"bizTransaction": "urn:x:1"}]),
        "none of the",
    ),
    "an empty list says nothing": (observed(quantityList=[]), "less than 1 item"),
    "an empty list of sensors": (observed(sensorElementList=[]), "less than 1 item"),
    "an empty context": (observed() | {"@context": []}, "@context"),
    "less than nothing": (typed("ObjectEvent", quantityList=[amount(LOT, -1)]), "less than the minimum"),
    "a unit of no quantity": (typed("ObjectEvent", quantityList=[{"epcClass": LOT, "uom": "KGM"}]), "quantity"),
    "the same child twice": (
        typed("AggregationEvent", parentID="urn:x:1", childEPCs=[COIL, COIL]),
        "non-unique",
    ),
    "packed into nothing (EPCIS 2.0 7.4.3)": (typed("AggregationEvent", action="ADD", childEPCs=[COIL]), "parentID"),
    "the web form of a word": (observed(bizStep="https://ref.gs1.org/cbv/BizStep-shipping"), "/bizStep"),
    "the short form of a word": (observed(disposition="cbv:Disp-in_transit"), "/disposition"),
    "the new web form of a sensor type": (
        observed(sensorElementList=[{"sensorReport": [{"type": "https://ref.gs1.org/voc/Mass"}]}]),
        "/type",
    ),
    "a misspelt member of a place": (observed(readPoint={"id": "urn:x:1", "name": "Gate 4"}), "unexpected"),
    "a prefix with no name": (observed(**{"ex:": 1}), "unexpected"),
    "a name with odd characters": (observed(**{"ex:a(b)": 1}), "unexpected"),
}
# The same, as the words of a refusal.
STRICTER_WORDS = re.compile(
    r"/type: .* is not one of|less than 1 item|/: this has none of the \d forms|@context: \[\]|less than the minimum"
    r'|non-unique|"(?:quantity|parentID)" is a required'
    r"|/(?:bizStep|disposition|reason|type|component|exception|set/\d|unset/\d): "
    r'this has none of the 2 forms that are taken: \(1\) "(?:https?://(?:ref\.gs1\.org|gs1\.org)|cbv:)[^"]*" is not'
    r"|/(?:readPoint|bizLocation): Additional|Additional properties are not allowed \('[A-Za-z][\w.+-]*:[^']*' was"
)


@pytest.mark.parametrize("event", BROKEN.values(), ids=BROKEN)
def test_a_broken_event_is_refused_by_both(event, theirs):
    assert not theirs.is_valid(event)
    assert not is_good(event)


@pytest.mark.parametrize(("event", "says"), STRICTER.values(), ids=STRICTER)
def test_ours_is_stricter_with(event, says, theirs):
    assert theirs.is_valid(event)
    with pytest.raises(Malformed, match=says):
        check_body("lot-event", event)


@pytest.mark.parametrize(
    "event",
    [
        observed(),
        typed("ObjectEvent", **SENSED),
        typed("ObjectEvent", epcList=[], quantityList=[amount(LOT)]),
        typed("AggregationEvent", action="DELETE", parentID="urn:x:1"),
        typed("AggregationEvent", childEPCs=[COIL]),
        typed("TransformationEvent", inputEPCList=[COIL], transformationID="urn:x:1"),
        observed(**{"ex:a": {"anything": [1, "x", None]}, "urn:x:y": 1, "https://x.example/ns#a": 1}),
        observed(bizStep="https://steps.example.com/slitting"),
        observed(eventTimeZoneOffset="+14:00"),
    ],
)
def test_what_the_standard_allows_is_good(event, theirs):
    assert theirs.is_valid(event)
    check(event)


@pytest.mark.parametrize("seed", first(range(4)))
def test_ours_refuses_whatever_theirs_refuses_and_more_only_for_known_reasons(vectors, theirs, seed):
    events = [event for found in published(vectors).values() for event in found]
    events += events_of(vectors / "aluminium-examples" / "mine_to_coil.jsonld")
    chance, refused, more = random.Random(seed), 0, 0
    for _ in range(1500):
        event = broken(chance.choice(events), chance)
        allowed = theirs.is_valid(event)
        refusal = refusal_of(event)
        if allowed and refusal:
            assert STRICTER_WORDS.search(refusal), refusal
        assert allowed or refusal, event
        refused += not allowed
        more += allowed and bool(refusal)
    assert refused > 500
    assert more > 10


# ---- our namespace


def test_the_example_chain_has_another_namespace_and_is_taken_as_it_stands(vectors):
    """All fifteen: its prefix `al` is bound to somebody else's namespace, so that its members are not ours to check."""
    events = events_of(vectors / "aluminium-examples" / "mine_to_coil.jsonld")
    assert len(events) == 15
    for event in events:
        check(event)
        assert not Names(event).ours
        # The same under our namespace: only where it has no members of that prefix.
        ours = event | {"@context": [EPCIS, {"al": AL}]}
        if any(key.startswith("al:") for key in event.get("ilmd", {})):
            with pytest.raises(Malformed, match="stands in ilmd"):
                check(ours)
        else:
            check(ours)


ROWS = {
    "al:mass": [{"id": COIL, "g": 90_000, "basis": "as-is", "method": "scale", "device": "(8004)9521141SCALE1"}],
    "al:role": [{"id": LOT, "role": "charge"}, {"id": COIL, "role": "good"}],
    "al:loss": [{"kind": "oxidation", "g": 7_000}, {"kind": "unaccounted", "g": 500}],
    "al:attributes": [
        {
            "id": COIL, "material": "aluminium", "cast": "HC24117", "heat": "HC24117", "alloy": "EN-AW-5182",
            "temper": "H111", "form": "coil", "thickness": 1200, "width": 1_650_000, "coating": "none",
            "cn": "76061292", "grade": "prime", "localId": "4711", "order": "4500112/10", "customerPart": "P-7",
            "chemistry": [{"element": "Mg", "value": "4.51", "bound": "eq"},
                          {"element": "Be", "value": "0.0001", "bound": "lt"}],
        },
        {"id": SCRAP, "material": "scrap", "scrapClass": "internal"},
        {"id": LOT, "material": "alumina", "moisture": "0.8", "al2o3": "98.60"},
    ],
}  # fmt: skip


def test_a_full_step_is_good():
    check(step(**ROWS, **{"al:equipment": "Cold mill 2", "al:contract": f"{PLANT}/tolling"}))
    check(step(**{"al:run": "closed", "transformationID": "urn:x:run:1"}))


def test_stock_from_outside_and_at_the_opening_is_good():
    lot = typed("ObjectEvent", action="ADD", quantityList=[amount(LOT, 5000, "TNE")])
    ours = lot | {"@context": {"al": AL}}
    origin = {"id": LOT, "kind": "outside", "supplier": "Example Alumina", "document": "B/L 17", "g": 5_000_000_000}
    check(ours | {"al:origin": [origin]})
    check(ours | {"al:origin": [origin | {"kind": "late"}]})
    check(ours | {"al:opening": True})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"al:foo": 1}, '"al:foo" is not valid'),
        ({"al:heat": "HC1"}, '"al:heat" is not valid'),
        ({"al:process": "mill 7"}, "/al:process"),
        ({"al:start": "yesterday"}, "/al:start"),
        ({"al:equipment": ""}, "/al:equipment"),
        ({"al:run": "started", "transformationID": "urn:x:1"}, "/al:run"),
        ({"al:run": "open"}, '"transformationID" is a required'),
        ({"al:opening": False}, "/al:opening"),
        ({"al:mass": []}, "/al:mass: .*less than 1 item"),
        ({"al:mass": [ROWS["al:mass"][0] | {"g": Decimal("1.5")}]}, "/al:mass/0/g"),
        ({"al:mass": [ROWS["al:mass"][0] | {"g": "1"}]}, "/al:mass/0/g"),
        ({"al:mass": [ROWS["al:mass"][0] | {"g": 0}]}, "/al:mass/0/g"),
        ({"al:mass": [ROWS["al:mass"][0] | {"g": 2**53}]}, "/al:mass/0/g"),
        ({"al:mass": [ROWS["al:mass"][0] | {"kg": 1}]}, "'kg' was unexpected"),
        ({"al:mass": [ROWS["al:mass"][0] | {"basis": "wet"}]}, "/al:mass/0/basis"),
        ({"al:mass": [ROWS["al:mass"][0] | {"method": "guess"}]}, "/al:mass/0/method"),
        ({"al:mass": [{"id": COIL, "g": 1, "basis": "dry"}]}, '"method" is a required'),
        ({"al:role": [{"id": COIL, "role": "waste"}]}, "/al:role/0/role"),
        ({"al:loss": [{"kind": "theft", "g": 1}]}, "/al:loss/0/kind"),
        ({"al:attributes": [{"id": COIL}]}, "/al:attributes/0"),
        ({"al:attributes": [{"id": COIL, "alloy": "EN AW 5182"}]}, "/al:attributes/0/alloy"),
        ({"al:attributes": [{"id": COIL, "thickness": Decimal("1.2")}]}, "/al:attributes/0/thickness"),
        ({"al:attributes": [{"id": COIL, "cn": "7606 12 92"}]}, "/al:attributes/0/cn"),
        ({"al:attributes": [{"id": COIL, "grade": "b"}]}, "/al:attributes/0/grade"),
        ({"al:attributes": [{"id": COIL, "scrapClass": "old"}]}, "/al:attributes/0/scrapClass"),
        ({"al:attributes": [{"id": COIL, "moisture": "100.1"}]}, "/al:attributes/0/moisture"),
        ({"al:attributes": [{"id": COIL, "al2o3": Decimal("48.2")}]}, "/al:attributes/0/al2o3"),
        ({"al:attributes": [{"id": COIL, "chemistry": [{"element": "Mg", "value": "4.5"}]}]}, '"bound" is a required'),
        ({"al:origin": [{"id": LOT, "kind": "outside", "supplier": "x", "g": 1}]}, '"document" is a required'),
    ],
)
def test_our_members_are_strictly_typed(change, says):
    with pytest.raises(Malformed, match=says) as refused:
        check_body("lot-event", step(**change))
    assert refused.value.code == "body"
    # Under another namespace they are nobody's business here.
    if "al:run" not in change:
        check_body("lot-event", step(**change) | {"@context": [EPCIS, {"al": "https://al.example/"}]})


def test_process_and_start_come_together():
    for member in ("al:process", "al:start"):
        event = step()
        del event[member]
        with pytest.raises(Malformed, match=f'"{member}" is a required'):
            check_body("lot-event", event)


def mass(**members):
    return {"al:mass": [{"id": COIL, "g": 1, "basis": "as-is", "method": "scale", **members}]}


# What the schema takes and the event as a whole does not.
CONTRADICTIONS = [
    (step() | {"@context": [EPCIS]}, "al_namespace", "binds it to nothing"),
    (step() | {"@context": [EPCIS, {"alu": AL}]}, "al_namespace", "it has to be"),
    (step() | {"@context": [{"al": AL}, {"xx": AL}]}, "al_namespace", "it has to be"),
    (step() | {"@context": [{"al": "https://al.example/"}, {"al": AL}]}, "al_namespace", "more than once"),
    (step() | {"@context": {"al": {"@id": AL}}}, "al_namespace", "it has to be"),
    (step() | {"@context": {"al": AL.replace("https", "http")}}, "al_namespace", "it has to be"),
    (step() | {"@context": {"al": AL.rstrip("/")}}, "al_namespace", "it has to be"),
    (step() | {"@context": {"al": AL.replace("/1/", "/2/")}}, "al_namespace", "it has to be"),
    (step(**{f"{AL}mass": []}), "al_namespace", "written with the prefix al"),
    (step(ilmd={"al:mass": []}), "al_place", "stands in ilmd"),
    (step(readPoint={"id": "urn:x:1", "al:role": "x"}), "al_place", "stands in readPoint"),
    (step(sensorElementList=[{"sensorReport": [{"type": "Mass", "al:x": 1}]}]), "al_place", "in sensorReport"),
    (step(sensorElementList=[{"al:x": 1, "sensorReport": [{"type": "Mass"}]}]), "al_place", "in sensorElementList"),
    (step(**{"al:start": "2026-11-23T05:00:00Z"}), "al_window", "is not before eventTime"),
    (step(**{"al:start": "2026-11-23T10:00:00+05:00"}), "al_window", "is not before eventTime"),
    (step(**{"al:start": "2026-11-23t04:00:00z"}), "time", "no RFC 3339 time"),
    (step(eventTime="2026-11-23T05:00:00.0000001Z"), "time", "at most six decimals"),
    (step(eventTime="2026-06-30T23:59:60Z"), "time", "no moment of the calendar"),
    (
        typed("AggregationEvent", parentID="urn:x:1", childEPCs=[COIL])
        | {key: step()[key] for key in ("@context", "al:process", "al:start")},
        "al_process",
        "not in AggregationEvent",
    ),
    (step(**mass(g=Decimal("90000.0"))), "body", "/al:mass/0/g: 90000.0 is written with a point"),
    (step(**mass(id=OTHER)), "al_id", "which the event does not"),
    (step(**mass(id="C1")), "gs1_id", "no GS1 Digital Link"),
    (step(**mass(id=SCRAP, g=5_000)), "al_id", "which side"),
    (step(**mass(id=COIL, side="input")), "al_id", "is an input, which it is not"),
    (step(**mass(id=SCRAP, g=7_501, side="output")), "al_mass", "has 7501 g, its quantity says 7500 g"),
    (step(**mass(id=LOT, g=99_999)), "al_mass", "has 99999 g, its quantity says 100000 g"),
    (step(**{"al:mass": mass()["al:mass"] * 2}), "al_twice", "al:mass names .*C1 more than once"),
    (step(**{"al:role": [{"id": LOT, "role": "charge"}, {"id": LOT, "role": "heel"}]}), "al_twice", "al:role names"),
    (step(**{"al:loss": [{"kind": "dust", "g": 1}, {"kind": "dust", "g": 2}]}), "al_twice", "same kind"),
    (
        step(
            **{"al:attributes": [{"id": COIL, "heat": "1"}, {"id": "urn:epc:id:sgtin:9521141.000006.C1", "cn": "7606"}]}
        ),
        "al_twice",
        "al:attributes names",
    ),
    (
        step(**{"al:attributes": [{"id": COIL, "chemistry": [{"element": "Mg", "value": "1", "bound": "eq"}] * 2}]}),
        "al_twice",
        "same element",
    ),
    (observed(errorDeclaration={"declarationTime": "2026-11-23T05:00:00Z"}), "error_declaration", "by eventID"),
]


@pytest.mark.parametrize(("event", "code", "says"), CONTRADICTIONS)
def test_what_contradicts_itself_is_refused(event, code, says):
    check_body("lot-event", event)
    with pytest.raises(Malformed, match=says) as refused:
        check_lot_event(event)
    assert refused.value.code == code


def test_a_heel_has_a_row_a_side():
    rows = [
        {"id": SCRAP, "g": 5_000, "basis": "as-is", "method": "level", "side": "input"},
        {"id": SCRAP, "g": 7_500, "basis": "as-is", "method": "level", "side": "output"},
    ]
    roles = [{"id": SCRAP, "role": "heel", "side": side} for side in ("input", "output")]
    check(step(**{"al:mass": rows, "al:role": roles}))


def test_a_row_may_spell_its_id_otherwise_than_the_list():
    check(step(**mass(id="urn:epc:id:sgtin:9521141.000006.C1", g=90_000)))
    check(step(**mass(id="(01)09521141000069(21)C1", g=90_000)))


def test_two_amounts_of_one_lot_add_up():
    event = step(inputQuantityList=[amount(LOT, 100), amount(LOT, 20)], **mass(id=LOT, g=120_000))
    check(event)


# ---- mass and time


@pytest.mark.parametrize(
    ("quantity", "uom", "mass"),
    [
        (Decimal("26700.001"), "KGM", 26_700_001),
        (Decimal("26700.0010"), "KGM", 26_700_001),
        (26_700, "KGM", 26_700_000),
        (Decimal("1.000001"), "TNE", 1_000_001),
        (7, "GRM", 7),
        (0, "KGM", 0),
        (9_007_199_254_740_991, "GRM", 2**53 - 1),
        (12, "EA", None),
        (Decimal("0.33"), "LTR", None),
        (12, None, None),
        (None, "KGM", None),
    ],
)
def test_mass_in_grams(quantity, uom, mass):
    element = {"epcClass": LOT, "quantity": quantity, "uom": uom}
    assert grams({key: value for key, value in element.items() if value is not None}) == mass


@pytest.mark.parametrize(
    ("quantity", "uom", "says"),
    [
        (Decimal("26700.0001"), "KGM", "26700.0001 KGM is not exact to the gram"),
        (Decimal("1.0000001"), "TNE", "1.0000001 TNE is not exact to the gram"),
        (Decimal("0.5"), "GRM", "0.5 GRM is not exact to the gram"),
        (9_007_199_255, "TNE", "is more than 9007199254740991 g"),
        (1, "LBR", "mass is in GRM, KGM, TNE, not in LBR"),
        (1, "2U", "not in 2U"),
    ],
)
@pytest.mark.parametrize("member", ["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"])
def test_mass_that_is_not_whole_grams_is_refused_in_every_list(quantity, uom, says, member):
    event = {"eventTime": "2026-11-23T05:00:00Z", "@context": EPCIS, member: [amount(LOT), amount(LOT, quantity, uom)]}
    with pytest.raises(Malformed, match=says) as refused:
        check_lot_event(event)
    assert refused.value.code == "mass"


def test_times_are_microseconds_utc():
    assert micros("1970-01-01T00:00:00Z") == 0
    assert micros("1970-01-01T05:00:00.000001+05:00") == 1
    assert micros("2026-11-23T05:00:00.5Z") == 1_795_410_000_500_000
    assert event_time(step()) - window(step())[0] == 3_600_000_000
    assert window(step()) == (micros("2026-11-23T04:00:00Z"), micros("2026-11-23T05:00:00Z"))
    assert window(observed()) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-11-23", "2026-11-23T05:00:00", "2026-11-23 05:00:00Z", "2026-W48-1T05:00:00Z", "20261123T050000Z",
        "2026-11-23T05:00:00,5Z", "2026-11-23T05:00Z", "2026-02-30T05:00:00Z", "2026-11-23T24:00:00Z",
        "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59.999999Z", "2026-11-23T05:00:00+25:00",
        "\uff12026-11-23T05:00:00Z", "2026-11-23T05:00:00Z\n",
    ],
)  # fmt: skip
def test_what_is_no_such_time_is_refused(text):
    with pytest.raises(Malformed, match=r"no RFC 3339 time|no moment|is before 1970") as refused:
        micros(text)
    assert refused.value.code == "time"
