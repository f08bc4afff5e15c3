"""The JSON Schemas of every body but the lot event's: good bodies pass, each kind of bad one is refused."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest

FOLDER = Path(__file__).parent.parent.parent / "schemas" / "json"
SPEC = FOLDER.parent / "SPEC.md"
TYPES = (
    "ledger", "party", "key", "certificate", "passport", "heads", "notice", "contract", "energy-attestation",
    "energy-consumption", "energy-action", "energy-allocation", "emission-source", "period-close", "verification",
)  # fmt: skip
DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
GOOD = json.loads((Path(__file__).parent / "good_bodies.json").read_text("utf-8"))
LOST = GOOD["ledger"][1]["previous"]["lost"]
EXTERNAL = GOOD["energy-attestation"][1]["external"][0]
ROW = GOOD["energy-allocation"][0]["rows"][0]
FUEL = GOOD["emission-source"][3]["fuel"]
GONE = object()
# typ, which good body, the place that is changed, what stands there then, what the refusal says
BAD = [
    ("ledger", 0, "extra", 1, "extra"),
    ("ledger", 0, "keys", [], "less than 1 item"),
    ("ledger", 0, "previous", {"checkpoint": "x", "lost": LOST}, "False schema"),
    ("ledger", 1, "previous", GONE, "previous"),
    ("ledger", 1, "previous/lost/to", "57", "integer"),
    ("ledger", 0, "origin", "has space", "match"),
    ("ledger", 0, "uri", "no uri", "match"),
    ("ledger", 0, "log_keys/0", "name+12345678", "match"),
    ("ledger", 0, "operator/prefixes", GONE, "prefixes"),
    ("ledger", 0, "rules/digest", DIGEST + "=", "match"),
    ("ledger", 0, "incarnation", -1, "minimum"),
    ("party", 0, "id", "(417)952114100000", "match"),
    ("party", 0, "id", "9521141000008", "match"),
    ("party", 0, "roles", ["passport"], "one of"),
    ("party", 0, "roles", ["lot-event", "lot-event"], "non-unique"),
    ("party", 0, "prefixes", ["95A"], "match"),
    ("party", 0, "sites/0/latitude", "91", "match"),
    ("party", 0, "sites/0/longitude", 75.3, "string"),
    ("party", 0, "sites/0/country", "KAZ", "match"),
    ("party", 0, "processes/0/kind", "smelting", "one of"),
    ("party", 0, "devices/1/capacity", 0, "minimum"),
    ("party", 0, "devices/1/capacity", "6.25 MW", "integer"),
    ("party", 0, "meters/0/device", "(417)9521141000008/w1", "not"),
    ("party", 0, "meters/0/colour", "blue", "colour"),
    ("key", 0, "add", GONE, "anyOf"),
    ("key", 0, "add/0/jwk/d", "private", "oneOf"),
    ("key", 0, "add/0/proof", "A" * 85, "match"),
    ("key", 0, "add/0/proof", "A" * 85 + "B", "match"),
    ("key", 1, "recovery", False, "true"),
    ("key", 1, "end/0/reason", "bored", "one of"),
    ("key", 1, "end/0/disputed_from", 2**53, "maximum"),
    ("certificate", 0, "type", "3.3", "one of"),
    ("certificate", 0, "inspection", GONE, "inspection"),
    ("certificate", 0, "inspection/inspector", "A Person", "inspector"),
    ("certificate", 0, "withdrawn_reason", "other", "False schema"),
    ("certificate", 1, "withdrawn_reason", GONE, "withdrawn_reason"),
    ("certificate", 0, "lots", [], "less than 1 item"),
    ("certificate", 0, "chemistry/0/value", "2,91", "match"),
    ("certificate", 0, "chemistry/0/value", 2.91, "string"),
    ("certificate", 0, "chemistry/0/element", "mg", "match"),
    ("certificate", 0, "tests/0/unit", GONE, "unit"),
    ("certificate", 0, "issued", "2026-11-23T05:00:00+05:00", "match"),
    ("certificate", 0, "issued", "2026-02-30T05:00:00Z", "date-time"),
    ("certificate", 0, "issued", "2026-11-23T05:00:00Z\n", "match"),
    ("certificate", 0, "document/digest", "00", "match"),
    ("passport", 0, "piece", "C0004711", "match"),
    ("passport", 0, "facts/mass", 20.5, "integer"),
    ("passport", 0, "facts/price", 1, "price"),
    ("passport", 0, "figures/0/coc_model", GONE, "coc_model"),
    ("passport", 0, "figures/1/matching", "hourly", "False schema"),
    ("passport", 0, "figures/0/value", "1e3", "match"),
    ("passport", 0, "as_of/size", 0, "minimum"),
    ("passport", 0, "inputs/root", GONE, "root"),
    ("passport", 0, "references/0/kind", "coil", "one of"),
    ("heads", 0, "subjects", 12, "subjects"),
    ("heads", 1, "note", "", "shorter"),
    ("notice", 0, "kind", "rules", "rules"),
    ("notice", 0, "closing", {}, "False schema"),
    ("notice", 0, "erasure/disclosures", [], "less than 1 item"),
    ("notice", 1, "rules/from_index", GONE, "from_index"),
    ("notice", 3, "lost/what", ["entry"], "one of"),
    ("contract", 0, "max_wh", GONE, "max_wh"),
    ("contract", 0, "max_wh", "11480000000000", "integer"),
    ("contract", 1, "max_wh", 5, "False schema"),
    ("contract", 0, "valid/to", GONE, "to"),
    ("contract", 0, "parties/0", "(414)9521141000107", "match"),
    ("energy-attestation", 0, "wh", 0, "minimum"),
    ("energy-attestation", 0, "wh", 17_999_999.5, "integer"),
    ("energy-attestation", 0, "external", [EXTERNAL], "False schema"),
    ("energy-attestation", 1, "external", GONE, "external"),
    ("energy-attestation", 0, "configuration", 4, "one of"),
    ("energy-attestation", 0, "capacity", 6_250_000, "capacity"),
    ("energy-attestation", 2, "storage/charges/0/hour", 24, "maximum"),
    ("energy-consumption", 0, "wh", [1] * 25, "more than 24"),
    ("energy-consumption", 0, "wh/7", None, "integer"),
    ("energy-consumption", 0, "wh/7", -1, "minimum"),
    ("energy-consumption", 0, "from", "2026-11-22T19:30:00Z", "match"),
    ("energy-consumption", 0, "meter", GONE, "meter"),
    ("energy-action", 0, "to", GONE, "to"),
    ("energy-action", 0, "slices", [], "less than 1 item"),
    ("energy-action", 0, "slices/0/to_wh", 0, "minimum"),
    ("energy-action", 0, "beneficiary", "(417)9521141000015", "False schema"),
    ("energy-action", 1, "reversals", GONE, "reversals"),
    ("energy-action", 1, "action", "undo", "one of"),
    ("energy-allocation", 0, "rows", [], "less than 1 item"),
    ("energy-allocation", 0, "rows", [ROW] * 2001, "more than 2000"),
    ("energy-allocation", 0, "rows/1/contract", GONE, "contract"),
    ("energy-allocation", 0, "rows/0/hour", 24, "maximum"),
    ("energy-allocation", 0, "matching", "monthly", "one of"),
    ("energy-allocation", 0, "rows/2/reverses/row", 2000, "maximum"),
    ("emission-source", 0, "table", GONE, "table"),
    ("emission-source", 0, "anode/carbon", "1.2", "match"),
    ("emission-source", 0, "fuel", FUEL, "False schema"),
    ("emission-source", 1, "pfc/slope", GONE, "slope"),
    ("emission-source", 1, "pfc/overvoltage", "1.2", "False schema"),
    ("emission-source", 2, "pfc/technology", "modern", "one of"),
    ("emission-source", 3, "fuel/net_calorific_value", GONE, "net_calorific_value"),
    ("emission-source", 6, "precursor/mark_up", GONE, "mark_up"),
    ("emission-source", 7, "precursor/report", GONE, "report"),
    ("emission-source", 8, "electricity/evidence", GONE, "evidence"),
    ("emission-source", 11, "fuel", FUEL, "False schema"),
    ("period-close", 0, "processes", [], "less than 1 item"),
    ("period-close", 0, "stocks/0/closing", GONE, "closing"),
    ("period-close", 0, "activity/0/cn", "7601 10", "match"),
    ("verification", 0, "verdict", "passed", "one of"),
    ("verification", 0, "subject/kind", "coil", "one of"),
    ("verification", 0, "accreditation/person", "A", "person"),
]


def schema_of(typ):
    return json.loads((FOLDER / f"{typ}.schema.json").read_text("utf-8"))


def validator(typ):
    return jsonschema_rs.Draft202012Validator(schema_of(typ), validate_formats=True)


def changed(body, place, value):
    body = copy.deepcopy(body)
    *steps, last = [int(step) if step.isdigit() else step for step in place.split("/")]
    inner = body
    for step in steps:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return body


def every_schema(node):
    """Each subschema that describes a value, and with it the name under which it stands."""
    for name, inner in {**node.get("properties", {}), **node.get("$defs", {})}.items():
        if inner is not False:
            yield name, inner
            yield from every_schema(inner)
    for inner in [node.get("items"), *node.get("oneOf", [])]:
        if isinstance(inner, dict):
            yield from every_schema(inner)


@pytest.mark.parametrize("typ", TYPES)
def test_every_good_body_passes(typ):
    assert GOOD[typ]
    for body in GOOD[typ]:
        validator(typ).validate(body)


def test_an_allocation_has_at_most_2000_rows():
    assert validator("energy-allocation").is_valid(GOOD["energy-allocation"][0] | {"rows": [ROW] * 2000})


@pytest.mark.parametrize(("typ", "which", "place", "value", "says"), BAD)
def test_every_bad_body_is_refused_for_its_own_reason(typ, which, place, value, says):
    body = changed(GOOD[typ][which], place, value)
    messages = " ".join(str(error) for error in validator(typ).iter_errors(body))
    assert says in messages, messages or "nothing was refused"


@pytest.mark.parametrize("typ", TYPES)
def test_every_required_member_is_missed(typ):
    for member in schema_of(typ)["required"]:
        body = changed(GOOD[typ][0], member, GONE)
        assert not validator(typ).is_valid(body), member


@pytest.mark.parametrize("typ", TYPES)
def test_every_schema_is_json_schema_and_closed_at_every_level(typ):
    schema = schema_of(typ)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:coilmark:schema:v1:{typ}"
    for name, inner in [("body", schema), *every_schema(schema)]:
        if inner.get("type") == "object":
            assert inner["additionalProperties"] is False, name
        if inner.get("type") == "integer":
            assert inner["maximum"] < 2**53, name
        assert inner.get("type") != "number", f"{name}: decimals travel as strings"


@pytest.mark.parametrize("typ", TYPES)
def test_every_property_says_what_it_is_and_every_number_its_unit(typ):
    schema = schema_of(typ)
    for name, inner in [("body", schema), *every_schema(schema)]:
        text = inner.get("description", "")
        if "enum" not in inner or text:
            assert re.match(r"\w.*[.…]$", text), f"{name}: {text!r}"
        target = schema["$defs"].get(inner.get("$ref", "").rpartition("/")[2], inner)
        if target.get("type") == "integer" or inner.get("$ref", "").endswith(("/amount", "/decimal", "/share")):
            assert "Unit: " in text, f"{name}: {text!r}"


def test_what_two_schemas_define_under_one_name_is_the_same():
    seen = {}
    for typ in TYPES:
        for name, inner in schema_of(typ).get("$defs", {}).items():
            assert seen.setdefault(name, inner) == inner, f"{typ}: {name}"


def type_of(node):
    """A member's type in a word or two, as the tables of SPEC 4.9 give it."""
    if "$ref" in node:
        return node["$ref"].rpartition("/")[2]
    if "const" in node or "enum" in node:
        return ", ".join(f"`{json.dumps(one)}`" for one in node.get("enum", [node.get("const")]))
    if node.get("type") == "array":
        repeats = ", no repeats" if node.get("uniqueItems") else ""
        return f"array of {node.get('minItems', 0)} to {node['maxItems']}{repeats}: {type_of(node['items'])}"
    if node.get("type") == "integer":
        most = "" if node["maximum"] == 2**53 - 1 else f" to {node['maximum']}"
        return f"integer from {node['minimum']}{most}"
    return node.get("type", "object")


def table_of(node, defs, below=""):
    """Rows of a SPEC table: every member of an object and of the unnamed objects in it."""
    for name, inner in node.get("properties", {}).items():
        nested = inner.get("items", inner)
        place = f"{below}{name}{'[]' if 'items' in inner else ''}"
        wanted = "yes" if name in node.get("required", ()) else "no"
        says = inner.get("description") or defs[type_of(inner)]["description"]
        yield f"| `{place}` | {type_of(inner)} | {wanted} | {says} |"
        yield from table_of(nested, defs, f"{place}.")


def shapes():
    """Every named object that bodies share."""
    named = {name: inner for typ in TYPES for name, inner in schema_of(typ)["$defs"].items() if "properties" in inner}
    return {name: inner for name, inner in named.items() if name != "party"}


@pytest.mark.parametrize("typ", TYPES)
def test_the_spec_lists_every_member_of_every_body(typ):
    lines = SPEC.read_text("utf-8").splitlines()
    assert [row for row in table_of(schema_of(typ), {}) if row not in lines] == []


def test_the_spec_lists_every_shared_shape_and_type():
    lines = SPEC.read_text("utf-8").splitlines()
    assert [row for inner in shapes().values() for row in table_of(inner, {}) if row not in lines] == []
    named = {name: inner for typ in TYPES for name, inner in schema_of(typ)["$defs"].items() if name not in shapes()}
    rows = [f"| `{name}` | {inner['description']} |" for name, inner in named.items() if "properties" not in inner]
    assert [row for row in rows if row not in lines] == []


def test_the_spec_lists_every_extension_of_lot_events():
    defs, lines = schema_of("lot-event")["$defs"], SPEC.read_text("utf-8").splitlines()
    assert [row for row in table_of(defs["al_members"], defs) if row not in lines] == []


def test_the_spec_names_every_body_whose_note_may_be_erased():
    row = next(line for line in SPEC.read_text("utf-8").splitlines() if line.endswith("| `note` |"))
    with_note = {typ for typ in (*TYPES, "lot-event") if "note" in schema_of(typ).get("properties", {})}
    assert set(re.findall(r"`([a-z-]+)`", row)) - {"note"} == with_note
