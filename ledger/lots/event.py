"""A checked lot event, read once: canonical ids, grams, parties and times in the words of the lot model (SPEC 4.8)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ledger.form import number
from ledger.kernel.errors import Malformed
from ledger.kernel.event_subjects import Names
from ledger.kernel.gs1 import canonical_id, names_one_thing
from ledger.lots.event_body import event_time, grams, window
from ledger.lots.records import NOBODY

_INPUT = ("inputEPCList", "inputQuantityList")
_OUTPUT = ("outputEPCList", "outputQuantityList")
_THINGS = ("epcList", "quantityList")
_CHILDREN = ("childEPCs", "childQuantityList")
_HANDING_OVER = ("desadv", "bol", "recadv")  # papers that name a delivery, the best first
_NOTHING: Mapping[str, Any] = {}
_MILLION = 1_000_000


class Part(Struct, frozen=True, gc=False):
    """One lot or piece on one side of an event. `g` is None where the event gives no mass."""

    id: str
    single: bool
    g: int | None
    role: str = ""
    wet: bool = False  # weighed with its moisture


class Origin(Struct, frozen=True, gc=False):
    """Where a lot came from that this ledger saw nobody make."""

    kind: str
    supplier: str
    document: str
    g: int


class LotEvent(Struct, frozen=True, gc=False):
    """One event. `members` of `al:` that the context does not bind to our namespace are not in it."""

    index: int
    issuer: str
    name: str
    recorded_at: int
    time: int
    start: int
    type: str
    action: str
    step: str
    disposition: str
    inputs: tuple[Part, ...]
    outputs: tuple[Part, ...]
    things: tuple[Part, ...]
    parent: str
    children: tuple[Part, ...]
    loss: dict[str, int]
    origins: dict[str, Origin]
    claims: tuple[tuple[str, int], ...]  # scope, and g of all that is shipped, received or brought in
    attributes: dict[str, dict[str, Any]]
    process: str
    process_kind: str
    run: str
    run_state: str
    contract: str
    opening: bool
    sites: tuple[str, ...]
    sender: str
    receiver: str
    owner: str
    seller: str
    document: str
    unset: frozenset[str]
    weighed: tuple[tuple[str, int], ...]  # device and g of each mass on the output side
    scale: int  # g: the largest error of the scales that weighed its outputs
    declares: bool
    corrections: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything it names but the parent."""
        return (*self.inputs, *self.outputs, *self.things, *self.children)


def read_event(body: Mapping[str, Any], *, issuer: str, jti: str, names: Names | None = None) -> LotEvent:
    """What the event itself says; `placed` adds what the ledger knows. Raises Malformed.

    `names` are what it names, where the caller has them already.
    """
    names = Names(body) if names is None else names
    al = body if names.ours else _NOTHING
    time, span = event_time(body), window(body) if "al:start" in al else None
    parties, inputs = _parties(body), _parts(body, _INPUT, names, al, "input")
    return LotEvent(
        index=NOBODY,
        issuer=issuer,
        name=_text(body, "eventID", jti),
        recorded_at=0,
        time=time,
        start=span[0] if span else time,
        type=_text(body, "type"),
        action=_text(body, "action"),
        step=_text(body, "bizStep"),
        disposition=_text(body, "disposition"),
        inputs=inputs,
        outputs=_parts(body, _OUTPUT, names, al, "output"),
        things=_parts(body, _THINGS, names, al, "none"),
        parent=canonical_id(body["parentID"]) if "parentID" in body else "",
        children=_parts(body, _CHILDREN, names, al, "none"),
        loss={_word(one["kind"]): _whole(one["g"]) for one in _listed(al, "al:loss")} if "al:loss" in al else {},
        origins=_origins(al) if "al:origin" in al else {},
        claims=_claims(al) if "al:claim" in al else (),
        attributes=_attributes(al) if "al:attributes" in al else {},
        process=_text(al, "al:process"),
        process_kind="",
        run=_text(body, "transformationID") if _is_run(body, al) else "",
        run_state=al.get("al:run", "open"),
        contract=_text(al, "al:contract"),
        opening="al:opening" in al,
        sites=_sites(body),
        sender=parties.get("from possessing_party", parties.get("from owning_party", "")),
        receiver=parties.get("to possessing_party", parties.get("to owning_party", "")),
        owner=parties.get("to owning_party", ""),
        seller=parties.get("from owning_party", ""),
        document=_document(body),
        unset=frozenset(_listed(body.get("persistentDisposition", {}), "unset")),
        weighed=_weighed(al, {part.id for part in inputs}) if "al:mass" in al else (),
        scale=0,
        declares="errorDeclaration" in body,
        corrections=tuple(_listed(body.get("errorDeclaration", {}), "correctiveEventIDs")),
    )  # fmt: skip


def _origins(al: Mapping[str, Any]) -> dict[str, Origin]:
    return {
        name: Origin(**{**row, "kind": _word(row["kind"]), "g": _whole(row["g"])})
        for name, row in _by_id(al, "al:origin")
    }


def _claims(al: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((one["scope"], _whole(one["g"])) for one in _listed(al, "al:claim"))


def _attributes(al: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: _described(row) for name, row in _by_id(al, "al:attributes")}


def _weighed(al: Mapping[str, Any], inputs: Collection[str]) -> tuple[tuple[str, int], ...]:
    """The masses on the output side. A row that names no side is about the one that its id stands on."""
    return tuple([
        (_text(row, "device"), _whole(row["g"]))
        for row in _listed(al, "al:mass")
        if row.get("side", "input" if inputs and canonical_id(row["id"]) in inputs else "output") == "output"
    ])  # fmt: skip


def placed(
    event: LotEvent, *, index: int, recorded_at: int, processes: Mapping[str, str], accuracies: Mapping[str, str]
) -> LotEvent:
    """The event at its entry, read against what its issuer has registered there.

    `processes` has the kind of each process, `accuracies` the accuracy of each scale in %.
    """
    return replace(
        event,
        index=index,
        recorded_at=recorded_at,
        process_kind=processes.get(event.process, ""),
        scale=sum([int(number(accuracies[device]) * g / 100) for device, g in event.weighed if device in accuracies]),
    )


def _listed(value: Mapping[str, Any], member: str) -> Sequence[Any]:
    """A list, where it is there: a verifier reads bodies that no schema was applied to. Raises Malformed ("body")."""
    found: Sequence[Any] = value.get(member, [])
    if not isinstance(found, list):
        raise Malformed("body", f"{member} is a list, not {found!a:.40}")
    return found


def _text(value: Mapping[str, Any], member: str, otherwise: str = "") -> str:
    """A text, likewise. Raises Malformed ("body")."""
    found = value.get(member, otherwise)
    if not isinstance(found, str):
        raise Malformed("body", f"{member} is a text, not {found!a:.40}")
    return found


def _word(value: object) -> str:
    """A text that others are told apart by: nothing that equals another, as 1 does 1.0. Raises Malformed ("body")."""
    if not isinstance(value, str):
        raise Malformed("body", f"a word is wanted, not {value!a:.40}")
    return value


def _described(row: dict[str, Any]) -> dict[str, Any]:
    """Attributes, likewise: each but the analysis is a text or a whole number. Raises Malformed ("body")."""
    other = next((name for name, one in row.items() if name != "chemistry" and type(one) not in {str, int}), None)
    if other is not None:
        raise Malformed("body", f"{other} is a text or a whole number, not {row[other]!a:.40}")
    return row


def _whole(g: Any) -> int:
    """Grams, likewise. Raises Malformed ("body")."""
    if type(g) is not int or g < 0:
        raise Malformed("body", f"grams are a whole number from 0, not {g!a:.40}")
    return g


def _by_id(al: Mapping[str, Any], member: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in _listed(al, member):
        yield canonical_id(row["id"]), {key: value for key, value in row.items() if key != "id"}


def millionths(percent: str) -> int:
    """A share given in percent as decimal text, in millionths, floored."""
    return int(number(percent) * 10_000)


def oxide(g: int, percent: str) -> int:
    """Millionths of a gram of Al2O3 in `g` grams with this share."""
    return g * millionths(percent)


def _is_run(body: Mapping[str, Any], al: Mapping[str, Any]) -> bool:
    """One side alone is a step of a run whether it says so or not; both sides are one where it says so."""
    if "transformationID" not in body:
        return False
    return "al:run" in al or not (_any(body, _INPUT) and _any(body, _OUTPUT))


def _any(body: Mapping[str, Any], members: tuple[str, str]) -> bool:
    return bool(body.get(members[0]) or body.get(members[1]))


def _parts(
    body: Mapping[str, Any], members: tuple[str, str], names: Names, al: Mapping[str, Any], side: str
) -> tuple[Part, ...]:
    if members[0] not in body and members[1] not in body:
        return ()
    found: dict[str, Part] = {}
    rows = _rows(al, side)
    for member in members:
        if member not in body:
            continue
        for name, element in zip(names[member], body[member], strict=True):
            mass = rows.get(("al:mass", name), _NOTHING)
            listed = grams(element) if isinstance(element, dict) else None
            g = None if listed is None else _whole(listed)
            if g is None and "g" in mass:
                g = _whole(mass["g"])
            before = found.get(name)
            if before is not None and before.g is not None and listed is not None:
                g = before.g + listed
            role = rows.get(("al:role", name), _NOTHING).get("role", "")
            found[name] = Part(name, names_one_thing(name), g, role, mass.get("basis") == "as-is")
    return tuple(found.values())


def _rows(al: Mapping[str, Any], side: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Rows of al:mass and al:role by member and id; one that names another side is about that side."""
    if "al:mass" not in al and "al:role" not in al:
        return {}
    return {
        (member, canonical_id(row["id"])): row
        for member in ("al:mass", "al:role")
        for row in _listed(al, member)
        if row.get("side", side) == side
    }


def _parties(body: Mapping[str, Any]) -> dict[str, str]:
    """Who gives and who takes, by canonical party id; an id in another system than GS1 stands as it is."""
    found: dict[str, str] = {}
    if "sourceList" not in body and "destinationList" not in body:
        return found
    for word, member, what in (("from", "sourceList", "source"), ("to", "destinationList", "destination")):
        for one in _listed(body, member):
            found.setdefault(f"{word} {_text(one, 'type')}", _canonical_or_not(one[what]))
    return found


def _canonical_or_not(text: str) -> str:
    try:
        return canonical_id(text)
    except Malformed:
        return text


def _sites(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_canonical_or_not(body[member]["id"]) for member in ("readPoint", "bizLocation") if member in body)


def _document(body: Mapping[str, Any]) -> str:
    if "bizTransactionList" not in body:
        return ""
    said = {_text(one, "type"): _text(one, "bizTransaction") for one in _listed(body, "bizTransactionList")}
    return next((said[kind] for kind in _HANDING_OVER if kind in said), "")


def lots_of(event: LotEvent) -> Iterator[str]:
    """The id of every lot it names."""
    yield from (part.id for part in event.parts)
    if event.parent:
        yield event.parent
