"""Bodies of statements against their JSON Schemas, one a typ, formats asserted (SPEC 4.1).

What a schema cannot say of a lot event is in `ledger.lots.event_body`; what needs the ledger's state is elsewhere.
"""

import functools
import json
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources
from typing import Any

import jsonschema_rs

from ledger.kernel.errors import Malformed
from ledger.kernel.statement import TYPES

_SHOWN = 150  # characters of the validator's words at either end: it repeats what it was given in between
_REASONS = 3  # why a form does not fit: a list has one for each of its items


def check_body(typ: str, body: Mapping[str, Any]) -> None:
    """The body of a `typ` statement against its schema. Raises Malformed ("body"), naming the place."""
    if typ != "lot-event":  # of its members only ours are whole numbers: `ledger.lots.event_body` looks at them
        check_whole_numbers(typ, body)
    validator = _validator(typ)
    if not validator.is_valid(body):
        raise _refusal(typ, next(iter(validator.iter_errors(body))))


def check_whole_numbers(typ: str, value: Any, place: str = "") -> None:
    """No number with a point: JSON Schema takes 5.0 for an integer, SPEC 4.1 does not. Raises Malformed ("body")."""
    if not _has_point(value):
        return
    if isinstance(value, Decimal):
        raise Malformed("body", f"{typ} body: {place}: {value} is written with a point, a whole number is wanted")
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        check_whole_numbers(typ, part, f"{place}/{name}")


def _has_point(value: Any) -> bool:
    nodes = [value]
    for node in nodes:  # grows as it is walked: a call for each node would cost more than all else here
        kind = type(node)  # of what a decoder made: nothing is of a class derived from these
        if kind is dict:
            nodes += node.values()
        elif kind is list:
            nodes += node
        elif kind is Decimal:
            return True
    return False


def schema_text(typ: str) -> str:
    """The schema file of a `typ`, as published. Raises ValueError for a word that is no typ."""
    if typ not in TYPES:
        raise ValueError(f"{typ!a} is no typ of a statement")
    return resources.files("schemas").joinpath("json", f"{typ}.schema.json").read_text("utf-8")


@functools.cache  # compiled once a process, when the first body of its typ comes: importing this costs nothing
def _validator(typ: str) -> jsonschema_rs.Draft202012Validator:
    # EPCIS closes its objects, its words and its ids through formats alone: without them misspelt members pass.
    return jsonschema_rs.Draft202012Validator(json.loads(schema_text(typ)), validate_formats=True)


def _refusal(typ: str, error: jsonschema_rs.ValidationError) -> Malformed:
    place = "/" + "/".join(str(step) for step in error.instance_path)
    return Malformed("body", f"{typ} body: {place}: {_plain(typ, error)}", typ=typ, place=place)


def _plain(typ: str, error: jsonschema_rs.ValidationError) -> str:
    """The validator's words; in place of a regular expression, what the schema says is wanted."""
    if isinstance(
        error.kind, jsonschema_rs.ValidationErrorKind.AnyOf | jsonschema_rs.ValidationErrorKind.OneOfNotValid
    ):
        return _ways(typ, error.kind.context, len(error.instance_path))
    words = _of_one(typ, error)
    return words if len(words) <= 2 * _SHOWN else f"{words[:_SHOWN]} … {words[-_SHOWN:]}"


def _of_one(typ: str, error: jsonschema_rs.ValidationError) -> str:
    shown = json.dumps(error.instance, ensure_ascii=False, default=str)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.FalseSchema):
        return f"{shown} has no place beside what else is said"
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Pattern):
        wanted: Any = json.loads(schema_text(typ))
        for step in error.schema_path[:-1]:
            wanted = wanted[step]
        if "description" in wanted:
            return f"{shown} is not what is wanted: {wanted['description']}"
    return error.message


def _ways(typ: str, alternatives: list[list[jsonschema_rs.ValidationError]], depth: int) -> str:
    """What is wrong by each of several forms, any of which would do: the reader knows which one he meant."""
    ways = (" and ".join(_below(typ, one, depth) for one in alternative[:_REASONS]) for alternative in alternatives)
    told = "; ".join(f"({number}) {way}" for number, way in enumerate(ways, 1))
    return f"this has none of the {len(alternatives)} forms that are taken: {told}"


def _below(typ: str, error: jsonschema_rs.ValidationError, depth: int) -> str:
    place = "/".join(str(step) for step in error.instance_path[depth:])
    return f"{place}: {_plain(typ, error)}" if place else _plain(typ, error)
