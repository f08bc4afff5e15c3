"""Step 9 of SPEC 7: the opened items are what the entry commits to, and what the statement implies."""

from collections.abc import Mapping

from ledger.kernel.errors import CoilmarkError, Malformed, Unverified
from ledger.kernel.implied import fits, implied
from ledger.kernel.lineage import NO_INDEX, Item, Opened, Role, check_opened
from ledger.kernel.party import Registry
from ledger.kernel.report import Steps
from ledger.kernel.statement import Statement
from ledger.kernel.subjects import NAMED_BY_OPERATOR, Implied, Want, may_create, subject_key
from ledger.kernel.verify_statements import Case, Shown


def check_lineage(steps: Steps, case: Case, registries: Mapping[int, Registry]) -> Mapping[bytes, Implied]:
    """(9) Commitment, links, roles and prefixes of every opened item. What the entry is about implies is returned.

    `registries` is empty for a receipt, which shows nothing of anybody's GS1 prefixes.
    """
    steps.begin(9)
    leaves = {one.index: one.entry.leaf for one in case.entries}
    wants: Mapping[bytes, Implied] = {}
    for one in case.entries:
        check_opened(one.opened, one.count, one.entry.lineage)
        _check_links(one, leaves)
        if one.statement is not None:
            found = _check_implied(one, one.statement, registries.get(one.index))
            wants = found if one.index == case.about else wants
    _say(steps, case.told, with_links=bool(registries))
    return wants


def _say(steps: Steps, told: Shown, *, with_links: bool) -> None:
    if not told.opened:
        steps.not_checked(
            9, f"no lineage item of entry {told.index} is shown, so that nothing proves its count of {told.count}"
        )
        return
    opened = f"{len(told.opened)} of {told.count} lineage items of entry {told.index} are opened and committed to by it"
    if told.statement is None:
        steps.not_checked(9, f"{opened}; {told.why_not}, which would tell what they must be")
        return
    if told.statement.withheld:
        steps.passed(f"{opened}; they fit what the statement shows, and more may be implied by what it withholds")
        return
    rest = "" if with_links else "; a receipt shows neither the entries they link to nor the issuer's GS1 prefixes"
    steps.passed(f"{opened}, and are those the statement implies, each in its role{rest}")


def _check_links(one: Shown, leaves: Mapping[int, bytes]) -> None:
    """Links go back, and agree with every entry that is at hand."""
    for found in one.opened:
        item = found.item
        if item.index != NO_INDEX and item.index >= one.index:
            raise Unverified(
                "lineage_link",
                f"an item of entry {one.index} links to entry {item.index}, which is not before it",
                step=9,
            )
        if leaves.get(item.index, item.leaf) != item.leaf:
            raise Unverified(
                "lineage_link",
                f"an item of entry {one.index} links to entry {item.index} with another leaf hash than that entry has",
                step=9,
            )


def _check_implied(one: Shown, statement: Statement, registry: Registry | None) -> Mapping[bytes, Implied]:
    wants = _wants(one.index, statement)
    for found in one.opened:
        want = wants.get(found.item.subject)
        if want is None:
            _check_further(one, statement, found)
            continue
        if not statement.withheld:  # what is withheld may ask for more, or turn all of it into touches
            _check_role(one, want, found.item)
        if registry is not None and found.item.role is Role.CREATE:
            _check_prefix(one, statement, want, registry)
    if not _further_items(statement):
        _check_places(one, wants)
    _check_missing(one, wants)
    return wants


def _wants(index: int, statement: Statement) -> dict[bytes, Implied]:
    """By subject key, with the issuer's party (SPEC 4.4). What is withheld implies nothing here."""
    try:
        found = implied(statement.typ, statement.iss, statement.aud, statement.body)
    except (CoilmarkError, KeyError, TypeError, ValueError, AttributeError) as error:
        # No schema was applied here: a body that the table of SPEC 4.4 cannot read is not in its form.
        said = error.sentence if isinstance(error, CoilmarkError) else f"its body lacks the form of a {statement.typ}"
        raise Malformed("body", f"the statement of entry {index}: {said}") from error
    wants = {one.key: one for one in found}
    wants.setdefault(subject_key("party", statement.iss), Implied("party", statement.iss, Want.REFERENCE))
    return wants


def _further_items(statement: Statement) -> frozenset[Role]:
    """Roles of items beyond the table of SPEC 4.4: of every subject for `heads`, of the event declared wrong."""
    if statement.withheld:
        return frozenset(Role)
    if statement.typ == "heads":
        return frozenset({Role.REFERENCE})
    return frozenset({Role.TOUCH}) if "errorDeclaration" in statement.body else frozenset()


def _check_further(one: Shown, statement: Statement, found: Opened) -> None:
    if found.item.role not in _further_items(statement):
        raise Unverified(
            "lineage_implied",
            f"the item at position {found.position} of entry {one.index} is of a subject that its statement does not "
            "imply",
            step=9,
        )


def _check_role(one: Shown, want: Implied, item: Item) -> None:
    if not fits(want, item.role, item.version):
        raise Unverified(
            "lineage_role",
            f"entry {one.index} has {want.kind} {want.id} in role {item.role.name.lower()}, version {item.version}; "
            f"its statement implies {want.want.value}",
            step=9,
        )


def _check_prefix(one: Shown, statement: Statement, want: Implied, registry: Registry) -> None:
    """SPEC 4.4: who makes an id owns its GS1 prefix. The operator names parties and the ledger."""
    if want.kind in NAMED_BY_OPERATOR:
        return
    owner = str(statement.body["id"]) if statement.typ == "party" else statement.iss
    prefixes = registry.party(owner).prefixes
    if not may_create(want.id, owner, prefixes):
        raise Unverified(
            "prefix",
            f"entry {one.index} makes {want.kind} {want.id}, but the GS1 prefixes of {owner} are "
            f"{', '.join(prefixes) or 'none'}",
            step=9,
        )


def _check_places(one: Shown, wants: Mapping[bytes, Implied]) -> None:
    """Where the whole list is known, so is its length and everyone's position in it."""
    if one.count != len(wants):
        raise Unverified(
            "lineage_implied",
            f"entry {one.index} has {one.count} lineage items, its statement implies {len(wants)}",
            step=9,
        )
    place = {subject: position for position, subject in enumerate(sorted(wants))}
    for found in one.opened:
        if place[found.item.subject] != found.position:
            raise Unverified(
                "lineage_implied",
                f"the item of {wants[found.item.subject].id} stands at position {found.position} of entry {one.index}, "
                f"not {place[found.item.subject]}",
                step=9,
            )


def _check_missing(one: Shown, wants: Mapping[bytes, Implied]) -> None:
    shown = {found.item.subject for found in one.opened}
    for subject, want in wants.items():
        if subject not in shown and len(shown) == one.count:
            raise Unverified(
                "lineage_implied", f"entry {one.index} has no item of {want.kind} {want.id}, which it implies", step=9
            )
