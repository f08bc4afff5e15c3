"""Footprints computed again, as of the states that passports name."""

from bisect import bisect_left
from collections.abc import Collection, Sequence

from ledger.issuing.footprints import Footprints, footprints_of
from ledger.kernel.party import Registry
from ledger.kernel.statement import parse
from ledger.merkle.built import Built
from ledger.store.store import Transaction

_READ = 1_000_000  # entries that are read for footprints of older states


class Accounts:
    """Footprints as of the states that passports name: of the newest ones, so many as one reads anyway."""

    def __init__(
        self,
        transaction: Transaction,
        entries: Sequence[int],
        registries: Sequence[tuple[int, Registry]],
        tree: Built,
    ) -> None:
        self.transaction, self._registries, self._tree = transaction, registries, tree
        self._known: Footprints | None = None
        self._states = _affordable({one for index in entries if (one := _accounted_at(transaction, index)) is not None})

    def of(self, size: int) -> Footprints | None:
        """All footprints of a state; None for one that is not computed again."""
        return self.at(size) if size in self._states else None

    def at(self, size: int) -> Footprints:
        """All footprints of a state."""
        if self._known is None or self._known.size != size:
            place = bisect_left([since for since, _ in self._registries], size) - 1
            registry = self._registries[place][1]
            self._known = footprints_of(self.transaction, registry, size, self._tree.root(size))
        return self._known


def _accounted_at(transaction: Transaction, index: int) -> int | None:
    accounts = parse(transaction.entry(index).wire).body.get("accounts")
    return int(accounts["size"]) if accounts is not None else None


def _affordable(states: Collection[int]) -> set[int]:
    """The newest states, until as many entries would be read as twice the newest has, or a million."""
    kept, read, most = set[int](), 0, max(_READ, 2 * max(states, default=0))
    for size in sorted(states, reverse=True):
        read += size
        if read > most:
            break
        kept.add(size)
    return kept
