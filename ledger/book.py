"""A book: records by key, read through a loader many at a time, and what was written can be taken back."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeAlias, TypeVar

R = TypeVar("R")
Change: TypeAlias = tuple[bytes, R | None, R]  # key, the record before and the record now


class RecordBook(Generic[R]):
    """Records by key. Mutable: `mark` and `undo` take changes back."""

    def __init__(self, load: Callable[[Collection[bytes]], Mapping[bytes, R]] | None = None) -> None:
        self._load: Callable[[Collection[bytes]], Mapping[bytes, R]] = load or (lambda _keys: {})
        self._known: dict[bytes, R | None] = {}
        self._old: list[tuple[bytes, bool, R | None]] = []  # key, whether it was known, what it was

    def fetch(self, keys: Iterable[bytes]) -> None:
        """Have these at hand: one call of the loader for all that are not."""
        missing = {key for key in keys if key not in self._known}
        if missing:
            found = self._load(missing)
            self._known.update({key: found.get(key) for key in missing})

    def has(self, key: bytes) -> bool:
        """Whether it is known what stands under this key, if anything."""
        return key in self._known

    def get(self, key: bytes) -> R | None:
        """The record under this key, or None."""
        if key not in self._known:
            self._known[key] = self._load((key,)).get(key)
        return self._known[key]

    def put(self, key: bytes, record: R) -> None:
        """Write a record, in a way that `undo` can take back."""
        self._old.append((key, key in self._known, self._known.get(key)))
        self._known[key] = record

    def forget(self, key: bytes) -> None:
        """Have it that nothing stands under this key, in a way that `undo` can take back."""
        self._old.append((key, key in self._known, self._known.get(key)))
        self._known[key] = None

    def mark(self) -> int:
        """A point to go back to."""
        return len(self._old)

    def since(self, mark: int) -> dict[bytes, R]:
        """What was written since `mark`, as it is now."""
        return {key: record for key, _, record in self.changes(mark)}

    def changes(self, mark: int) -> list[Change[R]]:
        """What was written since `mark`, each key once."""
        before: dict[bytes, R | None] = {}
        for key, _, old in self._old[mark:]:
            before.setdefault(key, old)
        return [(key, old, now) for key, old in before.items() if (now := self._known[key]) is not None]

    def undo(self, mark: int) -> None:
        """Take back everything since `mark`."""
        while len(self._old) > mark:
            key, known, old = self._old.pop()
            if known:
                self._known[key] = old
            else:
                del self._known[key]

    def records(self) -> dict[bytes, R]:
        """Everything written or read and there."""
        return {key: record for key, record in self._known.items() if record is not None}
