"""One range of entries, checked without any state but the registry: what worker processes do.

Nothing here raises over what is stored: each fault is a finding, and the checks that can still be made are made.
What only the whole ledger can tell is sent home packed, for the fold in `lineage`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from ledger.audit.authority import Authority
from ledger.audit.deferred import Deferred
from ledger.audit.energy import Folded, fold_again
from ledger.audit.findings import Finding, about
from ledger.audit.lineage import ITEM, Keys
from ledger.audit.lots import Booked, Said, book_again
from ledger.audit.sources import UNREADABLE, DatabaseReader, Row, Source
from ledger.audit.statements import Items, Judge
from ledger.hashing import leaf_hashes, lineage_digests
from ledger.kernel import strict_json
from ledger.kernel.encoding import b64url_decode
from ledger.kernel.entry import Entry, parse_entry
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.hashing import NO_HASH
from ledger.kernel.implied import implied
from ledger.kernel.lineage import ITEM_SIZE, NO_INDEX, NO_LEAF, Role, parse_items
from ledger.kernel.party import FOLDED_TYPES
from ledger.kernel.statement import parse
from ledger.kernel.subjects import Want

_TOGETHER = 1024  # statements judged step by step
_REFERENCE, _CREATE, _LAST_ROLE = int(Role.REFERENCE), int(Role.CREATE), int(Role.CONSUME)  # enums are slow to look up
_REGISTRY_HEADERS = frozenset(f"{typ}+sd-jwt" for typ in FOLDED_TYPES)


@dataclass(frozen=True, slots=True)
class Task:
    """What to check. Without `authority` nobody's signature can be judged; without `statements` none is read."""

    source: Source
    start: int
    end: int
    authority: Authority | None = None
    statements: bool = True


@dataclass(slots=True)
class Range:
    """What one range gave. Filled while it is checked, then sent home.

    `leaves` holds the hash of each entry's 113 bytes (zeros for an entry that is not there), `items` its packed
    lineage; `first` and `last` are the entries at its ends, where they can be read; `requests` and `events` are
    keys of what must be unique, each with its index; `marks` counts signatures that a reader should know of, by key and
    reason.
    `lots` and `energy` are what booking and folding these again gave, None where that was not done.
    """

    start: int
    end: int
    findings: list[Finding] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    first: Entry | None = None
    last: Entry | None = None
    requests: Keys = field(default_factory=Keys)
    events: list[tuple[bytes, int]] = field(default_factory=list)
    advanced: int = 0
    disclosures: int = 0
    signatures: int = 0
    deferred: Deferred = field(default_factory=Deferred)
    marks: Counter[tuple[str, str]] = field(default_factory=Counter)
    lots: Booked | None = None
    energy: Folded | None = None


def find_registry(task: Task) -> list[tuple[int, bytes]]:
    """The `ledger`, `party`, `key` and `notice` statements of a range, by their headers, where their entry says so.

    What cannot be read is named by `check_range`.
    """
    try:
        with task.source.reading() as reader:
            if isinstance(reader, DatabaseReader) and not any(
                map(_is_registry, reader.raw.headers(task.start, task.end))
            ):
                return []
            rows, _ = reader.rows(task.start, task.end)
    except UNREADABLE:
        return []
    found: list[tuple[int, bytes]] = []
    known: dict[bytes, bool] = {}
    for row in rows:
        header = row.jwt.partition(b".")[0]
        if header not in known:
            known[header] = _is_registry(header)
        if known[header] and sha256(row.jwt).digest() == row.entry[49:81]:
            found.append((row.index, row.wire))
    return found


def check_range(task: Task) -> Range:
    """All that can be said of a range by itself."""
    result = Range(task.start, task.end)
    rows: list[Row] = []
    try:
        with task.source.reading() as reader:
            rows, unread = reader.rows(task.start, task.end)
            result.findings += unread
            advanced, said = _check_rows(rows, task, result)
            if isinstance(reader, DatabaseReader):
                _check_derived(reader, result, advanced)
                if task.authority is not None:
                    result.lots = book_again(reader.raw, task.authority, said, (task.start, task.end))
                    result.findings += result.lots.findings
                    result.energy = fold_again(reader.raw, task.authority, said, (task.start, task.end))
                    result.findings += result.energy.findings
    except UNREADABLE as error:
        result.findings.append(unread_range(task, str(error)))
    _leave_gaps(result, {row.index for row in rows})
    return result


def unread_range(task: Task, why: str) -> Finding:
    """The finding about a range of which nothing can be said."""
    says = f"entries {task.start} to {task.end - 1} cannot be read: {why}"
    return Finding("unreadable", says, task.start, {"count": task.end - task.start})


def _check_rows(rows: Sequence[Row], task: Task, result: Range) -> tuple[list[tuple[bytes, int, int]], Sequence[Said]]:
    """Check each entry; gives every (subject, version, index) that the range advances, and what lots follow from."""
    judge = Judge(task.authority, result) if task.statements else None
    advanced: list[tuple[bytes, int, int]] = []
    result.leaves = leaf_hashes([row.entry for row in rows])
    lineages = lineage_digests([(row.seed, row.items) for row in rows])
    result.items = [row.items for row in rows]
    read: list[tuple[Row, Entry, Items]] = []
    before: tuple[int, Entry, bytes] | None = None
    for row, leaf, lineage in zip(rows, result.leaves, lineages, strict=True):
        items = _items(row, result)
        advanced += [(subject, version, row.index) for subject, role, version in items if role]
        entry = _check_entry(row, leaf, lineage, result)
        if entry is None:
            continue
        if before is not None and before[0] == row.index - 1:
            result.findings += follows(before[1], before[2], entry, row.index)
        before = row.index, entry, leaf
        result.first = entry if row.index == task.start else result.first
        result.last = entry if row.index == task.end - 1 else result.last
        read.append((row, entry, items))
    result.advanced = len(advanced)
    if judge is None:
        return advanced, ()
    for start in range(0, len(read), _TOGETHER):
        judge.statements(read[start : start + _TOGETHER])
    return advanced, judge.of_lots


def _check_entry(row: Row, leaf: bytes, lineage: bytes, result: Range) -> Entry | None:
    """The entry, held against the hashes made of what is stored; None where its bytes are none."""
    if row.leaf != leaf:
        result.findings.append(about(row.index, "leaf", "the stored leaf hash is not the hash of its 113 bytes"))
    entry = _entry(row, result)
    if entry is not None and lineage != entry.lineage:
        says = "seed and lineage items do not hash to the lineage digest in its entry"
        result.findings.append(about(row.index, "lineage_digest", says))
    return entry


def _entry(row: Row, result: Range) -> Entry | None:
    try:
        entry = parse_entry(row.entry)
    except CoilmarkError as error:
        result.findings.append(about(row.index, "entry", f"its bytes are no entry: {error.sentence}"))
        return None
    if entry.index != row.index:
        result.findings.append(about(row.index, "index", f"its 113 bytes say index {entry.index}"))
    return entry


def follows(before: Entry, leaf: bytes, entry: Entry, index: int) -> list[Finding]:
    """Chain and time between two neighbours (SPEC 4.3): `leaf` is the hash of the first, `index` that of the second."""
    findings = []
    if entry.previous != leaf:
        findings.append(about(index, "chain", f"its previous leaf hash is not the leaf hash of entry {index - 1}"))
    if entry.recorded_at < before.recorded_at:
        back = before.recorded_at - entry.recorded_at
        findings.append(about(index, "time", f"it was recorded {back} µs before entry {index - 1}", microseconds=back))
    return findings


def _items(row: Row, result: Range) -> list[tuple[bytes, int, int]]:
    """(subject, role, version) of each item; links are judged where the whole ledger is in view."""
    try:
        return unpack_items(row.items)
    except CoilmarkError as error:
        result.findings.append(about(row.index, "items", f"its lineage items cannot be read: {error.sentence}"))
        return []


def unpack_items(packed: bytes) -> list[tuple[bytes, int, int]]:
    """(subject, role, version) of packed items: what `parse_items` takes, without its objects. Raises Malformed."""
    if len(packed) % ITEM_SIZE:
        parse_items(packed)
    items = []
    before = b""
    for role, subject, version, index, leaf in ITEM.iter_unpack(packed):
        first = role != _REFERENCE and version == 1
        sound = role <= _LAST_ROLE and version and (role != _CREATE or first) and subject > before
        if not sound or not first == (index == NO_INDEX) == (leaf == NO_LEAF):
            parse_items(packed)  # says what is wrong
        items.append((subject, role, version))
        before = subject
    return items


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry of a source."""

    source: Source
    index: int


def read_advanced(wanted: Wanted) -> frozenset[bytes]:
    """The subjects that an entry advances; none where its items cannot be read, which was found before."""
    try:
        with wanted.source.reading() as reader:
            rows, _ = reader.rows(wanted.index, wanted.index + 1)
        items = unpack_items(rows[0].items) if rows else []
    except (CoilmarkError, *UNREADABLE):
        return frozenset()
    return frozenset(subject for subject, role, _ in items if role)


def read_made(wanted: Wanted) -> frozenset[bytes]:
    """The things that the statement of an entry makes; none where it cannot be read, which was found before."""
    try:
        with wanted.source.reading() as reader:
            rows, _ = reader.rows(wanted.index, wanted.index + 1)
        statements = [parse(row.wire) for row in rows]
        wants = [one for said in statements for one in implied(said.typ, said.iss, said.aud, said.body)]
    except (CoilmarkError, *UNREADABLE):
        return frozenset()
    return frozenset(one.key for one in wants if one.want is Want.CREATE)


def _check_derived(reader: DatabaseReader, result: Range, advanced: Sequence[tuple[bytes, int, int]]) -> None:
    """Rows that the database derived from these entries, one by one."""
    for subject, version, index in reader.raw.lacks_versions(advanced):
        says = f"subject_version has no row that says it made version {version} of subject {subject.hex()}"
        result.findings.append(about(index, "subject_version", says, subject=subject.hex(), version=version))
    for key, index in reader.raw.lacks_events(result.events):
        says = f"event has no row that says it holds the event with key {key.hex()}"
        result.findings.append(about(index, "event", says, key=key.hex()))


def _leave_gaps(result: Range, stored: set[int]) -> None:
    """Put a place for each entry that is not there, so that later entries keep theirs."""
    told: set[int] = set()
    for finding in result.findings:
        if finding.code == "unreadable" and finding.index is not None:
            told.update(range(finding.index, finding.index + finding.facts.get("count", 1)))
    for offset, index in enumerate(range(result.start, result.end)):
        if index in stored:
            continue
        result.missing.append(index)
        result.leaves.insert(offset, NO_HASH)
        result.items.insert(offset, b"")
        if index not in told:
            result.findings.append(about(index, "missing", "it is not stored"))


def _is_registry(header: bytes) -> bool:
    return _typ(header) in _REGISTRY_HEADERS


def _typ(header: bytes) -> object:
    """What a header says of its typ; anything, where the header is none."""
    try:
        members = strict_json.decode(b64url_decode(header.decode("ascii", "replace")), "the header")
    except CoilmarkError:
        return None
    return members.get("typ") if isinstance(members, dict) else None
