"""Links with what is known of them, level by level, and the linkset that says so (RFC 9264, GS1's profile)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VOCABULARY = "https://ref.gs1.org/voc/"
CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
MEDIA_TYPE = "application/linkset+json"
_OLDER = ("https://gs1.org/voc/", "http://gs1.org/voc/", "http://ref.gs1.org/voc/", "https://www.gs1.org/voc/")


def gs1(name: str) -> str:
    """The URI of a link type of the GS1 Web Vocabulary."""
    return VOCABULARY + name


DEFAULT = gs1("defaultLink")
DEFAULT_MULTI = gs1("defaultLinkMulti")
PRODUCT_INFORMATION = gs1("pip")
PASSPORT = gs1("dpp")
PROOF = gs1("registryEntry")
TRACEABILITY = gs1("traceability")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads. `type` and `hreflang` are of what is there; `passes_query`: a query is handed on to it."""

    href: str
    title: str
    type: str = ""
    hreflang: tuple[str, ...] = ()
    passes_query: bool = True


@dataclass(frozen=True, slots=True)
class Level:
    """What there is for one thing: a coil, its lot, its product. `links` are by link type, each a URI."""

    anchor: str
    description: str
    links: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)


def link_type(said: str) -> str:
    """A link type as a URI: `gs1:dpp`, and the vocabulary's older addresses, are the same as the URI of today."""
    if said.startswith("gs1:"):
        return gs1(said[4:])
    older = next((prefix for prefix in _OLDER if said.startswith(prefix)), None)
    return said if older is None else gs1(said.removeprefix(older))


def linkset(levels: Sequence[Level]) -> dict[str, Any]:
    """All links of all levels, in the form of GS1's JSON schema for linksets."""
    return {
        "linkset": [
            {
                "anchor": level.anchor,
                "itemDescription": level.description,
                **{kind: [_shown(target) for target in targets] for kind, targets in level.links.items()},
            }
            for level in levels
        ]
    }


def _shown(target: Target) -> dict[str, Any]:
    shown: dict[str, Any] = {"href": target.href, "title": target.title}
    if target.type:
        shown["type"] = target.type
    if target.hreflang:
        shown["hreflang"] = list(target.hreflang)
    return shown if target.passes_query else {**shown, "fwqs": False}
