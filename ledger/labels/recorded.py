"""What a ledger has recorded of a piece, for its label."""

from collections.abc import Mapping
from typing import Any

from ledger.kernel.note import fingerprint, parse_vkey
from ledger.labels.tag import TEXTS
from ledger.lots.records import Lot
from ledger.questions.asking import Asked

# What lots call their attributes -> what a label calls its facts.
_ATTRIBUTES = {
    "alloy": "alloy", "temper": "temper", "form": "form", "heat": "heat", "cast": "heat", "order": "order",
    "customerPart": "customer_part", "thickness": "thickness", "width": "width",
}  # fmt: skip
_LONGEST = 40  # characters of a line


def recorded_facts(asked: Asked, piece: str) -> Mapping[str, Any]:
    """What is known of the piece; nothing where it is not recorded yet. Texts are as long as a label shows."""
    found = asked.source.lot(piece)
    if found is None:
        return {}
    facts: dict[str, Any] = {name: found.attributes[at] for at, name in _ATTRIBUTES.items() if at in found.attributes}
    if found.g is not None:
        facts["mass"] = found.g
    facts["maker"] = _name(asked, found)
    return {name: _shown(value) if name in TEXTS else value for name, value in facts.items() if value}


def fingerprints(asked: Asked) -> tuple[str, ...]:
    """Of the log's keys."""
    return tuple(fingerprint(parse_vkey(key)) for key in asked.registry.log_keys)


def _name(asked: Asked, found: Lot) -> str:
    party = asked.registry.parties.get(found.maker)
    return "" if party is None else party.name


def _shown(value: object) -> str:
    """What labels have no letters for is shown as a question mark: it is the plant's own text."""
    return str(value)[:_LONGEST].encode("latin-1", "replace").decode("latin-1")
