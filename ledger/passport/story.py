"""Which entries the passport of a piece rests on, and what they say of it (SPEC 4.6)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from ledger.kernel.errors import Missing
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.statement import Statement
from ledger.lots.genealogy import Start, Trace, run_name, starts_of
from ledger.lots.records import NOBODY, Effects, Lot
from ledger.passport.units import Span, around, of_spans, spans_of, within

_RESTING = frozenset({"scrap", "unknown"})  # ends that rest on the history of their lot


class Told(Struct, frozen=True, gc=False):
    """What a lot event shows beside its effects.

    When it was recorded, in µs since 1970; the sites it names; the unit that it packs things in or takes them out of;
    who gives, where it says so; what it claims by a mass balance: (scope, g) each; whether it says that its run is
    closed.
    """

    recorded_at: int
    sites: tuple[str, ...]
    unit: str
    sender: str
    claims: tuple[tuple[str, int], ...]
    closes: bool


class Certificate(Struct, frozen=True, gc=False):
    """What one statement says of a certificate: its id, the digest of its document, and whether it stands."""

    id: str
    digest: str
    stands: bool


class Source(Protocol):
    """The ledger as of one of its sizes, or as much of it as a full bundle shows."""

    @property
    def size(self) -> int:
        """Entries below this index are taken into account."""
        ...

    def lot(self, name: str) -> Lot | None:
        """What is known of a lot."""
        ...

    def trace(self, starts: Sequence[Start]) -> Trace:
        """Up from there, as `ancestry.up` goes."""
        ...

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did, as it stands; what is no event, or not there, is not in it."""
        ...

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of each lot, or run by its `run_name`, ascending."""
        ...

    def closed(self, runs: Collection[str]) -> Mapping[str, int]:
        """Of these runs, each by its `run_name`, the event that closed it; one that is open is not there."""
        ...

    def packed_since(self, name: str, entry: int, /) -> int:
        """The event that had put a thing into the unit that it was in before an entry; in none: the entry itself."""
        ...

    def told(self, entry: int) -> Told:
        """What the statement of a lot event says beside."""
        ...

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate; None where it is another statement."""
        ...


class Passed(Struct, frozen=True, gc=False):
    """A run: the newest event of it that a trace goes through, and the one that closed it, NOBODY where it is open."""

    upto: int
    closed_by: int


class Story(Struct, frozen=True, gc=False):
    """Everything a passport is computed from.

    `line` are the piece and the pieces it was made of, `way` the events on them, `effects` what every event did that
    it rests on. `inputs` are all the entries it rests on. `whole` has the class lots, and the pieces that went into its
    runs, whose history up to an entry is among them, `unmoved` the class lots, and units around them or the line, that
    had no event since. `runs` are those it goes through, by `run_name`.
    """

    piece: Lot
    trace: Trace
    line: tuple[str, ...]
    way: tuple[int, ...]
    effects: Mapping[int, Effects]
    certificates: tuple[Certificate, ...]
    inputs: tuple[int, ...]
    whole: Mapping[str, int]
    unmoved: tuple[str, ...]
    runs: Mapping[str, Passed]


def story_of(piece: str, source: Source) -> Story:
    """Raises Missing ("no_piece") for a piece that the ledger has not heard of."""
    lot = source.lot(piece)
    if lot is None:
        raise Missing("no_piece", f"piece {piece} is not known to this ledger", id=piece)
    trace = source.trace(starts_of(lot, at=source.size - 1, load=source.effects))
    lots = (name for name in trace.lots if not is_run(name))
    line = (piece, *(name for name in lots if name != piece and names_one_thing(name)))
    spans = set(carried(line, source))
    way = _way(line, spans, source)
    rests, units = rests_on(trace, source), of_spans(spans, (), source, source.size)
    inputs, effects = _with_corrections({*way, *trace.closure, *_of_those(rests, source), *units.entries}, source)
    runs = _passed(trace, effects, source)
    whole, charged = _classes(trace.drawn, rests), _charged(trace, runs, effects)
    outer = around(whole, effects, source, source.size)
    more = outer.entries | _of_those(charged, source) | _of_runs(trace, runs, source)
    if unknown := more - inputs:
        later, done = _with_corrections(unknown, source)
        inputs, effects = inputs | later, {**effects, **done}
    stands = (entry for entry in way if entry in effects and _stands(effects[entry]))
    certificates = _certificates(piece, effects, source)
    return Story(
        lot, trace, line, tuple(sorted(stands)), effects, certificates,
        tuple(sorted(inputs | units.next | outer.next)), whole | charged, tuple(sorted(units.unmoved | outer.unmoved)),
        runs,
    )  # fmt: skip


def _passed(trace: Trace, effects: Mapping[int, Effects], source: Source) -> dict[str, Passed]:
    """The runs that it goes through, also those that had taken nothing in."""
    upto = {name: entry for name, entry in trace.drawn.items() if is_run(name)}
    for one in (effects[node.entry] for node in reversed(trace.nodes) if node.entry in effects):
        if one.run and _stands(one) and run_name(one.issuer, one.run) not in trace.drawn:
            upto[run_name(one.issuer, one.run)] = one.index
    closed = {**_closed_again(effects, source), **(source.closed(upto) if upto else {})}
    return {name: Passed(upto[name], closed.get(name, NOBODY)) for name in sorted(upto)}


def _closed_again(effects: Mapping[int, Effects], source: Source) -> dict[str, int]:
    """Corrections that say so: of a run that was closed by then, which may have been taken back since (5.6)."""
    corrections = (one for _, one in sorted(effects.items()) if one.run and one.replaces != NOBODY and _stands(one))
    return {run_name(one.issuer, one.run): one.index for one in corrections if source.told(one.index).closes}


def _of_runs(trace: Trace, runs: Mapping[str, Passed], source: Source) -> set[int]:
    """All of them up to there; and what closed them, since that alone shows that they were judged (5.4)."""
    own = _of_those({name: one.upto for name, one in runs.items() if name not in trace.drawn}, source)
    return own | {one.closed_by for one in runs.values() if one.closed_by != NOBODY}


def _classes(*drawn: Mapping[str, int]) -> dict[str, int]:
    """The class lots of these, each with the newest of its entries."""
    last: dict[str, int] = {}
    for name, entry in (item for one in drawn for item in one.items()):
        if not is_run(name) and not names_one_thing(name):
            last[name] = max(entry, last.get(name, NOBODY))
    return last


def _charged(trace: Trace, passed: Mapping[str, Passed], effects: Mapping[int, Effects]) -> dict[str, int]:
    """The single things in its runs that it did not go through by then, each with the entry that used it last.

    However little of the metal they are: what a run had taken in is the sum of what they weigh (5.2).
    """
    runs = ((one, passed.get(run_name(one.issuer, one.run))) for _, one in sorted(effects.items()) if one.run)
    return {
        posting.lot: one.index
        for one, run in runs if run is not None and first_in_run(one, effects) <= run.upto
        for posting in one.debits if names_one_thing(posting.lot) and trace.drawn.get(posting.lot, NOBODY) < one.index
    }  # fmt: skip


def first_in_run(one: Effects, effects: Mapping[int, Effects]) -> int:
    """The first of the events of its run that an event takes the place of, or the event itself (5.6)."""
    first, earlier = one.index, effects.get(one.replaces)
    while earlier is not None:
        first = earlier.index if (earlier.issuer, earlier.run) == (one.issuer, one.run) else first
        earlier = effects.get(earlier.replaces)
    return first


def _certificates(piece: str, effects: Mapping[int, Effects], source: Source) -> tuple[Certificate, ...]:
    """Those that name the piece, each as it was said of last; the ones that stand."""
    said = (source.certificate(entry) for entry in source.versions([piece])[piece] if entry not in effects)
    newest = {one.id: one for one in said if one is not None}
    return tuple(newest[name] for name in sorted(newest) if newest[name].stands)


def _way(line: Sequence[str], spans: Collection[Span], source: Source) -> set[int]:
    """Every event of the pieces, and of the units they were in while they were: a unit's events name the unit alone."""
    own = {entry for entries in source.versions(line).values() for entry in entries}
    return own | {entry for span in spans for entry in within(span, source)}


def carried(line: Sequence[str], source: Source) -> Iterator[Span]:
    """The histories of the units that pieces were in, while they were, and of outer units."""
    for name, entries in source.versions(line).items():
        yield from spans_of(name, source.size, source.effects(entries), source)


def rests_on(trace: Trace, source: Source) -> Mapping[str, int]:
    """Lots whose whole history up to an entry a trace rests on without going through it.

    What says of which class the scrap was that entered a melt, and that there was less of a lot than was drawn; all
    that the lots of a correction went through before it; and what a declaration of error leaves of its lots.
    """
    rests = [(end.lot, end.entry) for end in trace.ends if end.lot and end.reason in _RESTING]
    standing = [one.replaced_by for one in trace.corrections if one.replaced_by != NOBODY]
    for one in source.effects(standing).values():
        rests += [(posting.lot, one.index) for posting in (*one.debits, *one.credits)]
    for one in source.effects([one.declared_by for one in trace.corrections]).values():
        rests += [(posting.lot, one.index) for posting in one.debits if posting.lot in trace.lots]
    last: dict[str, int] = {}
    for lot, entry in rests:
        last[lot] = max(entry, last.get(lot, NOBODY))
    return last


def _of_those(last: Mapping[str, int], source: Source) -> set[int]:
    entries = source.versions(last)
    return {entry for name, upto in last.items() for entry in entries.get(name, ()) if entry <= upto}


def _with_corrections(inputs: Collection[int], source: Source) -> tuple[set[int], Mapping[int, Effects]]:
    """Where one of them was declared wrong: by which entry, and what took its place; of what another took the place.

    And what all of them did.
    """
    found, effects = {entry for entry in inputs if entry < source.size}, dict[int, Effects]()
    waiting = found
    while waiting:
        more = source.effects(waiting)
        effects.update(more)
        named = {entry for one in more.values() for entry in _linked(one)}
        waiting = {entry for entry in named - found if NOBODY < entry < source.size}
        found |= waiting
    return found, effects


def _linked(one: Effects) -> tuple[int, ...]:
    return one.declared_by, one.replaced_by, one.undoes, one.replaces


def certificate_in(statement: Statement) -> Certificate | None:
    """What a statement says of a certificate; None where it is another statement."""
    if statement.typ != "certificate":
        return None
    body = statement.body
    return Certificate(body["id"], body["document"]["digest"], body["status"] == "valid")


def is_run(name: str) -> bool:
    """Runs are named by their issuer and a blank; no id has one."""
    return " " in name


def _stands(one: Effects) -> bool:
    """Neither declared wrong nor a declaration."""
    return one.declared_by == NOBODY and one.undoes == NOBODY
