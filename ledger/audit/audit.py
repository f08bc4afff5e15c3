"""The conductor: passes over a source, one after the other, and a report of all that was found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ledger.audit.afterwards import Whole, judge_afterwards
from ledger.audit.authority import Authority, Epoch, fold_authority
from ledger.audit.crew import Crew, answer_or, crew
from ledger.audit.entries import Range, Task, check_range, find_registry, follows, unread_range
from ledger.audit.findings import Finding, about, in_order
from ledger.audit.heads import (
    Kept,
    Roots,
    former,
    judge_head,
    judge_incarnations,
    judge_kept,
    size_of,
    unwitnessed,
)
from ledger.audit.hindsight import judge_time_order, tell_hindsight
from ledger.audit.levels import judge_levels
from ledger.audit.lineage import Keys, Lineage
from ledger.audit.passports import Judged, judge_passports, passports_checked, passports_not_checked
from ledger.audit.sources import DatabaseSource, Outline, Source, check_file
from ledger.kernel.entry import Entry
from ledger.kernel.hashing import NO_HASH
from ledger.kernel.trust import Trust
from ledger.lots.hindsight import Short
from ledger.merkle.built import Built
from ledger.merkle.columns import hashes
from ledger.rules import rule_set

Progress = Callable[[str, int, int], None]  # what is being done, entries done, entries in all
_SMALL = 4096  # entries that are checked sooner than worker processes start


@dataclass(frozen=True, slots=True)
class Order:
    """What to audit. `kept` are heads that somebody holds; `trust` says whose signatures on them are believed.

    Without `statements` only what needs none is checked. `jobs` is how many processes may work; `levels` is the folder
    of the ledger's level files, where it is at hand. Footprints are written to the file `footprints`, where one is
    named, of a ledger of which nothing else is wrong.
    """

    source: Source
    kept: tuple[Kept, ...] = ()
    trust: Trust | None = None
    statements: bool = True
    jobs: int = 1
    levels: Path | None = None
    footprints: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit gave: clean where there are no findings. `notes` are no faults, but a reader should know them.

    `root` is what the stored leaves lead to, None where some are missing.
    """

    size: int
    root: bytes | None
    subjects: int
    signatures: int
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    checked: tuple[str, ...]
    not_checked: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json: complete."""
        return {
            "type": "coilmark.audit/v1",
            "clean": not self.findings,
            "size": self.size,
            "root": None if self.root is None else self.root.hex(),
            "subjects": self.subjects,
            "signatures": self.signatures,
            "findings": [finding.as_dict() for finding in self.findings],
            "notes": [note.as_dict() for note in self.notes],
            "checked": list(self.checked),
            "not_checked": list(self.not_checked),
        }


def audit(order: Order, *, progress: Progress = lambda _what, _done, _all: None) -> Report:
    """Derive everything again and report all that differs. Raises Missing where there is nothing to audit."""
    outline = order.source.outline()
    findings = list(outline.findings)
    with crew(_processes(order, outline)) as workers:
        authority = None
        if order.statements and (outline.size or not findings):
            authority, wrong = _authority(order.source, outline, workers, progress)
            findings += wrong
        file = workers.aside(check_file, order.source.path) if isinstance(order.source, DatabaseSource) else None
        epochs = authority.epochs if authority is not None else ()
        tasks = _tasks(order.source, outline, authority, statements=order.statements)
        whole = _fold(tasks, workers, _sizes(order, outline, epochs), progress, order.levels)
        if file is not None:
            of_file = answer_or(file, [Finding("file", "SQLite's own check of the file was brought down")])
            findings += of_file
        after = judge_afterwards(order.source, whole, authority, workers, statements=order.statements)
        short = judge_time_order(whole.movements, workers)
    told = {(one.code, one.index) for one in findings}  # a key statement is judged twice: as such, and in the registry
    findings += [one for one in whole.findings if (one.code, one.index) not in told or one.index is None]
    findings += after.findings
    if authority is not None and outline.uri != authority.uri:
        findings.append(Finding("uri", f"it says it is ledger {outline.uri}, index 0 says {authority.uri}"))
    heads, incarnations = _heads(order, outline, whole, epochs)
    findings += heads
    sound = authority is not None and not findings
    passports, hindsight = _at_last(order, outline, whole, short, progress) if sound else (None, [])
    findings += passports.findings if passports is not None else ()
    return Report(
        size=outline.size,
        root=None if whole.missing else whole.roots.at[outline.size],
        subjects=whole.lineage.subjects,
        signatures=whole.signatures,
        findings=tuple(sorted(set(findings), key=in_order)),
        notes=(
            *after.notes,
            *incarnations,
            *hindsight,
            *(note for kept in order.kept for note in unwitnessed(kept, order.trust)),
        ),
        checked=(*_checked(order, outline, whole), *passports_checked(passports)),
        not_checked=(
            *_not_checked(order, outline, epochs, authority),
            *passports_not_checked(passports, order.footprints),
        ),
    )


def _at_last(
    order: Order, outline: Outline, whole: Whole, short: Sequence[Short], progress: Progress
) -> tuple[Judged | None, list[Finding]]:
    """What is judged from records, and so only where all of these are as they must be."""
    if not isinstance(order.source, DatabaseSource):
        return None, []
    hindsight = tell_hindsight(order.source.path, whole.size, whole.movements, short, progress)
    tree = Built(hashes(pa.py_buffer(whole.lineage.leaves)))
    with crew(_processes(order, outline)) as workers:
        passports = whole.deferred.passports
        judged = judge_passports(order.source.path, tree, passports, workers, progress, table=order.footprints)
    return judged, hindsight


def _processes(order: Order, outline: Outline) -> int:
    if order.source.isolated:
        return max(1, order.jobs)
    return order.jobs if order.jobs > 1 and outline.size > _SMALL else 0


def _tasks(source: Source, outline: Outline, authority: Authority | None, *, statements: bool) -> list[Task]:
    return [Task(source, start, end, authority, statements) for start, end in outline.ranges]


def _authority(
    source: Source, outline: Outline, workers: Crew, progress: Progress
) -> tuple[Authority | None, list[Finding]]:
    """The registry, from what a first pass over all statements finds."""
    history: list[tuple[int, bytes]] = []
    tasks = _tasks(source, outline, None, statements=True)
    for task, found in zip(tasks, workers.in_order(find_registry, tasks, lambda _task: []), strict=True):
        history += found
        progress("reading the registry", task.end, outline.size)
    return fold_authority(history)


def _sizes(order: Order, outline: Outline, epochs: Sequence[Epoch]) -> set[int]:
    """The sizes at which some head gives a root to compare with."""
    return {size for kept in (*_kept(order, outline), *former(epochs)) if (size := size_of(kept)) is not None}


def _kept(order: Order, outline: Outline) -> tuple[Kept, ...]:
    own = () if outline.checkpoint is None else (Kept("the checkpoint of the export", outline.checkpoint),)
    return (*order.kept, *own)


def _fold(tasks: Sequence[Task], workers: Crew, sizes: set[int], progress: Progress, levels: Path | None) -> Whole:
    """Check every range, and fold what the ranges give in index order; roots at these sizes and at the end."""
    size = tasks[-1].end if tasks else 0
    wanted = sizes | {size}
    whole = Whole(size, Roots(size, {}), Lineage(), Keys(), Keys())
    last: Entry | None = None
    for part in workers.in_order(check_range, tasks, _lost):
        whole.findings += part.findings
        whole.findings += _joint(last, part)
        last = part.last
        _take(whole, part)
        progress("checking entries", part.end, size)
    tree = Built(hashes(pa.py_buffer(whole.lineage.leaves)))
    if levels is not None and not whole.missing:
        whole.findings += judge_levels(levels, tree)
    return replace(whole, roots=Roots(size, {one: tree.root(one) for one in wanted if one <= size}))


def _take(whole: Whole, part: Range) -> None:
    """What only the whole can judge, of one range more."""
    heads = set(part.deferred.heads)
    for index, (leaf, items) in enumerate(zip(part.leaves, part.items, strict=True), part.start):
        if index in heads and not whole.lineage.is_everything(items):
            says = f"it is to name the newest version of each of {whole.lineage.subjects} subjects, and does not"
            whole.findings.append(about(index, "heads", says))
        whole.findings += whole.lineage.add(index, leaf, items)
    whole.take(part)


def _joint(last: Entry | None, part: Range) -> list[Finding]:
    """Chain and time from one range to the next; before index 0 there is nothing."""
    if part.first is None:
        return []
    if part.start == 0:
        good = part.first.previous == NO_HASH
        return [] if good else [about(0, "chain", "its previous leaf hash is not zero, though nothing is before it")]
    return follows(last, last.leaf, part.first, part.start) if last is not None else []


def _lost(task: Task) -> Range:
    """A range whose process died: a decoder was brought down by what it read."""
    count = task.end - task.start
    return Range(
        task.start,
        task.end,
        findings=[unread_range(task, "the process that read them was brought down")],
        leaves=[NO_HASH] * count,
        items=[b""] * count,
        missing=list(range(task.start, task.end)),
    )


def _heads(
    order: Order, outline: Outline, whole: Whole, epochs: Sequence[Epoch]
) -> tuple[list[Finding], list[Finding]]:
    """Findings and notes about every place that says how far the ledger goes."""
    if whole.missing:
        count = len(whole.missing)
        says = f"no root can be made beyond entry {whole.missing[0]}: {count} entries are missing or cannot be read"
        return [Finding("root_unknown", says)], []
    findings = judge_head(outline.root, whole.roots)
    for kept in _kept(order, outline):
        findings += judge_kept(kept, whole.roots, epochs, order.trust)
    more, notes = judge_incarnations(epochs, whole.roots)
    return [*findings, *more], notes


def _checked(order: Order, outline: Outline, whole: Whole) -> tuple[str, ...]:
    said = [f"{outline.size} entries: bytes, leaf hash, chain, time, lineage digest; every link newest, exact, unique"]
    said.append(f"the root of all leaves, and the newest version of {whole.lineage.subjects} subjects")
    if order.statements:
        said.append(f"{whole.signatures} signatures, with key, role and prefix as of their entry")
        said.append("each statement's form, body, disclosures and implied lineage; ids used once")
    if isinstance(order.source, DatabaseSource):
        records = whole.derived_rows["state_record"].total - whole.energy_rows
        said.append(f"{records} records of lots: each what its event makes of those before it, by the lot rules")
        found = ", ".join(f"{rule} {count}" for rule, count in sorted(whole.lot_rules.items()))
        said.append(f"findings that the lot rules record and do not refuse, by rule: {found or 'none'}")
        says = "each what its statement makes of those before it, by the energy rules"
        said.append(f"{whole.energy_rows} records of power, contracts and emissions: {says}")
        said.append("the database file, its schema and triggers, and every derived row")
    if order.levels is not None and not whole.missing:
        said.append("the level files, node by node")
    believed = order.trust is not None or order.statements
    said += [f"{one.name}: {'signature and ' * (one.signed and believed)}consistency" for one in _kept(order, outline)]
    return tuple(said)


def _other_rules(authority: Authority | None) -> Iterator[str]:
    """Rule sets by name that are not, byte for byte, what this program judges by."""
    own = rule_set()
    for one in authority.registry.rules if authority is not None else ():
        if (one.id, one.digest) != (own["id"], own["digest"]):
            yield (
                f"whether {one.id}, in force from entry {one.since} on, is what this program judges by: its digest is "
                f"{one.digest}, that of {own['id']} here is {own['digest']}"
            )


def _not_checked(
    order: Order, outline: Outline, epochs: Sequence[Epoch], authority: Authority | None
) -> tuple[str, ...]:
    said = []
    if not order.statements:
        said.append("statements, signatures, keys, roles and what each statement implies (--lineage)")
    if not any(one.signed for one in order.kept):
        said.append(
            "whether this is the history that others were shown: give a checkpoint kept from earlier (--against)"
        )
    signed = any(one.signed for one in order.kept) or outline.checkpoint is not None
    if signed and order.trust is None:
        whose = "the log keys that the ledger itself names were believed" if epochs else "no log key was known"
        said.append(f"the log's signature against a trust file (--trust): {whose}")
    said += _other_rules(authority)
    if not isinstance(order.source, DatabaseSource) or not order.statements:
        said.append("the lot rules and the energy rules: they are judged on the ledger's own database")
    said.append("whether what parties signed is true")
    return tuple(said)
