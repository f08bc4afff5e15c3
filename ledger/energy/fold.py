"""The fold: one statement about energy or emissions, in ledger order, over the book."""

from collections.abc import Callable, Mapping

from ledger.carbon import stating
from ledger.energy.acting import act
from ledger.energy.allocating import allocate
from ledger.energy.book import Book, heads_key
from ledger.energy.contracts import agree
from ledger.energy.issuing import issue
from ledger.energy.metering import consume
from ledger.energy.records import Heads
from ledger.energy.said import Said
from ledger.kernel.errors import Refused

_FOLDS: Mapping[str, Callable[[Book, Said], None]] = {
    "contract": agree,
    "heads": lambda book, said: book.put(heads_key(), Heads(said.index)),
    "energy-attestation": issue,
    "energy-consumption": consume,
    "energy-action": act,
    "energy-allocation": allocate,
    "emission-source": stating.state,
    "period-close": stating.close,
}
OF_ENERGY = frozenset(_FOLDS)


def apply(book: Book, said: Said) -> None:
    """Write what the statement does into the book. Raises Refused, the book as it was."""
    mark = book.mark()
    try:
        _FOLDS[said.typ](book, said)
    except Refused:
        book.undo(mark)
        raise
