"""Effects for a trace down, many at a time: each call of the loader is a query."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from ledger.lots.genealogy import Loader, Versions, run_name
from ledger.lots.records import Effects

_MOST_WAVES = 16  # generations that are loaded before they are asked for


class Onward:
    """What was loaded so far. With every miss it looks one more generation further."""

    def __init__(self, load: Loader, versions: Versions) -> None:
        self._load, self._versions = load, versions
        self._known: dict[int, Effects | None] = {}
        self._entries: dict[str, tuple[int, ...]] = {}
        self._misses = 0

    def effects(self, entry: int, waiting: Collection[int] = ()) -> Effects | None:
        """Those of one entry; `waiting` are asked for next, and what comes of them after that."""
        if entry not in self._known:
            self._misses += 1
            wave = {entry, *waiting}
            for _ in range(min(self._misses, _MOST_WAVES) if waiting else 1):
                wave = self._fetch(wave)
        return self._known[entry]

    def load(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """As the loader, of what is known."""
        found = {entry: self.effects(entry) for entry in entries}
        return {entry: one for entry, one in found.items() if one is not None}

    def later(self, name: str, entry: int) -> tuple[int, ...]:
        """The entries of a lot or run after one."""
        if name not in self._entries:
            self._entries[name] = tuple(self._versions([name]).get(name, ()))
        entries = self._entries[name]
        return entries[bisect_right(entries, entry) :]

    def _fetch(self, entries: set[int]) -> set[int]:
        """The later entries of the lots and runs that these put something into."""
        missing = entries - self._known.keys()
        loaded = self._load(missing) if missing else {}
        self._known.update({one: loaded.get(one) for one in missing})
        first: dict[str, int] = {}
        for one in loaded.values():
            for name in _names_of(one):
                first[name] = min(one.index, first.get(name, one.index))
        names = first.keys() - self._entries.keys()
        found = self._versions(names) if names else {}
        self._entries.update({name: tuple(found.get(name, ())) for name in names})
        return set(chain.from_iterable(self.later(name, entry) for name, entry in first.items()))


def _names_of(one: Effects) -> Iterable[str]:
    yield from (posting.lot for posting in one.credits)
    if one.run:
        yield run_name(one.issuer, one.run)
