"""Every passport computed again, as of the state that it names, from the records of that state (SPEC 4.6).

For a ledger in which nothing else was found: records are held against their events elsewhere, and believed here.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import pyarrow as pa

from ledger.audit.findings import Finding, about
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.party import Registry, apply, begin
from ledger.kernel.statement import Statement, parse
from ledger.merkle.built import Built
from ledger.passport.body import shown
from ledger.passport.issue import Basis, body_of
from ledger.passport_source import StoreSource
from ledger.rules import rule_set
from ledger.store.store import Location, Transaction, open_store
from schemas.arrow import HASH

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Judged:
    """How many passports are as they must be computed, how many follow another rule set, and what is wrong."""

    same: int = 0
    other_rules: int = 0
    findings: list[Finding] = field(default_factory=list)


def judge_passports(location: Location, size: int, entries: Sequence[int], progress: Progress) -> Judged:
    """The passports of these entries, all below `size`. Raises what the store raises."""
    result = Judged()
    if not entries:
        return result
    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        leaves, registries = transaction.leaves(0, size), _registries(transaction)
        tree = Built(pa.array(leaves, HASH))
        for done, index in enumerate(entries):
            progress("passports", done, len(entries))
            statement = parse(transaction.entry(index).wire)
            basis = _basis(statement, index, leaves, tree, registries)
            _judge(result, transaction, index, statement, basis)
    return result


def passports_checked(judged: Judged | None) -> Iterator[str]:
    """What a report says was checked; None where nothing was."""
    if judged is not None:
        yield "availability again in the order of event times, and every delivery by what left and what arrived"
        yield f"{judged.same} passports: each what the rules compute as of the state it names"


def passports_not_checked(judged: Judged | None) -> Iterator[str]:
    """What a report says was not."""
    if judged is None:
        yield "passports: they are computed again on the ledger's own database, where nothing else is wrong"
    elif judged.other_rules:
        yield f"{judged.other_rules} passports whose figures follow a rule set that this program does not have"


def _basis(
    statement: Statement,
    index: int,
    leaves: Sequence[bytes],
    tree: Built,
    registries: Sequence[tuple[int, Registry]],
) -> Basis:
    size = int(statement.body["as_of"]["size"])
    place = bisect_left([since for since, _ in registries], index) - 1
    root = tree.root(size) if size <= tree.size else b""
    return Basis(size, root, leaves.__getitem__, registries[place][1])


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
