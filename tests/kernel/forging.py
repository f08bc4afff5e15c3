"""Statements that are properly signed and otherwise as wrong as a test wants them."""

from itertools import count

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Refused
from ledger.kernel.keys import load_signer
from ledger.kernel.statement import check_complete, issue, parse
from ledger.kernel.strict_json import encode


def signer_of(private):
    return load_signer(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


# The same in every process: tests are named by what they are given.
SIGNER = signer_of(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
OTHER = signer_of(Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32))
P256 = signer_of(ec.derive_private_key(3, ec.SECP256R1()))
CLAIMS = {
    "iss": "(417)9521141000009",
    "jti": "urn:uuid:0f1e2d3c-0000-4000-8000-000000000001",
    "aud": "https://ledger.example",
    "iat": 1790000000,
}
HEADER = {"alg": "Ed25519", "kid": SIGNER.key.kid, "typ": "lot-event+sd-jwt"}
BODY = {"type": "ObjectEvent", "epcList": ["a", "b"], "n": 7}
PAYLOAD = {**CLAIMS, "_sd_alg": "sha-256", "lot-event": BODY}


def salts():
    numbers = count(1)
    return lambda: next(numbers).to_bytes(16, "big")


def issued(body=BODY, signer=SIGNER, **claims):
    return issue(**{"typ": "lot-event", **CLAIMS, **claims}, body=body, signer=signer, salt=salts())


def wire_of(header=HEADER, payload=PAYLOAD, disclosures=(), signer=SIGNER):
    """Any header and payload (objects, or bytes as they stand), properly signed."""
    parts = [part if isinstance(part, bytes) else encode(part) for part in (header, payload)]
    signing_input = ".".join(map(b64url_encode, parts)).encode()
    jwt = signing_input + b"." + b64url_encode(signer.sign(signing_input)).encode()
    return b"~".join([jwt, *(text.encode() for text in disclosures), b""])


def refuses(wire, code, sentence):
    with pytest.raises(Refused) as refused:
        check_complete(parse(wire))
    assert (refused.value.code, sentence in refused.value.sentence) == (code, True), refused.value.sentence


def disclosure(*parts, salt=bytes(16)):
    return b64url_encode(encode([b64url_encode(salt), *parts]))


def bodied(body, *disclosures):
    return wire_of(payload={**PAYLOAD, "lot-event": body}, disclosures=disclosures)
