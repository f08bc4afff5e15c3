"""What events are called: a name is of one event, and only its issuer's (SPEC 4.8)."""

from ledger.admission.view import View, jti_as_name
from ledger.checking.quick_json import parse_quickly
from ledger.checking.statements import Checked, event_key, named_by_jti, request_key
from ledger.kernel.errors import Conflict, RuleBroken


def check_name(view: View, checked: Checked) -> None:
    """SPEC 4.8: a name is of one event, whether it stands in eventID or, where there is none, in jti."""
    statement = checked.statement
    if checked.event is None:
        index = view.events.get(jti_as_name(statement.iss, statement.jti))
        if index is not None:
            raise Conflict("event_id_used", f"jti {statement.jti} is the eventID of entry {index} already")
        return
    name = statement.body["eventID"]
    index = view.events.get(checked.event)
    if index is not None and checked.declares is not None:
        raise Conflict("event_declared", f"event {name} was declared wrong by entry {index} already")
    announced = next((view.events[one] for one in checked.announces if one in view.events), None)
    if announced is not None:
        raise Conflict("correction_announced", f"entry {announced} names one of these corrective events already")
    if index is None and checked.declares is None:
        index = _event_of_jti(view, checked)
    if index is not None:
        raise Conflict("event_id_used", f"eventID {name} names the event of entry {index} already")


def event_called(view: View, iss: str, name: str) -> int | None:
    """Where the event of this issuer stands that goes by this eventID or, without one, this jti."""
    key, request = event_key(iss, name), request_key(iss, name)
    index = view.events.get(key)
    index = view.transaction.events({key}).get(key) if index is None else index
    if index is None:
        found = view.requests.get(request) or view.transaction.requests({request}).get(request)
        index = found[0] if found is not None else None
    return index


def event_declared(view: View, checked: Checked) -> int:
    """Where the event stands that this one declares wrong. Raises RuleBroken ("unknown_event")."""
    index = view.events.get(checked.declares or b"")
    index = _event_of_jti(view, checked) if index is None else index
    if index is None:
        name = checked.statement.body["eventID"]
        raise RuleBroken("unknown_event", f"{checked.statement.iss} has no event {name} that could be declared wrong")
    return index


def _event_of_jti(view: View, checked: Checked) -> int | None:
    """Where the event without eventID stands that is named by its jti. A declaration is no event."""
    index, _ = view.requests.get(named_by_jti(checked), (None, b""))
    if index is None:
        return None
    stored = view.at(index)
    return index if stored.typ == "lot-event" and "eventID" not in parse_quickly(stored.wire).body else None
