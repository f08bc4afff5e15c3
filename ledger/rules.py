"""Rule sets: by which rules an entry is judged, and what such a set commits to (SPEC 4.5)."""

from hashlib import sha256
from importlib import resources

from ledger.carbon.factors import factor_files
from ledger.kernel.encoding import b64url_encode

FORMS = "coilmark-rules/1"  # the form of every body; lot events are recorded in order and judged by nothing else
LOTS = "coilmark-rules/2"  # and the lot rules of SPEC 5
ENERGY = "coilmark-rules/3"  # and the rules of energy and carbon of SPEC 11 and 12
CLAIMS = "coilmark-rules/4"  # and those of claims of SPEC 5.9
KNOWN = (FORMS, LOTS, ENERGY, CLAIMS)  # each has the rules of those before it
_NEXT = b"\n## "


def judges_lots(rules: str) -> bool:
    """Whether the lot rules hold under the rule set of this id."""
    return _includes(rules, LOTS)


def judges_energy(rules: str) -> bool:
    """Whether the energy rules hold under the rule set of this id."""
    return _includes(rules, ENERGY)


def judges_claims(rules: str) -> bool:
    """Whether the rules of mass-balance claims hold under the rule set of this id."""
    return _includes(rules, CLAIMS)


def _includes(rules: str, wanted: str) -> bool:
    return rules in KNOWN and KNOWN.index(rules) >= KNOWN.index(wanted)


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
    return {"id": CLAIMS, "digest": b64url_encode(sha256(b"".join(parts)).digest())}


def section(specification: bytes, number: int) -> bytes:
    """The text of a section, from its heading up to the next."""
    start = specification.index(b"\n## %d. " % number) + 1
    end = specification.find(_NEXT, start)
    return specification[start:] if end < 0 else specification[start : end + 1]
