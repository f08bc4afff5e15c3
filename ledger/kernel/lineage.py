"""Lineage: what an entry says of its subjects' histories (SPEC 4.4).

Each entry commits to a small tree of salted items, one a subject, so that a reader can be shown one subject's item
and learn nothing of the others but their count.
"""

import itertools
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import TypeAlias

from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.hashing import leaf_hash, path_through, root_of, tree_levels, tree_root
from ledger.kernel.proofs import root_from_path

ITEM_SIZE = 81
SALT_SIZE = 16
SEED_SIZE = 32
COUNT_LIMIT = 2**32 - 1  # items an entry may have: what the digest's u32 holds
NO_INDEX = 2**64 - 1
NO_LEAF = bytes(32)
_LAYOUT = struct.Struct(">B32sQQ32s")
_SALT_LABEL = b"coilmark/lineage-salt/v1\n"
_KEY_BLOCK = 64  # bytes, of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))  # RFC 2104 2


class Role(IntEnum):
    """What the entry does to the subject. REFERENCE names its newest version; the others make the next one."""

    REFERENCE = 0
    CREATE = 1
    TOUCH = 2
    CONSUME = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One subject in one entry.

    For CREATE, TOUCH and CONSUME `version` is the one this entry makes, `index` and `leaf` are the entry of the
    version before (NO_INDEX and NO_LEAF for version 1). For REFERENCE all three are of the newest version.
    """

    role: Role
    subject: bytes
    version: int
    index: int
    leaf: bytes

    def packed(self) -> bytes:
        """The 81 bytes."""
        return _LAYOUT.pack(self.role, self.subject, self.version, self.index, self.leaf)


def parse_item(data: bytes) -> Item:
    """Read 81 bytes. Raises Malformed where role, version, index and leaf do not fit each other."""
    if len(data) != ITEM_SIZE:
        raise Malformed("lineage", f"a lineage item has {ITEM_SIZE} bytes, this has {len(data)}")
    role, subject, version, index, leaf = _LAYOUT.unpack(data)
    if role > Role.CONSUME:
        raise Malformed("lineage", f"lineage role {role} is not known")
    first = role != Role.REFERENCE and version == 1
    linked = first == (index == NO_INDEX) == (leaf == NO_LEAF)  # no index without a leaf, no leaf without an index
    if version == 0 or (role == Role.CREATE and version != 1) or not linked:
        raise Malformed("lineage", f"a lineage item with role {role} and version {version} does not fit its link")
    return Item(Role(role), subject, version, index, leaf)


def parse_items(data: bytes) -> tuple[Item, ...]:
    """Read packed items, strictly ascending by subject key. Raises Malformed."""
    if len(data) % ITEM_SIZE:
        raise Malformed("lineage", f"{len(data)} bytes are no whole number of {ITEM_SIZE}-byte items")
    items = tuple(map(parse_item, split_items(data)))
    check_ascending(items)
    return items


def split_items(data: bytes) -> list[bytes]:
    """Packed items that stand one after the other."""
    return [data[at : at + ITEM_SIZE] for at in range(0, len(data), ITEM_SIZE)]


def check_ascending(items: Sequence[Item]) -> None:
    """Items strictly ascend by subject key. Raises Malformed."""
    if any(a.subject >= b.subject for a, b in itertools.pairwise(items)):
        raise Malformed("lineage", "lineage items do not strictly ascend by subject key")


def salts(seed: bytes, subjects: Iterable[bytes]) -> list[bytes]:
    """For each subject key the first 16 bytes of HMAC-SHA-256(seed, label ‖ subject key).

    By the definition in RFC 2104 2: what a library does before it hashes takes longer than the hashes.
    """
    key = (sha256(seed).digest() if len(seed) > _KEY_BLOCK else seed).ljust(_KEY_BLOCK, b"\x00")
    inner, outer = key.translate(_INNER) + _SALT_LABEL, key.translate(_OUTER)
    return [sha256(outer + sha256(inner + subject).digest()).digest()[:SALT_SIZE] for subject in subjects]


def item_hash(item_salt: bytes, packed: bytes) -> bytes:
    """SHA-256(0x00 ‖ salt ‖ item)."""
    return leaf_hash(item_salt + packed)


def digest_of_root(count: int, root: bytes) -> bytes:
    """The lineage digest: SHA-256(0x02 ‖ u32 count ‖ root)."""
    return sha256(b"\x02" + count.to_bytes(4, "big") + root).digest()


def packed_digest(seed: bytes, items: Sequence[bytes]) -> bytes:
    """The lineage digest from a seed and packed items, whatever stands in them."""
    hashes = list(map(item_hash, salts(seed, [one[1:33] for one in items]), items))
    return digest_of_root(len(items), tree_root(hashes))


@dataclass(frozen=True, slots=True)
class Opened:
    """One item shown to a reader: its place among `count`, its salt and its path to the lineage root."""

    position: int
    salt: bytes
    item: Item
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """All items of one entry, each with its 81 bytes and its salt, in order, and the tree of their hashes."""

    items: tuple[Item, ...]
    packed: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    levels: Sequence[Sequence[bytes]]

    @property
    def hashes(self) -> Sequence[bytes]:
        """The hash of each item, in order."""
        return self.levels[0]

    @property
    def digest(self) -> bytes:
        """What the entry commits to."""
        return digest_of_root(len(self.items), root_of(self.levels))

    def opened(self, subjects: Collection[bytes] | None = None) -> tuple[Opened, ...]:
        """The items of `subjects`, all of them if not given, each with salt and path to check against the digest."""
        shown = [
            Opened(position, self.salts[position], item, path_through(self.levels, position))
            for position, item in enumerate(self.items)
            if subjects is None or item.subject in subjects
        ]
        return tuple(shown)


def lineage_of(seed: bytes, items: Sequence[Item]) -> Lineage:
    """The lineage that an entry's seed (32 bytes) and all its items in order make."""
    packed, salted = [item.packed() for item in items], salts(seed, [item.subject for item in items])
    return Lineage(tuple(items), tuple(packed), tuple(salted), tree_levels(list(map(item_hash, salted, packed))))


Shown: TypeAlias = tuple[int, bytes, bytes, tuple[bytes, ...]]  # position, salt, the 81 bytes, path


def open_packed(seed: bytes, items: Sequence[bytes], subjects: Collection[bytes] | None = None) -> list[Shown]:
    """What `Lineage.opened` opens, of packed items that nobody has read."""
    keys = [one[1:33] for one in items]
    salted = salts(seed, keys)
    levels = tree_levels(list(map(item_hash, salted, items)))
    return [
        (position, salted[position], items[position], path_through(levels, position))
        for position, subject in enumerate(keys)
        if subjects is None or subject in subjects
    ]


def check_opened(opened: Sequence[Opened], count: int, digest: bytes) -> None:
    """Every opened item stands at its position under the lineage digest. Raises Unverified (SPEC 7, step 9).

    With nothing opened, `count` stays a claim. What is not checked here: that the items are those the statement
    implies, that their links are included, and that the items left closed are in order too.
    """
    if not 0 < count <= COUNT_LIMIT:
        raise Unverified("lineage", f"a lineage has 1 to {COUNT_LIMIT} items, not {count}")
    if any(a.position >= b.position or a.item.subject >= b.item.subject for a, b in itertools.pairwise(opened)):
        raise Unverified("lineage", "opened lineage items do not strictly ascend by position and subject key")
    for one in opened:
        root = _opened_root(one, count)
        if digest_of_root(count, root) != digest:
            sentence = f"the lineage item at position {one.position} of {count} is not what the entry commits to"
            raise Unverified("lineage", sentence)


def _opened_root(one: Opened, count: int) -> bytes:
    if len(one.salt) != SALT_SIZE:
        raise Unverified("lineage", f"a lineage salt has {SALT_SIZE} bytes, this has {len(one.salt)}")
    leaf = item_hash(one.salt, one.item.packed())
    try:
        return root_from_path(index=one.position, size=count, leaf=leaf, path=one.path)
    except Unverified as error:
        raise Unverified("lineage", f"opened lineage item: {error.sentence}") from None
