"""What can be judged only once every entry was seen: erasures, errors declared, ids used twice, rows too many."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from ledger.audit.authority import Authority
from ledger.audit.crew import Crew
from ledger.audit.deferred import Declared, Deferred, Remade
from ledger.audit.entries import Range, Wanted, read_advanced, read_made
from ledger.audit.findings import Finding, about
from ledger.audit.heads import Roots
from ledger.audit.hindsight import Movements
from ledger.audit.lineage import Counted, Keys, Lineage
from ledger.audit.sources import UNREADABLE, DatabaseSource, Source
from ledger.checking.erasure import NEVER
from ledger.store.raw import RawReader


@dataclass
class Whole:
    """What the fold over all ranges holds. Grows while it runs."""

    size: int
    roots: Roots
    lineage: Lineage
    requests: Keys
    events: Keys
    findings: list[Finding] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    deferred: Deferred = field(default_factory=Deferred)
    marks: Counter[tuple[str, str]] = field(default_factory=Counter)
    signatures: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    derived_rows: dict[str, Counted] = field(default_factory=lambda: {"state_record": Counted(), "lot_tag": Counted()})
    energy_rows: int = 0
    late: set[tuple[int, bytes]] = field(default_factory=set)
    lot_rules: Counter[str] = field(default_factory=Counter)
    movements: Movements = field(default_factory=Movements)

    def take(self, part: Range) -> None:
        """One range more."""
        self.missing += part.missing
        self.requests.join(part.requests)
        self.events.add(part.events)
        self.deferred.declared += part.deferred.declared
        self.deferred.remade += part.deferred.remade
        self.deferred.withheld += part.deferred.withheld
        self.deferred.erased += part.deferred.erased
        self.deferred.passports += part.deferred.passports
        self.marks += part.marks
        self.signatures += part.signatures
        self.rows.update(disclosure=part.disclosures, subject_version=part.advanced, event=len(part.events))
        if part.lots is not None:
            self.derived_rows["state_record"].add(part.lots.records)
            self.derived_rows["lot_tag"].add(part.lots.tags)
            self.lot_rules += part.lots.rules
            self.late.update(part.lots.late)
            self.movements.add(part.lots.movements)
        if part.energy is not None:
            self.derived_rows["state_record"].add(part.energy.records)
            self.energy_rows += sum(count for _, count in part.energy.records)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """Findings, and notes: no faults, but a reader should know them."""

    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]


def judge_afterwards(
    source: Source, whole: Whole, authority: Authority | None, workers: Crew, *, statements: bool
) -> Afterwards:
    """All of it. Raises nothing over what is stored."""
    findings = [*_used_twice(whole), *_declared(source, whole, workers), *_remade(source, whole, workers)]
    try:
        if isinstance(source, DatabaseSource):
            with source.reading() as database:
                stored = database.raw.counts(whole.size)
                findings += _rows_too_many(database.raw, whole, stored, statements=statements)
                findings += _derived_rows(database.raw, whole, stored) if authority is not None else ()
    except UNREADABLE as error:
        findings.append(Finding("unreadable", f"the database cannot be read: {error}"))
    erased = _erased(whole.deferred)
    findings += _withheld(whole.deferred, erased)
    notes = [*_erasures(whole.deferred, erased), *(_keys(authority, whole.marks) if authority is not None else ())]
    return Afterwards(tuple(findings), tuple(notes))


def _used_twice(whole: Whole) -> Iterator[Finding]:
    for _, index, first in whole.requests.twice():
        yield about(index, "id_reused", f"its issuer and jti were used for entry {first} already", first=first)
    for _, index, first in whole.events.twice():
        yield about(index, "event_id_used", f"its eventID names the event of entry {first} already", first=first)


def _erased(deferred: Deferred) -> dict[int, dict[str, int]]:
    """For each entry: the digests whose disclosures a notice said were erased, and the entry of that notice."""
    found: dict[int, dict[str, int]] = {}
    for notice, index, digests in deferred.erased:
        found.setdefault(index, {}).update(dict.fromkeys(digests, notice))
    return found


def _withheld(deferred: Deferred, erased: dict[int, dict[str, int]]) -> Iterator[Finding]:
    for one in deferred.withheld:
        told = erased.get(one.index, {}).keys()
        if missing := one.digests - told:
            says = f"{len(missing)} of its disclosures are missing, and no notice says that they were erased"
            yield about(one.index, "disclosure_missing", says, digests=sorted(missing))
        # SPEC 4.2: what a rule may read is withheld from readers, never erased.
        kept = (one.digests & told) - (frozenset() if one.typ in NEVER else one.outermost)
        if kept:
            says = f"{len(kept)} of its disclosures were erased, though a rule may read them"
            yield about(one.index, "erased_wrongly", says, digests=sorted(kept))


def _erasures(deferred: Deferred, erased: dict[int, dict[str, int]]) -> Iterator[Finding]:
    withheld = {one.index: one.digests for one in deferred.withheld}
    for index, digests in sorted(erased.items()):
        gone = digests.keys() & withheld.get(index, frozenset())
        if gone:
            says = f"{len(gone)} of its disclosures were erased, as the notice of entry {max(digests.values())} says"
            yield about(index, "erased", says)
        if left := len(digests) - len(gone):
            says = f"{left} disclosures that a notice says were erased are stored still, or never were"
            yield about(index, "not_erased", says)


def _keys(authority: Authority, marks: Counter[tuple[str, str]]) -> Iterator[Finding]:
    for party, record in authority.key_records():
        kid = record.key.kid
        if record.recovery:
            count = marks[kid, "recovery"]
            says = (
                f"key {kid} of {party} was enrolled by the operator as a recovery at entry {record.added}: {count} "
                "statements signed with it are vouched for by the operator alone"
            )
            yield Finding("vouched_by_operator", says, record.added, {"kid": kid, "statements": count})
        if record.disputed_from is not None:
            count = marks[kid, "disputed"]
            says = (
                f"key {kid} of {party} is disputed from entry {record.disputed_from} to its end at entry "
                f"{record.ended} ({record.reason}): {count} statements were signed with it in between"
            )
            yield Finding("disputed", says, record.disputed_from, {"kid": kid, "statements": count})


def _wrong(whole: Whole) -> list[tuple[Declared, int | None]]:
    """Each declaration of error with the entry of the event it is about, or None where there was none before it."""
    declared = whole.deferred.declared
    events = whole.events.find({one.event for one in declared})
    requests = whole.requests.find({one.request for one in declared})
    found: list[tuple[Declared, int | None]] = []
    for one in declared:
        index = events.get(one.event, whole.size)
        index = requests.get(one.request, whole.size) if index >= one.index else index
        found.append((one, index if index < one.index else None))
    return found


def _declared(source: Source, whole: Whole, workers: Crew) -> Iterator[Finding]:
    """SPEC 4.4: a correction's items are its own and those of the event it declares wrong."""
    wrong = _wrong(whole)
    for one, index in wrong:
        if index is None:
            yield about(one.index, "unknown_event", "it declares an event wrong that its issuer never recorded")
    found = [(one, index) for one, index in wrong if index is not None]
    wanted = [Wanted(source, index) for _, index in found]
    for (one, index), items in zip(found, workers.in_order(read_advanced, wanted, _nothing), strict=True):
        want = items - one.own
        if want != one.more:
            says = f"its lineage is not its own and that of the event of entry {index}, which it declares wrong"
            yield about(one.index, "declared_items", says, missing=_hex(want - one.more), extra=_hex(one.more - want))


def _remade(source: Source, whole: Whole, workers: Crew) -> Iterator[Finding]:
    """SPEC 4.4: only an announced correction makes again, and only what the event made whose place it takes."""
    remade = [replace(one, subjects=_not_late(one, whole.late)) for one in whole.deferred.remade]
    remade = [one for one in remade if one.subjects]
    if not remade:
        return
    announced = whole.events.find({one.correction for one in remade if one.correction is not None})
    wrong = {declared.index: index for declared, index in _wrong(whole)}
    found: list[tuple[Remade, int]] = []
    for one in remade:
        declaration = announced.get(one.correction or b"", whole.size)
        index = wrong.get(declaration)
        if declaration < one.index and index is not None:
            found.append((one, index))
        else:
            yield about(one.index, "made_again", "it makes again what exists, and no declaration of error announced it")
    wanted = [Wanted(source, index) for _, index in found]
    for (one, index), made in zip(found, workers.in_order(read_made, wanted, _nothing), strict=True):
        if extra := one.subjects - made:
            says = f"it makes again what the event of entry {index}, whose place it takes, never made"
            yield about(one.index, "made_again", says, extra=_hex(extra))


def _not_late(one: Remade, late: AbstractSet[tuple[int, bytes]]) -> frozenset[bytes]:
    """Rule 5.1: what was received before its maker was heard is not made again by him."""
    return frozenset(subject for subject in one.subjects if (one.index, subject) not in late)


def _nothing(_wanted: Wanted) -> frozenset[bytes]:
    return frozenset()


def _hex(subjects: Iterable[bytes]) -> list[str]:
    return sorted(subject.hex() for subject in subjects)


_DERIVED = ("subject_version", "event", "disclosure")


def _rows_too_many(
    database: RawReader, whole: Whole, stored: Mapping[str, int], *, statements: bool
) -> Iterator[Finding]:
    """Every row that should be there was looked up; whatever is there beyond those is too much."""
    for table, count in database.beyond(whole.size).items():
        if count:
            yield Finding("rows_beyond", f"{table} has {count} rows of entries that the ledger does not have")
    derived = _DERIVED if statements else ("subject_version",)
    for table in derived:
        if stored[table] == whole.rows[table]:
            continue
        says = f"{table} has {stored[table]} rows for {whole.size} entries, the entries make {whole.rows[table]}"
        yield Finding("rows", says, None, {"table": table, "stored": stored[table], "made": whole.rows[table]})
        if table == "subject_version":
            yield from _extra_versions(database, whole)
        if table == "event":
            yield from _extra_events(database, whole)


def _derived_rows(database: RawReader, whole: Whole, stored: Mapping[str, int]) -> Iterator[Finding]:
    """Records and tags that no entry makes. Of an entry that could not be judged nobody knows how many it makes."""
    unjudged = {one.index for one in whole.findings} | {one.index for one in whole.deferred.withheld}
    for table, made in whole.derived_rows.items():
        if stored[table] == made.total:
            continue
        for index, count in database.derived_rows(table).items():
            if not isinstance(index, int):
                yield Finding(table, f"{table} has {count} rows of no entry")
            elif count > made.of(index) and index < whole.size and index not in unjudged:
                says = f"{table} has {count} rows for it, its statement makes {made.of(index)}"
                yield about(index, table, says, stored=count, made=made.of(index))


def _extra_versions(database: RawReader, whole: Whole) -> Iterator[Finding]:
    for subject, version, index in database.version_rows():
        good = isinstance(subject, bytes) and isinstance(version, int) and whole.lineage.has(subject, version)
        if not good and isinstance(index, int) and index < whole.size:
            name = subject.hex() if isinstance(subject, bytes) else repr(subject)
            says = f"subject_version says it made version {version} of subject {name}, its lineage does not"
            yield about(index, "subject_version", says, subject=name, version=version)


def _extra_events(database: RawReader, whole: Whole) -> Iterator[Finding]:
    rows = [(key, index) for key, index in database.event_rows() if isinstance(key, bytes) and len(key) == 32]
    known = whole.events.find({key for key, _ in rows})
    for key, index in rows:
        if key not in known and isinstance(index, int) and index < whole.size:
            says = f"event says it holds the event with key {key.hex()}, its statement does not"
            yield about(index, "event", says, key=key.hex())
