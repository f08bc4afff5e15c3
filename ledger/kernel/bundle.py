"""The bundle: entries with their statements and one multi-proof, so that one file proves everything (SPEC 4.6)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ledger.kernel.entry import Entry
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.lineage import Opened
from ledger.kernel.members import elements, hashes, integer, take, text
from ledger.kernel.receipt import STRING_LIMIT, entry_text, hashes_text, parse_entry_members, quoted
from ledger.kernel.strict_json import MAX_INTEGER, decode

BUNDLE_TYPE = "coilmark.bundle/v1"
BUNDLE_KINDS = ("entry", "short", "full", "delivery", "attestation")
ENTRY_LIMIT = 20_000  # SPEC 8
SIZE_LIMIT = 64 << 20  # bytes, SPEC 8
_REQUIRED = {"type", "kind", "about", "entries", "proof", "checkpoint"}


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """One entry as it is shown to this reader: see Receipt."""

    entry: Entry
    count: int
    opened: tuple[Opened, ...]
    statement: bytes | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """`about` is the index of the entry that the bundle is there to prove; `entries` strictly ascend by index.

    `proof` is one multi-proof of all of them, `checkpoint` the signed note that they are proven under.
    """

    kind: str
    about: int
    entries: tuple[BundleEntry, ...]
    proof: tuple[bytes, ...]
    checkpoint: str


def encode_bundle(bundle: Bundle) -> bytes:
    """A bundle file: compact JSON, members in SPEC's order, no byte of it without meaning."""
    entries = ("{" + entry_text(one.entry, one.count, one.opened, one.statement) + "}" for one in bundle.entries)
    return (
        f'{{"type":"{BUNDLE_TYPE}","kind":{quoted(bundle.kind)},"about":{bundle.about},"entries":[{",".join(entries)}],'
        f'"proof":{hashes_text(bundle.proof)},"checkpoint":{quoted(bundle.checkpoint)}}}'
    ).encode("ascii")


def parse_bundle(data: bytes) -> Bundle:
    """Read a bundle file. Raises Malformed or TooLarge; checks no hash, no proof and no signature."""
    if len(data) > SIZE_LIMIT:
        raise TooLarge("bundle_size", f"the bundle has {len(data)} bytes, the limit is {SIZE_LIMIT}")
    members = take(decode(data, "the bundle", max_string=STRING_LIMIT), "bundle", _REQUIRED)
    if members["type"] != BUNDLE_TYPE or members["kind"] not in BUNDLE_KINDS:
        raise Malformed(
            "bundle", f"type or kind of the bundle is not known, only {BUNDLE_TYPE} of kind {', '.join(BUNDLE_KINDS)}"
        )
    bundle = Bundle(
        kind=members["kind"],
        about=integer(members, "about", MAX_INTEGER),
        entries=_parse_entries(elements(members, "entries")),
        proof=hashes(members, "proof"),
        checkpoint=text(members, "checkpoint"),
    )
    _check_order(bundle)
    if encode_bundle(bundle) != data:
        raise Malformed("bundle", "the bundle is not in its one canonical spelling")
    return bundle


def _parse_entries(values: list[Any]) -> tuple[BundleEntry, ...]:
    if len(values) > ENTRY_LIMIT:
        raise TooLarge("bundle_entries", f"the bundle has {len(values)} entries, the limit is {ENTRY_LIMIT}")
    return tuple(
        BundleEntry(*parse_entry_members(take(value, "bundle entry", {"entry", "lineage"}, frozenset({"statement"}))))
        for value in values
    )


def _check_order(bundle: Bundle) -> None:
    indices = [one.entry.index for one in bundle.entries]
    for before, after in pairwise(indices):
        if before >= after:
            raise Malformed("bundle", f"entry {after} follows entry {before}: entries ascend by index, each once")
    if bundle.about not in indices:
        raise Malformed("bundle", f"the bundle is about entry {bundle.about}, which it does not hold")
