"""Which part of a piece's mass began with whom: the ends of its ancestry by the party that numbers their lots."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from api.languages import Words
from ledger.kernel.party import Party, Registry
from ledger.kernel.subjects import may_create
from ledger.passport.body import LISTED

Body = Mapping[str, Any]
_GTIN_ENDS = 18  # in "(01)" and fourteen digits
_FIRST = "mining"  # where what was followed to a primary source began


def origins_of(body: Body, registry: Registry, words: Words) -> dict[str, tuple[str]]:
    """By party one sentence: so much of the piece's mass, and what it was. Nothing of a piece without a mass."""
    whole = body["facts"].get("mass", 0)
    masses: dict[str, Counter[str]] = {}
    for party, origin, grams in (*_ends(body, registry, words), *_primary(body, words)):
        masses.setdefault(party, Counter())[origin] += grams
    return {party: (_sentence(found, whole, words),) for party, found in masses.items()} if whole else {}


def _sentence(found: Counter[str], whole: int, words: Words) -> str:
    parts = (f"{words.mass(grams)} {origin}" for origin, grams in found.most_common())
    return words("way_share", whole=words.mass(whole), parts=words("list").join(parts))


def _ends(body: Body, registry: Registry, words: Words) -> Iterable[tuple[str, str, int]]:
    numbered_by = cache(partial(_numbered_by, parties=tuple(registry.parties.values())))
    for one in body.get("ends", ()):
        party = one.get("party") or numbered_by(_of_product(one.get("lot", "")))
        if party:
            name = registry.parties[party].name if party in registry.parties else party
            yield party, words(f"end.{one['reason']}", party=name), one["mass"]


def _primary(body: Body, words: Words) -> Iterable[tuple[str, str, int]]:
    """What no end takes, where one party alone mined."""
    miners = {one["party"] for name in ("stages", "steps") for one in body.get(name, ()) if one["step"] == _FIRST}
    rest = primary_mass(body)
    if len(miners) == 1 and rest:
        yield miners.pop(), words("end.primary"), rest


def primary_mass(body: Body) -> int:
    """G that no end takes. Of a list of ends that may be cut nothing is said."""
    ends = body.get("ends", ())
    taken = sum(one["mass"] for one in ends)
    return max(body["facts"].get("mass", 0) - taken, 0) if len(ends) < LISTED else 0


def _of_product(lot: str) -> str:
    """As much of a lot's id as tells whose number it is, so that it is asked once of many lots of a product."""
    return lot[:_GTIN_ENDS] if lot.startswith("(01)") else lot


def _numbered_by(lot: str, parties: Sequence[Party]) -> str:
    """The party with whose prefix, or id, the lot's id begins; "" where it is none of the ledger's."""
    return next((one.id for one in parties if lot and may_create(lot, one.id, one.prefixes)), "")
