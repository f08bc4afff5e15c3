"""Everything about a posted statement that can be judged without the ledger's state, so that any process can do it."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from ledger.bodies import check_body
from ledger.checking.quick_json import decode_quickly
from ledger.checking.signatures import verify_fast
from ledger.kernel.errors import Refused, Unauthorised
from ledger.kernel.event_subjects import Names
from ledger.kernel.implied import implied
from ledger.kernel.keys import PublicKey
from ledger.kernel.statement import Statement, check_complete, check_signature, parse
from ledger.kernel.subjects import Implied, subject_key
from ledger.lots.event import LotEvent, read_event
from ledger.lots.event_body import check_lot_event

_Before = TypeVar("_Before")
_After = TypeVar("_After")
_REQUEST_LABEL = b"coilmark/request/v1\n"
_EVENT_LABEL = b"coilmark/event/v1\n"
_DECLARED_LABEL = b"coilmark/declared/v1\n"
_CORRECTION_LABEL = b"coilmark/correction/v1\n"


class Checked(Struct, frozen=True):
    """A statement whose form and body are right.

    `issuer` is the subject key of its issuer's party. `signed_by` is the thumbprint whose signature was verified, or ""
    where no key of that name was known yet.
    `request` is the idempotency key of issuer and jti. `event` is the name that a lot event takes: of issuer and
    eventID, or None where it has none; a declaration of error takes the name of being that about its event, and
    `declares` is then the name of the event. `announces` are the names of the corrections that it promises, `corrects`
    the name under which an event would have been promised as one. `event_read` is a lot event in the words of the lot
    model, None for every other statement.
    """

    statement: Statement
    issuer: bytes
    implied: tuple[Implied, ...]
    request: bytes
    event: bytes | None
    declares: bytes | None
    announces: tuple[bytes, ...]
    corrects: bytes | None
    signed_by: str
    event_read: LotEvent | None = None


Verdict: TypeAlias = Checked | Refused


def check(wire: bytes, *, audience: str, keys: Mapping[str, PublicKey]) -> Checked:
    """Parse, complete, for this ledger, signed by a key we know, body by its schema. Raises Refused."""
    (verdict,) = check_all([wire], audience, keys)
    if isinstance(verdict, Refused):
        raise verdict
    return verdict


def check_all(wires: Sequence[bytes], audience: str, keys: Mapping[str, PublicKey]) -> list[Verdict]:
    """What `check` says of each statement: the checked statement, or why it is refused.

    Step by step for all of them, so that the processor's caches hold one step at a time.
    """
    parsed = _each(lambda wire: parse(wire, decode_quickly), wires)
    addressed = _each(lambda one: check_addressed(one, audience), parsed)
    signed = _each(lambda one: _check_signed(one, keys), addressed)
    formed = _each(check_form, signed)
    told = _each(lambda one: meant(*one), formed)
    read = _each(lambda one: read_as(*one, signed_by=one[0].kid if one[0].kid in keys else ""), told)
    return _each(_hashed, read)


def _each(step: Callable[[_Before], _After], ones: Sequence[_Before | Refused]) -> list[_After | Refused]:
    """The step taken with each that no earlier step has refused."""
    return [one if isinstance(one, Refused) else _attempt(step, one) for one in ones]


def _attempt(step: Callable[[_Before], _After], one: _Before) -> _After | Refused:
    try:
        return step(one)
    except Refused as refusal:
        return refusal


def check_addressed(statement: Statement, audience: str) -> Statement:
    """Complete, and for the ledger `audience`. Raises Refused."""
    check_complete(statement)
    if statement.aud != audience:
        raise Unauthorised("audience", f"the statement is for {statement.aud}, this ledger is {audience}")
    return statement


def _check_signed(statement: Statement, keys: Mapping[str, PublicKey]) -> Statement:
    key = keys.get(statement.kid)
    if key is not None:
        check_signature(statement, key, verify_fast)
    return statement


def _hashed(checked: Checked) -> Checked:
    _ = checked.statement.digest  # made here and kept with it, so that the one writer need not
    return checked


def sound(statement: Statement, *, signed_by: str) -> Checked:
    """Body by its schema and beyond it, and all that it implies; `signed_by` as for Checked. Raises Refused."""
    return read_as(*meant(*check_form(statement)), signed_by=signed_by)


def check_form(statement: Statement) -> tuple[Statement, Names | None]:
    """Body by its schema, and what no schema says of a lot event; what such an event names. Raises Refused."""
    check_body(statement.typ, statement.body)
    return statement, check_lot_event(statement.body) if statement.typ == "lot-event" else None


def meant(statement: Statement, names: Names | None) -> tuple[Statement, tuple[Implied, ...], Names | None]:
    """A statement whose form was checked, all that it implies, and what it names. Raises Refused."""
    return statement, implied(statement.typ, statement.iss, statement.aud, statement.body, names), names


def read_as(
    statement: Statement, wanted: tuple[Implied, ...], names: Names | None = None, *, signed_by: str
) -> Checked:
    """A statement whose form was checked and which implies `wanted`, with the names that it takes."""
    event, declares = event_names(statement)
    announces, corrects = correction_names(statement)
    return Checked(
        statement=statement,
        issuer=subject_key("party", statement.iss),
        implied=wanted,
        request=request_key(statement.iss, statement.jti),
        event=event,
        declares=declares,
        announces=announces,
        corrects=corrects,
        signed_by=signed_by,
        event_read=_lot_event_of(statement, names),
    )


def _lot_event_of(statement: Statement, names: Names | None) -> LotEvent | None:
    """A checked lot event, read once; None for other statements."""
    if statement.typ != "lot-event":
        return None
    return read_event(statement.body, issuer=statement.iss, jti=statement.jti, names=names)


def request_key(iss: str, jti: str) -> bytes:
    """What makes a retry a retry (SPEC 4.1)."""
    return sha256(_REQUEST_LABEL + iss.encode() + b"\n" + jti.encode()).digest()


def named_by_jti(checked: Checked) -> bytes:
    """The request key of the event that an eventID names which is the jti of its statement (SPEC 4.8)."""
    return request_key(checked.statement.iss, checked.statement.body["eventID"])


def event_key(iss: str, event_id: str) -> bytes:
    """What names an event: its issuer and its eventID (SPEC 4.8)."""
    return sha256(_EVENT_LABEL + iss.encode() + b"\n" + event_id.encode()).digest()


def event_names(statement: Statement) -> tuple[bytes | None, bytes | None]:
    """The name that a lot event takes, and that of the event it declares wrong; None where there is none."""
    body: Mapping[str, Any] = statement.body
    if statement.typ != "lot-event" or "eventID" not in body:
        return None, None
    name = event_key(statement.iss, body["eventID"])
    return (_declared_key(name), name) if "errorDeclaration" in body else (name, None)


def correction_names(statement: Statement) -> tuple[tuple[bytes, ...], bytes | None]:
    """The corrections that a declaration of error promises, and the one that an event may be (SPEC 4.8)."""
    body: Mapping[str, Any] = statement.body
    if statement.typ != "lot-event" or "eventID" not in body:
        return (), None
    if "errorDeclaration" not in body:
        return (), _correction_key(statement.iss, body["eventID"])
    promised = dict.fromkeys(body["errorDeclaration"].get("correctiveEventIDs", ()))
    return tuple(_correction_key(statement.iss, one) for one in promised), None


def _correction_key(iss: str, event_id: str) -> bytes:
    return sha256(_CORRECTION_LABEL + event_key(iss, event_id)).digest()


def _declared_key(event: bytes) -> bytes:
    """The name of the one declaration that an event is wrong."""
    return sha256(_DECLARED_LABEL + event).digest()
