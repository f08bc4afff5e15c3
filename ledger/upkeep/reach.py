"""Which pieces an entry says something new of, so that their passports may have to be made again (SPEC 4.6)."""

from collections.abc import Iterable, Iterator

from ledger.checking.quick_json import parse_quickly
from ledger.issuing.passport_source import StoreSource
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.implied import implied
from ledger.lots.descent import down
from ledger.lots.genealogy import run_name
from ledger.lots.instead import instead_of
from ledger.lots.recall import starts_from_entry
from ledger.lots.records import NOBODY, Effects
from ledger.passport.body import is_piece
from ledger.store.store import Stored


def touched(stored: Stored, one: Effects, source: StoreSource) -> Iterator[str]:
    """The pieces that a statement is about, and all in the units that it is about, or takes something out of."""
    statement = parse_quickly(stored.wire)
    named = implied(statement.typ, statement.iss, statement.aud, statement.body)
    waiting = {subject.id for subject in named if subject.kind == "lot"}
    waiting |= {posting.lot for posting in (*one.debits, *one.credits)} | {row.lot for row in one.unpacked}
    found = set[str]()
    while waiting:
        name = waiting.pop()
        found.add(name)
        unit = source.lot(name) if names_one_thing(name) and not is_piece(name) else None
        waiting |= set(unit.contents) - found if unit is not None else set()
    return filter(is_piece, found)


def downstream(one: Effects, source: StoreSource) -> Iterator[str]:
    """Where an event changes what earlier ones did, or a run of theirs: the pieces that have metal of those."""
    corrected = {one.undoes, *instead_of(one, source.effects)} - {NOBODY}
    changed = corrected.union(row.entry for row in one.settles)
    earlier = source.effects(corrected).values() if corrected else ()
    entries = changed.union(*(source.versions([run])[run] for run in _runs_changed(one, earlier, source)))
    if not entries:
        return
    starts = [start for event in source.effects(entries).values() for start in starts_from_entry(event, source.effects)]
    found = down(starts, source.effects, source.changes)
    lots = {lot for node in found.nodes for lot in node.lots}
    lots |= {place[0] for place in (*found.places, *found.unweighed)} | {sent.lot for sent in found.sent}
    yield from filter(is_piece, sorted(lots))


def _runs_changed(one: Effects, earlier: Iterable[Effects], source: StoreSource) -> set[str]:
    """What an event takes back, or takes the place of, changes what its run comes to; what it closes is judged."""
    own = source.closed([run_name(one.issuer, one.run)]) if one.run else {}
    closed = (name for name, entry in own.items() if entry == one.index)
    return {*closed, *(run_name(event.issuer, event.run) for event in earlier if event.run)}
