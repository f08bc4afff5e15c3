"""A passport as the operator issues it: computed, its inputs committed to, signed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.hashing import tree_root
from ledger.kernel.keys import Signer
from ledger.kernel.party import Registry
from ledger.kernel.statement import issue
from ledger.passport.body import passport_body
from ledger.passport.evidence import evidence_of
from ledger.passport.footprint import Accounted
from ledger.passport.story import Source, Story, story_of


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs passports: the operator's key, the rule set that the figures are computed under, and randomness."""

    signer: Signer
    rules: Mapping[str, str]
    randomness: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Basis:
    """A size that the tree reached, or is about to, with its root, its leaves and who takes part.

    `root_over` makes the root over leaves.
    """

    size: int
    root: bytes
    leaf: Callable[[int], bytes]
    registry: Registry
    root_over: Callable[[Sequence[bytes]], bytes] = tree_root

    @property
    def as_of(self) -> dict[str, object]:
        """As a passport names it."""
        return {"size": self.size, "root": b64url_encode(self.root)}


def body_of(
    piece: str,
    source: Source,
    state: Basis,
    rules: Mapping[str, str],
    accounted: Accounted | None = None,
) -> dict[str, object]:
    """What a passport of this piece says as of this state. Raises Missing for a piece nobody heard of.

    `accounted` is its footprint, of this or an earlier state; without it none is stated.
    """
    return body_from(story_of(piece, source), source, state, rules, accounted)


def body_from(
    story: Story,
    source: Source,
    state: Basis,
    rules: Mapping[str, str],
    accounted: Accounted | None = None,
    *,
    evidence: Sequence[int] | None = None,
) -> dict[str, object]:
    """As `body_of`, of a piece whose story is known. Of the source it asks for the lots of its line and what is told.

    What a statement told is the same as of every state. `evidence` are the entries that are inputs for the footprint's
    sake, where they are known and not to be found out.
    """
    beside = evidence if evidence is not None else evidence_of(accounted, story, source)
    root = state.root_over([state.leaf(entry) for entry in sorted({*story.inputs, *beside})])
    return passport_body(
        story, source, state.registry, rules=rules, as_of=state.as_of, root=b64url_encode(root), accounted=accounted,
        evidence=beside,
    )  # fmt: skip


def signed(body: Mapping[str, object], issuer: Issuer, registry: Registry, *, now: int) -> bytes:
    """The statement in wire form; `now` is in µs since 1970. Its name follows from piece and state: one of each."""
    as_of, piece = body["as_of"], body["piece"]
    size = as_of["size"] if isinstance(as_of, dict) else 0
    return issue(
        typ="passport",
        iss=registry.operator,
        jti=f"urn:coilmark:passport:{quote(str(piece), safe='')}:{size}",
        aud=registry.uri,
        iat=now // 1_000_000,
        body=body,
        signer=issuer.signer,
        salt=lambda: issuer.randomness(16),
    )
