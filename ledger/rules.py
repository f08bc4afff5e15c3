"""Rule sets: by which rules an entry is judged, and what such a set commits to (SPEC 4.5)."""

from hashlib import sha256
from importlib import resources

from ledger.kernel.encoding import b64url_encode

FORMS = "coilmark-rules/1"  # the form of every body; lot events are recorded in order and judged by nothing else
LOTS = "coilmark-rules/2"  # and the lot rules of SPEC 5
KNOWN = (FORMS, LOTS)
_LOT_RULES, _NEXT = b"\n## 5. ", b"\n## "


def judges_lots(rules: str) -> bool:
    """Whether the lot rules hold under the rule set of this id."""
    return rules == LOTS


def rule_set() -> dict[str, str]:
    """The newest rule set with its digest: what every body must look like, and what lot events are judged by."""
    schemas = resources.files("schemas")
    files = sorted(
        (file for file in schemas.joinpath("json").iterdir() if file.name.endswith(".json")),
        key=lambda file: file.name,
    )
    parts = [file.name.encode() + b"\n" + file.read_bytes() for file in files]
    parts.append(b"SPEC 5\n" + lot_rules(schemas.joinpath("SPEC.md").read_bytes()))
    return {"id": LOTS, "digest": b64url_encode(sha256(b"".join(parts)).digest())}


def lot_rules(specification: bytes) -> bytes:
    """The text of section 5, from its heading up to the next."""
    start = specification.index(_LOT_RULES) + 1
    return specification[start : specification.index(_NEXT, start) + 1]
