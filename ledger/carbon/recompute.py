"""Both accounts from everything that was signed: the same records give the same accounts, to the last digit (E8)."""

from collections.abc import Sequence

from msgspec import Struct

from ledger.carbon.accounts import CbamAccount, FootprintAccount, Pieces
from ledger.carbon.cbam import cbam_rows
from ledger.carbon.charges import charges_of
from ledger.carbon.closing import PeriodFinding, judge
from ledger.carbon.flow import Balances, Flowed, flow
from ledger.carbon.footprint import footprint_of
from ledger.carbon.given import Close, Given, closed_periods
from ledger.carbon.network import Network
from ledger.carbon.vectors import Keys, Vector, total
from ledger.carbon.windows import Charge, Charged, Spans, charge


class Accounts(Struct, frozen=True):
    """The two accounts, and what they were made of, for whoever checks that nothing was lost.

    `charges` are without their amounts, and there for who asks for them.
    """

    cbam: CbamAccount
    footprint: FootprintAccount
    flowed: Flowed
    charged: Charged
    keys: Keys
    put_in: Vector
    charges: tuple[Charge, ...] = ()
    findings: tuple[PeriodFinding, ...] = ()

    @property
    def left(self) -> Vector:
        """Everything that is somewhere: with lots, in processes, lost, or charged to nothing."""
        there = [*self.flowed.places.values(), *self.flowed.within.values(), *self.flowed.lost.values()]
        there += [vector for spans in self.charged.left.values() for vector in spans.values()]
        return total(there)


def recompute(given: Given, *, with_charges: bool = False) -> Accounts:
    """Both accounts. `with_charges`: with what evidence is sought by."""
    keys, spans = Keys(), Spans(closed_periods(given.closes))
    charges = list(charges_of(given.streams, given.hours, given.processes, spans, keys))
    charged = charge(charges, given.steps, spans, keys)
    material = {lot: said.get("material", lot) for lot, said in given.described.items()}
    flowed = flow(Network(given.steps, spans), charged.steps, keys, material=material, balances=_balances(given.closes))
    pieces = Pieces(
        flowed.pieces,
        lambda piece: footprint_of(piece, flowed.weights.get(piece, 0), flowed.pieces[piece], keys),
    )
    cbam = CbamAccount(tuple(cbam_rows(given)))
    put_in = total(one.amounts for one in charges)
    met = tuple(Charge(one.process, one.start, one.end, {}, one.entry) for one in charges) if with_charges else ()
    return Accounts(cbam, FootprintAccount(pieces), flowed, charged, keys, put_in, met, judge(given, charged))


def _balances(closes: Sequence[Close]) -> Balances:
    """Stocks by process, start of the period and material."""
    found: dict[tuple[str, int], dict[str, tuple[int, int]]] = {}
    for one in closes:
        for stock in one.stocks:
            found.setdefault((stock.process, one.start), {})[stock.material] = (stock.opening, stock.closing)
    return found
