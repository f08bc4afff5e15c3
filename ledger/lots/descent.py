"""Down: from some metal to every later event, piece and delivery that has some of it, in whole µg (rule 5.2).

A piece that nobody weighed has no µg of it, and yet it is made of it: that, and all that came of it in turn, is found
by a walk of its own, which follows that there is some and not how much.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ledger.lots.amounts import Unweighed, Weighed
from ledger.lots.descent_records import Ahead, Found
from ledger.lots.downwards import Walk
from ledger.lots.genealogy import Correction, Loader, Start, Versions
from ledger.lots.onward import Onward
from ledger.lots.records import Place

_MOST_WALKS = 64  # so many corrections in series are followed, but two


class Reached(Struct, frozen=True, gc=False):
    """One later event: how many µg of what is traced it took, and from which lots; `more`: and some of unknown mass."""

    entry: int
    what: str
    ug: int
    lots: tuple[str, ...]
    more: bool = False


class Sent(Struct, frozen=True, gc=False):
    """So many µg of what is traced left with one lot on one delivery; `g` is what left of the lot.

    `more`: and some of unknown mass.
    """

    entry: int
    lot: str
    delivery: str
    ug: int
    g: int
    more: bool = False


class Descent(Struct, frozen=True, gc=False):
    """Where metal went: events in their order, what is in each place now, and what left for good, by kind.

    Where a run has part, `left` and `places` need not add up to `ug`: each gram that comes out is of all that went in.
    Nor where an addition was corrected after something else was mixed with it: a trace up says the same then (5.6).
    `unweighed` are the places with some that came there by a piece of unknown mass, and so is of unknown mass itself.
    """

    ug: int
    nodes: tuple[Reached, ...]
    places: Mapping[Place, int]
    sent: tuple[Sent, ...]
    left: Mapping[str, int]
    folded: int
    folded_ug: int
    corrections: tuple[Correction, ...]
    unweighed: tuple[Place, ...] = ()


def down(starts: Iterable[Start], load: Loader, versions: Versions) -> Descent:
    """Everywhere that metal of these additions went since. An addition of 0 µg is a piece of unknown mass."""
    begun, onward = list(starts), Onward(load, versions)
    found = _walked([one for one in begun if one.ug], onward, Weighed())
    unweighed = [replace(one, ug=1) for one in (*begun, *found.unweighed) if not one.ug]
    more = _walked(unweighed, onward, Unweighed())
    return Descent(
        ug=sum(one.ug for one in begun),
        nodes=tuple(_nodes(found, more)),
        places=_places(found),
        sent=tuple(_sent(found, more)),
        left=dict(sorted(found.left.items())),
        folded=found.folded,
        folded_ug=found.folded_ug,
        corrections=tuple(one for _, one in sorted({**more.corrections, **found.corrections}.items())),
        unweighed=tuple(_places(more)),
    )


def _walked(begun: list[Start], onward: Onward, amounts: Weighed) -> Found:
    """Until nothing is put into an earlier place that was not there the time before, or next to nothing.

    What more corrections in series, or a circle, would need more walks for is told as circular.
    """
    ahead = Ahead()
    first = found = Walk(onward, amounts, ahead).go(begun)
    for _ in range(_MOST_WALKS - 1):
        if not ahead.new:
            break
        ahead.new = ahead.off = False
        found = Walk(onward, amounts, ahead).go(begun)
    found.left_for("circular", found.back - first.back)
    if ahead.off and amounts.by_mass:
        found.left_for("circular", found.missing(sum(one.ug for one in begun)))
    return found


def _places(found: Found) -> Mapping[Place, int]:
    return {place: ug for place, ug in sorted(found.places.items()) if ug and place[0]}


def _nodes(found: Found, more: Found) -> Iterable[Reached]:
    for entry in sorted(found.took.keys() | more.took.keys()):
        what, ug, lots = found.took.get(entry, ("", 0, set()))
        also, _, others = more.took.get(entry, ("", 0, set()))
        yield Reached(entry, what or also, ug, tuple(sorted(lots | others)), entry in more.took)


def _sent(found: Found, more: Found) -> Iterable[Sent]:
    for key in sorted(found.sent.keys() | more.sent.keys()):
        ug, g = found.sent.get(key) or (0, more.sent[key][1])
        yield Sent(*key, ug, g, key in more.sent)
