"""Effects for a trace up, many at a time: each call of the loader is a query."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.genealogy import Loader, Versions, run_name
from ledger.lots.records import NOBODY, Effects

_MOST_STEPS = 256  # entries of one lot that are loaded before they are asked for
_MOST_WAVES = 16  # generations likewise


class Loading:
    """What was loaded so far. The more often something was not there, the further it looks `ahead`, if it is to."""

    def __init__(self, load: Loader, versions: Versions, *, ahead: bool = True) -> None:
        self._load, self._versions, self._ahead = load, versions, ahead
        self._known: dict[int, Effects | None] = {}
        self._older: dict[int, frozenset[int]] = {}  # of each entry at hand, the entries that it leads to
        self._steps: dict[int, tuple[tuple[str, int], ...]] = {}
        self._entries: dict[str, Sequence[int]] = {}
        self._misses = 0

    def effects(self, entry: int, name: str, waiting: Iterable[int]) -> Effects | None:
        """Those of one entry, asked for as a version of the lot or run `name`, or "". `waiting`: asked for next."""
        if entry not in self._known and not self._ahead:
            self._known[entry] = self._load((entry,)).get(entry)
        elif entry not in self._known:
            self._misses += 1
            steps = self._before([(name, entry)] if name and self._misses > 1 else [])
            self._fetch_from({entry, *waiting, *steps})
        return self._known[entry]

    def effects_of(self, entry: int) -> Effects | None:
        """Those of one entry."""
        if entry not in self._known:
            self._fetch({entry})
        return self._known[entry]

    def what(self, entry: int) -> str:
        """What kind of event it was."""
        one = self._known.get(entry)
        return one.what if one is not None else ""

    def _fetch_from(self, entries: set[int]) -> None:
        """These, and what they lead to, one more generation with every miss."""
        wave = entries
        for _ in range(min(self._misses, _MOST_WAVES)):
            self._fetch(wave)
            here = wave & self._older.keys()
            wave = set().union(*map(self._older.__getitem__, here))
            wave |= self._before({step for entry in here for step in self._steps[entry]})
            if wave <= self._known.keys():
                break

    def _fetch(self, entries: set[int]) -> None:
        missing = entries - self._known.keys()
        if missing:
            found = self._load(missing)
            self._known.update({entry: found.get(entry) for entry in missing})
            for entry, one in found.items():
                self._older[entry], self._steps[entry] = frozenset(_led_to(one)), tuple(_steps_of(one))

    def _before(self, steps: Collection[tuple[str, int]]) -> set[int]:
        """What was before each entry of a lot or run: it is gone through addition by addition."""
        most, entries = min(2**self._misses, _MOST_STEPS), self._entries_of({name for name, _ in steps})
        found: set[int] = set()
        for name, entry in steps:
            older = bisect_left(entries[name], entry)
            found.update(entries[name][max(0, older - most) : older])
        return found

    def _entries_of(self, names: Iterable[str]) -> Mapping[str, Sequence[int]]:
        missing = [name for name in names if name not in self._entries]
        if missing:
            self._entries |= dict.fromkeys(missing, ()) | dict(self._versions(missing))
        return self._entries

    def up_to(self, drawn: Mapping[str, int]) -> set[int]:
        """The entries of each lot or run up to the one that drew from it."""
        entries = self._entries_of(drawn)
        return {entry for name, last in drawn.items() for entry in entries[name][: bisect_right(entries[name], last)]}


def _led_to(one: Effects) -> Iterator[int]:
    older = (*(posting.mix for posting in one.debits), one.run_mix, one.run_from, one.replaced_by)
    yield from (entry for entry in (*older, *(row.entry for row in one.settled)) if entry != NOBODY)


def _steps_of(one: Effects) -> Iterator[tuple[str, int]]:
    """Where it drew from what is added to again and again."""
    yield from ((posting.lot, posting.mix) for posting in one.debits if not names_one_thing(posting.lot))
    if one.run_from != NOBODY:
        yield run_name(one.issuer, one.run), one.run_from
