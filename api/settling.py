"""An answer for whoever still waits for it."""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

_T = TypeVar("_T")


def settle(answer: "asyncio.Future[_T]", outcome: _T | BaseException) -> None:
    """Give it, or raise it there. Nothing where the one who waited went away, or was answered."""
    if answer.done():
        return
    if isinstance(outcome, BaseException):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
