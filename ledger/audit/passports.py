"""Every passport computed again, as of the state that it names, from the records of that state (SPEC 4.6).

For a ledger in which nothing else was found: records are held against their events elsewhere, and believed here.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ledger.audit.findings import Finding, about
from ledger.audit.footprints import Accounts
from ledger.carbon.closing import by_rule
from ledger.issuing.footprints import Footprints
from ledger.issuing.passport_source import StoreSource
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.party import Registry, apply, begin
from ledger.kernel.statement import Statement, parse
from ledger.merkle.built import Built
from ledger.passport.body import shown
from ledger.passport.footprint import of_mass
from ledger.passport.issue import Basis, body_of
from ledger.passport.story import Told
from ledger.rules import judges_energy, rule_set
from ledger.store.store import Location, Transaction, open_store
from schemas.arrow import HASH

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Judged:
    """How many passports are as they must be computed, how many follow another rule set, and what is wrong.

    `footprints` of them state one, computed again; `unaccounted` state one as of states that were not computed again.
    """

    same: int = 0
    other_rules: int = 0
    footprints: int = 0
    unaccounted: int = 0
    periods: Mapping[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def judge_passports(location: Location, size: int, entries: Sequence[int], progress: Progress) -> Judged:
    """The passports of these entries, all below `size`. Raises what the store raises."""
    result = Judged()
    if not entries:
        return result
    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        leaves, registries = transaction.leaves(0, size), _registries(transaction)
        tree = Built(pa.array(leaves, HASH))
        accounts, told = Accounts(transaction, entries, registries, tree), dict[int, Told]()
        for done, index in enumerate(entries):
            progress("passports", done, len(entries))
            statement = parse(transaction.entry(index).wire)
            basis = _basis(statement, index, leaves, tree, registries)
            source = StoreSource(transaction, basis.size, told)
            _judge(result, (index, statement), source, basis, accounts)
        if judges_energy(registries[-1][1].rules_at(size)):
            result.periods = by_rule(accounts.at(size).findings)
    return result


def passports_checked(judged: Judged | None) -> Iterator[str]:
    """What a report says was checked; None where nothing was."""
    if judged is not None:
        yield "availability again in the order of event times, and every delivery by what left and what arrived"
        yield f"{judged.same} passports: each what the rules compute as of the state it names"
        told = ", ".join(f"{rule} {count}" for rule, count in judged.periods.items())
        yield f"findings in closed periods, by rule: {told or 'none'}"
        yield f"{judged.footprints} footprints on them, from every signed statement below the state they name"


def passports_not_checked(judged: Judged | None) -> Iterator[str]:
    """What a report says was not."""
    if judged is None:
        yield "passports: they are computed again on the ledger's own database, where nothing else is wrong"
        return
    if judged.other_rules:
        yield f"{judged.other_rules} passports whose figures follow a rule set that this program does not have"
    if judged.unaccounted:
        yield f"the footprints of {judged.unaccounted} passports as of older states"


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


def _judge(
    result: Judged, passport: tuple[int, Statement], source: StoreSource, basis: Basis, accounts: Accounts
) -> None:
    index, statement = passport
    said, rules = statement.body, rule_set()
    if any(one["rules"] != rules for one in said["figures"]):
        result.other_rules += 1
        return
    footprints = _accounted(result, said, basis, accounts)
    of_it = footprints.of(said["piece"]) if footprints is not None else None
    try:
        made = shown(body_of(said["piece"], source, basis, rules, of_it))
    except CoilmarkError as error:
        result.findings.append(about(index, "passport", f"its passport cannot be computed again: {error.sentence}"))
        return
    if "accounts" in said and footprints is None:
        said = dict(of_mass(said))
    wrong = sorted(member for member in {*said, *made} if said.get(member) != made.get(member))
    if wrong or basis.size > index:
        says = f"its passport of {said['piece']} has another {', '.join(wrong) or 'as_of'} than the ledger gives"
        result.findings.append(about(index, "passport", says, members=wrong))
    else:
        result.same += 1
        result.footprints += footprints is not None


def _accounted(result: Judged, said: Mapping[str, Any], basis: Basis, accounts: Accounts) -> Footprints | None:
    """The footprints of the state that it names; a later state than its own is none."""
    if "accounts" not in said:
        return None
    size = int(said["accounts"]["size"])
    found = accounts.of(min(size, basis.size))
    result.unaccounted += found is None
    return found


def _registries(transaction: Transaction) -> list[tuple[int, Registry]]:
    """The registry after each statement that changed it."""
    found: list[tuple[int, Registry]] = []
    for index in transaction.registry_indices():
        statement = parse(transaction.entry(index).wire)
        found.append((index, apply(found[-1][1], statement, index) if found else begin(statement)))
    return found
