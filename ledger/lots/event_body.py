"""What JSON Schema cannot say of a lot event: exact mass, times, ids that belong together (SPEC 4.8)."""

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.bodies import check_whole_numbers
from ledger.form import number
from ledger.kernel.errors import Malformed
from ledger.kernel.event_subjects import AL, PREFIX, Names
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.moments import micros

# Grams in one unit, by UN/ECE Recommendation 20 code: the units of mass that the ledger books.
GRAMS_IN = {"GRM": 1, "KGM": 1_000, "TNE": 1_000_000}
# Other codes of the same Recommendation for mass: one lot is not to be weighed in two systems.
_OTHER_MASS = frozenset(
    "2U APZ CGM CWA CWI DG DJ DRA DTN GRN HGM KTN LBR LTN MC MGM ONZ SAP SCR STI STN".split()  # noqa: SIM905  a word list
)
MAX_GRAMS = 2**53 - 1
QUANTITY_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_SIDES = {
    "output": ("outputEPCList", "outputQuantityList"),
    "input": ("inputEPCList", "inputQuantityList"),
    "none": ("epcList", "quantityList", "parentID", "childEPCs", "childQuantityList"),
}
_SIDE_OF = {member: side for side, members in _SIDES.items() for member in members}
_NEARLY_OURS = "coilmark.org/ns/"  # a slip in the namespace, or a version that is not read here
_KEYED = ("al:mass", "al:role", "al:origin", "al:attributes")
_CLAIMING = frozenset({"shipping", "receiving"})
_EXTENSIBLE = ("ilmd", "errorDeclaration", "readPoint", "bizLocation")


def check_lot_event(event: Mapping[str, Any]) -> Names:
    """An event that fits its schema, so far as it can be judged by itself; what it names, for who reads it next.

    Raises Malformed ("body", "time", "mass", "error_declaration", "al_namespace", "al_place", "al_window", "al_id",
    "al_twice", "al_mass", "al_process", "al_claim"). What is not checked here: that ids are GS1 ids (`implied`), and
    anything that needs the ledger's state.
    """
    event_time(event)
    if "errorDeclaration" in event and "eventID" not in event:
        raise Malformed("error_declaration", "an error declaration names the event that is wrong by eventID")
    for member in QUANTITY_LISTS:
        for element in event.get(member, ()):
            grams(element)
    names = Names(event)
    _check_namespace(event, names.bound)
    if names.ours:
        _check_al(event, names)
    return names


def event_time(event: Mapping[str, Any]) -> int:
    """When it happened, µs since 1970 UTC. Raises Malformed ("time")."""
    return micros(event["eventTime"])


def window(event: Mapping[str, Any]) -> tuple[int, int] | None:
    """The half-open window [al:start, eventTime) of a process step, µs since 1970 UTC; None for other events."""
    return (micros(event["al:start"]), event_time(event)) if "al:start" in event else None


def grams(element: Mapping[str, Any]) -> int | None:
    """The mass of a quantity element in g; None where its unit is none of mass or it has no quantity.

    Raises Malformed ("mass") for a mass that is not exact to the gram, is too large, or is in another unit.
    """
    uom, quantity = element.get("uom"), element.get("quantity")
    if uom is not None and not isinstance(uom, str):
        raise Malformed("mass", f"a unit is a text, not {uom!a:.40}")
    if uom in _OTHER_MASS:
        raise Malformed("mass", f"mass is in {', '.join(sorted(GRAMS_IN))}, not in {uom}", uom=uom)
    if uom not in GRAMS_IN or quantity is None:
        return None
    exact = number(quantity) * GRAMS_IN[uom]
    if exact != exact.to_integral_value():
        raise Malformed("mass", f"{quantity} {uom} is not exact to the gram", uom=uom)
    if exact > MAX_GRAMS:
        raise Malformed("mass", f"{quantity} {uom} is more than {MAX_GRAMS} g")
    return int(exact)


def _check_namespace(event: Mapping[str, Any], bound: Mapping[str, Any]) -> None:
    """One spelling of one namespace: members under another would go unread."""
    for prefix, term in bound.items():
        uri = term.get("@id") if isinstance(term, dict) else term
        if isinstance(uri, str) and _NEARLY_OURS in uri and (prefix, term) != (PREFIX, AL):
            raise Malformed("al_namespace", f"{uri[:80]!a} is bound to {prefix[:40]!a}: it has to be {AL} and {PREFIX}")
    if _NEARLY_OURS in " ".join(event):
        raise Malformed("al_namespace", f"members of {AL} are written with the prefix {PREFIX}")
    if PREFIX not in bound and any(key.startswith("al:") for key in event):
        raise Malformed("al_namespace", f"the event has members with the prefix {PREFIX} and binds it to nothing")
    context = event["@context"]
    if isinstance(context, list) and [PREFIX in one for one in context if isinstance(one, dict)].count(True) > 1:
        raise Malformed("al_namespace", f"the context binds the prefix {PREFIX} more than once")


def _check_al(event: Mapping[str, Any], names: Names) -> None:
    for place, inner in _nested(event):
        if misplaced := [key for key in inner if key.startswith("al:")]:
            raise Malformed("al_place", f"{misplaced[0]} stands in {place}: it belongs to the event itself")
    check_whole_numbers("lot-event", {name: value for name, value in event.items() if name.startswith("al:")})
    if "al:process" in event:
        _check_step(event)
    if not event.keys().isdisjoint(_KEYED):
        _check_keyed(event, names)
    if "al:claim" in event:
        _check_claims(event)
    kinds = [one["kind"] for one in event.get("al:loss", ())]
    if len(set(kinds)) != len(kinds):
        raise Malformed("al_twice", "al:loss has the same kind more than once")


def _nested(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for member in _EXTENSIBLE:
        if member in event:
            yield member, event[member]
    for element in event.get("sensorElementList", ()):
        yield "sensorElementList", element
        yield "sensorMetadata", element.get("sensorMetadata", {})
        yield from (("sensorReport", report) for report in element["sensorReport"])


def _check_step(event: Mapping[str, Any]) -> None:
    if event["type"] not in {"TransformationEvent", "ObjectEvent"}:
        raise Malformed("al_process", f"al:process stands in a Transformation or Object event, not in {event['type']}")
    start, end = micros(event["al:start"]), event_time(event)
    if start >= end:
        raise Malformed("al_window", f"al:start {event['al:start']} is not before eventTime {event['eventTime']}")


def _check_keyed(event: Mapping[str, Any], names: Names) -> None:
    """Rows keyed by id: each id is one the event names, and says each thing once."""
    sides = _masses(event, names)
    for member in _KEYED:
        seen: set[tuple[str, str]] = set()
        for row in event.get(member, ()):
            name = canonical_id(row["id"])
            side = _side(sides, member, name, row)
            if (name, side) in seen:
                raise Malformed("al_twice", f"{member} names {name} more than once", id=name)
            seen.add((name, side))
            _check_row(member, row, name, sides[side][name])


def _masses(event: Mapping[str, Any], names: Names) -> dict[str, dict[str, int | None]]:
    """Everything named on each side, with the mass in g that its quantities add up to, None without any."""
    sides: dict[str, dict[str, int | None]] = {side: {} for side in _SIDES}
    for member, side in _SIDE_OF.items():
        if member not in event:
            continue
        masses = sides[side]
        listed = [event[member]] if member == "parentID" else event[member]
        for name, element in zip(names[member], listed, strict=True):
            mass = grams(element) if isinstance(element, dict) else None
            before = masses.get(name)
            masses[name] = mass if before is None else before + (mass or 0)
    return sides


def _side(sides: Mapping[str, Mapping[str, Any]], member: str, name: str, row: Mapping[str, Any]) -> str:
    """The side of the event that a row is about. Attributes and origin are of the lot, on whichever side it is."""
    standing = [side for side, names in sides.items() if name in names]
    if not standing:
        raise Malformed("al_id", f"{member} names {name}, which the event does not", id=name)
    if "side" in row:
        if row["side"] not in standing:
            raise Malformed("al_id", f"{member} says that {name} is an {row['side']}, which it is not", id=name)
        return str(row["side"])
    if len(standing) > 1 and member in {"al:mass", "al:role"}:
        raise Malformed("al_id", f"{name} is input and output: {member} has to say which side it means", id=name)
    return standing[0]


def _check_claims(event: Mapping[str, Any]) -> None:
    """Claims are of what an event ships, receives or brings in, each scope once."""
    if event["type"] != "ObjectEvent" or (event["action"] != "ADD" and event.get("bizStep") not in _CLAIMING):
        raise Malformed("al_claim", "al:claim stands in an Object event that ships, receives or adds")
    scopes = [one["scope"] for one in event["al:claim"]]
    if len(set(scopes)) != len(scopes):
        raise Malformed("al_twice", "al:claim has the same scope more than once")


def _check_row(member: str, row: Mapping[str, Any], name: str, listed: int | None) -> None:
    """One lot, one mass: what a row says and what the quantity list says are the same."""
    if "g" in row and listed is not None and listed != row["g"]:
        raise Malformed("al_mass", f"{member} says that {name} has {row['g']} g, its quantity says {listed} g", id=name)
    elements = [one["element"] for one in row.get("chemistry", ())]
    if len(set(elements)) != len(elements):
        raise Malformed("al_twice", f"the chemistry of {name} has the same element more than once", id=name)
