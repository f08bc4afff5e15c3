"""The receipt: one entry, what its lineage says to this reader, the statement, and the proof (SPEC 4.6)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.kernel.encoding import b64_decode, b64_encode
from ledger.kernel.entry import Entry, parse_entry
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.lineage import SALT_SIZE, Opened, Shown, parse_item
from ledger.kernel.members import ascii_text, elements, hashes, integer, take, text
from ledger.kernel.strict_json import decode

RECEIPT_TYPE = "coilmark.receipt/v1"
RECEIPT_LIMIT = 8 << 20  # bytes: a statement of 256 KiB and 5 000 opened items of some 800 bytes each
STRING_LIMIT = 1 << 20  # characters: the longest are a statement and a note with 64 signatures
_REQUIRED = {"type", "entry", "lineage", "proof"}
_ENCODER = json.JSONEncoder(separators=(",", ":"))
quoted = json.encoder.encode_basestring_ascii  # a JSON string, as `compact` spells it
_PLAIN = bytes(sorted({*range(0x20, 0x7F)} - {*b'"\\'}))  # RFC 8259 7: what stands for itself


@dataclass(frozen=True, slots=True)
class Receipt:
    """`statement` is the wire form as recorded, or None where this reader may not see it.

    `count` is how many lineage items the entry has, `opened` those shown here; `proof` is a tlog-proof@v1.
    """

    entry: Entry
    count: int
    opened: tuple[Opened, ...]
    statement: bytes | None
    proof: str


def receipt_text(receipt: Receipt) -> str:
    """The JSON object of a receipt, members in SPEC's order, spelt as `compact` spells it.

    Written out: a batch is answered with hundreds, and an object made first takes three times as long.
    """
    return join_text(entry_text(receipt.entry, receipt.count, receipt.opened, receipt.statement), quoted(receipt.proof))


def join_text(entry: str, proof: str) -> str:
    """A receipt of the members of `entry_members` and a proof that is quoted already."""
    return f'{{"type":"{RECEIPT_TYPE}",{entry},"proof":{proof}}}'


def entry_text(entry: Entry, count: int, opened: tuple[Opened, ...], statement: bytes | None) -> str:
    """The members that a receipt and each entry of a bundle have in common."""
    shown = [(one.position, one.salt, one.item.packed(), one.path) for one in opened]
    return entry_members(entry.packed, count, shown, statement)


def entry_members(entry: bytes, count: int, opened: Iterable[Shown], statement: bytes | None) -> str:
    """As `entry_text`, of packed values."""
    shown = "" if statement is None else f',"statement":{_quoted_bytes(statement)}'
    items = ",".join([_opened_text(*one) for one in opened])
    return f'"entry":"{b64_encode(entry)}","lineage":{{"count":{count},"opened":[{items}]}}{shown}'


def _quoted_bytes(text: bytes) -> str:
    """`quoted`, for a long text that needs no escape as a rule: found out at once, and not character by character."""
    said = text.decode("ascii")
    return quoted(said) if text.translate(None, _PLAIN) else f'"{said}"'


def _opened_text(position: int, salt: bytes, item: bytes, path: Sequence[bytes]) -> str:
    salted, packed = b64_encode(salt), b64_encode(item)
    return f'{{"position":{position},"salt":"{salted}","item":"{packed}","path":{hashes_text(path)}}}'


def hashes_text(nodes: Sequence[bytes]) -> str:
    """A JSON list of hashes."""
    return "[" + ",".join([f'"{b64_encode(node)}"' for node in nodes]) + "]"


def compact(value: Any) -> bytes:
    """The one spelling of our JSON files: ASCII, no space, as `jq -ca` writes it too."""
    return _ENCODER.encode(value).encode("ascii")


def encode_receipt(receipt: Receipt) -> bytes:
    """A receipt file: compact JSON, no byte of it without meaning."""
    return receipt_text(receipt).encode("ascii")


def parse_receipt(data: bytes) -> Receipt:
    """Read a receipt file. Raises Malformed or TooLarge; checks no hash, no proof and no signature."""
    if len(data) > RECEIPT_LIMIT:
        raise TooLarge("receipt_size", f"the receipt has {len(data)} bytes, the limit is {RECEIPT_LIMIT}")
    value = decode(data, "the receipt", max_string=STRING_LIMIT)
    members = take(value, "receipt", _REQUIRED, frozenset({"statement"}))
    if members["type"] != RECEIPT_TYPE:
        raise Malformed("receipt", f"the type of the receipt is not known, only {RECEIPT_TYPE} is")
    receipt = Receipt(*parse_entry_members(members), text(members, "proof"))
    if encode_receipt(receipt) != data:
        raise Malformed("receipt", "the receipt is not in its one canonical spelling")
    return receipt


def parse_entry_members(members: Any) -> tuple[Entry, int, tuple[Opened, ...], bytes | None]:
    """The entry, its lineage (count and opened items) and its statement, if shown. Raises Malformed."""
    entry = parse_entry(b64_decode(ascii_text(members, "entry"), "entry"))
    count, opened = parse_lineage(members["lineage"])
    statement = ascii_text(members, "statement").encode("ascii") if "statement" in members else None
    return entry, count, opened, statement


def parse_lineage(value: Any) -> tuple[int, tuple[Opened, ...]]:
    """Read the lineage part. Raises Malformed."""
    members = take(value, "lineage", {"count", "opened"})
    count = integer(members, "count", 2**32 - 1)
    opened = tuple(_parse_opened(one, count) for one in elements(members, "opened"))
    positions = [one.position for one in opened]
    if positions != sorted(set(positions)):
        raise Malformed("lineage", "opened lineage items stand in ascending order, each once")
    return count, opened


def _parse_opened(value: Any, count: int) -> Opened:
    members = take(value, "opened item", {"position", "salt", "item", "path"})
    return Opened(
        integer(members, "position", count - 1),
        b64_decode(ascii_text(members, "salt"), "salt", SALT_SIZE),
        parse_item(b64_decode(ascii_text(members, "item"), "item")),
        hashes(members, "path"),
    )
