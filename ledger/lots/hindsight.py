"""Judged again once the whole story is known: in the order in which things happened, and delivery by delivery."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from ledger.lots.booking import tonnes
from ledger.lots.custody import difference
from ledger.lots.genealogy import Loader
from ledger.lots.records import NOBODY, Delivery, Effects, Finding, Place

_BATCH = 2_000  # entries that are loaded at once


def in_time_order(entries: Collection[int], load: Loader) -> Iterator[Finding]:
    """Rule 5.5: by event time, nobody takes what he does not have yet. Additions come before draws of one moment.

    `load` is asked twice for each entry, so that the effects of few are in memory.
    """
    times: dict[int, int] = {}
    undone: set[int] = set()
    for one in _loaded(sorted(entries), load):
        times[one.index] = one.time
        if one.undoes != NOBODY:
            undone |= {one.undoes, one.index}
    stand = sorted(times.keys() - undone, key=lambda entry: (times[entry], entry))
    have: dict[Place, int] = {}
    for _, moment in groupby(_loaded(stand, load), key=attrgetter("time")):
        yield from _short(list(moment), have)


def _short(moment: Sequence[Effects], have: dict[Place, int]) -> Iterator[Finding]:
    """What events of one time take beyond what there is; `have` is carried on."""
    for posting in (posting for one in moment for posting in one.credits):
        have[posting.place] = have.get(posting.place, 0) + posting.g
    for one in moment:
        for posting in one.debits:
            have[posting.place] = left = have.get(posting.place, 0) - posting.g
            if left < 0:
                says = f"it takes {tonnes(posting.g)} of lot {posting.lot} before {posting.holder} has it"
                yield Finding("time_order", posting.lot, says, {"entry": one.index, "short": -left})


def _loaded(entries: Sequence[int], load: Loader) -> Iterator[Effects]:
    """In this order; entries that did nothing to lots are left out."""
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        found = load(batch)
        yield from (found[entry] for entry in batch if entry in found)


def delivery_findings(delivery: Delivery) -> Iterator[Finding]:
    """Rule 5.4: what arrived differs from what left by more than 0.5 % (wet bulk 2 %); nothing arrived says nothing."""
    for line in delivery.lines:
        says = difference(line) if line.received else ""
        if says:
            yield Finding("delivery_difference", line.lot, f"{delivery.name}: {says}", {"delivery": delivery.name})
