"""Who asks about which state: a snapshot of the records as of a size, and what its reader may be told."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from ledger.admission.lot_records import read_records
from ledger.issuing.passport_source import StoreSource
from ledger.kernel.errors import Malformed, Missing
from ledger.kernel.party import Registry
from ledger.lots.book import claims_key, delivery_key
from ledger.lots.claim_records import Claims
from ledger.lots.records import Delivery, Lot, Record, Run
from ledger.lots.tags import tag_key
from ledger.recording.recovery import load_registry
from ledger.store.access import EVERYTHING, Reader
from ledger.store.store import Location, Transaction, check_head, open_store


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's state: entries below `size` are taken into account."""

    transaction: Transaction
    size: int
    registry: Registry
    reader: Reader

    @property
    def source(self) -> StoreSource:
        """The same state, for traces."""
        return StoreSource(self.transaction, self.size)

    def lot(self, name: str) -> Lot:
        """A lot that this reader may see. Raises Missing; whether it is not there or not his is not told apart."""
        found = self.source.lot(name)
        if found is None or not self.may_see(found):
            raise Missing("no_lot", f"there is no lot {name} as of {self.size} entries that you may see", id=name)
        return found

    def may_see(self, lot: Lot) -> bool:
        """Auditors see every lot, a party those that it made, has or had on hand, owns or sent off."""
        parties = {lot.maker} | {one for held in lot.holdings for one in (held.holder, held.owner)}
        return any(self.reader.may_see(party) for party in parties if party)

    def tagged(self, word: str, value: str) -> Iterable[Record]:
        """Every record that can be looked up by this word, as it stands."""
        keys = self.transaction.tagged(tag_key(word, value), self.size)
        return read_records(self.transaction, keys, self.size).values()

    def lots(self, word: str, value: str) -> list[Lot]:
        """The lots that a word leads to and this reader may see, by id."""
        found = (one for one in self.tagged(word, value) if isinstance(one, Lot) and self.may_see(one))
        return sorted(found, key=lambda one: one.id)

    def runs(self, value: str) -> list[Run]:
        """The runs of a party or site, by name."""
        return sorted((one for one in self.tagged("run", value) if isinstance(one, Run)), key=lambda one: one.name)

    def claims(self, scope: str) -> Claims | None:
        """The account of a scope, where anything was claimed in it."""
        found = read_records(self.transaction, [claims_key(scope)], self.size).get(claims_key(scope))
        return found if isinstance(found, Claims) else None

    def deliveries(self, names: Iterable[str]) -> Mapping[str, Delivery]:
        """These deliveries, by name."""
        keys = {delivery_key(name) for name in names}
        records = read_records(self.transaction, keys, self.size).values()
        return {one.name: one for one in records if isinstance(one, Delivery)}


@contextmanager
def of_store(location: Location, wanted: int | None) -> Iterator[Asked]:
    """A question by whoever has the database itself, and so may see all. Raises Missing, Damaged, Malformed."""
    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        size = as_of(wanted, check_head(transaction.head()).size)
        yield Asked(transaction, size, load_registry(transaction), EVERYTHING)


def as_of(wanted: int | None, reached: int) -> int:
    """The size that is asked about. Raises Malformed for one that was not reached."""
    if wanted is None:
        return reached
    if not 1 <= wanted <= reached:
        raise Malformed("as_of", f"the ledger has {reached} entries: as_of is from 1 to that, not {wanted}")
    return wanted
