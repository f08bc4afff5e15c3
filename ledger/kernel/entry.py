"""The entry: 113 bytes that fix one position in the ledger (SPEC 4.3)."""

import struct
from dataclasses import dataclass

from ledger.kernel.errors import Malformed
from ledger.kernel.hashing import leaf_hash
from ledger.kernel.once import once

VERSION = 1
SIZE = 113
_LAYOUT = struct.Struct(">BQQ32s32s32s")


@dataclass(frozen=True)
class Entry:
    """One position. `recorded_at` is µs since 1970 UTC; the three digests have 32 bytes each.

    `previous` is the leaf hash of the entry before (zeros at index 0), `statement` the SHA-256 of the issuer-signed
    JWT bytes without disclosures, `lineage` the lineage digest.
    """

    index: int
    recorded_at: int
    previous: bytes
    statement: bytes
    lineage: bytes

    @once
    def packed(self) -> bytes:
        """The 113 bytes."""
        return _LAYOUT.pack(VERSION, self.index, self.recorded_at, self.previous, self.statement, self.lineage)

    @once
    def leaf(self) -> bytes:
        """The leaf hash: SHA-256(0x00 ‖ entry), exactly two compression blocks."""
        return leaf_hash(self.packed)


def parse_entry(data: bytes) -> Entry:
    """Read the 113 bytes. Raises Malformed for another length or version."""
    if len(data) != SIZE:
        raise Malformed("entry", f"an entry has {SIZE} bytes, this has {len(data)}")
    version, index, recorded_at, previous, statement, lineage = _LAYOUT.unpack(data)
    if version != VERSION:
        raise Malformed("entry", f"entry version {version} is not known, only {VERSION} is")
    return Entry(index, recorded_at, previous, statement, lineage)
