"""Arrow schemas of every batch that crosses a boundary (SPEC 4.7), column by column.

Each column says its unit or meaning in its own metadata, so that a Parquet file explains itself; each schema carries
its name and version. Hashes are `fixed_size_binary[32]`, so that no reader can take one for text.
"""

from typing import Any

import pyarrow as pa

HASH = pa.binary(32)
ENTRY = pa.binary(113)


def _column(name: str, kind: pa.DataType, says: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"says": says})


def _schema(name: str, *columns: pa.Field) -> pa.Schema:
    return pa.schema(columns, metadata={"coilmark": f"{name}/v1"})


# One leaf hash a row, in index order: what a root is made of.
LEAVES = _schema(
    "leaves",
    _column("index", pa.uint64(), "position in the ledger, from 0"),
    _column("leaf", HASH, "leaf hash: SHA-256(0x00 || entry)"),
)

# One entry a row, taken apart (SPEC 4.3). Nothing in it tells who did what.
ENTRIES = _schema(
    "entries",
    _column("index", pa.uint64(), "position in the ledger, from 0"),
    _column("recorded_at", pa.timestamp("us", tz="UTC"), "when it was recorded, microseconds since 1970 UTC"),
    _column("previous", HASH, "leaf hash of the entry before; zeros at index 0"),
    _column("statement", HASH, "SHA-256 of the issuer-signed JWT, without disclosures"),
    _column("lineage", HASH, "lineage digest"),
    _column("leaf", HASH, "leaf hash of this entry"),
)

# One proof a row, with all that a verifier needs but the root (SPEC 4.6).
INCLUSION_PROOFS = _schema(
    "inclusion-proofs",
    _column("index", pa.uint64(), "position of the entry, less than tree_size"),
    _column("tree_size", pa.uint64(), "number of entries in the tree that the path leads to"),
    _column("leaf_hash", HASH, "leaf hash of the entry"),
    _column(
        "path",
        pa.list_(pa.field("hash", HASH, nullable=False)),
        "sibling hashes from the leaf up, at most 63 (RFC 6962 2.1.1)",
    ),
)

# What POST /v1/proofs takes as Arrow: entries by position, or by leaf hash.
WANTED_INDICES = _schema("wanted-indices", _column("index", pa.uint64(), "position of an entry to be proven"))
WANTED_LEAVES = _schema("wanted-leaves", _column("leaf", HASH, "leaf hash of an entry to be proven"))

# One verdict a row; `reason` is null where the proof holds.
VERIFICATION_RESULTS = _schema(
    "verification-results",
    _column("index", pa.uint64(), "position of the entry"),
    _column("valid", pa.bool_(), "whether the path leads to the expected root"),
    _column("reason", pa.string(), "why not, in a sentence", nullable=True),
)

# All that `coilmark audit` needs of an entry. `seed` goes to auditors only: it opens the whole lineage (SPEC 4.4).
STATEMENTS = _schema(
    "statements",
    _column("index", pa.uint64(), "position in the ledger, from 0"),
    _column("entry", ENTRY, "the 113 bytes (SPEC 4.3)"),
    _column("leaf", HASH, "leaf hash: SHA-256(0x00 || entry)"),
    _column("typ", pa.string(), "statement type, without +sd-jwt (SPEC 4.1)"),
    _column("jwt", pa.binary(), "issuer-signed JWT, the bytes that were signed, ASCII"),
    _column(
        "disclosures",
        pa.list_(pa.field("text", pa.string(), nullable=False)),
        "disclosures in wire order, base64url, without those erased since (SPEC 4.2)",
    ),
    _column("seed", HASH, "32 random bytes from which the salts of the lineage come; secret"),
    _column("items", pa.binary(), "lineage items, 81 bytes each, ascending by subject key (SPEC 4.4)"),
)

ALL: dict[str, Any] = {
    "leaves": LEAVES,
    "entries": ENTRIES,
    "inclusion-proofs": INCLUSION_PROOFS,
    "wanted-indices": WANTED_INDICES,
    "wanted-leaves": WANTED_LEAVES,
    "verification-results": VERIFICATION_RESULTS,
    "statements": STATEMENTS,
}


def same_columns(found: pa.Schema, wanted: pa.Schema) -> bool:
    """Whether a batch from outside has exactly the wanted columns: names, types and order; metadata may differ."""
    return [(f.name, f.type) for f in found] == [(f.name, f.type) for f in wanted]


_EMITTED = pa.decimal128(38, 12)

# One piece a row: its footprint, cradle to gate (SPEC 12.5). Voluntary: nothing of it enters a CBAM declaration.
FOOTPRINTS = _schema(
    "footprints",
    _column("piece", pa.string(), "canonical id of the piece (SPEC 6)"),
    _column("g", pa.int64(), "its mass, g"),
    _column("used", pa.bool_(), "whether a later step used it up"),
    _column("wh", pa.int64(), "electricity drawn for it, Wh"),
    _column("hourly_wh", pa.int64(), "of it covered by attestations of the same hour, Wh"),
    _column("volumetric_wh", pa.int64(), "of it covered by attestations of any hour, Wh"),
    _column("direct", _EMITTED, "emissions but those of electricity, t CO2e, rounded half up"),
    _column("location", _EMITTED, "those of electricity by the grid's factor, t CO2e, rounded half up"),
    _column("market_hourly", _EMITTED, "by attestations of the same hour, t CO2e, rounded half up"),
    _column("market_volumetric", _EMITTED, "by attestations of any hour, t CO2e, rounded half up"),
    _column("coverage", pa.decimal128(7, 6), "how much rests on own data, fraction, rounded half up"),
    _column("coc_model", pa.string(), "chain of custody of its power by ISO 22095, the weakest along the way"),
    _column("provisional", pa.bool_(), "whether it rests on periods that are not closed"),
    _column("gwp", pa.string(), "sets of warming potentials, with commas between them"),
)
