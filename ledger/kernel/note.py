"""Signed notes and the keys that verify them (C2SP signed-note v1.0.0, tlog-cosignature v1).

Understood: Ed25519 (type 0x01) and timestamped Ed25519 cosignatures (0x04). A line of any other type is a line of an
unknown key, which is ignored, even where the reader lists the key: what cannot be checked never counts as verified.
"""

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.kernel import signatures
from ledger.kernel.encoding import b64_decode, b64_encode
from ledger.kernel.errors import Malformed, TooLarge, Unverified
from ledger.kernel.keys import ED25519, PublicKey, Signer, verify_signature

TYPE_ED25519 = 0x01
TYPE_COSIGNATURE = 0x04
TYPE_ML_DSA_44 = 0x06
SIGNATURE_LINES = 64  # SPEC 8
TIMESTAMP_LIMIT = 2**63 - 1  # tlog-cosignature, Format
_KEY_ID_SIZE = 4
_TIMESTAMP_SIZE = 8
_KEY_SIZES = {TYPE_ED25519: 32, TYPE_COSIGNATURE: 32, TYPE_ML_DSA_44: 1312}
_DASH = "\u2014"
_FINGERPRINT_LABEL = b"coilmark/log-key/v1\n"


@dataclass(frozen=True, slots=True)
class Vkey:
    """A key that verifies notes: its name, the signature type it is for, and the encoded public key."""

    name: str
    type: int
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes: SHA-256(name ‖ newline ‖ type ‖ key)[:4]."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.raw).digest()[:_KEY_ID_SIZE]

    @property
    def key(self) -> PublicKey:
        """The Ed25519 key behind types 0x01 and 0x04."""
        return PublicKey(ED25519, self.raw)


def parse_vkey(text: str) -> Vkey:
    """Read `name+hex8+base64`. Raises Malformed where the key id is not the one of name and key.

    Types 0x01, 0x04 and 0x06 have a key of the right size, and Ed25519 keys are good points; other types are taken as
    they are if they have the recommended key id.
    """
    parts = text.split("+", 2)  # the base64 may contain more of them
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise Malformed("vkey", "a verifier key is name+key id+base64, its name without spaces")
    material = b64_decode(parts[2], f"the key of {parts[0]}")
    if not material:
        raise Malformed("vkey", f"the key of {parts[0]} is empty")
    vkey = Vkey(parts[0], material[0], material[1:])
    if vkey.key_id.hex() != parts[1]:
        raise Malformed("vkey", f"the key of {parts[0]} has key id {vkey.key_id.hex()}, not {parts[1][:16]}")
    _check_material(vkey)
    return vkey


def _check_material(vkey: Vkey) -> None:
    size = _KEY_SIZES.get(vkey.type, len(vkey.raw))
    if len(vkey.raw) != size:
        raise Malformed("vkey", f"the key of {vkey.name} has {len(vkey.raw)} bytes, want {size}")
    sound = vkey.type not in (TYPE_ED25519, TYPE_COSIGNATURE) or (
        signatures.is_sound_point(vkey.raw) and signatures.is_on_curve(vkey.raw)
    )
    if not sound:
        raise Malformed("vkey", f"the key of {vkey.name} is no sound Ed25519 key")


def format_vkey(vkey: Vkey) -> str:
    """The text that `parse_vkey` reads."""
    return f"{vkey.name}+{vkey.key_id.hex()}+{b64_encode(bytes([vkey.type]) + vkey.raw)}"


def fingerprint(vkey: Vkey) -> str:
    """What people compare of a log key, on a label and on a page: 80 bits in base32, in four groups (SPEC 4.6)."""
    digest = sha256(_FINGERPRINT_LABEL + format_vkey(vkey).encode()).digest()
    letters = b32encode(digest[:10]).decode("ascii")
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def vkey_of(name: str, key: PublicKey, kind: int = TYPE_ED25519) -> Vkey:
    """The verifier key of an Ed25519 key under a name. Raises Malformed for another algorithm or a name not allowed."""
    if key.alg != ED25519:
        raise Malformed("vkey", f"notes are signed with {ED25519}, not {key.alg}")
    if not is_key_name(name):
        raise Malformed("key_name", f"{name!r} is no key name: not empty, no spaces, no control characters, no +")
    return Vkey(name, kind, key.raw)


def is_key_name(name: str) -> bool:
    """Whether a note can carry this name: not empty, no Unicode spaces, no plus, no control characters."""
    return bool(name) and not any(c == "+" or c < "\x20" or c.isspace() or "\ud800" <= c <= "\udfff" for c in name)


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line: who says he signed, and what follows the key id."""

    name: str
    key_id: bytes
    blob: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note that nobody has verified: text (ends in a newline) and its signature lines, in order."""

    text: str
    lines: tuple[Line, ...]


def parse_note(note: str | bytes) -> Note:
    """Split a note at its last empty line. Raises Malformed, or TooLarge above 64 signature lines."""
    whole = _decoded(note)
    text, separator, block = whole.rpartition("\n\n")
    if not separator:
        raise Malformed("note", "a note is text, an empty line and signature lines")
    if not block.endswith("\n"):
        raise Malformed("note", "a note has at least one signature line, and the last ends in a newline")
    lines = block[:-1].split("\n")
    if len(lines) > SIGNATURE_LINES:
        raise TooLarge(
            "signature_lines", f"a note has at most {SIGNATURE_LINES} signature lines, this has {len(lines)}"
        )
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def _decoded(note: str | bytes) -> str:
    try:
        text = note.decode("utf-8") if isinstance(note, bytes) else note
        text.encode("utf-8")  # a str may hold lone surrogates
    except UnicodeError:
        raise Malformed("utf8", "a note is UTF-8, this is not") from None
    control = next((c for c in text if c < "\x20" and c != "\n"), None)
    if control is not None:
        raise Malformed("note", f"a note has no control characters but newline, this has U+{ord(control):04X}")
    return text


def _parse_line(line: str) -> Line:
    fields = line.split(" ")
    if len(fields) != 3 or fields[0] != _DASH or not is_key_name(fields[1]):
        raise Malformed("note", "a signature line is an em dash, a key name and base64, with single spaces")
    data = b64_decode(fields[2], f"the signature of {fields[1]}")
    if len(data) <= _KEY_ID_SIZE:
        raise Malformed("note", f"the signature of {fields[1]} has {len(data)} bytes, want 4 of a key id and more")
    return Line(fields[1], data[:_KEY_ID_SIZE], data[_KEY_ID_SIZE:])


def format_note(note: Note) -> str:
    """The text that `parse_note` reads."""
    return note.text + "\n" + "".join(f"{_DASH} {n.name} {b64_encode(n.key_id + n.blob)}\n" for n in note.lines)


def add_lines(note: str, lines: str) -> str:
    """A note with more signature lines, as a witness answers them; lines already there are not repeated.

    Raises Malformed or TooLarge where the whole would be no note.
    """
    grown = parse_note(note + lines)
    if grown.text != parse_note(note).text:
        raise Malformed("note", "signature lines contain no empty line")
    return format_note(Note(grown.text, tuple(dict.fromkeys(grown.lines))))


@dataclass(frozen=True, slots=True)
class Verified:
    """One signature that holds; `timestamp` in POSIX seconds, None for type 0x01, which has none."""

    vkey: Vkey
    timestamp: int | None


def verify_note(note: str | bytes, vkeys: Sequence[Vkey]) -> tuple[str, tuple[Verified, ...]]:
    """The text of a note, and the signatures on it by keys of `vkeys`, in the note's order; at least one.

    A key is known by name and key id together; lines of unknown keys are ignored, exact repetitions too. Raises
    Unverified where a line of a known key does not hold ("signature") or no line is of a known key ("unsigned").
    """
    parsed = parse_note(note)
    known = {(vkey.name, vkey.key_id): vkey for vkey in vkeys}
    if len(known) != len(vkeys):
        raise Malformed("vkey", "a verifier key is listed twice")
    good = tuple(
        _verify_line(parsed.text, line, vkey)
        for line in dict.fromkeys(parsed.lines)
        if (vkey := known.get((line.name, line.key_id))) and vkey.type in (TYPE_ED25519, TYPE_COSIGNATURE)
    )
    if not good:
        raise Unverified("unsigned", f"none of the note's {len(parsed.lines)} signature lines is by a known key")
    return parsed.text, good


def _verify_line(text: str, line: Line, vkey: Vkey) -> Verified:
    timed = vkey.type == TYPE_COSIGNATURE
    timestamp = int.from_bytes(line.blob[:_TIMESTAMP_SIZE], "big") if timed else None
    signature = line.blob[_TIMESTAMP_SIZE:] if timed else line.blob
    message = text.encode() if timestamp is None else cosigned(text, timestamp)
    in_range = timestamp is None or timestamp <= TIMESTAMP_LIMIT
    if not (in_range and verify_signature(vkey.key, ED25519, message, signature)):
        raise Unverified("signature", f"the signature line of {line.name} ({line.key_id.hex()}) does not verify")
    return Verified(vkey, timestamp)


def cosigned(text: str, timestamp: int) -> bytes:
    """What a cosignature/v1 signs: two header lines and the whole note text."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def signature_line(text: str, name: str, signer: Signer) -> str:
    """The type 0x01 line of `signer` on a note text."""
    vkey = vkey_of(name, signer.key)
    return f"{_DASH} {name} {b64_encode(vkey.key_id + signer.sign(text.encode()))}\n"


def cosignature_line(text: str, name: str, signer: Signer, timestamp: int) -> str:
    """The type 0x04 line of `signer` on a note text, as a witness makes it; `timestamp` in POSIX seconds."""
    if not 0 <= timestamp <= TIMESTAMP_LIMIT:
        raise ValueError(f"a cosignature's time is 0 to {TIMESTAMP_LIMIT}, not {timestamp}")
    vkey = vkey_of(name, signer.key, TYPE_COSIGNATURE)
    blob = timestamp.to_bytes(_TIMESTAMP_SIZE, "big") + signer.sign(cosigned(text, timestamp))
    return f"{_DASH} {name} {b64_encode(vkey.key_id + blob)}\n"


def sign_note(text: str, name: str, signer: Signer) -> str:
    """A note with one type 0x01 signature. Raises Malformed for a text or name that a note cannot carry."""
    if not _decoded(text).endswith("\n"):
        raise Malformed("note", "the text of a note ends in a newline")
    return f"{text}\n{signature_line(text, name, signer)}"
