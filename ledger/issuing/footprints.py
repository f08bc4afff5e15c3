"""Footprints of a state of the ledger, for passports: computed once for all pieces, from the store."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, partial

from ledger.carbon.accounts import FootprintAccount
from ledger.carbon.closing import PeriodFinding
from ledger.carbon.evidence import Evidence, Found, OutOfReach
from ledger.carbon.recompute import recompute
from ledger.issuing.carbon_source import Read, Tell, given_of
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.party import Registry
from ledger.limits import EVIDENCE, EVIDENCE_STATE
from ledger.lots.records import ON_HAND
from ledger.passport.body import is_piece
from ledger.passport.evidence import sought
from ledger.passport.footprint import Accounted
from ledger.passport.story import Source
from ledger.store.store import Transaction

_NEXT = 200  # pieces
# What footprints are computed from, beside lot events.
ACCOUNTING = frozenset({
    "emission-source", "period-close", "energy-attestation", "energy-consumption", "energy-action", "energy-allocation",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Footprints:
    """The account of a state that the tree reached.

    `used` are pieces that a later step used up, `on_hand` lots that are with somebody and not under way, in the order
    of the events that first brought them there.
    """

    size: int
    root: bytes
    account: FootprintAccount
    findings: tuple[PeriodFinding, ...] = ()
    evidence: Evidence | None = None
    used: AbstractSet[str] = frozenset()
    on_hand: Sequence[str] = ()

    def of(self, piece: str) -> Accounted | None:
        """What there is to say of a piece; None where nothing is known of its emissions."""
        found = self.account.of(piece)
        if found is None or not found.stated or not found.g:
            return None
        return Accounted(found, self.size, b64url_encode(self.root), cache(partial(self.followed_back, piece)))

    def beforehand(self, source: Source) -> Callable[[str], Accounted | None]:
        """As `of`, for who cannot wait for a search: of the newest pieces on hand, which may be shipped next."""
        if self.evidence is None:
            return self.of
        found = (self.of(piece) for piece in [name for name in self.on_hand if is_piece(name)][-_NEXT:])
        return {one.footprint.piece: sought(one, source) for one in found if one is not None}.get

    def followed_back(self, piece: str) -> Found | None:
        """What its footprint follows from; None where that is out of reach (SPEC 12.9)."""
        try:
            return self.evidence.of(piece, EVIDENCE) if self.evidence is not None else None
        except OutOfReach:
            return None

    @property
    def pieces(self) -> Mapping[str, object]:
        """Everything that the account has."""
        return self.account.pieces


def footprints_of(
    transaction: Transaction,
    registry: Registry,
    size: int,
    root: bytes,
    *,
    tell: Tell = lambda: None,
    read: Read = given_of,
) -> Footprints:
    """All footprints as of a size, with the parties as registered there. `tell` as in `given_of`. Raises Damaged.

    Who asks for state after state has a reader that goes on: such footprints hold until it has read the next state.
    """
    given = read(transaction, registry, size, tell)
    followed = size <= EVIDENCE_STATE
    accounts = recompute(given, with_charges=followed)
    evidence = Evidence(given, accounts.charges) if followed and not accounts.flowed.circular else None
    flowed = accounts.flowed
    on_hand = tuple(lot for lot, _, delivery in flowed.places if delivery == ON_HAND)
    return Footprints(size, root, accounts.footprint, accounts.findings, evidence, flowed.used, on_hand)
