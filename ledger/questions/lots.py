"""What a lot is, has been through and is found to break; and which lots a word leads to."""

from ledger.kernel.errors import Malformed
from ledger.kernel.moments import rfc3339
from ledger.lots.records import NOBODY, Effects, Lot
from ledger.questions.asking import Asked
from ledger.questions.findings import of_deliveries, of_events
from schemas import wire_lots as said

WORDS = ("heat", "cast", "localId", "order", "customerPart")  # of `al:attributes`
STEPS = 1_000  # events of a history that are told


def lot(asked: Asked, name: str) -> said.Lot:
    """State, history and findings of a lot. Raises Missing."""
    found = asked.lot(name)
    source = asked.source  # what names it, and what changed it by the unit that it is in
    entries = sorted({*source.versions([name])[name], *source.changes([name])[name]})
    told = source.effects(entries[-STEPS:])
    steps = [_step(one, name) for _, one in sorted(told.items(), reverse=True)]
    return said.Lot(
        id=found.id, as_of=asked.size, piece=found.single, source=found.source, maker=found.maker,
        made_by=found.made_by, time=rfc3339(found.time), g=found.g, holdings=_holdings(found),
        attributes=found.attributes, consumed_by=_entry(found.consumed_by), held_by=list(found.held_by),
        in_doubt=_entry(found.doubt), blocked=bool(found.blocked), surplus=sum(found.surplus.values()),
        closed=found.closed, inside=found.inside, contents=list(found.contents),
        amounts=[said.Packed(lot=one, g=g) for one, g in sorted(_amounts(found).items())],
        not_yet_reported=[said.Holding(holder=o.holder, owner="", site="", delivery="", g=o.g) for o in found.late],
        findings=[*of_events(told.values(), {name}), *of_deliveries(asked, [found])],
        history=steps, earlier=max(0, len(entries) - STEPS),
    )  # fmt: skip


def _amounts(found: Lot) -> dict[str, int]:
    """What a unit has of each class lot, whoever put it in."""
    sums: dict[str, int] = {}
    for one in found.amounts:
        sums[one.lot] = sums.get(one.lot, 0) + one.g
    return sums


def lots_by(asked: Asked, word: str, value: str) -> said.FoundLots:
    """The lots of a heat, order and the like. Raises Malformed for a word that nothing is looked up by."""
    if word not in WORDS:
        raise Malformed("lookup", f"lots are looked up by {', '.join(WORDS)}, not by {word[:40]!a}")
    found = [one for one in asked.lots(word, value) if str(one.attributes.get(word)) == value]
    return said.FoundLots(as_of=asked.size, word=word, value=value, lots=[_found(one) for one in found])


def _found(one: Lot) -> said.Found:
    there = [held for held in one.holdings if held.g]
    return said.Found(id=one.id, g=sum(held.g for held in there), holders=sorted({held.holder for held in there}))


def _holdings(found: Lot) -> list[said.Holding]:
    return [
        said.Holding(holder=one.holder, owner=one.owner, site=one.site, delivery=one.delivery, g=one.g)
        for one in found.holdings
    ]


def _step(one: Effects, name: str) -> said.LotStep:
    return said.LotStep(
        entry=one.index,
        issuer=one.issuer,
        what=one.what,
        time=rfc3339(one.time),
        added=sum(posting.g for posting in one.credits if posting.lot == name),
        taken=sum(posting.g for posting in one.debits if posting.lot == name),
        declared_wrong_by=_entry(one.declared_by),
        replaced_by=_entry(one.replaced_by),
    )


def _entry(index: int) -> int | None:
    return None if index == NOBODY else index
