"""Events that others wrote, signed by parties of a real ledger: GS1's published examples, and an aluminium chain."""

import pytest
from small_park import URI, make_park

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking import check
from ledger.kernel import strict_json
from ledger.kernel.errors import CoilmarkError, Refused
from ledger.kernel.gs1 import check_digit
from ledger.kernel.keys import generate, load_signer
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import issue
from ledger.kernel.verify import verify_receipt
from ledger.log import Submission
from ledger.opening import open_log
from tools.party import prove, small_profile
from tools.sign import fresh_id, now

# GS1 prefixes under which the examples make things.
PREFIXES = ("9521141", "4012345", "4023333", "0614141", "4000001", "9520001", "9506000", "7061414")

NOT_THERE = ("unknown_event", "that could be declared wrong")  # it declares wrong what no document of it says before
# Document and place of each event that is refused -> the code, and what its sentence says. All else is recorded.
REFUSED = {
    # The same piece as in the example whose ids are URNs: a serial is made once.
    ("Example_9.6.4-TransformationEventWithDigitalLink.jsonld", 0): (
        "subject_exists",
        "(01)04012345778892(21)28 exists",
    ),
    # SPEC 4.1: two readers of these bytes might see two different ids.
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
    enrolments = []
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


def test_what_is_refused_is_refused_for_the_reason_listed(recorded):
    _, outcomes = recorded
    refused = {place: error.code for place, error in outcomes.items() if isinstance(error, CoilmarkError)}
    assert refused == {place: code for place, (code, _) in REFUSED.items()}
    for place, (_, sentence) in REFUSED.items():
        assert sentence in outcomes[place].sentence


def test_everything_else_is_recorded_and_each_receipt_holds(recorded):
    park, outcomes = recorded
    receipts = [outcome for outcome in outcomes.values() if isinstance(outcome, bytes)]
    assert len(receipts) == len(outcomes) - len(REFUSED) == 60
    for receipt in receipts:
        report = verify_receipt(receipt, park.trust)
        assert report.verified, report.verdict


def test_the_ledger_that_holds_them_is_clean(recorded):
    park, outcomes = recorded
    report = audit(Order(DatabaseSource(park.places.database)))
    assert report.findings == ()
    assert report.size == 1 + 2 + sum(isinstance(outcome, bytes) for outcome in outcomes.values()) + 2 * len(
        {name for name, _ in outcomes}
    )
