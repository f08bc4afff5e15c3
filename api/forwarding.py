"""What is posted to a standby goes on to the server that leads, and its answers come back.

What arrives while a request is under way is gathered and goes with the next one, as in a group commit. The server
that leads takes nothing on trust: it checks and judges each submission as if it had been posted there.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import msgspec

from api.answers import JSON, Answer
from api.leader_line import LeaderLine
from ledger.kernel.errors import Busy, Malformed, TooLarge
from ledger.limits import BATCH_BODY, DECOMPRESSED, STATEMENTS

PATH = "/internal/submissions"
LIMIT = DECOMPRESSED + BATCH_BODY  # bytes of a request: a batch as it was decompressed, and what went with it
_LINES = 2  # requests under way at once: a large batch does not hold up what comes after it
_GATHER = 0.002  # seconds: who comes right behind the first goes with it
_GROUP = 2_000  # statements after which a request is full
_GROUP_BYTES = 4 << 20
_WAITING = 20_000  # statements, while more are refused as Busy


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one caller posted: `alone` as one statement, else as a batch; `check` to be rehearsed only."""

    statements: list[str]
    alone: bool = False
    check: bool = False


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `Answer` on its way back. Its body is JSON, byte for byte as the caller gets it."""

    status: int
    headers: dict[str, str]
    kind: str
    size: int
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Waiting:
    posted: Posted
    bytes: int
    answer: "asyncio.Future[Answer]"


class Forwarder:
    """Made and used on the event loop. `acknowledged` is the size of the ledger that its callers were told of."""

    def __init__(self, leader: Callable[[], str]) -> None:
        self.acknowledged = 0
        self._lines = [LeaderLine(leader, PATH, {"content-type": JSON}) for _ in range(_LINES)]
        self._threads = ThreadPoolExecutor(_LINES, thread_name_prefix="forwarding")
        self._queue: deque[_Waiting] = deque()
        self._count = 0
        self._some = asyncio.Event()
        self._tasks = [asyncio.create_task(self._run(line)) for line in self._lines]

    async def stop(self) -> None:
        """Nobody waits any more: the server has answered what it took in."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown()
        for line in self._lines:
            line.hang_up()

    async def pass_on(self, posted: Posted) -> Answer:
        """The answer of the server that leads. Raises Busy or Unsettled where there is none."""
        if self._count and self._count + len(posted.statements) > _WAITING:
            raise Busy("too_busy", f"{self._count} statements wait to be passed on", retry_after=1)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(posted, sum(map(len, posted.statements)), answer))
        self._count += len(posted.statements)
        self._some.set()
        return await answer

    async def _run(self, line: LeaderLine) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(_GATHER)
            if group := self._take():
                await self._deliver(line, group)
            else:
                self._some.clear()

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        statements = size = 0
        while self._queue and statements < _GROUP and size < _GROUP_BYTES:
            one = self._queue.popleft()
            statements += len(one.posted.statements)
            size += one.bytes
            group.append(one)
        return group

    async def _deliver(self, line: LeaderLine, group: list[_Waiting]) -> None:
        send = partial(_send, line, [one.posted for one in group])
        try:
            answers = await asyncio.get_running_loop().run_in_executor(self._threads, send)
        except Exception as error:  # noqa: BLE001  each caller is told, whatever it was
            for one in group:
                _settle(one.answer, error)
        else:
            for one, answer in zip(group, answers, strict=True):
                self.acknowledged = max(self.acknowledged, answer.size)
                _settle(one.answer, answer)
        finally:
            self._count -= sum(len(one.posted.statements) for one in group)


def _send(line: LeaderLine, group: list[Posted]) -> list[Answer]:
    answered = msgspec.json.decode(line.ask(msgspec.json.encode(group)), type=list[Answered])
    return [Answer(bytes(one.body), one.kind, one.headers, one.status, one.size) for one in answered]


def _settle(future: "asyncio.Future[Answer]", outcome: Answer | Exception) -> None:
    if future.done():  # its client went away
        return
    if isinstance(outcome, Answer):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)


def read_group(body: bytes) -> list[Posted]:
    """What a standby sent on. Raises Malformed, TooLarge."""
    try:
        group = msgspec.json.decode(body, type=list[Posted])
    except msgspec.MsgspecError as error:
        raise Malformed("members", f"the body is not as it must be: {error}") from None
    most = max((len(one.statements) for one in group), default=0)
    if most > STATEMENTS or len(group) > _GROUP:
        raise TooLarge("batch_size", f"{len(group)} submissions of up to {most} statements are too many")
    if not all(one.statements and (len(one.statements) == 1 or not one.alone) for one in group):
        raise Malformed("no_statements", "a submission holds no statement, or several where it says one")
    return group


def encode_answers(answers: list[Answer]) -> bytes:
    """For the way back."""
    return msgspec.json.encode(
        [Answered(one.status, dict(one.headers), one.kind, one.size, msgspec.Raw(one.body)) for one in answers]
    )
