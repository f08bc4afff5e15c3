"""Public keys, their names, and signatures by them (SPEC 4.1)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.kernel import signatures
from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.errors import Malformed

ED25519 = "Ed25519"
ES256 = "ES256"
ALGORITHMS = frozenset({ED25519, "EdDSA", ES256})  # what a header may say (RFC 9864; EdDSA is the older name)
KEY_OF_ALGORITHM = {ED25519: ED25519, "EdDSA": ED25519, ES256: ES256}
_SIZE = {ED25519: 32, ES256: 64}
_ECDSA = ec.ECDSA(SHA256())
_POSSESSION_LABEL = b"coilmark/key-possession/v1\n"


@dataclass(frozen=True)
class PublicKey:
    """`alg` is Ed25519 or ES256; `raw` is the 32-byte point, or x ‖ y with 32 bytes each."""

    alg: str
    raw: bytes

    @cached_property
    def kid(self) -> str:
        """The RFC 7638 thumbprint, base64url of 32 bytes."""
        members = json.dumps(jwk(self), sort_keys=True, separators=(",", ":"))  # RFC 7638 3: ordered, no space
        return b64url_encode(sha256(members.encode("ascii")).digest())

    @cached_property
    def loaded(self) -> Ed25519PublicKey | ec.EllipticCurvePublicKey:
        """The key as `cryptography` wants it. Raises Malformed for a key no signature may verify with."""
        if len(self.raw) != _SIZE.get(self.alg):
            raise Malformed("key", f"{len(self.raw)} bytes are no {self.alg} key")
        if self.alg == ES256:
            return _load_p256(self.raw)
        if not signatures.is_sound_point(self.raw):
            raise Malformed("key", "the Ed25519 key is of low order or not in its canonical encoding")
        return Ed25519PublicKey.from_public_bytes(self.raw)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes without the loaded key, which cannot."""
        return (PublicKey, (self.alg, self.raw))


def _load_p256(raw: bytes) -> ec.EllipticCurvePublicKey:
    x, y = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if max(x, y) >= signatures.P256_P:
        raise Malformed("key", "the P-256 key has a coordinate that is not below p")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise Malformed("key", "the P-256 key is not a point on the curve") from None


def parse_jwk(members: Mapping[str, object]) -> PublicKey:
    """The key in a JWK with exactly {kty, crv, x} (OKP, Ed25519) or {kty, crv, x, y} (EC, P-256).

    Raises Malformed ("key", "base64") for any other member, a private key, a point that is not on its curve, of low
    order, or not canonical.
    """
    kinds = {("OKP", "Ed25519"): (ED25519, ("x",)), ("EC", "P-256"): (ES256, ("x", "y"))}
    alg, coordinates = kinds.get((_text(members, "kty"), _text(members, "crv")), ("", ()))
    if not alg:
        raise Malformed("key", "a key is kty OKP with crv Ed25519, or kty EC with crv P-256")
    if set(members) != {"kty", "crv", *coordinates}:
        raise Malformed("key", f"a {alg} key has exactly the members kty, crv, {', '.join(coordinates)}")
    parts = [b64url_decode(_text(members, name), f"key member {name}") for name in coordinates]
    if any(len(part) != 32 for part in parts):
        raise Malformed("key", f"a coordinate has 32 bytes, these have {', '.join(str(len(p)) for p in parts)}")
    key = PublicKey(alg, b"".join(parts))
    _ = key.loaded
    if alg == ED25519 and not signatures.is_on_curve(key.raw):
        raise Malformed("key", "the Ed25519 key is not a point on the curve")
    return key


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise Malformed("key", f"key member {name} is missing or not a string")
    return value


def jwk(key: PublicKey) -> dict[str, str]:
    """The JWK that `parse_jwk` reads, and nothing more."""
    if key.alg == ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(key.raw)}
    return {"kty": "EC", "crv": "P-256", "x": b64url_encode(key.raw[:32]), "y": b64url_encode(key.raw[32:])}


Verify: TypeAlias = Callable[[PublicKey, str, bytes, bytes], bool]  # as `verify_signature`


def verify_signature(key: PublicKey, alg: str, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 raw bytes) is by `key` over `message` under the policy of `signatures`.

    `alg` is what the header says: Ed25519 or EdDSA for an Ed25519 key, ES256 for a P-256 key, else False.
    """
    if KEY_OF_ALGORITHM.get(alg) != key.alg:
        return False
    try:
        return _verify(key.loaded, message, signature)
    except (InvalidSignature, Malformed):
        return False


def _verify(loaded: Ed25519PublicKey | ec.EllipticCurvePublicKey, message: bytes, signature: bytes) -> bool:
    if isinstance(loaded, Ed25519PublicKey):
        if not signatures.is_sound_ed25519(signature):
            return False
        loaded.verify(signature, message)
        return True
    numbers = signatures.es256_numbers(signature)
    if numbers is None:
        return False
    loaded.verify(encode_dss_signature(*numbers), message, _ECDSA)
    return True


@dataclass(frozen=True)
class Signer:
    """A key and what signs with it: bytes in, 64 raw bytes out. Behind `sign` may stand a file or an HSM."""

    key: PublicKey
    sign: Callable[[bytes], bytes]


def generate(alg: str = ED25519) -> bytes:
    """A new private key from the system's randomness, as unencrypted PKCS #8 PEM. Raises Malformed ("alg")."""
    if alg not in _SIZE:
        raise Malformed("alg", f"keys are {ED25519} or {ES256}, not {alg}")
    private = Ed25519PrivateKey.generate() if alg == ED25519 else ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_signer(pem: bytes) -> Signer:
    """The signer for an unencrypted PEM private key, Ed25519 or P-256. Raises Malformed ("key")."""
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise Malformed("key", "the private key is encrypted; decrypt it first") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("key", "this is no private key in PEM") from None
    if isinstance(private, Ed25519PrivateKey):
        return Signer(PublicKey(ED25519, private.public_key().public_bytes_raw()), private.sign)
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return _p256_signer(private)
    raise Malformed("key", "the private key is neither Ed25519 nor P-256")


def _p256_signer(private: ec.EllipticCurvePrivateKey) -> Signer:
    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    point = private.public_key().public_numbers()
    return Signer(PublicKey(ES256, point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")), sign)


def possession_message(aud: str, party: str, kid: str) -> bytes:
    """What a new key signs to prove that its holder is enrolling it, for this ledger and this party (SPEC 4.5)."""
    return _POSSESSION_LABEL + f"{aud}\n{party}\n{kid}\n".encode()
