"""Which link a request means: by link type, then language, then media type (GS1-Conformant Resolver Standard 1.2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.resolving.links import DEFAULT, DEFAULT_MULTI, Level, Target

Wishes = Mapping[str, float]  # what is said in Accept or Accept-Language, each with its weight from 0 to 1
_MOST = 50  # wishes of a header that are read
_BESIDE = 0.01  # the weight of a target that says nothing of what was asked for
_ANY = 0.005  # of a wish for anything: no reason to take one that says something before one that says nothing
_WORSE = 0.9  # of a wish that is met only in general: de-AT by de, text/html by text/*


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of the link that it wants. `link_type` is a URI, or "" for whatever is the default."""

    link_type: str = ""
    types: Wishes | None = None
    languages: Wishes | None = None


def wishes(header: str | None) -> Wishes | None:
    """Accept or Accept-Language (RFC 9110 12.5), lower case; what has no readable weight weighs nothing."""
    if header is None:
        return None
    said: dict[str, float] = {}
    for part in header.split(",")[:_MOST]:
        name, *parameters = (one.strip().lower() for one in part.split(";"))
        weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        if name:
            said[name] = _number(weight)
    return said


def _number(text: str) -> float:
    plain = text.replace(".", "", 1)
    return min(float(text), 1.0) if plain.isascii() and plain.isdigit() and len(text) <= 5 else 0.0


def choose(levels: Sequence[Level], asked: Asked) -> tuple[Target, ...]:
    """The one link that is meant; several where nothing tells which; none where there is none of that type.

    Of a link type only the most granular level that has it counts.
    """
    if asked.link_type and asked.link_type != DEFAULT:
        return _best(_of_type(levels, asked.link_type), asked)
    several = _best([one for one in _of_type(levels, DEFAULT_MULTI) if _is_met(one, asked)], asked)
    return several if len(several) == 1 else _of_type(levels, DEFAULT)


def _of_type(levels: Sequence[Level], kind: str) -> tuple[Target, ...]:
    return next((level.links[kind] for level in levels if level.links.get(kind)), ())


def _best(targets: Sequence[Target], asked: Asked) -> tuple[Target, ...]:
    """Language first, then media type; then what says nothing of which nothing was asked."""
    weighed = [(_language(one, asked.languages), _type(one, asked.types), _is_plain(one, asked)) for one in targets]
    best = max(weighed, default=None)
    return tuple(one for one, weight in zip(targets, weighed, strict=True) if weight == best)


def _is_plain(target: Target, asked: Asked) -> bool:
    return not (target.hreflang and asked.languages is None) and not (target.type and asked.types is None)


def _is_met(target: Target, asked: Asked) -> bool:
    """Whether the request says something that this target has, and nothing that it has not."""
    language = not target.hreflang or _language(target, asked.languages or {}) > _BESIDE
    kind = not target.type or _type(target, asked.types or {}) > _BESIDE
    return language and kind and bool(target.hreflang or target.type)


def _language(target: Target, said: Wishes | None) -> float:
    return _weight([one.lower() for one in target.hreflang], said, _language_weight)


def _type(target: Target, said: Wishes | None) -> float:
    return _weight([target.type.lower()] if target.type else [], said, _type_weight)


def _weight(has: Sequence[str], said: Wishes | None, of: Callable[[str, str], float]) -> float:
    """How well one of what it has fits one of what is wished for; 1 where nothing is."""
    if said is None:
        return 1.0
    if not has:
        return _BESIDE
    return max((weight * of(one, wish) for wish, weight in said.items() for one in has), default=0.0)


def _language_weight(has: str, wish: str) -> float:
    """RFC 4647: de-AT is met by de, and de by de-AT."""
    if wish == has:
        return 1.0
    if has.startswith(f"{wish}-") or wish.startswith(f"{has}-"):
        return _WORSE
    return _ANY if wish == "*" else 0.0


def _type_weight(has: str, wish: str) -> float:
    if wish == has:
        return 1.0
    if wish.endswith("/*") and has.startswith(wish[:-1]):
        return _WORSE
    return _ANY if wish == "*/*" else 0.0
