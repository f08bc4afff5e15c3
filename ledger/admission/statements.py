"""May this statement be recorded next, and what will its entry say? Judged in ledger order, on one view of the state.

A statement that is refused leaves the `View` as it was; a batch is taken back out of it as if it had never been tried.
"""

from collections.abc import Sequence

from ledger.admission.energy import judge_energy
from ledger.admission.lots import judge_lots, tag_pairs
from ledger.admission.naming import check_name, event_called, event_declared
from ledger.admission.view import Mark, View
from ledger.checking.erasure import texts_to_erase
from ledger.checking.statements import Checked
from ledger.energy import wire as energy_wire
from ledger.hashing import lineage_digest
from ledger.kernel.entry import Entry
from ledger.kernel.errors import Conflict, Refused, RuleBroken, TooLarge, Unauthorised
from ledger.kernel.implied import implied
from ledger.kernel.lineage import NO_INDEX, NO_LEAF, Item, Role, parse_items
from ledger.kernel.party import Registry, apply, authorise, begin
from ledger.kernel.statement import Statement, check_signature, parse
from ledger.kernel.subjects import NAMED_BY_OPERATOR, Implied, Want, may_create_implied
from ledger.limits import AHEAD, PARTY_VERSIONS, SUBJECTS, VERSIONS_RESERVED
from ledger.lots import wire as lots_wire
from ledger.lots.booking import heard_late
from ledger.rules import check_members
from ledger.store.store import Link, NewRow, Stored

_MICROSECONDS = 1_000_000


def admit(view: View, checked: Checked, *, seed: bytes) -> int:
    """The index of this statement: a recorded one for a retry, else the next, now in the view. Raises Refused.

    `seed` has 32 random bytes, kept for ever: the salts of this entry's lineage come from it.
    """
    known = view.requests.get(checked.request)
    if known is not None:
        return _repeat(view, checked, *known)
    mark = view.mark()
    try:
        _add(view, checked, seed)
    except Refused:
        view.undo(mark)
        raise
    return view.size - 1


def _add(view: View, checked: Checked, seed: bytes) -> None:
    index, mark = view.size, view.mark()
    _check_times(checked, view.now)
    registry = _authority(view, checked, index)
    rules = registry.rules_at(index)
    check_members(rules, checked.statement.typ, checked.statement.body)
    items = _items(view, checked, registry)
    packed = b"".join([item.packed() for item in items])
    judge_lots(view, checked, registry, rules)
    judge_energy(view, checked, registry, rules)
    entry = Entry(index, view.now, view.last_leaf, checked.statement.digest, lineage_digest(seed, packed))
    erased = _erasure(view, checked)
    stored = _stored(checked.statement, entry, seed, packed)
    _record(view, checked, stored, items, mark=mark)
    view.erasures += erased
    view.registry = registry


def _repeat(view: View, checked: Checked, index: int, jwt: bytes) -> int:
    """SPEC 4.1: same issuer, jti and signing input is the same request, whatever signature it carries."""
    statement = checked.statement
    if view.registry is not None:
        # Whether an id was used is told to nobody but its issuer.
        if statement.kid not in view.registry.party(statement.iss).keys:
            raise Unauthorised("key_unknown", f"key {statement.kid} is not enrolled for {statement.iss}")
        _check_signed(view.registry, checked)
    if jwt.rpartition(b".")[0] != statement.signing_input:
        raise Conflict(
            "id_reused",
            f"jti {statement.jti} of {statement.iss} was used for entry {index}, which says something else",
            index=index,
        )
    return index


def _check_times(checked: Checked, now: int) -> None:
    statement = checked.statement
    claimed = [("iat", statement.iat * _MICROSECONDS)]
    if checked.event_read is not None:
        claimed.append(("eventTime", checked.event_read.time))
    for name, moment in claimed:
        ahead = moment - now
        if ahead > AHEAD * _MICROSECONDS:
            raise RuleBroken(
                "time_ahead",
                f"{name} lies {ahead // _MICROSECONDS} s ahead of the ledger's clock, the most is {AHEAD} s",
            )


def _authority(view: View, checked: Checked, index: int) -> Registry:
    """The registry after this statement, once its signature and right to speak are established."""
    if view.registry is None:
        registry = begin(checked.statement)
        _check_signed(registry, checked)
        return registry
    authorise(view.registry, checked.statement, index)
    _check_signed(view.registry, checked)
    return apply(view.registry, checked.statement, index)


def _check_signed(registry: Registry, checked: Checked) -> None:
    """A signature not verified before (its key came in by this very commit) is verified now."""
    if checked.signed_by == checked.statement.kid:
        return
    key = registry.key(checked.statement.kid)
    if key is None:
        raise Unauthorised("key_unknown", f"key {checked.statement.kid} is not enrolled in this ledger")
    check_signature(checked.statement, key)


def _items(view: View, checked: Checked, registry: Registry) -> tuple[Item, ...]:
    """Every lineage item of the entry, in order (SPEC 4.4)."""
    statement = checked.statement
    items = {one.key: _item(view, checked, one, registry) for one in checked.implied}
    if statement.typ == "lot-event":
        check_name(view, checked)
    if checked.declares is not None:
        items |= _declared(view, checked, items)
    if statement.typ == "heads":
        newest = view.transaction.everything() | view.newest
        items |= {subject: _reference(subject, link) for subject, link in newest.items()}
    if checked.issuer not in items:
        items[checked.issuer] = _reference(checked.issuer, view.newest[checked.issuer])
    return tuple(items[subject] for subject in sorted(items))


def _item(view: View, checked: Checked, one: Implied, registry: Registry) -> Item:
    link = view.newest.get(one.key)
    if link is None and (one.want is Want.REFERENCE or (one.want is Want.TOUCH and one.kind != "lot")):
        raise RuleBroken("unknown_subject", f"{one.kind} {one.id} is not known to this ledger", id=one.id)
    if one.want is Want.REFERENCE and link is not None:
        return _reference(one.key, link)
    if one.want is Want.CREATE and link is not None and not (one.kind == "lot" and heard_late(view.lot(one.id))):
        _check_remade(view, checked, one, link)
    if one.kind == "party" and link is not None:
        _check_versions(checked, one.id, link.version)
    if one.want is Want.CONSUME:
        return _advance(Role.CONSUME, one.key, link)
    creates = one.want in {Want.CREATE, Want.ADVANCE} and link is None
    if creates:
        _check_prefix(checked, one, registry)
    return _advance(Role.CREATE if creates else Role.TOUCH, one.key, link)


def _check_remade(view: View, checked: Checked, one: Implied, link: Link) -> None:
    """SPEC 4.4: made once; again only by the event that takes the place of one which made it and was wrong."""
    if one.key not in _made_by_mistake(view, checked):
        raise Conflict("subject_exists", f"{one.kind} {one.id} exists already: entry {link.index} has its newest state")


def _made_by_mistake(view: View, checked: Checked) -> frozenset[bytes]:
    """What the event makes whose place this one takes; nothing where it takes none."""
    announced = view.events.get(checked.corrects or b"")
    if announced is None:
        return frozenset()
    declaration = parse(view.at(announced).wire)
    wrong = event_called(view, declaration.iss, declaration.body["eventID"])
    if wrong is None:
        raise RuntimeError(f"entry {announced} declares an event wrong that is not there")
    made = parse(view.at(wrong).wire)
    return frozenset(o.key for o in implied(made.typ, made.iss, made.aud, made.body) if o.want is Want.CREATE)


def _check_versions(checked: Checked, party: str, versions: int) -> None:
    """SPEC 8: a bundle holds so many. The last of them are kept for what cannot wait: ending keys, and recovery."""
    body = checked.statement.body
    urgent = checked.statement.typ == "key" and ("add" not in body or "recovery" in body)
    most = PARTY_VERSIONS if urgent else PARTY_VERSIONS - VERSIONS_RESERVED
    if versions >= most:
        raise TooLarge("party_versions", f"{party} has {versions} versions, the most for this statement is {most}")


def _check_prefix(checked: Checked, one: Implied, registry: Registry) -> None:
    """SPEC 4.4: who makes an id owns its GS1 prefix, or begins it with his own id."""
    statement = checked.statement
    if one.kind in NAMED_BY_OPERATOR:
        return
    owner = statement.body["id"] if statement.typ == "party" else statement.iss
    prefixes = registry.party(owner).prefixes
    if not may_create_implied(one, owner, prefixes):
        raise Unauthorised(
            "prefix",
            f"{owner} may not make {one.kind} {one.id}: its GS1 prefixes are {', '.join(prefixes) or 'none'}",
            id=one.id,
        )


def _reference(subject: bytes, link: Link) -> Item:
    return Item(Role.REFERENCE, subject, link.version, link.index, link.leaf)


def _advance(role: Role, subject: bytes, link: Link | None) -> Item:
    if link is None:
        return Item(role, subject, 1, NO_INDEX, NO_LEAF)
    return Item(role, subject, link.version + 1, link.index, link.leaf)


def _declared(view: View, checked: Checked, own: dict[bytes, Item]) -> dict[bytes, Item]:
    """A declaration of error touches all that the event it declares wrong advanced (SPEC 4.4)."""
    index = event_declared(view, checked)
    items = parse_items(view.at(index).items)
    touched = {item.subject for item in items if item.role is not Role.REFERENCE} - own.keys()
    if len(touched) + len(own) > SUBJECTS:
        raise TooLarge(
            "subjects_limit",
            f"the declaration and its event name {len(touched) + len(own)} subjects, the most is {SUBJECTS}",
        )
    links = view.transaction.newest(touched) | {s: view.newest[s] for s in touched if s in view.newest}
    return {subject: _advance(Role.TOUCH, subject, links[subject]) for subject in touched}


def _erasure(view: View, checked: Checked) -> list[tuple[int, tuple[str, ...]]]:
    """What a `notice` of erasure destroys in the same transaction (SPEC 4.2)."""
    erasure = checked.statement.body.get("erasure") if checked.statement.typ == "notice" else None
    if erasure is None:
        return []
    if erasure["index"] >= view.size:
        raise RuleBroken("erasure", f"entry {erasure['index']} does not exist yet: nothing of it can be erased")
    return [(erasure["index"], texts_to_erase(view.at(erasure["index"]), erasure["disclosures"]))]


def _stored(statement: Statement, entry: Entry, seed: bytes, items: bytes) -> Stored:
    return Stored(
        index=entry.index,
        entry=entry.packed,
        leaf=entry.leaf,
        typ=statement.typ,
        jwt=statement.jwt,
        seed=seed,
        items=items,
        disclosures=tuple([disclosure.text for disclosure in statement.disclosures]),
    )


def _record(view: View, checked: Checked, stored: Stored, items: Sequence[Item], *, mark: Mark) -> None:
    advanced = [(item.subject, item.version) for item in items if item.role is not Role.REFERENCE]
    lots, energy = view.lots.changes(mark[0]), view.energy.changes(mark[1])
    records = [(key, lots_wire.encode(record)) for key, _, record in lots]
    records += [(key, energy_wire.encode(record)) for key, _, record in energy]
    row = NewRow(stored, checked.request, advanced, checked.event, checked.announces, records, tag_pairs(lots))
    view.rows.append(row)
    view.size, view.last_leaf = stored.index + 1, stored.leaf
    view.put(view.requests, checked.request, (stored.index, stored.jwt))
    for subject, version in advanced:
        view.put(view.newest, subject, Link(version, stored.index, stored.leaf))
    for name in (checked.event, *checked.announces):
        if name is not None:
            view.put(view.events, name, stored.index)
