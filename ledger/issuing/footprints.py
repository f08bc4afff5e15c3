"""Footprints of a state of the ledger, for passports: computed once for all pieces, from the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial

from ledger.carbon.accounts import FootprintAccount
from ledger.carbon.closing import PeriodFinding
from ledger.carbon.evidence import Evidence, Found, OutOfReach
from ledger.carbon.recompute import recompute
from ledger.issuing.carbon_source import given_of
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.party import Registry
from ledger.limits import EVIDENCE, EVIDENCE_STATE
from ledger.passport.footprint import Accounted
from ledger.store.store import Transaction

# What footprints are computed from, beside lot events.
ACCOUNTING = frozenset({
    "emission-source", "period-close", "energy-attestation", "energy-consumption", "energy-action", "energy-allocation",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Footprints:
    """The account of a state that the tree reached."""

    size: int
    root: bytes
    account: FootprintAccount
    findings: tuple[PeriodFinding, ...] = ()
    evidence: Evidence | None = None

    def of(self, piece: str) -> Accounted | None:
        """What there is to say of a piece; None where nothing is known of its emissions."""
        found = self.account.of(piece)
        if found is None or not found.stated or not found.g:
            return None
        return Accounted(found, self.size, b64url_encode(self.root), cache(partial(self.followed_back, piece)))

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


def footprints_of(transaction: Transaction, registry: Registry, size: int, root: bytes) -> Footprints:
    """All footprints as of a size, with the parties as registered there. Raises Damaged."""
    given = given_of(transaction, registry, size)
    accounts = recompute(given)
    followed = size <= EVIDENCE_STATE and not accounts.flowed.circular
    evidence = Evidence(given, accounts.charges) if followed else None
    return Footprints(size, root, accounts.footprint, accounts.findings, evidence)
