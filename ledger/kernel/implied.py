"""What a statement implies: the subjects it says something of, and what it wants with each (SPEC 4.4).

The table here is normative. Sequencer, audit and verifier read it alike; a verifier reads bodies of which parts are
withheld, so what is not there implies nothing.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from ledger.kernel.errors import Malformed, RuleBroken, TooLarge
from ledger.kernel.event_subjects import Names, lots_named
from ledger.kernel.lineage import Role
from ledger.kernel.subjects import Implied, Want, canonical_subject_id

MAX_SUBJECTS = 5_000  # SPEC 8; `heads` lists none itself
Path: TypeAlias = tuple[str, ...]
_EACH = "*"  # a step of a path: every element of an array

_PARTY: tuple[tuple[str, Path, Want], ...] = (
    ("party", ("id",), Want.ADVANCE),
    ("device", ("devices", _EACH, "id"), Want.ADVANCE),
    ("meter", ("meters", _EACH, "id"), Want.ADVANCE),
    ("process", ("processes", _EACH, "id"), Want.ADVANCE),
)
# typ -> (kind, where the id stands in the body, what is wanted with it)
_TABLE: dict[str, tuple[tuple[str, Path, Want], ...]] = {
    "ledger": (
        ("ledger", ("uri",), Want.ADVANCE),
        *((kind, ("operator", *path), want) for kind, path, want in _PARTY),
    ),
    "party": _PARTY,
    "key": (("party", ("party",), Want.TOUCH),),
    "lot-event": (),
    "certificate": (("certificate", ("id",), Want.ADVANCE), ("lot", ("lots", _EACH), Want.TOUCH)),
    "passport": (("passport", ("id",), Want.ADVANCE), ("lot", ("piece",), Want.REFERENCE)),
    "heads": (),
    "notice": (),
    "contract": (("contract", ("id",), Want.ADVANCE), ("party", ("parties", _EACH), Want.REFERENCE)),
    "energy-attestation": (
        ("attestation", ("id",), Want.CREATE),
        ("device", ("device",), Want.REFERENCE),
        ("meter", ("meter",), Want.REFERENCE),
        ("consumption", ("storage", "charges", _EACH, "consumption"), Want.TOUCH),
    ),
    "energy-consumption": (
        ("consumption", ("id",), Want.CREATE),
        ("process", ("process",), Want.REFERENCE),
        ("meter", ("meter",), Want.REFERENCE),
        ("consumption", ("replaces",), Want.TOUCH),
    ),
    "energy-action": (
        ("attestation", ("attestation",), Want.TOUCH),
        ("party", ("to",), Want.REFERENCE),
        ("consumption", ("reversals", _EACH, "consumption"), Want.TOUCH),
    ),
    "energy-allocation": (
        ("attestation", ("rows", _EACH, "attestation"), Want.TOUCH),
        ("consumption", ("rows", _EACH, "consumption"), Want.TOUCH),
        ("contract", ("rows", _EACH, "contract"), Want.REFERENCE),
    ),
    "emission-source": (("process", ("process",), Want.TOUCH),),
    "period-close": (("process", ("processes", _EACH), Want.TOUCH),),
    "verification": (),
}
# typ -> where it names subjects of any kind, as {kind, id}
_ANY_KIND: dict[str, tuple[Path, Want]] = {
    "passport": (("references", _EACH), Want.REFERENCE),
    "verification": (("subject",), Want.TOUCH),
}
# In an event under our namespace. The lots are in `event_subjects`.
_EVENT: tuple[tuple[str, Path, Want], ...] = (
    ("process", ("al:process",), Want.REFERENCE),
    ("contract", ("al:contract",), Want.REFERENCE),
    ("device", ("al:mass", _EACH, "device"), Want.REFERENCE),
)
_subject_key = attrgetter("key")
_STRENGTH = {Want.CREATE: 5, Want.CONSUME: 4, Want.ADVANCE: 3, Want.TOUCH: 2, Want.REFERENCE: 1}
_Found: TypeAlias = Iterator[tuple[str, str, Want]]


def implied(typ: str, iss: str, aud: str, body: Mapping[str, Any], names: Names | None = None) -> tuple[Implied, ...]:
    """The subjects of a statement, each once with the strongest want, ascending by subject key.

    `names` are those of a lot event, where the caller has them already. Neither the reference to the issuer's party is
    among the subjects, nor what `heads` says of every one. Raises Malformed ("subject_kind", "gs1_id",
    "id_not_canonical", "body", "epc_list"), RuleBroken ("in_and_out"), TooLarge ("subjects_limit"); ValueError for a
    `typ` that is none.
    """
    if typ not in _TABLE:
        raise ValueError(f"{typ!a} is no typ of a statement")
    wants: dict[tuple[str, str], Want] = {}
    for kind, name, want in _found(typ, iss, aud, body, names):
        before = wants.setdefault((kind, name), want)
        if before is want:
            continue
        if {before, want} == {Want.CREATE, Want.CONSUME}:
            raise RuleBroken(
                "in_and_out", f"{name} is both used up and made: what remains of a piece has a new id", id=name
            )
        if _STRENGTH[want] > _STRENGTH[before]:
            wants[kind, name] = want
    if len(wants) > MAX_SUBJECTS:
        raise TooLarge("subjects_limit", f"the {typ} names {len(wants)} subjects, the limit is {MAX_SUBJECTS}")
    keyed = [Implied(kind, name, want) for (kind, name), want in wants.items()]
    return tuple(sorted(keyed, key=_subject_key))


_REFERENCE, _CREATE, _TOUCH, _CONSUME = map(int, Role)  # Python 3.11 takes long to look up a member of an enum
_ROLES = {
    Want.REFERENCE: frozenset({_REFERENCE}),
    Want.CREATE: frozenset({_CREATE}),
    Want.ADVANCE: frozenset({_CREATE, _TOUCH}),
    Want.TOUCH: frozenset({_TOUCH}),
    Want.CONSUME: frozenset({_CONSUME}),
}


def fits(one: Implied, role: int, version: int) -> bool:
    """Whether an item may have this role and version where a statement implies this (SPEC 4.4).

    A history begins by being created; only lots may be met before anybody told where they came from. What a statement
    makes may have a history: made by mistake before it, or received before its maker was heard (SPEC 5.1, 5.6).
    """
    if role == _TOUCH and version == 1:
        return one.want is Want.TOUCH and one.kind == "lot"
    if role == _TOUCH and one.kind == "lot" and one.want is Want.CREATE:
        return True
    return role in _ROLES[one.want]


def _found(typ: str, iss: str, aud: str, body: Mapping[str, Any], names: Names | None) -> _Found:
    if typ == "notice":
        yield "ledger", aud, Want.TOUCH
    listed = _TABLE[typ]
    if typ == "lot-event":
        names = Names(body) if names is None else names
        for name, want in lots_named(body, names):
            yield "lot", name, want
        listed = _EVENT if names.ours else listed
    for kind, path, want in listed:
        if path[0] not in body:
            continue
        for text in _at(body, path):
            yield kind, _as_it_stands(kind, text, iss), want
    if typ in _ANY_KIND:
        path, want = _ANY_KIND[typ]
        yield from _of_any_kind(body, path, iss, want)


def _of_any_kind(body: Mapping[str, Any], path: Path, iss: str, want: Want) -> _Found:
    for one in _at(body, path):
        kind, text = (one.get("kind"), one.get("id")) if isinstance(one, dict) else (None, None)
        if kind is not None and text is not None:  # either may be withheld
            yield kind, _as_it_stands(kind, text, iss), want


def _as_it_stands(kind: Any, text: Any, iss: str) -> str:
    if not isinstance(kind, str) or not isinstance(text, str):
        raise Malformed("body", f"kind and id of a subject are strings, not {kind!a:.40} and {text!a:.40}")
    canonical = canonical_subject_id(kind, text, iss)
    # Outside EPCIS events an id has one spelling, so that a reader can compare it as it stands.
    if canonical != text:
        raise Malformed("id_not_canonical", f"{kind} {text[:80]!a} is to be written {canonical}")
    return canonical


def _at(value: Any, path: Path) -> list[Any]:
    """Everything that stands at `path`; nothing where a step of it is not there."""
    found = [value]
    for step in path:
        below: list[Any] = []
        for part in found:
            if step != _EACH:
                if not isinstance(part, dict):
                    raise Malformed("body", f'a member "{step}" is looked for in {part!a:.40}')
                if step in part:
                    below.append(part[step])
            elif isinstance(part, list):
                below += part
            else:
                raise Malformed("body", f"a list of subjects is wanted where {part!a:.40} stands")
        found = below
    return found
