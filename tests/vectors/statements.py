"""Vectors of statements in wire form (SPEC 4.1, 4.2)."""

import hashlib
from dataclasses import replace
from itertools import count

import forging
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from forging import BODY, CLAIMS, HEADER, OTHER, PAYLOAD, SIGNER, disclosure, wire_of
from vectors.cases import Case, text_or_base64

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.keys import jwk
from ledger.kernel.signatures import ED25519_L, P256_N
from ledger.kernel.statement import Hidden, issue
from ledger.kernel.strict_json import encode

P256_SECRET = 3  # the private key of forging.P256
IDENTITY = (1).to_bytes(32, "little")
DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


def _case(name, desc, wire, code=None, key=None, *, recording=False, **said):
    given = {
        **text_or_base64("wire", wire),
        "key": key or jwk(SIGNER.key),
        "recording": recording,
    }
    return Case("statement", name, desc, given, code, said)


def es256_numbers(message):
    """(r, s) of RFC 6979, the same in every run."""
    private = ec.derive_private_key(P256_SECRET, ec.SECP256R1())
    return decode_dss_signature(private.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))


def es256_raw(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


P256 = replace(forging.P256, sign=lambda message: es256_raw(*es256_numbers(message)))
HIDDEN = {**BODY, "note": Hidden("by hand"), "list": ["a", Hidden("b"), "c"]}


def issued(body=BODY, signer=SIGNER, **claims):
    numbers = count(1)
    salt = lambda: hashlib.shake_128(f"salt {next(numbers)}".encode()).digest(16)  # noqa: E731  it holds the count
    return issue(**{"typ": "lot-event", **CLAIMS, **claims}, body=body, signer=signer, salt=salt)


def statements():
    yield from _good()
    yield from _wire_forms()
    yield from _headers_and_payloads()
    yield from _disclosures()
    yield from _signatures()


def _good():
    wire = issued()
    jwt = wire.removesuffix(b"~")
    digest = hashlib.sha256(jwt).hexdigest()
    hidden = issued(HIDDEN)
    first = b"~".join([*hidden.split(b"~")[:2], b""])
    yield _case("good", "Nothing hidden.", wire, recording=True, digest=digest, withheld=0)
    yield _case(
        "good-disclosures", "A member and an element behind digests, both opened.", hidden, recording=True, withheld=0
    )
    yield _case(
        "good-one-withheld",
        "The same with one of its disclosures: for a verifier, not for recording.",
        first,
        withheld=1,
    )
    yield _case(
        "good-eddsa", "The older name of the algorithm.", wire_of(header={**HEADER, "alg": "EdDSA"}), alg="EdDSA"
    )
    yield _case(
        "good-members-in-another-order",
        "Header and payload in another order of members, and with spaces.",
        wire_of(
            header=b'{ "typ":"lot-event+sd-jwt",\n"alg":"Ed25519","kid":"%b" }' % SIGNER.key.kid.encode(),
            payload=dict(reversed(PAYLOAD.items())),
        ),
    )
    yield _case(
        "good-no-verb-for-a-floating-number",
        "A decimal in the body stays the decimal that was signed.",
        wire_of(payload=encode(PAYLOAD).replace(b'"n":7', b'"n":7.50')),
        body={**BODY, "n": "7.50"},
    )


def _wire_forms():
    wire = issued()
    header, payload, signature = wire.removesuffix(b"~").split(b".")
    bad = [
        ("no-tilde-at-the-end", wire.removesuffix(b"~"), "wire"),
        ("key-binding", wire + b"e30.e30.AA", "key_binding"),
        ("padded-base64", header + b"=." + payload + b"." + signature + b"~", "base64"),
        ("unused-bits-set", header + b"." + payload + b"." + signature[:-1] + _next(signature[-1:]) + b"~", "base64"),
        ("101-disclosures", wire + b"WyJhIiwxXQ~" * 101, "disclosures"),
    ]
    for name, data, code in bad:
        yield _case(name, f"Wire form: {name.replace('-', ' ')}.", data, code)


def _next(letter):
    """64 bytes leave four bits of the last letter unused."""
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = letters.index(letter) + 1
    return letters[at : at + 1]


def _headers_and_payloads():
    doubled = encode(PAYLOAD)[:-1] + b',"iat":1}'
    bad = [
        ("header-extra-member-crit", {"header": {**HEADER, "crit": ["b64"]}}, "header_members"),
        ("alg-none", {"header": {**HEADER, "alg": "none"}}, "alg"),
        ("alg-of-another-key", {"header": {**HEADER, "alg": "ES256"}}, "signature"),
        ("typ-unknown", {"header": {**HEADER, "typ": "recipe+sd-jwt"}}, "typ_unknown"),
        ("typ-of-another-body", {"header": {**HEADER, "typ": "certificate+sd-jwt"}}, "payload_members"),
        ("duplicate-key-in-the-payload", {"payload": doubled}, "duplicate_key"),
        ("payload-with-exp", {"payload": {**PAYLOAD, "exp": 1}}, "payload_members"),
        ("sd-alg-sha-512", {"payload": {**PAYLOAD, "_sd_alg": "sha-512"}}, "sd_alg"),
        ("iat-true", {"payload": {**PAYLOAD, "iat": True}}, "iat"),
        ("iat-with-a-point", {"payload": encode(PAYLOAD).replace(b"1790000000", b"1790000000.0")}, "iat"),
        ("body-an-array", {"payload": {**PAYLOAD, "lot-event": []}}, "body"),
    ]
    for name, parts, code in bad:
        yield _case(name, f"Properly signed, and refused: {name.replace('-', ' ')}.", wire_of(**parts), code)


def _bodied(body, *texts):
    return wire_of(payload={**PAYLOAD, "lot-event": body}, disclosures=texts)


def _sd(*texts):
    return {"_sd": [b64url_encode(hashlib.sha256(text.encode()).digest()) for text in texts]}


def _disclosures():
    note = disclosure("note", "x")
    again = disclosure("other", "x")
    short = disclosure("note", "x", salt=bytes(15))
    bad = [
        ("disclosure-of-no-digest", _bodied(BODY, note), "disclosure"),
        ("disclosure-twice", _bodied(_sd(note), note, note), "disclosure"),
        ("disclosure-of-a-taken-name", _bodied({**_sd(note), "note": 1}, note), "disclosure"),
        ("disclosure-named-sd", _bodied(_sd(disclosure("_sd", [])), disclosure("_sd", [])), "disclosure"),
        ("digest-twice", _bodied({"_sd": [DIGEST, DIGEST]}), "digest"),
    ]
    for name, wire, code in bad:
        yield _case(name, f"Disclosures: {name.replace('-', ' ')}.", wire, code)
    recording = [
        ("recording-digest-unopened", _bodied({"_sd": [DIGEST]}), "withheld"),
        ("recording-salt-of-15-bytes", _bodied(_sd(short), short), "salt"),
        ("recording-salt-twice", _bodied(_sd(note, again), note, again), "salt"),
    ]
    for name, wire, code in recording:
        yield _case(name, "A verifier reads it; a ledger does not record it.", wire, code, recording=True)


def _signatures():
    yield from _ed25519()
    header = {"alg": "ES256", "kid": P256.key.kid, "typ": "lot-event+sd-jwt"}
    signing_input = wire_of(header=header, signer=P256).rpartition(b".")[0]
    r, s = es256_numbers(signing_input)
    low, high = sorted((s, P256_N - s))
    found = [
        ("es256-low-s", "s below n/2.", es256_raw(r, low), None),
        ("es256-high-s", "s above n/2 is as good.", es256_raw(r, high), None),
        ("es256-s-0", "s is 0.", es256_raw(r, 0), "signature"),
        ("es256-s-n", "s is not below n.", es256_raw(r, P256_N), "signature"),
    ]
    for name, desc, signature, code in found:
        yield _case(name, desc, _signed(signing_input, signature), code, jwk(P256.key))
    x, y = P256.key.raw[:32], P256.key.raw[32:]
    off = {"kty": "EC", "crv": "P-256", "x": b64url_encode(x), "y": b64url_encode(y[:-1] + bytes([y[-1] ^ 1]))}
    yield _case(
        "es256-key-off-the-curve",
        "The key is no point of the curve.",
        _signed(signing_input, es256_raw(r, s)),
        "key",
        off,
    )


def _signed(signing_input, signature):
    return signing_input + b"." + b64url_encode(signature).encode() + b"~"


def _ed25519():
    wire = issued()
    signing_input = wire.rpartition(b".")[0]
    signature = SIGNER.sign(signing_input)
    big = (int.from_bytes(signature[32:], "little") + ED25519_L).to_bytes(32, "little")
    yield _case(
        "ed25519-s-plus-l",
        "S + L: a second signature made from the first.",
        _signed(signing_input, signature[:32] + big),
        "signature",
    )
    yield _case(
        "ed25519-low-order-r", "R is the neutral point.", _signed(signing_input, IDENTITY + signature[32:]), "signature"
    )
    yield _case(
        "ed25519-low-order-key",
        "The key is of low order: such a key signs anything.",
        wire,
        "key",
        {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(IDENTITY)},
    )
    yield _case(
        "ed25519-key-not-canonical",
        "y of the key is p + 2.",
        wire,
        "key",
        {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode((2**255 - 19 + 2).to_bytes(32, "little"))},
    )
    yield _case("key-with-a-private-part", "A JWK with `d`.", wire, "key", {**jwk(SIGNER.key), "d": "AA"})
    yield _case(
        "signed-by-another",
        "Another key signed; the header names ours.",
        _signed(signing_input, OTHER.sign(signing_input)),
        "signature",
    )
