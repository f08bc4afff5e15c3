"""EPCIS events for tests: the published ones, and ways to break them."""

import copy
import json
from decimal import Decimal

WORDS = [
    "ADD", "DELETE", "OBSERVE", "ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent",
    "TransformationEvent", "ex:Event", "shipping", "urn:epcglobal:cbv:bizstep:shipping", "Mass",
    "https://ref.gs1.org/cbv/BizStep-shipping", "cbv:BizStep-shipping", "https://gs1.org/voc/Mass",
    "https://ref.gs1.org/voc/Mass", "urn:x:1", "no uri", "KGM", "kgm", "2026-11-23", "2026-11-23T05:00:00",
    "2026-11-23T05:00:00Z", "+05:00", "+15:00", "", "x", "gs1:Mass", "did_not_occur", "po", "location", "a:b",
]  # fmt: skip
KEYS = [
    "extra", "ex:extra", "ilmd", "action", "epcList", "quantityList", "childEPCs", "parentID", "transformationID",
    "persistentDisposition", "type", "id", "value", "uom", "quantity", "sensorReport", "set", "ex:", "ex:a b",
    "ex:\xe9", "://", "readPoint", "inputEPCList", "errorDeclaration", "eventID", "@id", "https://x.example/a#b",
    "a_b:c", "1a:b", "sensorElementList", "bizTransactionList", "certificationInfo",
]  # fmt: skip
VALUES = [
    None, 1, Decimal("1.5"), -1, True, [], {}, [[]], [{}], ["urn:x:1"], ["urn:x:1", "urn:x:1"], {"id": "urn:x:1"},
    [{"epcClass": "urn:x:1"}], [{"epcClass": "urn:x:1", "quantity": 1}], {"set": ["active"]}, {"set": []}, "ADD",
]  # fmt: skip


def events_of(path):
    """The events of a document, each with the document's context, or the bare event."""
    document = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    if "epcisBody" not in document:
        return [document]
    body = document["epcisBody"]
    events = body["eventList"] if "eventList" in body else body["queryResults"]["resultsBody"]["eventList"]
    return [{"@context": document["@context"], **event} for event in events]


def published(vectors):
    """Every event of GS1's examples, by the name of its file."""
    paths = sorted((vectors / "epcis2" / "JSON").rglob("*.jsonld"))
    return {path.name: events_of(path) for path in paths}


def broken(event, random):
    """A copy of `event` with one to three things changed: mostly for the worse."""
    event = copy.deepcopy(event)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        places = [place for place in _places(event) if place[0] != "@context" or len(place) == 1]
        if places:
            *path, last = random.choice(places)
            inner = event
            for step in path:
                inner = inner[step]
            random.choice(_WAYS)(inner, last, random)
    return event


def _places(value, place=()):
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*place, key)
        yield from _places(member, (*place, key))


def _drop(inner, key, _random):
    del inner[key]


def _misspell(inner, key, random):
    if isinstance(key, str):
        at = random.randrange(len(key) + 1)
        wrong = random.choice([key[:at] + "x" + key[at:], key.upper(), key[:-1], key + ":x", " " + key])
        inner[wrong] = inner.pop(key)


def _other_word(inner, key, random):
    inner[key] = random.choice(WORDS)


def _other_value(inner, key, random):
    inner[key] = copy.deepcopy(random.choice(VALUES))


def _extra_member(inner, key, random):
    target = inner[key] if isinstance(inner[key], dict) else inner
    if isinstance(target, dict):
        target[random.choice(KEYS)] = copy.deepcopy(random.choice(VALUES))


def _twice(inner, key, random):
    if isinstance(inner[key], list) and inner[key]:
        inner[key].append(copy.deepcopy(random.choice(inner[key])))


def _slip(inner, key, random):
    if isinstance(inner[key], str) and inner[key]:
        at = random.randrange(len(inner[key]))
        inner[key] = inner[key][:at] + random.choice(' <\xe9%x"') + inner[key][at + 1 :]


_WAYS = (_drop, _misspell, _other_word, _other_value, _extra_member, _twice, _slip)
