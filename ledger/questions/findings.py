"""What is found on lots: by the events that changed them, and on deliveries that are not all there yet."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from ledger.lots.closing import above_input
from ledger.lots.genealogy import run_name
from ledger.lots.hindsight import delivery_findings
from ledger.lots.records import NOBODY, ON_HAND, Effects, Finding, Lot, Run
from ledger.questions.asking import Asked
from schemas import wire_lots as said

MOST = 1_000  # events whose findings are told with a stock, the newest


def of_events(events: Iterable[Effects], names: Collection[str]) -> list[said.LotFinding]:
    """What these events break, as far as it is about one of these lots, or about the event as a whole."""
    return [_told(one.index, found) for one in events for found in one.findings if found.concerns(names)]


def of_trace(told: Mapping[int, Effects], names: Collection[str]) -> list[said.LotFinding]:
    """What the events of a trace break that stand, and the declarations of error on its way; on its lots."""
    return of_events((told[entry] for entry in sorted(told) if told[entry].declared_by == NOBODY), names)


def of_stock(asked: Asked, lots: Iterable[Lot]) -> list[said.LotFinding]:
    """By the newest events on these lots; and of what they are under way with, as it stands."""
    lots = list(lots)
    names = {one.id for one in lots}
    changed = {entry for entries in asked.source.changes(names).values() for entry in entries}
    told = asked.source.effects(sorted(changed)[-MOST:])
    return [*of_events((told[entry] for entry in sorted(told)), names), *of_deliveries(asked, lots)]


def of_deliveries(asked: Asked, lots: Iterable[Lot]) -> Iterator[said.LotFinding]:
    """Rule 5.4: less than was sent is found when asked, of what is under way; with the entry that last sent some."""
    sent = {(held.delivery, lot.id): held.mix for lot in lots for held in lot.holdings if held.delivery != ON_HAND}
    for delivery in asked.deliveries({name for name, _ in sent}).values():
        for found in delivery_findings(delivery):
            if (delivery.name, found.lot) in sent:
                yield _told(sent[delivery.name, found.lot], found)


def of_runs(asked: Asked, runs: Iterable[Run]) -> Iterator[said.LotFinding]:
    """M1 on runs that are open: more came out than went in so far. With the newest entry of each."""
    above = {run_name(one.issuer, one.name): one for one in runs if above_input(one)}
    entries = asked.source.versions(above)
    for name, one in above.items():
        facts = {"total_in": one.sums.took, "total_out": one.sums.gave}
        yield _told(entries[name][-1], Finding("output_above_input", "", f"{above_input(one)}, so far", facts))


def _told(entry: int, finding: Finding) -> said.LotFinding:
    return said.LotFinding(entry=entry, rule=finding.rule, text=finding.says, facts=finding.facts)
