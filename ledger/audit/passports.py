"""Every passport computed again, as of the state that it names, from the records of that state (SPEC 4.6).

For a ledger in which nothing else was found: records are held against their events elsewhere, and believed here.
Footprints are held against what their whole state gives, by one process that goes from state to state; everything else
passport by passport, by others meanwhile, where there are any.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledger.audit.crew import Crew
from ledger.audit.deferred import Issued
from ledger.audit.findings import Finding, about
from ledger.audit.footprints import (
    Held,
    State,
    Walk,
    affordable,
    follows_others,
    hold_footprints,
    lost_footprints,
    registries_of,
    registry_before,
)
from ledger.audit.steps import watched
from ledger.checking.quick_json import parse_quickly
from ledger.hashing import tree_root
from ledger.issuing.remembering import Bodies, Memory, Remembered
from ledger.kernel.errors import CoilmarkError
from ledger.merkle.built import Built
from ledger.passport.evidence import of_ranges
from ledger.passport.footprint import of_mass
from ledger.passport.issue import Basis
from ledger.rules import rule_set
from ledger.store.store import Location, open_store

Progress = Callable[[str, int, int], None]
_TOGETHER = 512  # passports a task, at least
_TASKS = 64  # at most, and a few more
_FOOTPRINTS = "footprints"


@dataclass(slots=True)
class Judged:
    """How many passports are as they must be computed, how many follow another rule set, and what is wrong.

    `footprints` of them state one, computed again; `unaccounted` state one as of the sizes `left_out`, ascending, of
    which none was computed again.
    `tabled` footprints of pieces were written to a table.
    """

    same: int = 0
    other_rules: int = 0
    footprints: int = 0
    unaccounted: int = 0
    left_out: Sequence[int] = ()
    tabled: int = 0
    periods: Mapping[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """Some passports, each with the root of the state that it names; `done`: with those of the parts before.

    `size` is that of the ledger.
    """

    location: Location
    size: int
    done: int
    passports: tuple[tuple[Issued, bytes], ...]


def judge_passports(
    location: Location,
    tree: Built,
    passports: Sequence[Issued],
    workers: Crew,
    progress: Progress,
    *,
    table: Path | None = None,
) -> Judged:
    """These passports, of a ledger of which this is the tree; footprints of all pieces go into the file `table`.

    Raises what the store raises.
    """
    if not passports and table is None:
        return Judged()
    walk, parts = _walk(location, tree, passports, table), parts_of(location, tree, passports)
    held = _held(walk, parts, workers, progress)
    return _judged(passports, held, {one.size for one in walk.states})


def _held(walk: Walk, parts: Sequence[Part], workers: Crew, progress: Progress) -> Held:
    """The walk and all parts. The walk takes one process long: meanwhile others go on with the parts."""
    held, steps = Held(), walk.length
    progress(_FOOTPRINTS, 0, steps)
    with TemporaryDirectory(prefix="coilmark-audit-") as folder:
        path = Path(folder) / "steps"
        walk = replace(walk, steps=path)
        # More steps than expected are made where a declaration of error has all read again.
        with watched(path, lambda done: progress(_FOOTPRINTS, min(done, steps), steps)):
            walked = workers.aside(hold_footprints, walk)
            for part, found in zip(parts, workers.in_order(hold_rest, parts, lost_rest), strict=True):
                held.add(found)
                progress("passports", part.done, parts[-1].done)
            held.add(workers.answer(walked, hold_footprints, walk, lost_footprints))
    progress(_FOOTPRINTS, steps, steps)
    return held


def passports_checked(judged: Judged | None) -> Iterator[str]:
    """What a report says was checked; None where nothing was."""
    if judged is not None:
        yield "availability again in the order of event times, and every delivery by what left and what arrived"
        yield f"{judged.same} passports: each what the rules compute as of the state it names"
        told = ", ".join(f"{rule} {count}" for rule, count in judged.periods.items())
        yield f"findings in closed periods, by rule: {told or 'none'}"
        yield f"{judged.footprints} footprints on them, from every signed statement below the state they name"
        if judged.tabled:
            yield f"{judged.tabled} footprints of pieces, written as they were computed again"


def passports_not_checked(judged: Judged | None, table: Path | None) -> Iterator[str]:
    """What a report says was not."""
    if judged is None:
        yield "passports: they are computed again on the ledger's own database, where nothing else is wrong"
        yield from () if table is None else (f"footprints: for that reason none were written to {table}",)
        return
    if judged.other_rules:
        yield f"{judged.other_rules} passports whose figures follow a rule set that this program does not have"
    if judged.left_out:
        first, last = judged.left_out[0], judged.left_out[-1]
        which = f"{len(judged.left_out)} older states, of {first} to {last} entries"
        yield f"the footprints of {judged.unaccounted} passports as of {which}"


def hold_rest(part: Part) -> Held:
    """Compute the passports of a part again but for their footprints. Raises what the store raises."""
    held = Held()
    with closing(open_store(part.location, write=False)) as store, store.reading() as transaction:
        registries, memory, bodies = registries_of(transaction), Memory(transaction, part.size), Bodies(rule_set())
        for one, root in part.passports:
            basis = Basis(one.as_of, root, memory.leaf, registry_before(registries, one.index), tree_root)
            said = parse_quickly(transaction.entry(one.index).wire).body
            _hold(held, (one, said), memory.as_of(one.as_of), basis, bodies)
    return held


def lost_rest(part: Part) -> Held:
    """Where the process that computed them was brought down."""
    says = f"{len(part.passports)} passports were not computed again: the process that did was brought down"
    return Held(findings=[about(part.passports[0][0].index, "passport", says)])


def _hold(
    held: Held, passport: tuple[Issued, Mapping[str, Any]], source: Remembered, basis: Basis, bodies: Bodies
) -> None:
    one, said = passport
    if follows_others(said, bodies.rules):
        held.other_rules.add(one.index)
        return
    try:
        made = bodies.of(said["piece"], source, basis, _evidence(said))
    except CoilmarkError as error:
        held.findings.append(about(one.index, "passport", f"its passport cannot be computed again: {error.sentence}"))
        return
    rest = of_mass(said) if one.accounts is not None else said
    wrong = {member for member in {*rest, *made} if rest.get(member) != made.get(member)}
    wrong |= {"as_of"} if one.as_of > one.index else set()
    if wrong:
        held.note(one.index, said["piece"], wrong)


def _evidence(said: Mapping[str, Any]) -> Sequence[int]:
    """What a passport names beside its inputs: whether that is so, who computes its footprint tells."""
    try:
        return sorted(of_ranges(said.get("evidence", ()))) if "accounts" in said else ()
    except ValueError:
        return ()  # then its inputs are others


def _walk(location: Location, tree: Built, passports: Sequence[Issued], table: Path | None) -> Walk:
    """Through what passports name and can be computed again, to the newest state."""
    stated: dict[int, list[int]] = defaultdict(list)
    for one in passports:
        if one.accounts is not None:
            stated[min(one.accounts, tree.size)].append(one.index)
    sizes = sorted({tree.size, *affordable(stated)})
    return Walk(location, tuple(State(size, tree.root(size), tuple(stated[size])) for size in sizes), table)


def parts_of(location: Location, tree: Built, passports: Sequence[Issued]) -> list[Part]:
    """Passports in tasks, those of one piece next to each other: they share its history."""
    together = max(_TOGETHER, len(passports) // _TASKS)
    first: dict[str, int] = {}
    for one in passports:
        first.setdefault(one.piece, one.index)
    ordered = sorted(passports, key=lambda one: (first[one.piece], one.index))
    parts = []
    for start in range(0, len(ordered), together):
        some = ordered[start : start + together]
        rooted = tuple((one, tree.root(one.as_of) if one.as_of <= tree.size else b"") for one in some)
        parts.append(Part(location, tree.size, start + len(some), rooted))
    return parts


def _judged(passports: Sequence[Issued], held: Held, states: Collection[int]) -> Judged:
    """Of all of them. A passport whose statement is not as computed is one finding, whatever of it is not."""
    findings = held.findings + [
        about(index, "passport", _differs(held.pieces[index], sorted(wrong)), members=sorted(wrong))
        for index, wrong in held.wrong.items()
    ]
    bad = {one.index for one in findings} | held.other_rules
    same = {one.index for one in passports} - bad
    left = [
        one.accounts
        for one in passports
        if one.accounts is not None and one.accounts not in states and one.index not in held.other_rules
    ]
    return Judged(
        same=len(same),
        other_rules=len(held.other_rules),
        footprints=len(held.accounted & same),
        unaccounted=len(left),
        left_out=sorted(set(left)),
        tabled=held.tabled,
        periods=held.periods,
        findings=findings,
    )


def _differs(piece: str, wrong: Sequence[str]) -> str:
    return f"its passport of {piece} has another {', '.join(wrong)} than the ledger gives"
