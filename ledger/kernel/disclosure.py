"""Disclosures: members of a signed body that a reader may be shown or not (RFC 9901 4.2 and 7.1, SPEC 4.2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.kernel import strict_json
from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.errors import Malformed

DIGESTS = "_sd"  # a member of an object: digests of the members that are not shown in it
ELEMENT = "..."  # the one member of an array element that stands for another
MIN_SALT = 16


@dataclass(frozen=True)
class Disclosure:
    """One opened digest. `text` is what travels and is hashed; `name` is None for an array element.

    `salt` is base64url as it stands in the text, `digest` base64url of 32 bytes.
    """

    text: str
    digest: str
    salt: str
    name: str | None
    value: Any


@dataclass(frozen=True)
class Hidden:
    """Wraps a value of a body that is to be issued as a disclosure."""

    value: Any


def digest_of(text: str) -> str:
    """base64url of SHA-256 over the ASCII text itself, not over what it decodes to (RFC 9901 4.2.3)."""
    return b64url_encode(sha256(text.encode("ascii")).digest())


def parse_disclosure(text: str) -> Disclosure:
    """Read one disclosure. Raises Malformed ("disclosure", "base64" or one of `strict_json`)."""
    parts: Any = strict_json.decode(b64url_decode(text, "a disclosure"), "a disclosure", plain=True)
    if not isinstance(parts, list) or len(parts) not in (2, 3):
        raise Malformed("disclosure", "a disclosure is an array of salt and value, or of salt, name and value")
    salt, *names, value = parts
    name = names[0] if names else None
    if not isinstance(salt, str) or not all(isinstance(one, str) for one in names):
        raise Malformed("disclosure", "salt and name of a disclosure are strings")
    b64url_decode(salt, "the salt of a disclosure")
    if name in (DIGESTS, ELEMENT):
        raise Malformed("disclosure", f"a disclosure may not be named {name}")
    return Disclosure(text, digest_of(text), salt, name, value)


def check_salts(disclosures: Sequence[Disclosure]) -> None:
    """Salts of at least 16 bytes, no two alike. Raises Malformed ("salt")."""
    for one in disclosures:
        size = len(b64url_decode(one.salt, "the salt of a disclosure"))
        if size < MIN_SALT:
            raise Malformed("salt", f"the salt of a disclosure has {size} bytes, the least is {MIN_SALT}")
    different = len({one.salt for one in disclosures})
    if different != len(disclosures):
        raise Malformed("salt", f"{len(disclosures)} disclosures have only {different} different salts")


def open_body(body: dict[str, Any], disclosures: Sequence[Disclosure], depth: int) -> tuple[dict[str, Any], int]:
    """The body with what `disclosures` open put in place, and the count of digests that none of them opens.

    `depth` is how many containers may nest from here. Raises Malformed ("digest", "disclosure", "depth") for a digest
    that stands twice, a disclosure that no digest names, and a name that is already taken (RFC 9901 7.1).
    """
    opening = _Opening({one.digest: one for one in disclosures})
    if len(opening.given) != len(disclosures):
        raise Malformed("disclosure", "the same disclosure is given twice")
    opened = opening.members(body, depth - 1)
    unused = opening.given.keys() - opening.seen
    if unused:
        raise Malformed("disclosure", f"no digest names the disclosure with the digest {min(unused)}")
    return opened, len(opening.seen - opening.given.keys())


_CONTAINERS = frozenset({dict, list})  # all that a decoder makes


class _Opening:
    """One pass over a body: which digests were met, and which disclosures are at hand."""

    def __init__(self, given: Mapping[str, Disclosure]) -> None:
        self.given = given
        self.seen: set[str] = set()

    def value(self, value: Any, depth: int) -> Any:
        if not isinstance(value, (dict, list)):
            return value
        if depth == 0:  # a disclosure may nest in a disclosure, each of them shallow
            raise Malformed("depth", f"the disclosed body is nested more than {strict_json.MAX_DEPTH} deep")
        return self.members(value, depth - 1) if isinstance(value, dict) else self.elements(value, depth - 1)

    def members(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        if ELEMENT in members:
            raise Malformed("digest", f'the member "{ELEMENT}" stands alone in an array element or nowhere')
        opened = {name: self.value(value, depth) for name, value in members.items() if name != DIGESTS}
        if DIGESTS not in members:
            return opened
        digests = members[DIGESTS]
        if not isinstance(digests, list) or not digests:
            raise Malformed("digest", f'"{DIGESTS}" is an array of one or more digests')
        for digest in digests:
            self._open_member(self._meet(digest), opened, depth)
        return opened

    def _open_member(self, found: Disclosure | None, opened: dict[str, Any], depth: int) -> None:
        if found is None:
            return
        if found.name is None:
            raise Malformed("disclosure", f'a disclosure without a name is named in "{DIGESTS}"')
        if found.name in opened:
            raise Malformed("disclosure", f"the name {found.name!a} is disclosed where it already stands")
        opened[found.name] = self.value(found.value, depth)

    def elements(self, elements: list[Any], depth: int) -> list[Any]:
        if _CONTAINERS.isdisjoint(map(type, elements)):  # as a passport's thousand numbers and more
            return elements
        opened = []
        for element in elements:
            if not isinstance(element, (dict, list)):
                opened.append(element)
                continue
            if isinstance(element, list) or element.keys() != {ELEMENT}:
                opened.append(self.value(element, depth))
                continue
            found = self._meet(element[ELEMENT])
            if found is not None and found.name is not None:
                raise Malformed("disclosure", f"the disclosure named {found.name!a} stands for an array element")
            if found is not None:
                opened.append(self.value(found.value, depth))
        return opened

    def _meet(self, digest: Any) -> Disclosure | None:
        if not isinstance(digest, str) or len(b64url_decode(digest, "a digest")) != 32:
            raise Malformed("digest", "a digest is base64url of 32 bytes")
        if digest in self.seen:  # RFC 9901 7.1, step 4
            raise Malformed("digest", f"the digest {digest} stands more than once")
        self.seen.add(digest)
        return self.given.get(digest)


def hide(value: Any, salt: Callable[[], bytes]) -> tuple[Any, list[str]]:
    """`value` with a digest for each Hidden in it, and the disclosures' texts, inner ones first.

    Digests in "_sd" are sorted, so that their order says nothing (RFC 9901 4.2.4.1). Raises Malformed where the names
    that hold digests are already taken.
    """
    texts: list[str] = []

    def covered(part: Any) -> Any:
        if isinstance(part, (list, tuple)):
            return [{ELEMENT: digest(None, one.value)} if isinstance(one, Hidden) else covered(one) for one in part]
        return members(part) if isinstance(part, dict) else part

    def members(part: dict[str, Any]) -> dict[str, Any]:
        if not part.keys().isdisjoint({DIGESTS, ELEMENT}):
            raise Malformed("disclosure", f"a body may not have members named {DIGESTS} or {ELEMENT}")
        shown = {name: covered(one) for name, one in part.items() if not isinstance(one, Hidden)}
        hidden = [digest(name, one.value) for name, one in part.items() if isinstance(one, Hidden)]
        return {**shown, DIGESTS: sorted(hidden)} if hidden else shown

    def digest(name: str | None, inner: Any) -> str:
        named = [] if name is None else [name]
        texts.append(b64url_encode(strict_json.encode([b64url_encode(salt()), *named, covered(inner)])))
        return digest_of(texts[-1])

    return covered(value), texts
