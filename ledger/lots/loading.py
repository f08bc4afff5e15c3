"""Effects for a trace up, many at a time: each call of the loader is a query."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ledger.lots.genealogy import Loader, Versions
from ledger.lots.records import NOBODY, Effects

_MOST_STEPS = 512  # entries of one lot that are loaded before they are asked for
_MOST_WAVES = 16  # generations likewise


class Loading:
    """What was loaded so far. The more often something was not there, the further it looks ahead."""

    def __init__(self, load: Loader, versions: Versions) -> None:
        self._load, self._versions = load, versions
        self._known: dict[int, Effects | None] = {}
        self._entries: dict[str, Sequence[int]] = {}
        self._steps: dict[str, int] = {}
        self._misses = 0

    def effects(self, entry: int, name: str, waiting: Iterable[int]) -> Effects | None:
        """Those of one entry, asked for as a version of the lot or run `name`, or "". `waiting`: asked for next."""
        if entry not in self._known:
            self._misses += 1
            self._fetch_from({entry, *waiting, *self._ahead(entry, name)})
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
            wave = {older for entry in wave for older in _led_to(self._known[entry])}
            if wave <= self._known.keys():
                break

    def _fetch(self, entries: set[int]) -> None:
        missing = entries - self._known.keys()
        if missing:
            found = self._load(missing)
            self._known.update({entry: found.get(entry) for entry in missing})

    def _ahead(self, entry: int, name: str) -> Sequence[int]:
        """The more often one lot was asked for, the more of what was added to it before."""
        steps = self._steps[name] = self._steps.get(name, 0) + 1
        if not name or steps == 1:
            return ()
        entries = self._entries_of([name])[name]
        older = bisect_left(entries, entry)
        return entries[max(0, older - min(2**steps, _MOST_STEPS)) : older]

    def _entries_of(self, names: Iterable[str]) -> Mapping[str, Sequence[int]]:
        missing = [name for name in names if name not in self._entries]
        if missing:
            self._entries |= dict.fromkeys(missing, ()) | dict(self._versions(missing))
        return self._entries

    def up_to(self, drawn: Mapping[str, int]) -> set[int]:
        """The entries of each lot or run up to the one that drew from it."""
        entries = self._entries_of(drawn)
        return {entry for name, last in drawn.items() for entry in entries[name][: bisect_right(entries[name], last)]}


def _led_to(one: Effects | None) -> Iterator[int]:
    if one is None:
        return
    older = (*(posting.mix for posting in one.debits), one.run_mix, one.run_from, one.replaced_by)
    yield from (entry for entry in (*older, *(row.entry for row in one.settled)) if entry != NOBODY)
