"""Footprints computed again, as of the states that passports name: one walk through the ledger, from state to state.

What was signed is read once, and each state goes on from the one before; the accounts are made anew at each.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from ledger.audit.findings import Finding
from ledger.audit.steps import step_in
from ledger.carbon.closing import by_rule
from ledger.checking.quick_json import parse_quickly
from ledger.issuing.carbon_source import GivenReader, batches_in
from ledger.issuing.footprint_table import write_table
from ledger.issuing.footprints import Footprints, footprints_of
from ledger.issuing.remembering import Memory, Remembered
from ledger.kernel.party import Registry, apply, begin
from ledger.kernel.statement import parse
from ledger.passport.evidence import evidence_of, in_ranges
from ledger.passport.footprint import MEMBERS, Accounted, figures_of, members_of, of_mass
from ledger.passport.story import story_of
from ledger.rules import judges_energy, rule_set
from ledger.store.store import Location, Transaction, open_store

_ENTRIES = 4_000_000  # of all states together, in which footprints are computed again
_TIMES = 16  # what the newest has, where that is more: a year whose passports are made again every four weeks has 7


@dataclass(frozen=True, slots=True)
class State:
    """A state of a ledger with its root, and the passports that state footprints of it."""

    size: int
    root: bytes
    passports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """Some states of a ledger, ascending; the last is the newest.

    Every piece's newest footprint goes into the file `table`, where one is named; a step into the file `steps` for each
    batch of entries that is read, and for each that a state has when its footprints are computed.
    """

    location: Location
    states: tuple[State, ...]
    table: Path | None = None
    steps: Path | None = None

    @property
    def newest(self) -> State:
        """There is nothing later."""
        return self.states[-1]

    @property
    def length(self) -> int:
        """How many steps it is, where no entry has to be read again."""
        sizes = [0, *(one.size for one in self.states)]
        return sum(batches_in(size - before) + batches_in(size) for before, size in pairwise(sizes))


@dataclass(slots=True)
class Held:
    """What passports were held against, by their entries.

    `accounted` state the footprints that their state gives; of others, `wrong` has the members that are not as computed
    and `pieces` what they are of. `other_rules` are not judged. `periods`: how often closed periods break each rule.
    `tabled`: how many footprints were written to the table.
    """

    accounted: set[int] = field(default_factory=set)
    wrong: dict[int, set[str]] = field(default_factory=dict)
    pieces: dict[int, str] = field(default_factory=dict)
    other_rules: set[int] = field(default_factory=set)
    periods: Mapping[str, int] = field(default_factory=dict)
    tabled: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, more: "Held") -> None:
        """What another task gave."""
        self.accounted |= more.accounted
        for index, members in more.wrong.items():
            self.note(index, more.pieces[index], members)
        self.other_rules |= more.other_rules
        self.periods = {**self.periods, **more.periods}
        self.tabled += more.tabled
        self.findings += more.findings

    def note(self, index: int, piece: str, members: Collection[str]) -> None:
        """A passport whose members are not as computed."""
        self.pieces[index] = piece
        self.wrong.setdefault(index, set()).update(members)


def hold_footprints(walk: Walk) -> Held:
    """Compute the footprints of each state, and hold its passports against them. Raises what the store raises."""
    held, newest = Held(), walk.newest
    with closing(open_store(walk.location, write=False)) as store, store.reading() as transaction:
        registries, reader, memory = registries_of(transaction), GivenReader(), Memory(transaction, newest.size)
        judged = judges_energy(registry_before(registries, newest.size).rules_at(newest.size))
        for state in walk.states:
            if not (state.passports or (state is newest and (judged or walk.table))):
                continue
            registry, tell = registry_before(registries, state.size), partial(step_in, walk.steps)
            footprints = footprints_of(transaction, registry, state.size, state.root, tell=tell, read=reader.at)
            _hold_state(held, state, footprints, memory)
            for _ in range(batches_in(state.size)):
                tell()
            if state is newest:
                held.periods = by_rule(footprints.findings) if judged else {}
                held.tabled = write_table(footprints.account, footprints.used, walk.table) if walk.table else 0
    return held


def lost_footprints(walk: Walk) -> Held:
    """Where the process that computed them was brought down."""
    sizes = ", ".join(str(one.size) for one in walk.states)
    says = f"footprints as of {sizes} entries were not computed: the process that did was brought down"
    return Held(findings=[Finding("passport", says)])


def follows_others(said: Mapping[str, Any], rules: Mapping[str, str]) -> bool:
    """Whether a passport has figures under another rule set."""
    return any(one["rules"] != rules for one in said["figures"])


def affordable(states: Collection[int]) -> set[int]:
    """The newest states, until they had more entries together than sixteen times the newest, and than four million."""
    kept, entries, most = set[int](), 0, max(_ENTRIES, _TIMES * max(states, default=0))
    for size in sorted(states, reverse=True):
        entries += size
        if entries > most:
            break
        kept.add(size)
    return kept


def registries_of(transaction: Transaction) -> list[tuple[int, Registry]]:
    """The registry after each statement that changed it."""
    found: list[tuple[int, Registry]] = []
    for index in transaction.registry_indices():
        statement = parse(transaction.entry(index).wire)
        found.append((index, apply(found[-1][1], statement, index) if found else begin(statement)))
    return found


def registry_before(registries: Sequence[tuple[int, Registry]], index: int) -> Registry:
    """As it was when entry `index` came."""
    return registries[bisect_left([since for since, _ in registries], index) - 1][1]


def _hold_state(held: Held, state: State, footprints: Footprints, memory: Memory) -> None:
    """All passports of a state."""
    rules = rule_set()
    for index in state.passports:
        said = parse_quickly(memory.transaction.entry(index).wire).body
        _hold(held, (index, said), footprints, memory.as_of(said["as_of"]["size"]), rules)


def _hold(
    held: Held,
    passport: tuple[int, Mapping[str, Any]],
    footprints: Footprints,
    source: Remembered,
    rules: Mapping[str, str],
) -> None:
    index, said = passport
    if follows_others(said, rules):
        return
    wrong = set(_differing(said, footprints, source, rules))
    if wrong:
        held.note(index, said["piece"], wrong)
    else:
        held.accounted.add(index)


def _differing(
    said: Mapping[str, Any], footprints: Footprints, source: Remembered, rules: Mapping[str, str]
) -> Iterator[str]:
    """The members of a passport that speak of its footprint and are not what the state gives."""
    found = footprints.of(said["piece"])
    made = {**members_of(found), **_evidence(found, said["piece"], source)} if found is not None else {}
    figures = list(figures_of(found.footprint, rules)) if found is not None else []
    yield from (name for name in MEMBERS if said.get(name) != made.get(name))
    if said["figures"] != [*of_mass(said)["figures"], *figures]:
        yield "figures"


def _evidence(found: Accounted, piece: str, source: Remembered) -> Mapping[str, Any]:
    """What the footprint follows from, as a passport names it (SPEC 12.9)."""
    if found.followed_back() is None:
        return {}
    entries = evidence_of(found, story_of(piece, source), source)
    return {"evidence": in_ranges(entries)} if entries else {}
