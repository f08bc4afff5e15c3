"""The two accounts, and the wall between them: neither is made of, or made into, the other (SPEC 12)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.carbon.records import CbamRow, Footprint


@dataclass(frozen=True)
class CbamAccount:
    """By process, code and period. No coil, customer or consignment is in it, and no share of renewable power."""

    rows: tuple[CbamRow, ...]

    def of(self, start: int, end: int) -> tuple[CbamRow, ...]:
        """The rows of one period."""
        return tuple(row for row in self.rows if (row.start, row.end) == (start, end))


class Pieces(Mapping[str, Footprint]):
    """Footprints by piece, each made when it is asked for: of most pieces nobody asks."""

    def __init__(self, names: Collection[str], make: Callable[[str], Footprint]) -> None:
        self._names, self._make = names, make

    def __getitem__(self, piece: str) -> Footprint:
        if piece not in self._names:
            raise KeyError(piece)
        return self._make(piece)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class FootprintAccount:
    """By piece. Voluntary."""

    pieces: Mapping[str, Footprint]

    def of(self, piece: str) -> Footprint | None:
        """The footprint of a piece."""
        return self.pieces.get(piece)

    def __iter__(self) -> Iterator[Footprint]:
        return iter(self.pieces.values())

    def __len__(self) -> int:
        return len(self.pieces)


def cbam_export(account: CbamAccount) -> tuple[CbamRow, ...]:
    """The one way to a declaration. Raises TypeError for anything that is no account of processes."""
    said: Any = account
    if type(said) is not CbamAccount or any(type(row) is not CbamRow for row in said.rows):
        raise TypeError(f"a CBAM declaration is made of a CbamAccount, not of a {type(said).__name__}")
    return account.rows
