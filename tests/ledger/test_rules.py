"""Members that a rule set brought to bodies: named by paths, and refused under every rule set before it."""

import json
from pathlib import Path

import pytest

from ledger.kernel.errors import Malformed
from ledger.rules import _BROUGHT, BALANCED, ENERGY, FORMS, KNOWN, check_members

SCHEMAS = Path(__file__).parents[2] / "schemas" / "json"
PATHS = [(typ, path) for typ, paths in _BROUGHT[BALANCED].items() for path in paths]


def body_with(path):
    """The least body that has something there."""
    *steps, last = path.split("/")
    found = {last: "x"} if steps != ["kind"] else last
    for step in reversed(steps):
        found = [found] if step == "*" else {step: found}
    return found


@pytest.mark.parametrize(("typ", "path"), PATHS)
def test_what_came_later_is_not_in_form_before(typ, path):
    for rules in (FORMS, ENERGY):
        with pytest.raises(Malformed, match=f"came with {BALANCED}, in force is {rules}"):
            check_members(rules, typ, body_with(path))
    check_members(BALANCED, typ, body_with(path))
    check_members(ENERGY, "heads", body_with(path))


@pytest.mark.parametrize(("typ", "path"), PATHS)
def test_every_path_leads_to_a_member_of_the_schema(typ, path):
    schema = json.loads((SCHEMAS / f"{typ}.schema.json").read_text("utf-8"))
    node = schema
    for step in path.split("/"):
        if step == "*":
            node = node["items"]
        elif "enum" in node:
            assert step in node["enum"]
        else:
            node = node["properties"][step]
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]


def test_what_was_always_there_is_taken_by_every_rule_set():
    for rules in (*KNOWN, "coilmark-rules/99"):
        check_members(rules, "energy-consumption", {"process": "p", "wh": [1], "note": "site"})
        check_members(rules, "emission-source", {"kind": "heat", "precursor": {"cn": "7601"}})
