"""Events that others wrote, signed by parties of a real ledger: GS1's published examples, and an aluminium chain."""

import pytest
from small_park import URI, make_park

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import check
from ledger.kernel import strict_json
from ledger.kernel.errors import CoilmarkError, Refused
from ledger.kernel.gs1 import canonical_id, check_digit
from ledger.kernel.keys import generate, load_signer
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import issue
from ledger.kernel.verify import verify_receipt
from ledger.recording.log import Submission
from ledger.recording.opening import open_log
from tools.party import prove, small_profile
from tools.sign import fresh_id, now

# GS1 prefixes under which the examples make things.
PREFIXES = ("9521141", "4012345", "4023333", "0614141", "4000001", "9520001", "9506000", "7061414")

# Why a bare event is refused: the code, and what its sentence says. They name lots that nobody made or received …
UNKNOWN = ("unknown_lot", "was never made, received or opened in this ledger")
# … declare wrong what no document of theirs says before, are another party's, or are no bodies at all (SPEC 4.1, 4.8).
NOT_THERE = ("unknown_event", "that could be declared wrong")
NOT_HIS = ("not_holder", "cannot ship what (417)9521141000")
OTHERWISE = {
    ("mine_to_coil.jsonld", 1): NOT_HIS,
    ("mine_to_coil.jsonld", 11): NOT_HIS,
    ("mine_to_coil.jsonld", 13): NOT_THERE,
    ("AssociationEvent-h.jsonld", 0): ("duplicate_key", 'the key "eventID" occurs more than once'),
    ("SensorDataExample12.jsonld", 0): ("error_declaration", "names the event that is wrong by eventID"),
    ("event_with_identical_hash_id_7.json", 0): ("body", "urn:epcglobal:cbv:bizstep:receiving"),
    ("AssociationEvent-g.jsonld", 0): NOT_THERE,
    ("ErrorDeclarationAndCorrectiveEvent.jsonld", 0): NOT_THERE,
    ("Example_9.6.1-ObjectEvent-with-error-declaration.jsonld", 0): NOT_THERE,
    ("aggregation_event_all_possible_fields.jsonld", 0): NOT_THERE,
    ("association_event_all_possible_fields.jsonld", 0): NOT_THERE,
    ("object_event_all_possible_fields.jsonld", 0): NOT_THERE,
    ("transaction_event_all_possible_fields.jsonld", 0): NOT_THERE,
    ("transformation_event_all_possible_fields.jsonld", 0): NOT_THERE,
}
# Commissioning, and what is made of that; readings of a sensor at a place, which name no lot.
RECORDED = {
    ("mine_to_coil.jsonld", 0),
    ("mine_to_coil.jsonld", 2),
    ("mine_to_coil.jsonld", 3),
    ("SensorDataExample1b.jsonld", 0),
    ("SensorDataExample3.jsonld", 0),
}


@pytest.fixture(scope="module")
def documents(vectors):
    """Document name -> its events, each with the document's @context; or the error that reading it gave."""
    aluminium = vectors / "aluminium-examples" / "mine_to_coil.jsonld"
    epcis = vectors / "epcis2"
    paths = [aluminium, *sorted((epcis / "JSON").rglob("*.jsonld")), *sorted((epcis / "XML").rglob("*.json"))]
    return {path.name: _events(path) for path in paths}


def _events(path):
    try:
        document = strict_json.decode(path.read_bytes())
    except CoilmarkError as error:
        return error
    body = document["epcisBody"]
    events = body["eventList"] if "eventList" in body else body["queryResults"]["resultsBody"]["eventList"]
    return [{"@context": document["@context"], **event} for event in events]


@pytest.fixture(scope="module")
def recorded(documents, tmp_path_factory):
    """(park, outcomes): one party a document, so that documents which repeat each other's eventIDs do not meet."""
    park = make_park(tmp_path_factory.mktemp("examples") / "ledger")
    parties = {name: _party(number) for number, name in enumerate(documents)}
    enrolments = [park.hand().signed("party", _owner_of_sites(documents))]
    for name, (party, signer) in parties.items():
        profile = small_profile(party, name, ("lot-event",), PREFIXES)
        first_key = {"party": party, "add": [prove(signer, URI, party)]}
        enrolments += [park.hand().signed("party", profile), park.hand().signed("key", first_key)]
    park.record(*enrolments)
    outcomes = {}
    with open_log(park.places) as log:
        keys = log.state.registry.all_keys()
        for name, events in documents.items():
            if isinstance(events, CoilmarkError):
                outcomes[name, 0] = events
                continue
            for place, event in enumerate(events):
                outcomes[name, place] = _post(log, keys, *parties[name], event)
    return park, outcomes


def _owner_of_sites(documents):
    """A party that all places in the documents belong to, so that it is not these that they are refused for."""
    events = [event for found in documents.values() if isinstance(found, list) for event in found]
    named = {event[member]["id"] for event in events for member in ("readPoint", "bizLocation") if member in event}
    sites = {name for name in map(_canonical, named) if name.startswith("(414)")}
    place = {"name": "Somewhere", "country": "KZ", "zone": "KZ-N", "latitude": "52.3", "longitude": "76.9"}
    party, _ = _party(999)
    return small_profile(party, "Somebody", (), ()) | {"sites": [{"id": name, **place} for name in sorted(sites)]}


def _canonical(text):
    try:
        return canonical_id(text)
    except CoilmarkError:
        return text


def _party(number):
    digits = f"95219{number:07d}"
    return f"(417){digits}{check_digit(digits)}", load_signer(generate())


def _post(log, keys, party, signer, event):
    """The receipt and the wire form, or the refusal."""
    try:
        wire = issue(typ="lot-event", iss=party, jti=fresh_id(), aud=URI, iat=now(), body=event, signer=signer)
        (outcome,) = log.append([Submission((check(wire, audience=URI, keys=keys),))])
    except Refused as refusal:
        return refusal
    return outcome if isinstance(outcome, Refused) else encode_receipt(outcome.receipts[0])


def test_each_bare_event_is_refused_for_the_reason_listed(recorded):
    _, outcomes = recorded
    refused = {place: error for place, error in outcomes.items() if isinstance(error, CoilmarkError)}
    assert outcomes.keys() - refused.keys() == RECORDED
    assert len(refused) == 67
    for place, error in refused.items():
        code, sentence = OTHERWISE.get(place, UNKNOWN)
        assert (place, error.code) == (place, code)
        assert sentence in error.sentence


def test_a_place_that_nobody_registered_is_refused(documents, tmp_path):
    park, (party, signer) = make_park(tmp_path / "ledger"), _party(0)
    first_key = {"party": party, "add": [prove(signer, URI, party)]}
    profile = small_profile(party, "Mine", ("lot-event",), PREFIXES)
    park.record(park.hand().signed("party", profile), park.hand().signed("key", first_key))
    with open_log(park.places) as log:
        refusal = _post(log, log.state.registry.all_keys(), party, signer, documents["mine_to_coil.jsonld"][0])
    assert (refusal.code, refusal.facts["id"]) == ("site", "(414)9521141000014")


def test_each_receipt_holds(recorded):
    park, outcomes = recorded
    for receipt in (outcome for outcome in outcomes.values() if isinstance(outcome, bytes)):
        report = verify_receipt(receipt, park.trust)
        assert report.verified, report.verdict


def test_the_ledger_that_holds_them_is_clean(recorded):
    park, outcomes = recorded
    report = audit(Order(DatabaseSource(park.places.database)))
    assert report.findings == ()
    documents = {name for name, _ in outcomes}
    assert report.size == 1 + 2 + 1 + 2 * len(documents) + len(RECORDED)
