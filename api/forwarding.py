"""What is posted to a standby goes on to the server that leads, as it is, and its answers come back.

What arrives at about one moment goes together. The server that leads takes nothing on trust: it reads, checks and
judges each submission as if it had been posted there.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from api.answers import Answer
from api.leader_line import UNDECODABLE, LeaderLine, no_answer
from api.settling import settle
from api.siblings import SiblingLine
from ledger.checking.statements import Checked
from ledger.kernel.errors import Busy, Malformed, TooLarge
from ledger.limits import BATCH_BODY, DECOMPRESSED, STATEMENTS
from ledger.recording.log import Recorded

PATH = "/internal/submissions"
KIND = "application/msgpack"
LIMIT = DECOMPRESSED + BATCH_BODY  # bytes of a request: a batch as it was decompressed, and what went with it
_LINES = 8  # requests under way at once: neither a large batch nor a commit holds up what comes after it
_GATHER = 0.002  # seconds: who comes right behind the first goes with it
_GROUP = 2_000  # statements after which a request is full
_GROUP_BYTES = 4 << 20
_LARGE = 64 << 10  # bytes
_WAITING = 20_000  # statements, while more are refused as Busy


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body that one caller posted: `alone` as one statement, else as a batch; `check` to be rehearsed only."""

    body: bytes
    alone: bool = False
    check: bool = False

    @property
    def statements(self) -> int:
        """At most so many are in it: they have no comma, and a batch with more is refused whole."""
        return 1 if self.alone else min(self.body.count(b",") + 1, STATEMENTS)

    @property
    def large(self) -> bool:
        """It goes by itself.

        Of two in one request the first would wait for the second, and whoever posts batch after batch would then post
        both at once.
        """
        return len(self.body) >= _LARGE


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `Answer` on its way back, its body byte for byte as the caller gets it."""

    status: int
    headers: dict[str, str]
    kind: str
    size: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    posted: Posted
    statements: int
    answer: "asyncio.Future[Answer]"


class Forwarder:
    """Made and used on the event loop. `acknowledged` is the size of the ledger that its callers were told of."""

    def __init__(self, leader: Callable[[], str]) -> None:
        self.acknowledged = 0
        self.sibling = SiblingLine(leader)
        self._loop = asyncio.get_running_loop()
        self._lines = [LeaderLine(leader, PATH, KIND) for _ in range(_LINES)]
        self._free = list(self._lines)
        self._queue: deque[_Waiting] = deque()
        self._count = 0
        self._departure: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Nobody waits any more: the server has answered what it took in."""
        if self._departure is not None:
            self._departure.cancel()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        for line in self._lines:
            line.hang_up()
        await self.sibling.stop()

    async def record(self, checked: Checked) -> Recorded | None:
        """Checked here, recorded by a leader on this machine; None where none is. Raises as `pass_on`, LostError."""
        recorded = await self.sibling.record(checked)
        if recorded is not None:
            self.acknowledged = max(self.acknowledged, recorded.admitted.indices[0] + 1)
        return recorded

    async def pass_on_again(self, posted: Posted) -> Answer:
        """As `pass_on`, of what a leader that is gone was handed before: where there is no answer, nobody knows."""
        try:
            return await self.pass_on(posted)
        except Busy:
            raise no_answer() from None

    async def pass_on(self, posted: Posted) -> Answer:
        """The answer of the server that leads. Raises Busy or Unsettled where there is none."""
        count = posted.statements
        if self._count and self._count + count > _WAITING:
            raise Busy("too_busy", f"{self._count} statements wait to be passed on", retry_after=1)
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._queue.append(_Waiting(posted, count, answer))
        self._count += count
        if self._departure is None and self._free:
            self._departure = self._loop.call_later(_GATHER, self._depart)
        return await answer

    def _depart(self) -> None:
        """Whoever waits goes, as long as there is a way and not all too many at once."""
        self._departure = None
        while self._queue and self._free:
            task = self._loop.create_task(self._deliver(self._free.pop(), self._take()))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        statements = size = 0
        while self._queue and statements < _GROUP and size < _GROUP_BYTES:
            if group and (group[-1].posted.large or self._queue[0].posted.large):
                break
            one = self._queue.popleft()
            statements += one.statements
            size += len(one.posted.body)
            group.append(one)
        return group

    async def _deliver(self, line: LeaderLine, group: list[_Waiting]) -> None:
        try:
            answers = _read_answers(await line.ask(msgspec.msgpack.encode([one.posted for one in group])), len(group))
        except Exception as error:  # noqa: BLE001  each caller is told, whatever it was
            for one in group:
                settle(one.answer, error)
        else:
            for one, answer in zip(group, answers, strict=True):
                self.acknowledged = max(self.acknowledged, answer.size)
                settle(one.answer, answer)
        finally:
            self._count -= sum(one.statements for one in group)
            self._free.append(line)
            if self._departure is None:
                self._depart()


def read_group(body: bytes) -> list[Posted]:
    """What a standby sent on. Raises Malformed, TooLarge."""
    try:
        group = msgspec.msgpack.decode(body, type=list[Posted])
    except UNDECODABLE as error:
        raise Malformed("members", f"the body is not as it must be: {error}") from None
    if len(group) > _GROUP:
        raise TooLarge("batch_size", f"{len(group)} submissions are too many, the most is {_GROUP}")
    return group


def encode_answers(answers: list[Answer]) -> bytes:
    """For the way back."""
    return msgspec.msgpack.encode(
        [Answered(one.status, dict(one.headers), one.kind, one.size, one.body) for one in answers]
    )


def _read_answers(body: bytes, count: int) -> list[Answer]:
    """One a submission. Raises Unsettled for what is no such answer, of whoever stood between."""
    try:
        answered = msgspec.msgpack.decode(body, type=list[Answered])
    except UNDECODABLE:
        raise no_answer() from None
    if len(answered) != count:
        raise no_answer()
    return [Answer(one.body, one.kind, one.headers, one.status, one.size) for one in answered]
