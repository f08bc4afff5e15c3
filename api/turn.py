"""What is asked for one by one in one turn of the event loop, done together.

Each way to another thread or process and back costs as much as what is done there for one statement.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from api.settling import settle

_Asked = TypeVar("_Asked")
_Given = TypeVar("_Given")


class Turn(Generic[_Asked, _Given]):
    """Made and used on the event loop. `do` gives an answer, or an error of its own, to each that was asked."""

    def __init__(self, do: Callable[[Sequence[_Asked]], Awaitable[Sequence[_Given | Exception]]]) -> None:
        self._do = do
        self._waiting: list[tuple[_Asked, asyncio.Future[_Given]]] = []
        self._under_way: set[asyncio.Task[None]] = set()  # the loop itself would not keep them

    def ask(self, one: _Asked) -> "asyncio.Future[_Given]":
        """Its answer. Whoever stops waiting for it hinders nobody else."""
        answer: asyncio.Future[_Given] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            task = asyncio.ensure_future(self._answer_all())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._waiting.append((one, answer))
        return answer

    async def _answer_all(self) -> None:
        """Begins when everything was read that was there to be read; what comes from here on is of the next turn."""
        waiting, self._waiting = self._waiting, []
        given: Sequence[_Given | Exception]
        try:
            given = await self._do([one for one, _ in waiting])
        except Exception as error:  # noqa: BLE001  whatever it was, each is told
            given = [error] * len(waiting)
        for (_, answer), said in zip(waiting, given, strict=True):
            settle(answer, said)
