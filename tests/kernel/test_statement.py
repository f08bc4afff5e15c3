import pickle
from hashlib import sha256

import pytest
from forging import BODY, CLAIMS, HEADER, OTHER, P256, PAYLOAD, SIGNER, issued, refuses, wire_of
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.disclosure import digest_of
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed, Refused, TooLarge, Unauthorised
from ledger.kernel.keys import Signer
from ledger.kernel.statement import TYPES, Hidden, check_complete, check_signature, parse
from ledger.kernel.strict_json import encode

# Reading what was issued


@pytest.mark.parametrize("signer", [SIGNER, P256], ids=["Ed25519", "ES256"])
@pytest.mark.parametrize("typ", TYPES)
def test_every_type_goes_out_and_comes_back(typ, signer):
    statement = parse(issued(typ=typ, signer=signer))
    check_complete(statement)
    check_signature(statement, signer.key)
    assert (statement.typ, statement.alg, statement.kid) == (typ, signer.key.alg, signer.key.kid)
    assert {name: getattr(statement, name) for name in CLAIMS} == CLAIMS
    assert (statement.body, statement.withheld, statement.disclosures) == (BODY, 0, ())


def test_there_are_sixteen_types():
    assert len(set(TYPES)) == 16


def test_the_bytes_are_those_of_the_specification():
    header, payload, signature = parse(issued()).jwt.split(b".")
    want = (
        b'{"iss":"(417)9521141000009","jti":"urn:uuid:0f1e2d3c-0000-4000-8000-000000000001",'
        b'"aud":"https://ledger.example","iat":1790000000,"_sd_alg":"sha-256",'
        b'"lot-event":{"type":"ObjectEvent","epcList":["a","b"],"n":7}}'
    )
    kid = SIGNER.key.kid.encode()
    assert header == b64url_encode(b'{"alg":"Ed25519","kid":"' + kid + b'","typ":"lot-event+sd-jwt"}').encode()
    assert payload == b64url_encode(want).encode()
    assert len(signature) == 86


def test_digest_and_signing_input_are_of_the_jwt_without_disclosures():
    wire = issued({**BODY, "who": Hidden("me")})
    statement = parse(wire)
    jwt, _, rest = wire.partition(b"~")
    assert rest.count(b"~") == 1
    assert (statement.jwt, statement.digest, statement.wire) == (jwt, sha256(jwt).digest(), wire)
    assert statement.signing_input + b"." + b64url_encode(statement.signature).encode() == jwt
    assert parse(jwt + b"~").digest == statement.digest


def test_a_retry_signed_anew_agrees_in_what_was_signed():
    first, again = (parse(issued(signer=P256)) for _ in range(2))
    assert first.signing_input == again.signing_input
    assert first.signature != again.signature
    assert parse(issued({**BODY, "n": 8}, signer=P256)).signing_input != first.signing_input


def test_a_statement_travels_between_processes():
    statement = parse(issued({**BODY, "who": Hidden("me")}))
    assert statement.digest
    assert pickle.loads(pickle.dumps(statement)) == statement  # noqa: S301  our own bytes


def test_the_older_name_of_the_algorithm_is_taken_for_an_ed25519_key_only():
    check_signature(parse(wire_of(HEADER | {"alg": "EdDSA"})), SIGNER.key)
    eddsa_over_p256 = parse(wire_of({**HEADER, "alg": "EdDSA", "kid": P256.key.kid}, signer=P256))
    with pytest.raises(Unauthorised, match="does not fit what was signed"):
        check_signature(eddsa_over_p256, P256.key)


# Signatures


def test_a_signature_by_another_key_is_refused():
    forged = parse(wire_of(signer=OTHER))
    with pytest.raises(Unauthorised, match=f"the signature by key {SIGNER.key.kid} does not fit what was signed") as no:
        check_signature(forged, SIGNER.key)
    assert no.value.code == "signature"


def test_a_key_that_the_header_does_not_name_is_refused():
    with pytest.raises(Unauthorised, match=f"names key {SIGNER.key.kid}, this is key {OTHER.key.kid}"):
        check_signature(parse(wire_of(signer=OTHER)), OTHER.key)


@pytest.mark.parametrize("change", [{"iat": 1790000001}, {"aud": "https://ledger.example/"}, {"lot-event": {}}])
def test_a_signature_covers_the_payload(change):
    genuine, other = parse(wire_of()), parse(wire_of(payload={**PAYLOAD, **change}))
    mixed = parse(other.signing_input + genuine.jwt[-87:] + b"~")
    with pytest.raises(Unauthorised):
        check_signature(mixed, SIGNER.key)


# The wire

JWT = wire_of().rstrip(b"~")
HEAD, LOAD, SIGNATURE = JWT.split(b".")
# The last character of 64 bytes carries four spare bits: "w" and "x" decode alike.
SPARE = bytes([SIGNATURE[-1] + 1])


@pytest.mark.parametrize(
    ("wire", "code", "sentence"),
    [
        (b"", "wire", 'ends in "~"'),
        (JWT, "wire", 'ends in "~"'),
        (b"~", "wire", "has 1 segments between dots, want 3"),
        (b"a.b~", "wire", "has 2 segments between dots, want 3"),
        (JWT + b".x~", "wire", "has 4 segments between dots, want 3"),
        (JWT + b"~\n", "key_binding", '1 bytes follow the last "~"'),
        (JWT + b"~" + JWT, "key_binding", f'{len(JWT)} bytes follow the last "~"; key binding is not taken here'),
        ("é~".encode(), "wire", "is ASCII"),
        (JWT + b"~~", "json", "a disclosure is not JSON"),
        (b" " + JWT + b"~", "base64", "the header is not base64url"),
        (HEAD + b"=." + LOAD + b"." + SIGNATURE + b"~", "base64", "the header is not base64url"),
        (HEAD + b"." + LOAD + b"\n." + SIGNATURE + b"~", "base64", "the payload is not base64url"),
        (b"." + LOAD + b"." + SIGNATURE + b"~", "json", "the header is not JSON"),
        (HEAD + b"." + b"." + SIGNATURE + b"~", "json", "the payload is not JSON"),
        (HEAD + b"." + LOAD + b".~", "signature_size", "a signature has 64 bytes"),
        (HEAD + b"." + LOAD + b"." + SIGNATURE[:-2] + b"~", "signature_size", "a signature has 64 bytes"),
        (HEAD + b"." + LOAD + b"." + SIGNATURE[:-1] + SPARE + b"~", "base64", "the signature is not base64url in its"),
        (HEAD + b"." + LOAD + b"." + SIGNATURE + b"A~", "signature_size", "a signature has 64 bytes"),
        (HEAD + b"." + LOAD + b"." + b"+" + SIGNATURE[1:] + b"~", "base64", "the signature is not base64url"),
    ],
)
def test_refuses_another_wire_form(wire, code, sentence):
    refuses(wire, code, sentence)


def test_limits_name_themselves_and_what_they_saw():
    with pytest.raises(TooLarge, match="the statement has 262145 bytes, the limit is 262144"):
        parse(b"~" * (256 * 1024 + 1))
    with pytest.raises(TooLarge, match="the statement has 101 disclosures, the limit is 100"):
        parse(b"~" * 102)
    with pytest.raises(TooLarge, match="the statement has 101 disclosures, the limit is 100"):
        issued({"list": [Hidden(n) for n in range(101)]})
    statement = parse(issued({"list": [Hidden(n) for n in range(100)]}))
    check_complete(statement)
    assert statement.body == {"list": list(range(100))}


# The header


@pytest.mark.parametrize(
    ("header", "code", "sentence"),
    [
        ([], "header_members", "exactly alg, kid and typ; this is no object"),
        ({}, "header_members", "exactly alg, kid and typ; alg, kid, typ missing"),
        ({"alg": "Ed25519", "kid": SIGNER.key.kid}, "header_members", "; typ missing"),
        (HEADER | {"crit": ["b64"]}, "header_members", '; "crit" too many'),
        (HEADER | {"b64": False, "crit": ["b64"]}, "header_members", '; "b64, crit" too many'),
        (HEADER | {"jwk": {}}, "header_members", '; "jwk" too many'),
        (HEADER | {"x5c": []}, "header_members", '; "x5c" too many'),
        (HEADER | {"cty": "x"}, "header_members", '; "cty" too many'),
        ({"alg": "Ed25519", "kid": "a", "type": "x"}, "header_members", '; typ missing and "type" too many'),
        (HEADER | {"alg": "none"}, "alg", 'alg is Ed25519, EdDSA or ES256, not "none"'),
        (HEADER | {"alg": "HS256"}, "alg", "alg is Ed25519, EdDSA or ES256"),
        (HEADER | {"alg": "ed25519"}, "alg", "alg is Ed25519, EdDSA or ES256"),
        (HEADER | {"alg": ["Ed25519"]}, "alg", "alg is Ed25519, EdDSA or ES256"),
        (HEADER | {"alg": None}, "alg", "alg is Ed25519, EdDSA or ES256, not None"),
        (HEADER | {"kid": "k1"}, "base64", "kid is not base64url in its one canonical spelling"),
        (HEADER | {"kid": ""}, "kid", "kid is an RFC 7638 thumbprint, base64url of 32 bytes"),
        (HEADER | {"kid": b64url_encode(bytes(31))}, "kid", "kid is an RFC 7638 thumbprint"),
        (HEADER | {"kid": 5}, "kid", "kid is an RFC 7638 thumbprint"),
        (HEADER | {"typ": "lot-event"}, "typ_unknown", 'typ "lot-event" is not known'),
        (HEADER | {"typ": "+sd-jwt"}, "typ_unknown", "is not known"),
        (HEADER | {"typ": "LOT-EVENT+sd-jwt"}, "typ_unknown", "is not known"),
        (HEADER | {"typ": "lot-event+SD-JWT"}, "typ_unknown", "is not known"),
        (HEADER | {"typ": "lot-event+sd-jwt+sd-jwt"}, "typ_unknown", "is not known"),
        (HEADER | {"typ": "application/lot-event+sd-jwt"}, "typ_unknown", "is not known"),
        (HEADER | {"typ": "weather+sd-jwt"}, "typ_unknown", 'typ "weather+sd-jwt" is not known'),
        (HEADER | {"typ": None}, "typ_unknown", "typ None is not known"),
        (b'{"alg":"Ed25519","alg":"none","kid":"a","typ":"b"}', "duplicate_key", 'the header: the key "alg"'),
    ],
)
def test_refuses_another_header(header, code, sentence):
    refuses(wire_of(header), code, sentence)


# The payload


def without(*names):
    return {name: value for name, value in PAYLOAD.items() if name not in names}


@pytest.mark.parametrize(
    ("payload", "code", "sentence"),
    [
        (
            7,
            "payload_members",
            "the payload of lot-event has exactly iss, jti, aud, iat, _sd_alg and lot-event; this is no",
        ),
        (without("iss"), "payload_members", "; iss missing"),
        (without("jti", "aud"), "payload_members", "; aud, jti missing"),
        (without("_sd_alg"), "payload_members", "; _sd_alg missing"),
        (without("lot-event"), "payload_members", "; lot-event missing"),
        ({**without("lot-event"), "party": BODY}, "payload_members", '; lot-event missing and "party" too many'),
        ({**PAYLOAD, "party": BODY}, "payload_members", '; "party" too many'),
        ({**PAYLOAD, "exp": 1}, "payload_members", '; "exp" too many'),
        ({**PAYLOAD, "_sd": [digest_of("a")]}, "payload_members", '; "_sd" too many'),
        ({**PAYLOAD, "...": digest_of("a")}, "payload_members", '; "..." too many'),
        ({**PAYLOAD, "cnf": {}}, "payload_members", '; "cnf" too many'),
        ({**PAYLOAD, "iss": ""}, "iss", "iss is printable ASCII without spaces of at most 200 characters"),
        ({**PAYLOAD, "iss": "(417) 9521141000009"}, "iss", "iss is printable ASCII without spaces"),
        ({**PAYLOAD, "iss": "(417)9521141000009\n"}, "iss", "iss is printable ASCII without spaces"),
        ({**PAYLOAD, "iss": "Алюминий"}, "iss", "iss is printable ASCII without spaces"),
        ({**PAYLOAD, "iss": None}, "iss", "not None"),
        ({**PAYLOAD, "iss": "a" * 201}, "iss", "of at most 200 characters"),
        ({**PAYLOAD, "jti": "no-uri"}, "jti", 'jti is a URI of at most 200 characters, not "no-uri"'),
        ({**PAYLOAD, "jti": "urn:"}, "jti", "jti is a URI"),
        ({**PAYLOAD, "jti": "urn:a b"}, "jti", "jti is a URI"),
        ({**PAYLOAD, "jti": "urn:%zz"}, "jti", "jti is a URI"),
        ({**PAYLOAD, "jti": "urn:é"}, "jti", "jti is a URI"),
        ({**PAYLOAD, "jti": "1rn:a"}, "jti", "jti is a URI"),
        ({**PAYLOAD, "jti": "urn:" + "a" * 197}, "jti", "jti is a URI of at most 200 characters"),
        ({**PAYLOAD, "jti": 1}, "jti", "jti is a URI"),
        ({**PAYLOAD, "aud": ["https://ledger.example"]}, "aud", "aud is a URI"),
        ({**PAYLOAD, "aud": "ledger"}, "aud", "aud is a URI"),
        ({**PAYLOAD, "iat": -1}, "iat", "iat is a whole number of seconds from 0 to 253402300799"),
        ({**PAYLOAD, "iat": 253402300800}, "iat", "iat is a whole number"),
        ({**PAYLOAD, "iat": True}, "iat", "iat is a whole number"),
        ({**PAYLOAD, "iat": "1790000000"}, "iat", "iat is a whole number"),
        (encode(PAYLOAD).replace(b"1790000000", b"1790000000.0"), "iat", "iat is a whole number"),
        (encode(PAYLOAD).replace(b"1790000000", b"1.79e9"), "number", "the payload at /iat: the number 1.79e9 has an"),
        ({**PAYLOAD, "_sd_alg": "sha-512"}, "sd_alg", '_sd_alg is sha-256, not "sha-512"'),
        ({**PAYLOAD, "_sd_alg": "SHA-256"}, "sd_alg", "_sd_alg is sha-256"),
        ({**PAYLOAD, "lot-event": []}, "body", "the member lot-event is an object"),
        ({**PAYLOAD, "lot-event": None}, "body", "the member lot-event is an object"),
        ({**PAYLOAD, "lot-event": {"a": "e\u0301"}}, "text", "at /lot-event/a: the string"),
        ({**PAYLOAD, "lot-event": {"a": "\t"}}, "text", "the control character U+0009"),
        (encode(PAYLOAD)[:-2] + b',"n":8}}', "duplicate_key", 'the payload at /lot-event: the key "n"'),
        (encode(PAYLOAD)[:-1] + b',"\\u0069ss":"x"}', "duplicate_key", 'the payload: the key "iss"'),
        (b"\xef\xbb\xbf" + encode(PAYLOAD), "utf8", "the payload begins with a byte order mark"),
        (encode(PAYLOAD)[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}", "depth", "nested 41 deep, the limit is 32"),
    ],
)
def test_refuses_another_payload(payload, code, sentence):
    refuses(wire_of(payload=payload), code, sentence)


# Issuing


def test_what_parse_refuses_is_not_signed():
    asked = []
    signer = Signer(SIGNER.key, lambda message: asked.append(message) or bytes(64))
    for body, claims in ((BODY, {"jti": "x"}), (BODY, {"typ": "weather"}), ({"a": "e\u0301"}, {})):
        with pytest.raises(Malformed):
            issued(body, signer=signer, **claims)
    with pytest.raises(ValueError, match="of type float"):
        issued({"g": 1.5}, signer=signer)
    assert asked == []


@pytest.mark.parametrize(("size", "right"), [(63, False), (64, True), (71, False)])
def test_a_signer_that_gives_another_form_is_found_out(size, right):
    signer = Signer(SIGNER.key, lambda _: bytes(size))
    if right:
        assert parse(issued(signer=signer)).signature == bytes(64)
        return
    with pytest.raises(ValueError, match=f"the signer gave {size} bytes, a signature has 64 raw bytes"):
        issued(signer=signer)


# Damage


@given(st.binary(max_size=3), st.integers(0), st.integers(0, 3))
def test_no_damage_passes_unseen_and_none_escapes_as_another_error(patch, place, cut):
    wire = issued({"a": [Hidden(1), "x"], "b": Hidden({"c": Hidden(2)})})
    place %= len(wire) + 1
    damaged = wire[:place] + patch + wire[place + cut :]
    try:
        statement = parse(damaged)
        check_complete(statement)
        check_signature(statement, SIGNER.key)
    except Refused:
        return
    assert damaged == wire


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(noise):
    for wire in (noise, noise + b"~", b".".join([noise] * 3) + b"~", JWT + b"~" + noise + b"~"):
        with pytest.raises(Refused):
            parse(wire)
