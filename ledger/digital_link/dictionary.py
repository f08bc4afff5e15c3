"""The table of GS1 application identifiers, read from `identifiers.txt`, and what it says of a value."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ledger.digital_link.content import CHECKS
from ledger.kernel.errors import Malformed

_TABLE = Path(__file__).with_name("identifiers.txt")
# GS1 General Specifications 7.11: character sets 82 and 39; the last is RFC 4648's for URLs, as (8030) has it.
SETS = {"N": "[0-9]", "X": "[!\"%&'()*+,\\-./0-9:;<=>?A-Z_a-z]", "Y": "[#\\-/0-9A-Z]", "Z": "[A-Za-z0-9_=-]"}
_COMPONENT = re.compile(r"([NXYZ])(\.\.)?([0-9]+)(\??)((?:,[a-z0-9]+)*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a value: its character set, the fewest and the most characters, what is checked of it besides."""

    kind: str
    fewest: int
    most: int
    optional: bool
    checks: tuple[str, ...]

    @property
    def fixed(self) -> bool:
        """Whether it has one length."""
        return self.fewest == self.most

    @property
    def pattern(self) -> str:
        """It as a group of a regular expression."""
        return f"({SETS[self.kind]}{{{self.fewest},{self.most}}}){'?' if self.optional else ''}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One application identifier. `chains` are the qualifiers that may follow it as a key; None: it is no key."""

    ai: str
    components: tuple[Component, ...]
    shape: re.Pattern[str]
    fixed: bool
    in_query: bool
    chains: tuple[tuple[str, ...], ...] | None

    def check(self, value: str) -> None:
        """Characters, lengths, check digits, dates. Raises Malformed ("digital_link") with the reason."""
        found = self.shape.fullmatch(value)
        if found is None:
            raise Malformed(
                "digital_link", f"{value[:40]!a} is no value of ({self.ai}), which has the form {self.form}"
            )
        for component, part in zip(self.components, found.groups(), strict=True):
            for check in component.checks if part is not None else ():
                if wrong := _checked(check)(part):
                    raise Malformed("digital_link", f"the value {value[:90]} of ({self.ai}) is wrong: {wrong}")

    @property
    def form(self) -> str:
        """The components as GS1 writes them: N14, X..20, N13 and perhaps X..17."""
        said = [f"{one.kind}{'' if one.fixed else '..'}{one.most}" for one in self.components]
        return " ".join(f"[{text}]" if one.optional else text for one, text in zip(self.components, said, strict=True))


def _checked(name: str) -> Callable[[str], str]:
    return CHECKS.get(name, lambda _: "")  # what needs a list of codes that changes is not looked up


@cache
def identifiers() -> Mapping[str, Identifier]:
    """All of them, by number."""
    return {one.ai: one for line in _TABLE.read_text("ascii").splitlines() for one in _read(line)}


def _read(line: str) -> Iterator[Identifier]:
    if not line or line.startswith("#"):
        return
    form, use, named = (part.split() for part in line.split(":"))
    components = tuple(_component(part) for part in form)
    shape = re.compile("".join(one.pattern for one in components), re.ASCII)
    key = next((word for word in use if word.partition("=")[0] == "key"), None)
    for ai in (ai for word in named for ai in _run(word)):
        yield Identifier(ai, components, shape, "fixed" in use, "query" in use, _chains(key))


def _component(text: str) -> Component:
    found = _COMPONENT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    most = int(found[3])
    return Component(
        found[1], 1 if found[2] else most, most, bool(found[4]), tuple(one for one in found[5].split(",") if one)
    )


def _chains(key: str | None) -> tuple[tuple[str, ...], ...] | None:
    if key is None:
        return None
    said = key.partition("=")[2]
    return tuple(tuple(one.split(",")) for one in said.split("|")) if said else ()


def _run(word: str) -> list[str]:
    """`3100-3105`: all of them."""
    first, _, last = word.partition("-")
    return [str(number).zfill(len(first)) for number in range(int(first), int(last or first) + 1)]
