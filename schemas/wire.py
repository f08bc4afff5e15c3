"""What the HTTP door takes and gives, as frozen structs: the source of the OpenAPI description.

Bodies are decoded by the ledger's strict JSON decoder first and fitted into these structs second, so that duplicate
keys, floats and deep nesting never come this far. Hashes and other bytes travel as standard base64 with padding.
"""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Base64 = Annotated[str, Meta(description="standard base64 with padding")]
Hash = Annotated[str, Meta(description="32 bytes, standard base64 with padding", examples=["A" * 43 + "="])]
Index = Annotated[int, Meta(ge=0, le=2**63 - 1, description="position in the ledger, from 0")]
Size = Annotated[int, Meta(ge=1, le=2**63 - 1, description="number of entries in a tree")]


class Wire(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Frozen, and an unknown member is refused."""


class Statements(Wire, frozen=True):
    """POST /v1/statements as JSON: statements in wire form, recorded together or not at all."""

    statements: list[str]


class OpenedItem(Wire, frozen=True):
    """One lineage item shown to this reader (SPEC 4.4)."""

    position: int
    salt: Base64
    item: Base64
    path: list[Hash]


class Lineage(Wire, frozen=True):
    """How many items the entry has, and those shown."""

    count: int
    opened: list[OpenedItem]


class Receipt(Wire, frozen=True):
    """A receipt file (SPEC 4.6). `statement` is absent where the reader may not see it."""

    type: str
    entry: Annotated[str, Meta(description="the 113 bytes of the entry, standard base64")]
    lineage: Lineage
    proof: Annotated[str, Meta(description="c2sp.org/tlog-proof@v1")]
    statement: str | UnsetType = UNSET


class Receipts(Wire, frozen=True):
    """The answer to a batch: one receipt a statement, in order."""

    receipts: list[Receipt]


class Scans(Wire, frozen=True):
    """How often the code of a piece was scanned in the last `days`, as far as the server that answers counted.

    `judged` are scans with a place, at most five a day of each; `places` is over how many they are spread, as if
    evenly. `conspicuous`: over more than the label of one coil is seen in.
    """

    piece: str
    days: int
    scans: int
    judged: int
    places: int
    conspicuous: bool


class Passport(Wire, frozen=True):
    """The newest passport of a piece as this reader may see it; what proves it is its bundle.

    `recorded_at` is in µs since 1970 UTC. `restatement_pending_since` is the first entry that changes the piece and is
    not in it yet, or null. `footprint_pending_since` is its own entry where it states no footprint and one may still be
    computed; where it states one, the first entry that may change that and is not in it yet; or null.
    """

    piece: str
    entry: Index
    leaf: Hash
    recorded_at: int
    restatement_pending_since: int | None
    footprint_pending_since: int | None
    passport: Annotated[dict[str, Any], Meta(description="the body of the passport statement (SPEC 4.9.5)")]


class Rehearsal(Wire, frozen=True):
    """The answer to ?check=1: "recorded" where every statement was recorded before, else "recordable".

    `indices` has the index of each statement that was recorded before, and null for the others.
    """

    check: str
    indices: list[int | None]


class InclusionProof(Wire, frozen=True):
    """RFC 6962 2.1.1: sibling hashes from the leaf up."""

    index: Index
    size: Size
    leaf: Hash
    path: list[Hash]


class ConsistencyProof(Wire, frozen=True):
    """RFC 6962 2.1.2: that the tree of size `new` begins with the tree of size `old`."""

    old: Size
    new: Size
    path: list[Hash]


class ProofsWanted(Wire, frozen=True):
    """POST /v1/proofs: entries to be proven in the tree of `size`, in any order; by index or by leaf hash, not both."""

    size: Size
    indices: list[Index] | UnsetType = UNSET
    leaves: list[Hash] | UnsetType = UNSET


class OneProof(Wire, frozen=True):
    """One proof of a batch."""

    index: Index
    leaf: Hash
    path: list[Hash]


class Proofs(Wire, frozen=True):
    """The answer to POST /v1/proofs, in the order asked for."""

    size: Size
    proofs: list[OneProof]


class Key(Wire, frozen=True):
    """A key of a party: good for entries after `added` and before `ended` (SPEC 4.5)."""

    kid: str
    jwk: dict[str, str]
    added: Index
    recovery: bool
    ended: Index | None
    reason: str | None
    disputed_from: Index | None


class Party(Wire, frozen=True):
    """What the public registry says of a party."""

    id: str
    name: str
    roles: list[str]
    prefixes: list[str]
    keys: list[Key]


class Parties(Wire, frozen=True):
    """Every party as of `size` entries, by id."""

    ledger: str
    operator: str
    size: Size
    parties: list[Party]


class Row(Wire, frozen=True):
    """One refused row of a batch."""

    row: int
    code: str
    detail: str


class Problem(Struct, frozen=True, gc=False):
    """Every refusal (RFC 9457). Members beyond these carry the numbers of the sentence."""

    type: Annotated[str, Meta(description="urn:coilmark:problem:<code>")]
    title: str
    status: int
    code: Annotated[str, Meta(description="a stable word for machines")]
    detail: Annotated[str, Meta(description="a sentence for people")]
    rows: list[Row] | UnsetType = UNSET


class Readiness(Wire, frozen=True):
    """GET /readyz: `ready` says whether all is well. `self_check` says what was read again last, and when.

    `passports` is false where the server has no operator's key and makes none, which is no fault.
    """

    ready: bool
    log_loaded: bool
    sequencer: bool
    second_head: bool
    self_check: str
    passports: bool
    detail: str
