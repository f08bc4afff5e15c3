"""The lots and pieces of an EPCIS event, and what the event does to each (SPEC 4.4, 4.8)."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from ledger.kernel.errors import Malformed
from ledger.kernel.gs1 import canonical_id, names_one_thing
from ledger.kernel.subjects import Want

AL = "https://coilmark.org/ns/al/1/"  # the namespace of our extensions; its next version is another namespace
PREFIX = "al"

_WORD = (str, type(None))
# What is wanted with a single thing, and what with a class lot.
_Wants: TypeAlias = tuple[Want, Want]
_TOUCHED: _Wants = (Want.TOUCH, Want.TOUCH)
_HELD: _Wants = (Want.ADVANCE, Want.ADVANCE)
_MADE: _Wants = (Want.CREATE, Want.ADVANCE)  # a serial is made once, a class lot is added to
_USED: _Wants = (Want.CONSUME, Want.TOUCH)  # a serial is used up whole, a class lot is drawn from

_CHILDREN_TOUCHED = {"parentID": _TOUCHED, "childEPCs": _TOUCHED, "childQuantityList": _TOUCHED}
_CHILDREN_ADDED = {**_CHILDREN_TOUCHED, "parentID": _HELD}
_TRANSACTION = {"parentID": _TOUCHED, "epcList": _TOUCHED, "quantityList": _TOUCHED}
# (type, action) -> member -> wants. Normative.
_TABLE: dict[tuple[str | None, str | None], dict[str, _Wants]] = {
    ("ObjectEvent", "ADD"): {"epcList": _MADE, "quantityList": _MADE},
    ("ObjectEvent", "OBSERVE"): {"epcList": _TOUCHED, "quantityList": _TOUCHED},
    ("ObjectEvent", "DELETE"): {"epcList": _USED, "quantityList": _USED},
    ("TransformationEvent", None): {
        "inputEPCList": _USED,
        "inputQuantityList": _USED,
        "outputEPCList": _MADE,
        "outputQuantityList": _MADE,
    },
    ("AggregationEvent", "ADD"): _CHILDREN_ADDED,
    ("AggregationEvent", "OBSERVE"): _CHILDREN_TOUCHED,
    ("AggregationEvent", "DELETE"): _CHILDREN_TOUCHED,
    ("AssociationEvent", "ADD"): _CHILDREN_ADDED,
    ("AssociationEvent", "OBSERVE"): _CHILDREN_TOUCHED,
    ("AssociationEvent", "DELETE"): _CHILDREN_TOUCHED,
    ("TransactionEvent", "ADD"): _TRANSACTION,
    ("TransactionEvent", "OBSERVE"): _TRANSACTION,
    ("TransactionEvent", "DELETE"): _TRANSACTION,
}


class Names(dict[str, list[str]]):
    """The canonical ids in each list of one event, by the list's member; a list is read when it is first asked for.

    Who checks an event, who asks what it implies and who reads it for the lot model ask for the same. `bound` is what
    its context binds, `ours` whether `al:` is bound to our namespace; else `al:` members are somebody else's. Asking
    raises Malformed ("gs1_id", "epc_list", "body").
    """

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__()
        self._event = event
        self.bound = prefixes(event)
        self.ours = self.bound.get(PREFIX) == AL

    def __missing__(self, member: str) -> list[str]:
        """Read a list that the event has."""
        found = self[member] = named_in(member, self._event[member])
        return found


def lots_named(event: Mapping[str, Any], names: Names) -> Iterator[tuple[str, Want]]:
    """Canonical id and want of everything an event names, in its order; an id may come more than once.

    An event that is declared wrong does nothing to its lots but touch them. Raises what `names` raises.
    """
    declared_wrong = "errorDeclaration" in event
    kind, action = event.get("type"), event.get("action")
    if not isinstance(kind, _WORD) or not isinstance(action, _WORD):
        raise Malformed("body", "type and action of an event are words")
    for member, (single, of_class) in _TABLE.get((kind, action), {}).items():
        if member not in event:
            continue
        for name in names[member]:
            want = single if names_one_thing(name) else of_class
            yield name, Want.TOUCH if declared_wrong else want


def named_in(member: str, value: Any) -> list[str]:
    """The canonical ids in one list of an event. Raises Malformed where it holds things that belong in another list."""
    classes = member.endswith("uantityList")
    listed = [value] if member == "parentID" else value
    if not isinstance(listed, list):
        raise Malformed("body", f"{member} is a list, not {listed!a:.40}")
    names = []
    for text in _classes(member, listed) if classes else listed:
        if not isinstance(text, str):
            raise Malformed("body", f"an id in {member} is a string, not {text!a:.40}")
        name = canonical_id(text)
        # EPCIS 2.0 7.3.3: single things have no quantity, classes are nothing without one.
        if names_one_thing(name) is classes:
            other = "a single thing" if classes else "a class or lot"
            raise Malformed("epc_list", f"{name} is {other} and does not belong in {member}", id=name)
        names.append(name)
    return names


def _classes(member: str, listed: list[Any]) -> Iterator[Any]:
    for one in listed:
        if not isinstance(one, dict):
            raise Malformed("body", f"an element of {member} is an object, not {one!a:.40}")
        if "epcClass" in one:  # it may be withheld
            yield one["epcClass"]


def prefixes(event: Mapping[str, Any]) -> dict[str, Any]:
    """What the event's own context binds, the later binding where there are two (JSON-LD 1.1 4.1)."""
    context = event.get("@context")
    bound: dict[str, Any] = {}
    for one in context if isinstance(context, list) else [context]:
        if isinstance(one, dict):
            bound |= one
    return bound
