"""Footprints of a state of the ledger, for passports: computed once for all pieces, from the store."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.carbon.accounts import FootprintAccount
from ledger.carbon.closing import PeriodFinding
from ledger.carbon.recompute import recompute
from ledger.issuing.carbon_source import given_of
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.party import Registry
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

    def of(self, piece: str) -> Accounted | None:
        """What there is to say of a piece; None where nothing is known of its emissions."""
        found = self.account.of(piece)
        if found is None or not found.stated or not found.g:
            return None
        return Accounted(found, self.size, b64url_encode(self.root))

    @property
    def pieces(self) -> Mapping[str, object]:
        """Everything that the account has."""
        return self.account.pieces


def footprints_of(transaction: Transaction, registry: Registry, size: int, root: bytes) -> Footprints:
    """All footprints as of a size, with the parties as registered there. Raises Damaged."""
    accounts = recompute(given_of(transaction, registry, size))
    return Footprints(size, root, accounts.footprint, accounts.findings)
