"""The limits of SPEC 8, all in one place. A refusal names the limit and the value seen.

The kernel, which imports nothing of ours, keeps those it enforces itself; a house test holds the two together.
"""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

SINGLE_BODY = 1 * MIB  # bytes of a request that is no batch
BATCH_BODY = 16 * MIB
STATEMENT = 256 * KIB  # bytes of wire form
DISCLOSURES = 100  # a statement
SUBJECTS = 5_000  # an event; `heads` is exempt
DEPTH = 32  # JSON inside JSON
STRING = 4 * KIB  # characters
STATEMENTS = 10_000  # a batch
PROOFS = 1_000_000  # a batch
PATH = 63  # hashes
SIGNATURES = 64  # signature lines of a note
BUNDLE_ENTRIES = 20_000
BUNDLE = 64 * MIB  # bytes
PARTY_VERSIONS = 1_000
VERSIONS_RESERVED = 100  # of these, for statements that end keys or recover a party
DECOMPRESSED = 32 * MIB  # bytes
EXPANSION = 20  # decompressed bytes a compressed byte
AHEAD = 300  # seconds that a claimed time may lie ahead
CERTIFICATES = 10_000  # of another registry, named as one range
HOURS = 366 * 24  # of one question about energy
FALLEN = 100  # rows that cover an hour no more, told by name
EVIDENCE = 4_000  # entries that a footprint follows from, inputs of its passport among them
EVIDENCE_STATE = 100_000  # entries of a state of which passports name them


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table: what is limited, the most it may be, and in what unit."""

    what: str
    most: int
    unit: str


TABLE: tuple[Limit, ...] = (
    Limit("body of a single request", SINGLE_BODY, "bytes"),
    Limit("body of a batch", BATCH_BODY, "bytes"),
    Limit("statement in wire form", STATEMENT, "bytes"),
    Limit("disclosures of a statement", DISCLOSURES, "disclosures"),
    Limit("subjects of an event (`heads` is exempt)", SUBJECTS, "subjects"),
    Limit("nesting of JSON", DEPTH, "levels"),
    Limit("string in JSON", STRING, "characters"),
    Limit("statements of a batch", STATEMENTS, "statements"),
    Limit("proofs of a batch", PROOFS, "proofs"),
    Limit("path of a proof", PATH, "hashes"),
    Limit("signature lines of a note", SIGNATURES, "lines"),
    Limit("entries of a bundle", BUNDLE_ENTRIES, "entries"),
    Limit("bundle", BUNDLE, "bytes"),
    Limit("versions of a party", PARTY_VERSIONS, "versions"),
    Limit("of these, kept for ending keys and for recovery", VERSIONS_RESERVED, "versions"),
    Limit("decompressed body", DECOMPRESSED, "bytes"),
    Limit("decompressed body for each compressed byte", EXPANSION, "bytes"),
    Limit("claimed time ahead of the ledger's clock", AHEAD, "seconds"),
    Limit("range of certificates of another registry", CERTIFICATES, "certificates"),
    Limit("period of a question about energy", HOURS, "hours"),
    Limit("rows that cover an hour no more, by name", FALLEN, "rows"),
    Limit("evidence of a footprint", EVIDENCE, "entries"),
    Limit("state of which evidence is named", EVIDENCE_STATE, "entries"),
)
