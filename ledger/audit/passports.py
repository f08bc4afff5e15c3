"""Every passport computed again, as of the state that it names, from the records of that state (SPEC 4.6).

For a ledger in which nothing else was found: records are held against their events elsewhere, and believed here.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from ledger.audit.findings import Finding, about
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.hashing import node_hash
from ledger.kernel.party import Registry, apply, begin
from ledger.kernel.statement import Statement, parse
from ledger.passport.body import shown
from ledger.passport.issue import Basis, body_of
from ledger.passport_source import StoreSource
from ledger.rules import rule_set
from ledger.store.store import Location, Transaction, open_store

_BATCH = 2_000  # entries a query
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Judged:
    """How many passports are as they must be computed, how many follow another rule set, and what is wrong."""

    same: int = 0
    other_rules: int = 0
    findings: list[Finding] = field(default_factory=list)


def judge_passports(location: Location, size: int, progress: Progress) -> Judged:
    """All passports below `size`. Raises what the store raises."""
    result = Judged()
    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        found = list(_passports(transaction, size, progress))
        leaves = transaction.leaves(0, size) if found else []
        roots = _roots(leaves, {_as_of(statement) for _, statement in found})
        registries = _registries(transaction) if found else []
        for done, (index, statement) in enumerate(found):
            progress("passports", done, len(found))
            _judge(result, transaction, index, statement, _basis(statement, index, leaves, roots, registries))
    return result


def _passports(transaction: Transaction, size: int, progress: Progress) -> Iterator[tuple[int, Statement]]:
    for start in range(0, size, _BATCH):
        progress("looking for passports", start, size)
        for stored in transaction.entries(start, min(start + _BATCH, size)):
            if stored.typ == "passport":
                yield stored.index, parse(stored.wire)


def _as_of(statement: Statement) -> int:
    return int(statement.body["as_of"]["size"])


def _basis(
    statement: Statement,
    index: int,
    leaves: Sequence[bytes],
    roots: Mapping[int, bytes],
    registries: Sequence[tuple[int, Registry]],
) -> Basis:
    size = _as_of(statement)
    place = bisect_left([since for since, _ in registries], index) - 1
    return Basis(size, roots.get(size, b""), leaves.__getitem__, registries[place][1])


def _judge(result: Judged, transaction: Transaction, index: int, statement: Statement, basis: Basis) -> None:
    said, rules = statement.body, rule_set()
    if any(one["rules"] != rules for one in said["figures"]):
        result.other_rules += 1
        return
    try:
        made = shown(body_of(said["piece"], StoreSource(transaction, basis.size), basis, rules))
    except CoilmarkError as error:
        result.findings.append(about(index, "passport", f"its passport cannot be computed again: {error.sentence}"))
        return
    wrong = sorted(member for member in {*said, *made} if said.get(member) != made.get(member))
    if wrong or basis.size > index:
        says = f"its passport of {said['piece']} has another {', '.join(wrong) or 'as_of'} than the ledger gives"
        result.findings.append(about(index, "passport", says, members=wrong))
    else:
        result.same += 1


def _registries(transaction: Transaction) -> list[tuple[int, Registry]]:
    """The registry after each statement that changed it."""
    found: list[tuple[int, Registry]] = []
    for index in transaction.registry_indices():
        statement = parse(transaction.entry(index).wire)
        found.append((index, apply(found[-1][1], statement, index) if found else begin(statement)))
    return found


def _roots(leaves: Sequence[bytes], sizes: set[int]) -> Mapping[int, bytes]:
    """The root at each of these sizes: one walk over the leaves, with the whole subtrees so far by height."""
    roots: dict[int, bytes] = {}
    whole: list[tuple[int, bytes]] = []
    for count, leaf in enumerate(leaves if sizes else (), 1):
        height, node = 0, leaf
        while whole and whole[-1][0] == height:
            node, height = node_hash(whole.pop()[1], node), height + 1
        whole.append((height, node))
        if count in sizes:
            root = whole[-1][1]
            for _, left in reversed(whole[:-1]):
                root = node_hash(left, root)
            roots[count] = root
    return roots
