"""Compressed GS1 Digital Link URIs, read: GS1 Digital Link standard 1.1, as GS1's own toolkit writes them.

A path segment in base64url is a string of bits: application identifiers in four bits a digit, values as numbers or in
as few bits a character as they can do with. Nearly nobody prints these, but a resolver has to understand them.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil, log2
from urllib.parse import quote

from ledger.digital_link.dictionary import Component, identifiers
from ledger.digital_link.link import Element, Link, key_of, make_link
from ledger.digital_link.reading import STRICT, Permit, read_path, split_uri
from ledger.kernel.errors import Malformed

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_HEX = "0123456789ABCDEF"
_ASCII = "".join(map(chr, range(128)))
# How the characters of a value may be written: by the three bits before it, alphabet and bits a character.
_ALPHABETS = {1: (_HEX.lower(), 4), 2: (_HEX, 4), 3: (_BASE64, 6), 4: (_ASCII, 7)}
_PADDING = 8  # fewer bits than the shortest identifier has: what is left is padding
_LONGEST = 1024  # characters of a segment
# Two hexadecimal digits that are no identifier stand for several, whose values follow in this order.
_SEVERAL = {
    "0A": ("01", "22"), "0B": ("01", "10"), "0C": ("01", "21"), "0D": ("01", "17"), "0E": ("01", "7003"),
    "0F": ("01", "30"), "1A": ("01", "10", "17", "21"), "1B": ("01", "15"), "1C": ("01", "11"), "1D": ("01", "16"),
    "1E": ("01", "91"), "1F": ("01", "10", "15"), "9A": ("8010", "8011"), "9B": ("8017", "8019"),
    "9C": ("8018", "8019"), "9D": ("254", "414"),
    **{f"2{letter}": ("01", f"310{digit}") for digit, letter in enumerate("ABCDEF")},
    **{f"3{letter}": ("01", f"320{digit}") for digit, letter in enumerate("ABCDEF")},
    **{f"A{digit}": ("01", f"392{digit}") for digit in range(10)},
    **{f"C{digit}": ("255", f"390{digit}") for digit in range(10)},
    **{f"C{letter}": ("255", f"394{digit}") for digit, letter in enumerate("ABCD")},
}  # fmt: skip


@dataclass(slots=True)
class _Bits:
    """Bits of a segment, read from the left."""

    digits: str
    at: int = 0

    @property
    def left(self) -> int:
        return len(self.digits) - self.at

    def take(self, count: int) -> int:
        if count > self.left:
            raise Malformed("digital_link", f"the compressed link ends {count - self.left} bits too early")
        self.at += count
        return int(self.digits[self.at - count : self.at] or "0", 2)


def understand(text: str, permit: Permit = STRICT) -> Link:
    """The link that a URI is, compressed or not. Raises Malformed ("digital_link")."""
    return understand_path(*split_uri(text), permit)[0]


def understand_path(host: str, path: str, query: str, permit: Permit = STRICT) -> tuple[Link, bool]:
    """As `understand`, of a URI in parts; and whether it was compressed. Raises Malformed ("digital_link")."""
    try:
        return read_path(host, path, query, permit), False
    except Malformed as refusal:
        with suppress(Malformed):
            return decompress_path(host, path, query), True
        raise refusal from None


def decompress(text: str) -> Link:
    """The link that a compressed URI stands for. Raises Malformed ("digital_link"), also for what is not compressed."""
    return decompress_path(*split_uri(text))


def decompress_path(host: str, path: str, query: str) -> Link:
    """As `decompress`, of a URI in parts; the key may stand uncompressed before the segment. Raises Malformed."""
    steps = path.split("/")
    elements, others = _expand(steps[-1])
    stem = steps[:-1]
    if len(steps) > 3 and key_of(steps[-3]) is not None:
        elements = [(steps[-3], steps[-2]), *elements]
        stem = steps[:-3]
    said = [one for one in query.split("&") if one]
    return _arranged(host + "/".join(stem), elements, [*others, *said])


def _arranged(stem: str, elements: list[Element], others: list[str]) -> Link:
    """Compression loses which element stood where: qualifiers are found by what may follow the one key there is."""
    keys = [one for one in elements if key_of(one[0]) is not None]
    if len(keys) != 1:
        raise Malformed("digital_link", f"the compressed link names {len(keys)} keys, one is wanted")
    said = dict(elements)
    known = key_of(keys[0][0])
    chains = known.chains if known is not None and known.chains else ((),)
    chain = max(chains, key=lambda one: sum(ai in said for ai in one))
    qualifiers = [(ai, said[ai]) for ai in chain if ai in said]
    attributes = [one for one in elements if one != keys[0] and one not in qualifiers]
    return make_link(stem, keys[0], qualifiers, attributes, others)


def _expand(segment: str) -> tuple[list[Element], list[str]]:
    if not segment or len(segment) > _LONGEST or any(one not in _BASE64 for one in segment):
        raise Malformed("digital_link", f"{segment[:40]!a} is no compressed link")
    bits = _Bits("".join(f"{_BASE64.index(one):06b}" for one in segment))
    elements: list[Element] = []
    others: list[str] = []
    while bits.left >= _PADDING:
        _take_next(bits, elements, others)
    if bits.take(bits.left):
        raise Malformed("digital_link", "the compressed link goes on after its last element")
    return elements, others


def _take_next(bits: _Bits, elements: list[Element], others: list[str]) -> None:
    first = f"{bits.take(8):02X}"
    if first[0] == "F":  # a parameter that is none of GS1's: the seven bits after F count the characters of its name
        bits.at -= 4
        name = _characters(bits, bits.take(7), *_ALPHABETS[3])
        others.append(f"{name}={quote(_written(bits, None, 127), safe='')}")
        return
    several = _SEVERAL.get(first) or (_number(bits, first),)
    elements.extend((ai, "".join(_part(bits, one) for one in _parts(ai))) for ai in several)


def _number(bits: _Bits, first: str) -> str:
    length = next((len(ai) for ai in identifiers() if ai.startswith(first)), 0)
    if not length:
        raise Malformed("digital_link", f"no application identifier begins with {first}: this is no compressed link")
    ai = first + "".join(f"{bits.take(4):X}" for _ in range(length - 2))
    if ai not in identifiers():
        raise Malformed("digital_link", f"({ai}) in the compressed link is no application identifier")
    return ai


def _parts(ai: str) -> list[Component]:
    """Components of one alphabet count as one here, but for optional ones, which follow by themselves."""
    parts: list[Component] = []
    for one in identifiers()[ai].components:
        before = parts[-1] if parts else None
        alike = before is not None and (before.kind == "N") == (one.kind == "N") and before.optional == one.optional
        if before is not None and alike and (one.optional or before.fixed):
            parts[-1] = replace(before, fewest=before.fewest + one.fewest, most=before.most + one.most)
        else:
            parts.append(one)
    return [replace(one, fewest=0) if one.optional else one for one in parts]


def _part(bits: _Bits, part: Component) -> str:
    fixed = part.most if part.fixed else None
    if part.kind != "N":
        return _written(bits, fixed, part.most)
    return _digits(bits, bits.take(_length_bits(part.most)) if fixed is None else fixed)


def _written(bits: _Bits, fixed: int | None, most: int) -> str:
    """Characters: three bits say how they are written, then their number where it is not fixed."""
    how = bits.take(3)
    count = bits.take(_length_bits(most)) if fixed is None else fixed
    if how == 0:
        return _digits(bits, count)
    if how not in _ALPHABETS:
        raise Malformed("digital_link", f"{how} is no way to write characters in a compressed link")
    return _characters(bits, count, *_ALPHABETS[how])


def _digits(bits: _Bits, count: int) -> str:
    said = str(bits.take(ceil(count * log2(10) + 0.01))) if count else ""
    if len(said) > count:
        raise Malformed("digital_link", f"a number of {count} digits in the compressed link has {len(said)}")
    return said.zfill(count)


def _characters(bits: _Bits, count: int, alphabet: str, width: int) -> str:
    return "".join(alphabet[bits.take(width)] for _ in range(count))


def _length_bits(most: int) -> int:
    """As many as a length up to `most` can need; for a power of two one more, as the standard's formula has it."""
    return ceil(log2(most) + 0.01)
