"""Statements: what a party signed, an SD-JWT over exact bytes (SPEC 4.1, 4.2, RFC 9901).

Parsing takes nothing on trust and checks no signature: `check_signature` does, with a key that the caller found by
other means. Whether `aud` is this ledger, `iss` may sign this `typ`, or the body fits its schema is not decided here.
"""

import functools
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from ledger.kernel import strict_json
from ledger.kernel.disclosure import (
    DIGESTS,
    ELEMENT,
    Disclosure,
    Hidden,
    check_salts,
    hide,
    open_body,
    parse_disclosure,
)
from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.errors import Malformed, TooLarge, Unauthorised
from ledger.kernel.keys import ALGORITHMS, PublicKey, Signer, Verify, verify_signature
from ledger.kernel.once import once

__all__ = [
    "TYPES", "Disclosure", "Hidden", "Statement", "check_complete", "check_signature", "issue", "parse",
]  # fmt: skip
TYPES: tuple[str, ...] = (
    "ledger",
    "party",
    "key",
    "lot-event",
    "certificate",
    "passport",
    "heads",
    "notice",
    "contract",
    "energy-attestation",
    "energy-consumption",
    "energy-action",
    "energy-allocation",
    "emission-source",
    "period-close",
    "verification",
)
SUFFIX = "+sd-jwt"
MAX_SIZE = 256 * 1024
MAX_DISCLOSURES = 100
MAX_ID = 200
MAX_IAT = 253_402_300_799  # the last second of year 9999
_MEMBERS = ("iss", "jti", "aud", "iat", "_sd_alg")
_HEADER = {"alg", "kid", "typ"}
_PLACEHOLDER = bytes(64)
# Where none of these stands in a payload, no digest does, however it is escaped.
_MARKS = (b"\\", f'"{DIGESTS}"'.encode(), f'"{ELEMENT}"'.encode())
_ID = re.compile(rf"[!-~]{{1,{MAX_ID}}}")
# RFC 3986: a scheme, then only characters that may stand in a URI, "%" with its two digits.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]++|%[0-9A-Fa-f]{2})++")


class Decode(Protocol):
    """What `strict_json.decode` does."""

    def __call__(self, data: bytes, what: str = ..., *, plain: bool = ...) -> strict_json.JsonValue: ...


@dataclass(frozen=True)
class Statement:
    """What one party signed once.

    `jwt` is the issuer-signed part, whose bytes the ledger commits to. `body` is the member that `typ` names, with
    the given disclosures put in place; `withheld` counts the digests that none of them opens. `iat` is in seconds,
    `signature` 64 raw bytes.
    """

    jwt: bytes
    disclosures: tuple[Disclosure, ...]
    alg: str
    kid: str
    typ: str
    iss: str
    jti: str
    aud: str
    iat: int
    body: dict[str, Any]
    withheld: int
    signature: bytes

    @once
    def digest(self) -> bytes:
        """What an entry commits to: SHA-256 of the JWT bytes, without disclosures (SPEC 4.3)."""
        return sha256(self.jwt).digest()

    @property
    def signing_input(self) -> bytes:
        """Header and payload as signed. Two statements that agree here say the same, though ES256 signs anew."""
        return self.jwt.rpartition(b".")[0]

    @property
    def wire(self) -> bytes:
        """The JWT and each disclosure, each ended by "~"."""
        return b"~".join([self.jwt, *(one.text.encode("ascii") for one in self.disclosures), b""])


def parse(wire: bytes, decode: Decode = strict_json.decode) -> Statement:
    """Read a statement in wire form. Digests may be withheld (`check_complete` refuses that at recording).

    Raises TooLarge ("statement_size", "disclosures") and Malformed: "wire", "key_binding", "base64", "signature_size";
    "header_members", "alg", "kid", "typ_unknown"; "payload_members", "iss", "jti", "aud", "iat", "sd_alg", "body";
    "disclosure", "digest" and the codes of `strict_json`. `decode` reads the payload: another gives the same answers.
    """
    jwt, texts = _split(wire)
    segments = jwt.split(".")
    if len(segments) != 3:
        raise Malformed("wire", f"the signed part has {len(segments)} segments between dots, want 3")
    alg, kid, typ = _header(segments[0]) if len(segments[0]) > _USUAL else _usual_header(segments[0])
    raw = b64url_decode(segments[1], "the payload")
    payload = _payload(raw, typ, decode)
    signature = b64url_decode(segments[2], "the signature")
    if len(signature) != 64:
        raise Malformed("signature_size", "a signature has 64 bytes")
    disclosures = tuple(map(parse_disclosure, texts))
    body, withheld = _body(raw, payload[typ], disclosures)
    return Statement(
        jwt.encode("ascii"), disclosures, alg, kid, typ,
        payload["iss"], payload["jti"], payload["aud"], payload["iat"], body, withheld, signature,
    )  # fmt: skip


def _split(wire: bytes) -> tuple[str, list[str]]:
    """The JWT and the disclosures' texts, limits checked before anything is made of them."""
    if len(wire) > MAX_SIZE:
        raise TooLarge("statement_size", f"the statement has {len(wire)} bytes, the limit is {MAX_SIZE}")
    count = wire.count(b"~") - 1
    if count > MAX_DISCLOSURES:
        raise TooLarge("disclosures", f"the statement has {count} disclosures, the limit is {MAX_DISCLOSURES}")
    if not wire.isascii():
        raise Malformed("wire", "a statement in wire form is ASCII")
    jwt, *texts = wire.decode("ascii").split("~")
    if not texts:
        raise Malformed("wire", 'a statement in wire form ends in "~"')
    if last := texts.pop():  # RFC 9901 4: what follows the last "~" is a key binding JWT
        raise Malformed("key_binding", f'{len(last)} bytes follow the last "~"; key binding is not taken here')
    return jwt, texts


def _header(segment: str) -> tuple[str, str, str]:
    """alg, kid and typ."""
    header = strict_json.decode(b64url_decode(segment, "the header"), "the header")
    if not isinstance(header, dict) or header.keys() != _HEADER:
        raise Malformed("header_members", f"the header has exactly alg, kid and typ{_difference(header, _HEADER)}")
    alg, kid, typ = header["alg"], header["kid"], header["typ"]
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise Malformed("alg", f"alg is Ed25519, EdDSA or ES256, not {_brief(alg)}")
    if not isinstance(kid, str) or len(b64url_decode(kid, "kid")) != 32:
        raise Malformed("kid", "kid is an RFC 7638 thumbprint, base64url of 32 bytes")
    name = typ.removesuffix(SUFFIX) if isinstance(typ, str) else ""
    if name not in TYPES or typ != name + SUFFIX:
        raise Malformed("typ_unknown", f"typ {_brief(typ)} is not known", typ=_brief(typ))
    return alg, kid, name


# A party's header is the same in all its statements. Long ones are not kept: their length is the sender's choice.
_USUAL = 256
_usual_header = functools.lru_cache(maxsize=4096)(_header)


def _payload(raw: bytes, typ: str, decode: Decode) -> dict[str, Any]:
    payload: Any = decode(raw, "the payload", plain=True)
    want = {*_MEMBERS, typ}
    if not isinstance(payload, dict) or payload.keys() != want:
        says = f"the payload of {typ} has exactly {', '.join(_MEMBERS)} and {typ}{_difference(payload, want)}"
        raise Malformed("payload_members", says)
    _check_id("iss", payload["iss"], _ID)
    _check_id("jti", payload["jti"], _URI)
    _check_id("aud", payload["aud"], _URI)
    if type(payload["iat"]) is not int or not 0 <= payload["iat"] <= MAX_IAT:
        raise Malformed("iat", f"iat is a whole number of seconds from 0 to {MAX_IAT}")
    if payload["_sd_alg"] != "sha-256":
        raise Malformed("sd_alg", f"_sd_alg is sha-256, not {_brief(payload['_sd_alg'])}")
    if not isinstance(payload[typ], dict):
        raise Malformed("body", f"the member {typ} is an object")
    return payload


def _check_id(name: str, value: object, form: re.Pattern[str]) -> None:
    if not isinstance(value, str) or len(value) > MAX_ID or not form.fullmatch(value):
        kind = "a URI" if form is _URI else "printable ASCII without spaces"
        raise Malformed(name, f"{name} is {kind} of at most {MAX_ID} characters, not {_brief(value)}")


def _body(raw: bytes, body: dict[str, Any], disclosures: tuple[Disclosure, ...]) -> tuple[dict[str, Any], int]:
    backslash, digests, element = _MARKS
    if not disclosures and backslash not in raw and digests not in raw and element not in raw:
        return body, 0
    return open_body(body, disclosures, strict_json.MAX_DEPTH - 1)  # the payload around it is one level


def _difference(got: object, want: set[str]) -> str:
    if not isinstance(got, dict):
        return "; this is no object"
    missing, more = sorted(want - got.keys()), sorted(got.keys() - want)
    parts = [f"{', '.join(missing)} missing"] if missing else []
    return "; " + " and ".join([*parts, *([f"{_brief(', '.join(more))} too many"] if more else [])])


def _brief(value: object) -> str:
    return ascii(value)[:60].replace("'", '"')


def check_complete(statement: Statement) -> None:
    """What recording asks beyond `parse`: every digest opened, salts of 16 bytes or more, no two alike (SPEC 4.2).

    Raises Malformed ("withheld", "salt").
    """
    if statement.withheld:
        raise Malformed(
            "withheld", f"{statement.withheld} digests are opened by no disclosure", count=statement.withheld
        )
    check_salts(statement.disclosures)


def check_signature(statement: Statement, key: PublicKey, verify: Verify = verify_signature) -> None:
    """The statement is signed by this key, and names it. Raises Unauthorised ("signature").

    `verify` is what does the arithmetic: another gives the same answers.
    """
    if key.kid != statement.kid:
        raise Unauthorised("signature", f"the statement names key {statement.kid}, this is key {key.kid}")
    check_signed(key, statement.alg, statement.signing_input, statement.signature, verify)


def check_signed(
    key: PublicKey, alg: str, signing_input: bytes, signature: bytes, verify: Verify = verify_signature
) -> None:
    """As `check_signature`, of a statement of which only this is at hand."""
    if not verify(key, alg, signing_input, signature):
        raise Unauthorised("signature", f"the signature by key {key.kid} does not fit what was signed")


def fresh_salt() -> bytes:
    """16 random bytes from the system."""
    return secrets.token_bytes(16)


def issue(
    *,
    typ: str,
    iss: str,
    jti: str,
    aud: str,
    iat: int,
    body: Mapping[str, Any],
    signer: Signer,
    salt: Callable[[], bytes] = fresh_salt,
) -> bytes:
    """A signed statement in wire form. Values of `body` wrapped in Hidden become disclosures; `iat` is in seconds.

    Raises what `parse` and `check_complete` raise, before anything is signed; ValueError for what JSON cannot hold.
    """
    covered, texts = hide(dict(body), salt)
    header = {"alg": signer.key.alg, "kid": signer.key.kid, "typ": typ + SUFFIX}
    payload = {"iss": iss, "jti": jti, "aud": aud, "iat": iat, "_sd_alg": "sha-256", typ: covered}
    signing_input = b".".join(b64url_encode(strict_json.encode(part)).encode("ascii") for part in (header, payload))
    check_complete(parse(_wire(signing_input, _PLACEHOLDER, texts)))
    signature = signer.sign(signing_input)
    if len(signature) != 64:
        raise ValueError(f"the signer gave {len(signature)} bytes, a signature has 64 raw bytes")
    return _wire(signing_input, signature, texts)


def _wire(signing_input: bytes, signature: bytes, texts: list[str]) -> bytes:
    jwt = signing_input + b"." + b64url_encode(signature).encode("ascii")
    return b"~".join([jwt, *(text.encode("ascii") for text in texts), b""])
