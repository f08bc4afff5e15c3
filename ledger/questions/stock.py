"""What is at a site: on hand, in transit, in open runs, not yet reported, to be claimed; and what is found."""

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.kernel.errors import Missing
from ledger.lots.claim_records import Claims
from ledger.lots.claims import first_month, periods_of
from ledger.lots.mass_rules import left_to_claim
from ledger.lots.records import NOBODY, ON_HAND, Holding, Lot
from ledger.questions.asking import Asked
from ledger.questions.findings import of_runs, of_stock
from schemas import wire_lots as said


def stock(asked: Asked, site: str) -> said.Stock:
    """The stock of a site, by its canonical id. Raises Missing where it is not registered or not this reader's."""
    party = asked.registry.sites.get(site)
    if party is None or not asked.reader.may_see(party):
        raise Missing("no_site", f"there is no site {site} whose stock you may see", id=site)
    lots = [one for one in asked.lots("site", site) if any(_is_here(held, site) for held in one.holdings)]
    here = [(one, held) for one in lots for held in one.holdings if _is_here(held, site)]
    runs = [one for one in asked.runs(site) if one.closed_by == NOBODY]
    return said.Stock(
        site=site,
        party=party,
        as_of=asked.size,
        on_hand=[_row(one, held) for one, held in here if held.delivery == ON_HAND],
        in_transit=[_row(one, held) for one, held in here if held.delivery != ON_HAND],
        runs=[
            said.OpenRun(run=one.name, kind=one.kind, inputs=one.sums.inputs, outputs=one.sums.outputs) for one in runs
        ],
        unresolved=[
            said.Unresolved(lot=one.id, entry=late.entry, g=late.g, party=asked.source.told(late.entry).sender)
            for one in lots
            for late in one.late
            if late.holder == party
        ],
        claims=list(_claims(asked, party, site)),
        findings=[*of_stock(asked, lots), *of_runs(asked, runs)],
    )


def _claims(asked: Asked, party: str, site: str) -> Iterator[said.ClaimAccount]:
    for name, scope in asked.registry.party(party).claim_scopes.items():
        account = asked.claims(name)
        if account is not None and site in scope["sites"]:
            yield _account(scope, account)


def _account(scope: Mapping[str, Any], account: Claims) -> said.ClaimAccount:
    periods = periods_of(account)
    return said.ClaimAccount(
        scope=account.scope,
        scheme=scope["scheme"],
        material=scope["material"],
        month=first_month(scope, len(periods) - 1),
        came=periods[-1][0],
        went=periods[-1][1],
        left=left_to_claim(periods, account.opening),
    )


def _is_here(held: Holding, site: str) -> bool:
    """A shortage, after a correction, is here too."""
    return held.site == site and held.g != 0


def _row(one: Lot, held: Holding) -> said.StockRow:
    return said.StockRow(
        lot=one.id,
        owner=held.owner,
        delivery=held.delivery,
        g=held.g,
        material=str(one.attributes.get("material", "")),
        held=bool(one.held_by),
        in_doubt=one.doubt != NOBODY,
        blocked=one.blocks(held.holder),
    )
