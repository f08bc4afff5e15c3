"""A GS1 Digital Link as what it says, and the same written as URI or element string."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from ledger.digital_link.dictionary import Identifier, identifiers
from ledger.kernel.errors import Malformed

Element = tuple[str, str]  # application identifier and value
SEPARATOR = "\x1d"  # FNC1 as it is read (GS1 General Specifications 7.8.2)


@dataclass(frozen=True, slots=True)
class Link:
    """`key` and `qualifiers` name the thing, `attributes` say more of it, `others` are a query's other parameters.

    `others` stay as they were written. `stem` is what stands before the key: scheme, host and perhaps a path.
    """

    stem: str
    key: Element
    qualifiers: tuple[Element, ...] = ()
    attributes: tuple[Element, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def elements(self) -> tuple[Element, ...]:
        """All that it says in GS1's terms."""
        return (self.key, *self.qualifiers, *self.attributes)

    @property
    def path(self) -> str:
        """Key and qualifiers as a path, percent-encoded where URIs want it."""
        return "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in (self.key, *self.qualifiers))

    @property
    def query(self) -> str:
        """Attributes, then all other parameters; "" where there are none."""
        return "&".join((*(f"{ai}={quote(value, safe='')}" for ai, value in self.attributes), *self.others))

    @property
    def uri(self) -> str:
        """The uncompressed URI."""
        return f"{self.stem}{self.path}{'?' if self.query else ''}{self.query}"

    @property
    def name(self) -> str:
        """What is named, for people: (01)09521141000014(21)C-1."""
        return "".join(f"({ai}){value}" for ai, value in (self.key, *self.qualifiers))

    def element_string(self, separator: str = SEPARATOR) -> str:
        """As a symbol holds it: a separator at the start and after each value of no fixed length but the last."""
        said = separator
        for number, (ai, value) in enumerate(self.elements):
            known = identifiers().get(ai)
            last = number + 1 == len(self.elements)
            said += f"{ai}{value}{'' if last or (known is not None and known.fixed) else separator}"
        return said

    def levels(self) -> "tuple[Link, ...]":
        """The thing itself, then each coarser one that it is one of, up to the key alone: coil, lot, product."""
        bare = replace(self, attributes=(), others=())
        return tuple(replace(bare, qualifiers=bare.qualifiers[:count]) for count in range(len(self.qualifiers), -1, -1))


def make_link(
    stem: str,
    key: Element,
    qualifiers: Sequence[Element] = (),
    attributes: Sequence[Element] = (),
    others: Sequence[str] = (),
    *,
    unknown: bool = False,
) -> Link:
    """A link of which all is checked. Raises Malformed ("digital_link").

    `unknown` takes attributes that the table does not have, where their number is one that GS1 could still give out.
    """
    chain = _check_path(key, qualifiers)
    taken = {key[0], *chain}
    for ai, value in attributes:
        if ai in taken:
            raise Malformed("digital_link", f"({ai}) stands in the query; it is said in the path, or belongs there")
        taken.add(ai)
        _check_attribute(ai, value, unknown=unknown)
    return Link(stem, key, tuple(qualifiers), tuple(attributes), tuple(others))


def _check_path(key: Element, qualifiers: Sequence[Element]) -> set[str]:
    """Returns what belongs in the path of this link: the query may not say it."""
    known = identifiers()[key[0]]
    known.check(key[1])
    names = [ai for ai, _ in qualifiers]
    chains = known.chains or ()
    fitting = [chain for chain in chains if [ai for ai in chain if ai in names] == names]
    if names and not fitting:
        said = "".join(f"({ai[:8]})" for ai in names)
        raise Malformed("digital_link", f"{said} may not follow ({key[0]}), or not in this order")
    for ai, value in qualifiers:
        identifiers()[ai].check(value)
    return {ai for chain in (fitting[:1] if names else chains) for ai in chain}


def _check_attribute(ai: str, value: str, *, unknown: bool) -> None:
    known = identifiers().get(ai)
    if known is None:
        if not (unknown and 2 <= len(ai) <= 4 and value):
            raise Malformed("digital_link", f"({ai[:8]}) in the query is no application identifier")
        return
    if not known.in_query:
        raise Malformed("digital_link", f"({ai}) may not stand in the query of a link")
    known.check(value)


def key_of(ai: str) -> Identifier | None:
    """The identifier, if it can be the primary key of a link."""
    known = identifiers().get(ai)
    return known if known is not None and known.chains is not None else None
