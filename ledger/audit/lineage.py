"""The fold over all entries in index order: the root of their leaves, and lineage that is newest, exact and unique.

State is kept small, a few hundred bytes an entry at most: leaves in one array, the newest version of each subject in
one integer, unique keys in buckets that are looked through one at a time.
"""

import struct
from array import array
from collections.abc import Collection, Iterable, Iterator

from ledger.audit.findings import Finding, about
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.lineage import ITEM_SIZE, NO_INDEX, NO_LEAF

ITEM = struct.Struct(">B32sQQ32s")  # SPEC 4.4: role, subject, version, index, leaf
_BITS = 40  # of an index; with the version before it a small integer, of which there are millions
_BUCKETS = 256
_INDEX = struct.Struct(">Q")
_RECORD = HASH_SIZE + _INDEX.size


class Lineage:
    """The newest version of every subject as the fold goes on, and the leaves it has passed."""

    def __init__(self) -> None:
        self._leaves = bytearray()
        self._newest: dict[bytes, int] = {}  # subject key -> version * 2^40 + index

    @property
    def subjects(self) -> int:
        """How many subjects there are so far."""
        return len(self._newest)

    @property
    def leaves(self) -> bytes:
        """The leaf hashes so far, one after the other."""
        return bytes(self._leaves)

    def has(self, subject: bytes, version: int) -> bool:
        """Whether some entry made this version of the subject."""
        return 1 <= version <= self._newest.get(subject, 0) >> _BITS

    def add(self, index: int, leaf: bytes, items: bytes) -> list[Finding]:
        """Judge the items of the next entry, then let them be the newest."""
        findings: list[Finding] = []
        newest, leaves = self._newest, self._leaves
        whole = items if len(items) % ITEM_SIZE == 0 else b""  # what is no items was found before
        for role, subject, version, before, link in ITEM.iter_unpack(whole):
            known = newest.get(subject)
            if role == 0:
                good = known is not None and known == (version << _BITS) + before
            elif known is None:
                good = version == 1 and before == NO_INDEX and link == NO_LEAF
            else:
                good = known == ((version - 1) << _BITS) + before
            if good and known is not None:  # no such leaf for an index of more bits
                good = leaves[before * HASH_SIZE : (before + 1) * HASH_SIZE] == link
            if not good:
                findings.append(_misfit(index, (role, subject, version, before), known))
            if role:
                newest[subject] = (version << _BITS) + index
        self._leaves += leaf
        return findings

    def is_everything(self, items: bytes) -> bool:
        """Whether the items (each different, as was checked before) are of all subjects there are."""
        subjects = (items[at + 1 : at + 33] for at in range(0, len(items), ITEM_SIZE))
        return len(items) == ITEM_SIZE * len(self._newest) and all(one in self._newest for one in subjects)


def _misfit(index: int, item: tuple[int, bytes, int, int], known: int | None) -> Finding:
    role, subject, version, before = item
    name = f"subject {subject.hex()}"
    facts = {"subject": subject.hex(), "version": version}
    if known is None:
        return about(index, "lineage", f"its lineage links to version {version} of {name}, which has none yet", **facts)
    newest, at = divmod(known, 1 << _BITS)
    want = newest if role == 0 else newest + 1
    if version != want:
        what = "refers to" if role == 0 else "makes"
        says = f"its lineage {what} version {version} of {name}, want {want}: entry {at} made version {newest}"
    elif before != at:
        says = f"its lineage links {name} to entry {before}, but entry {at} made its newest version"
    else:
        says = f"its lineage links {name} to entry {at} with another leaf hash than that entry has"
    return about(index, "lineage", says, **facts)


class Keys:
    """Keys of 32 bytes that may be used once, each with the index of its entry."""

    def __init__(self) -> None:
        self.buckets = [bytearray() for _ in range(_BUCKETS)]
        self.count = 0

    def add(self, keys: Iterable[tuple[bytes, int]]) -> None:
        """More keys, in index order."""
        buckets, pack = self.buckets, _INDEX.pack
        for key, index in keys:
            buckets[key[0]] += key + pack(index)
            self.count += 1

    def join(self, more: "Keys") -> None:
        """Those of later entries."""
        for bucket, others in zip(self.buckets, more.buckets, strict=True):
            bucket.extend(others)
        self.count += more.count

    def twice(self) -> Iterator[tuple[bytes, int, int]]:
        """(key, index, first index) of every key that was used before."""
        for bucket in self.buckets:
            first: dict[bytes, int] = {}
            for key, index in _records(bucket):
                if first.setdefault(key, index) != index:
                    yield key, index, first[key]

    def find(self, wanted: Collection[bytes]) -> dict[bytes, int]:
        """The first index of each wanted key that is there."""
        found: dict[bytes, int] = {}
        for number in {key[0] for key in wanted}:
            for key, index in _records(self.buckets[number]):
                if key in wanted:
                    found.setdefault(key, index)
        return found


class Counted:
    """How many of something each entry makes, in four bytes an entry."""

    def __init__(self) -> None:
        self._counts = array("I")
        self.total = 0

    def add(self, counts: Iterable[tuple[int, int]]) -> None:
        """More of these entries: (index, how many)."""
        known = self._counts
        for index, count in counts:
            if index >= len(known):
                known.extend([0] * (index + 1 - len(known)))
            known[index] += count
            self.total += count

    def of(self, index: int) -> int:
        """How many of an entry; 0 where nothing was said of it."""
        return self._counts[index] if 0 <= index < len(self._counts) else 0


def _records(bucket: bytearray) -> Iterator[tuple[bytes, int]]:
    packed = bytes(bucket)
    for at in range(0, len(packed), _RECORD):
        yield packed[at : at + HASH_SIZE], _INDEX.unpack_from(packed, at + HASH_SIZE)[0]
