"""What verification reads of registry statements: these members, each of the type that SPEC 4.9 gives.

A verifier applies no schema. Without this a list might be a text or an object to one reader and none to another, and 1
the same as true or 1.0: two verifiers would say different things of the same signed bytes.
"""

from typing import Any, TypeAlias

from ledger.kernel.errors import Malformed
from ledger.kernel.statement import Statement

_Form: TypeAlias = "type | list[_Form] | dict[str, _Form]"
_PARTY: dict[str, _Form] = {"id": str, "name": str, "roles": [str], "prefixes": [str]}
_RULES: dict[str, _Form] = {"id": str, "digest": str}
_NEW_KEYS: list[_Form] = [{"jwk": dict, "proof": str}]
_FORMS: dict[str, _Form] = {
    "ledger": {
        "uri": str,
        "origin": str,
        "log_keys": [str],
        "operator": _PARTY,
        "keys": _NEW_KEYS,
        "rules": _RULES,
        "incarnation": int,
    },
    "party": _PARTY,
    "key": {
        "party": str,
        "add?": _NEW_KEYS,
        "end?": [{"kid": str, "reason": str, "disputed_from?": int}],
        "recovery?": bool,
    },
    "notice": {"rules?": {**_RULES, "from_index": int}},
}


def check_form(statement: Statement, index: int) -> None:
    """Of any statement; of those that the registry is not folded from nothing is asked. Raises Malformed ("body")."""
    if not _fits(statement.body, _FORMS.get(statement.typ, {})):
        says = f"the body of the {statement.typ} statement at entry {index} is not in the form of SPEC 4.9"
        raise Malformed("body", says)


def _fits(value: Any, form: _Form) -> bool:
    """An object may have more members than the form; those whose name there ends in "?" it may lack."""
    if isinstance(form, list):
        return isinstance(value, list) and all(_fits(one, form[0]) for one in value)
    if isinstance(form, dict):
        return isinstance(value, dict) and all(_has(value, name, of) for name, of in form.items())
    return type(value) is form  # True is no integer here, nor is 1.0


def _has(members: dict[str, Any], name: str, form: _Form) -> bool:
    bare = name.removesuffix("?")
    return _fits(members[bare], form) if bare in members else bare != name
