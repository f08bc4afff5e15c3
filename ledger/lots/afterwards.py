"""Judged again once the whole story is known: in the order in which things happened, and delivery by delivery."""

from collections.abc import Iterable, Iterator

from ledger.lots.booking import tonnes
from ledger.lots.custody import difference
from ledger.lots.records import NOBODY, Delivery, Effects, Finding, Place


def in_time_order(effects: Iterable[Effects]) -> Iterator[Finding]:
    """Rule 5.5: by event time, nobody takes what he does not have yet. Additions come before draws of one moment."""
    everything = list(effects)
    undone = {one.undoes for one in everything} | {one.index for one in everything if one.undoes != NOBODY}
    stand = sorted((one for one in everything if one.index not in undone), key=lambda one: (one.time, one.index))
    have: dict[Place, int] = {}
    for one in stand:
        for posting in one.debits:
            place = posting.place
            have[place] = have.get(place, 0) - posting.g
            if have[place] < 0:
                says = (
                    f"entry {one.index} takes {tonnes(posting.g)} of lot {posting.lot} before {posting.holder} has it"
                )
                yield Finding("time_order", posting.lot, says, {"entry": one.index, "short": -have[place]})
        for posting in one.credits:
            have[posting.place] = have.get(posting.place, 0) + posting.g


def delivery_findings(delivery: Delivery) -> Iterator[Finding]:
    """Rule 5.4: what arrived differs from what left by more than 0.5 % (wet bulk 2 %); nothing arrived says nothing."""
    for line in delivery.lines:
        says = difference(line) if line.received else ""
        if says:
            yield Finding("delivery_difference", line.lot, f"{delivery.name}: {says}", {"delivery": delivery.name})
