"""The park's story as the ledger would hear it: bodies checked, events folded, without signing anything."""

from dataclasses import dataclass, field

from ledger.bodies import check_body
from ledger.kernel.implied import implied
from ledger.kernel.statement import Hidden
from ledger.lots.ancestry import up
from ledger.lots.book import Book
from ledger.lots.event import placed, read_event
from ledger.lots.event_body import check_lot_event
from ledger.lots.fold import apply
from ledger.lots.genealogy import run_name, starts_of
from ledger.lots.hindsight import rows_of, short_of, time_order, undone_by
from ledger.lots.records import NOBODY, Lot, Run
from tools.park.actors import ACTORS, PARK, URI
from tools.park.events import EntryOf
from tools.park.plan import Size, make_plan
from tools.park.story import story

SIZE = Size()  # of the demo
FOUND = {"shortage", "corrected_after_use", "count_down", "late_statement"}  # the rules that the story means to break
SITES = {actor.site: actor.id for actor in ACTORS}
PROCESSES = {one.id: {row["id"]: row["kind"] for row in one.profile["processes"]} for one in ACTORS}
SCALES = {one.id: {row["id"]: row["accuracy"] for row in one.profile["devices"] if "accuracy" in row} for one in ACTORS}


def plain(value):
    """A body as it reads when everything is disclosed, and every entry that it names has some index."""
    if isinstance(value, Hidden):
        return plain(value.value)
    if isinstance(value, EntryOf):
        return 1
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


@dataclass
class Told:
    """The book after the story, what each event did, and each statement by its index."""

    book: Book = field(default_factory=Book)
    effects: dict = field(default_factory=dict)
    said: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)

    def findings(self):
        return [(self.said[index], found) for index, one in self.effects.items() for found in one.findings]

    def load(self, entries):
        """Effects as they stand."""
        found = {entry: self.book.effects(entry) for entry in entries}
        return {entry: one for entry, one in found.items() if one is not None}

    def in_time(self):
        """What is found in the order of event times."""
        rows = b"".join(row for one in self.effects.values() for row in rows_of(one))
        short = short_of(rows, frozenset(undone_by(self.effects.values())))
        return [time_order(self.effects[one.entry], one) for one in sorted(short)]

    def versions(self, names):
        return {name: tuple(self.names.get(name, ())) for name in names}

    def up(self, name):
        """The trace of all that there is of a lot."""
        return up(starts_of(self.book.lot(name), at=len(self.said), load=self.load), self.load, self.versions)


def tell(coils=40, seed="coilmark", size=SIZE, *, checked=False):
    """Fold a story; a refusal raises. `checked`: every body against its schema and all it implies as well."""
    plan = make_plan(coils, seed, size)
    told, index, named = Told(), 0, {}
    for post in story(plan):
        for one in post.statements:
            if checked:
                _check(one)
            told.said[index] = one
            if one.typ == "lot-event":
                _fold(told, named, index, one, int(post.time.timestamp()) * 1_000_000)
            index += 1
    return plan, told


def _check(one):
    body = plain(one.body)
    check_body(one.typ, body)
    if one.typ == "lot-event":
        check_lot_event(body)
    implied(one.typ, one.actor.id, URI, body)
    assert one.typ in one.actor.roles


def _fold(told, named, index, one, recorded_at):
    issuer = one.actor.id
    event = placed(
        read_event(one.body, issuer=issuer, jti=f"urn:jti:{index}"), index=index, recorded_at=recorded_at,
        processes=PROCESSES[issuer], accuracies=SCALES[issuer],
    )  # fmt: skip
    wrong = named.get(event.name, NOBODY) if event.declares else NOBODY
    assert event.declares == (wrong != NOBODY)
    named.setdefault(event.name, index)
    mark = told.book.mark()
    told.effects[index] = apply(told.book, event, operator=PARK.id, sites=SITES, wrong=wrong)
    for record in told.book.since(mark).values():
        if isinstance(record, Lot | Run):
            name = record.id if isinstance(record, Lot) else run_name(record.issuer, record.name)
            told.names.setdefault(name, []).append(index)


def lots(told, word):
    """The lots whose id ends in this."""
    return [one for one in told.book.records().values() if hasattr(one, "holdings") and one.id.endswith(word)]
