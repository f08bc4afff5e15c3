import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.bodies import check_body, schema_text
from ledger.kernel.errors import Malformed
from ledger.kernel.statement import TYPES

GOOD = json.loads((Path(__file__).parent / "good_bodies.json").read_text("utf-8"))
CHARGE = {"consumption": "(417)9521141000021/c/1", "hour": 3, "wh": 1000}
EVENT = {
    "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "type": "ObjectEvent",
    "action": "OBSERVE",
    "eventTime": "2026-11-23T05:00:00Z",
    "eventTimeZoneOffset": "+05:00",
    "epcList": ["urn:epc:id:sgtin:9521141.000001.C1"],
}


@pytest.mark.parametrize("typ", TYPES)
def test_every_typ_has_a_schema_of_its_own(typ):
    schema = json.loads(schema_text(typ))
    assert schema["$id"] == f"urn:coilmark:schema:v1:{typ}"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("typ", TYPES)
def test_every_schema_refuses_what_it_does_not_know(typ):
    with pytest.raises(Malformed, match=f"^{typ} body: /: ") as refused:
        check_body(typ, {"nobody knows this": 1})
    assert refused.value.code == "body"


@pytest.mark.parametrize("typ", ["lot_event", "../lot-event", ""])
def test_a_word_that_is_no_typ_is_our_own_mistake(typ):
    with pytest.raises(ValueError, match="no typ"):
        check_body(typ, EVENT)


def test_a_good_body_passes():
    check_body("lot-event", EVENT)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": 1, "uom": "kg"}]}, 'body: /quantityList/0/uom: "kg"'),
        ({"eventTime": "2026-11-23T05:00:00"}, '/eventTime: "2026-11-23T05:00:00" is not a "date-time"'),
        ({"epcList": ["C1"]}, '/epcList/0: "C1" is not a "uri"'),
        ({"bizstep": "shipping"}, r"/: Additional properties are not allowed \('bizstep' was unexpected\)"),
    ],
)
def test_a_refusal_names_the_place_and_the_value(change, says):
    with pytest.raises(Malformed, match=says):
        check_body("lot-event", EVENT | change)


@pytest.mark.parametrize(
    ("typ", "change", "says"),
    [
        ("energy-consumption", {"from": "2026-03-29T02:30:00"}, "A full hour. Unit: RFC 3339 in UTC"),
        ("energy-attestation", {"from": "2026-03-29T02:30:00+05:00"}, "A moment. Unit: RFC 3339 in UTC, ending in Z"),
        (
            "energy-attestation",
            {"wh": 1, "storage": {"method": "fifo", "efficiency": "85", "charges": [CHARGE]}},
            "A decimal number from 0 to 1, as text. Unit: 1 (fraction)",
        ),
    ],
)
def test_a_word_of_the_wrong_form_is_told_what_is_wanted(typ, change, says):
    """Not shown the regular expression that it does not match."""
    body = {name: value for name, value in GOOD[typ][0].items() if name not in change}
    with pytest.raises(Malformed) as refused:
        check_body(typ, body | change)
    assert f"is not what is wanted: {says}" in refused.value.sentence
    assert "[0-9]" not in refused.value.sentence


def test_a_refusal_does_not_repeat_the_whole_body():
    body = EVENT | {"eventID": "x" * 4000}
    with pytest.raises(Malformed, match=r"^lot-event body: /eventID: .* … ") as refused:
        check_body("lot-event", body)
    assert len(refused.value.sentence) < 400


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"bizStep": "melting"},
            (
                'lot-event body: /bizStep: this has none of the 2 forms that are taken: (1) "melting" is not one of '
                '"accepting", "arriving" or 39 other candidates; (2) "melting" is not a "uri"'
            ),
        ),
        (
            {"epcList": []},
            (
                "lot-event body: /: this has none of the 3 forms that are taken: (1) epcList: [] has less than 1 item; "
                '(2) "quantityList" is a required property; (3) "sensorElementList" is a required property and '
                '"readPoint" is a required property'
            ),
        ),
    ],
)
def test_of_several_forms_each_is_told_what_it_lacks(change, says):
    body = {name: value for name, value in EVENT.items() if name != "readPoint"} | change
    with pytest.raises(Malformed) as refused:
        check_body("lot-event", body)
    assert refused.value.sentence == says


def test_a_form_is_told_whole_however_long_what_another_lacks():
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "A" * 40}
    with pytest.raises(Malformed) as refused:
        check_body("key", {"party": "(417)9521210000013", "add": [{"jwk": jwk, "proof": "A" * 86}]})
    assert "The point. Unit: base64url of 32 bytes.; (2) " in refused.value.sentence
    assert 'kty: "EC" was expected' in refused.value.sentence


@pytest.mark.parametrize(
    "change", [{"@context": ["no"] * 5000}, {"bizStep": "x" * 5000}, {"@context": [[["x"]] * 500]}]
)
def test_of_several_forms_a_hostile_body_is_told_briefly(change):
    with pytest.raises(Malformed, match="none of the 2 forms") as refused:
        check_body("lot-event", EVENT | change)
    assert len(refused.value.sentence) < 3000


def test_importing_compiles_nothing():
    program = "from ledger import bodies; print(bodies._validator.cache_info().currsize)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "0\n"
