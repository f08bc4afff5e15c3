"""The entries that a footprint follows from, as its passport names them beside its inputs (SPEC 4.6, 12.9)."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from ledger.carbon.evidence import Found
from ledger.limits import EVIDENCE
from ledger.passport.footprint import Accounted, out_of_reach
from ledger.passport.story import Source, Story
from ledger.passport.units import Span, of_spans, spans_of


def sought(accounted: Accounted, source: Source) -> Accounted:
    """The same with what it follows from at hand, so that whoever states it does not have to search."""
    found = accounted.followed_back()
    if found is None:
        return replace(accounted, followed_back=out_of_reach)
    whole = Found(frozenset(_with_versions(found, accounted, source)), frozenset())
    return replace(accounted, followed_back=lambda: whole)


def evidence_of(accounted: Accounted | None, story: Story, source: Source) -> tuple[int, ...]:
    """What is no input of the passport anyway, ascending; nothing where it is out of reach.

    Of the lots that the metal went through it has every version, and what units did that they were in: so they can be
    booked again.
    """
    found = accounted.followed_back() if accounted is not None else None
    if accounted is None or found is None:
        return ()
    beside = sorted(_with_versions(found, accounted, source) - set(story.inputs))
    return tuple(beside) if len(beside) <= EVIDENCE else ()


def _with_versions(found: Found, accounted: Accounted, source: Source) -> set[int]:
    """Also what units did while some of these lots was in them, which names the unit alone."""
    entries, spans = set(found.entries), set[Span]()
    for name, versions in source.versions(sorted(found.lots)).items():
        own = [entry for entry in versions if entry < accounted.size]
        entries.update(own)
        spans.update(spans_of(name, accounted.size - 1, source.effects(own), source))
    return entries | of_spans(spans, (), source, accounted.size).entries


def in_ranges(entries: Sequence[int]) -> list[int]:
    """Ascending entries as half-open ranges one after the other: from, to, from, to."""
    found: list[int] = []
    for entry in entries:
        if found and found[-1] == entry:
            found[-1] = entry + 1
        else:
            found += [entry, entry + 1]
    return found


def of_ranges(said: Sequence[int]) -> Collection[int]:
    """The entries again. Raises ValueError for ranges that do not ascend, or touch, or are more than there may be."""
    if len(said) % 2 or any(type(one) is not int for one in said) or any(one >= other for one, other in pairwise(said)):
        raise ValueError("its evidence is no list of ranges")
    ends: Iterable[tuple[int, int]] = list(zip(said[::2], said[1::2], strict=True))
    if sum(end - start for start, end in ends) > EVIDENCE:
        raise ValueError(f"its evidence has more than {EVIDENCE} entries")
    return {entry for start, end in ends for entry in range(start, end)}
