"""Rule sets: by which rules an entry is judged, and what such a set commits to (SPEC 4.5)."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import resources
from typing import Any

from ledger.carbon.factors import factor_files
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed

FORMS = "coilmark-rules/1"  # the form of every body; lot events are recorded in order and judged by nothing else
LOTS = "coilmark-rules/2"  # and the lot rules of SPEC 5
ENERGY = "coilmark-rules/3"  # and the rules of energy and carbon of SPEC 11 and 12
BALANCED = "coilmark-rules/4"  # and those of claims (SPEC 5.9), of meters of sites, of rows that fall in part
KNOWN = (FORMS, LOTS, ENERGY, BALANCED)  # each has the rules of those before it
_NEXT = b"\n## "
_OF_A_PARTY = ("cbam", "sites/*/street", "sites/*/post_code", "sites/*/po_box", "sites/*/city")
# SPEC 3: what a rule set brought to bodies, by typ: a path to a member, "*" for each element, or a word of a member.
_BROUGHT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    BALANCED: {
        "ledger": tuple(f"operator/{one}" for one in _OF_A_PARTY),
        "party": _OF_A_PARTY,
        "energy-consumption": ("site",),
        "energy-action": ("reversals/*/from_wh", "reversals/*/to_wh"),
        "emission-source": (
            "kind/waste-gas", "kind/power-export",
            *(f"precursor/{one}" for one in ("name", "route", "purchased", "other", "dated", "verifier")),
        ),
        "period-close": ("activity/*/product", "activity/*/non_aluminium", "carbon_price", "quality"),
    },
}  # fmt: skip


def judges_lots(rules: str) -> bool:
    """Whether the lot rules hold under the rule set of this id."""
    return _includes(rules, LOTS)


def judges_energy(rules: str) -> bool:
    """Whether the energy rules hold under the rule set of this id."""
    return _includes(rules, ENERGY)


def judges_claims(rules: str) -> bool:
    """Whether the rules of mass-balance claims hold under the rule set of this id."""
    return _includes(rules, BALANCED)


def is_metered(rules: str) -> bool:
    """Whether sites have meters, and rows fall by what is withdrawn of them and no more."""
    return _includes(rules, BALANCED)


def _includes(rules: str, wanted: str) -> bool:
    return rules in KNOWN and KNOWN.index(rules) >= KNOWN.index(wanted)


def check_members(rules: str, typ: str, body: Mapping[str, Any]) -> None:
    """SPEC 3: no member of a rule set that is not in force. Raises Malformed ("body")."""
    for later in KNOWN[KNOWN.index(rules) + 1 :] if rules in KNOWN else ():
        for path in _BROUGHT.get(later, {}).get(typ, ()):
            if any(_standing(body, path.split("/"))):
                raise Malformed("body", f"{typ} body: {path} came with {later}, in force is {rules}", typ=typ)


def _standing(value: Any, path: list[str]) -> Iterator[bool]:
    """One True for each place in a body that the path leads to."""
    step, rest = path[0], path[1:]
    if step == "*":
        for one in value if isinstance(value, list) else ():
            yield from _standing(one, rest)
    elif isinstance(value, dict) and step in value:
        if rest:
            yield from _standing(value[step], rest)
        else:
            yield True
    elif value == step and not rest:
        yield True


def rule_set() -> dict[str, str]:
    """The newest rule set with its digest: forms of bodies, rules of lots, energy and carbon, and factor sets."""
    schemas = resources.files("schemas")
    files = sorted(
        (file for file in schemas.joinpath("json").iterdir() if file.name.endswith(".json")),
        key=lambda file: file.name,
    )
    parts = [file.name.encode() + b"\n" + file.read_bytes() for file in files]
    specification = schemas.joinpath("SPEC.md").read_bytes()
    parts += [name.encode() + b"\n" + data for name, data in factor_files().items()]
    parts += [b"SPEC %d\n" % number + section(specification, number) for number in (5, 11, 12)]
    return {"id": BALANCED, "digest": b64url_encode(sha256(b"".join(parts)).digest())}


def section(specification: bytes, number: int) -> bytes:
    """The text of a section, from its heading up to the next."""
    start = specification.index(b"\n## %d. " % number) + 1
    end = specification.find(_NEXT, start)
    return specification[start:] if end < 0 else specification[start : end + 1]
