"""A property that is computed once: `functools.cached_property` without the lock that Python 3.11 takes each time."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_T = TypeVar("_T")


class once(Generic[_T]):  # noqa: N801  it is used as a decorator
    """For frozen records with a `__dict__`. Two threads may compute the value twice; it is the same value."""

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember under which name the value is kept."""
        self._name = name

    @overload
    def __get__(self, record: None, owner: type) -> "once[_T]": ...

    @overload
    def __get__(self, record: object, owner: type) -> _T: ...

    def __get__(self, record: object | None, owner: type) -> "once[_T] | _T":
        """Compute, and keep in the record's own dictionary, where the next look finds it without coming here."""
        if record is None:
            return self
        value = record.__dict__[self._name] = self._compute(record)
        return value
