"""Single statements on their way from a standby to a leader on the same machine, checked where they were posted.

The leader trusts such a process as itself: it is the same user's, and of one machine. It is not asked to check again,
and hands back what receipts are made of. Whatever does not go this way, goes the other one (`api/forwarding`).
"""

import asyncio
import itertools
import logging
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from api.frames import Frames
from api.intake import Intake
from api.leader_line import UNIX, too_long
from api.settling import settle
from ledger.checking.statements import Checked
from ledger.kernel.errors import Busy, CoilmarkError
from ledger.recording.log import Recorded

_log = logging.getLogger(__name__)

_ANSWER = 60.0  # seconds
_AGAIN = 1.0  # seconds between two looks for a leader on this machine
_OWN = 0o600  # of a socket that nobody else may open


class LostError(Exception):
    """The leader is gone with what it was handed: it may be recorded or not."""


class SiblingDoor:
    """Of a process that leads, or may come to: where the others hand in what they have checked."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._server: asyncio.Server | None = None
        self._open: set[Frames] = set()
        self._recording: set[asyncio.Future[Recorded]] = set()
        self._stopping = False

    async def open(self, address: str) -> None:
        """Beside the socket that `address` names; does nothing where it names none of this machine."""
        if (path := _door(address)) is None:
            return
        path.unlink(missing_ok=True)  # left by the process that this one replaces
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(_OWN)  # before anybody can come: it does not listen yet
        self._server = await asyncio.get_running_loop().create_unix_server(self._come, sock=listener)

    async def close(self) -> None:
        """What was handed in is answered; what comes from now on is not heard, and goes to whoever leads next."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        if self._recording:
            await asyncio.wait(self._recording)
        for one in list(self._open):
            one.finish()

    def _come(self) -> Frames:
        frames = Frames(self._heard, self._open.discard)
        self._open.add(frames)
        return frames

    def _heard(self, frames: Frames, said: list[tuple[int, Checked]]) -> None:
        for number, checked in () if self._stopping else said:
            try:
                recording = self._intake.record_vouched(checked)
            except CoilmarkError as error:
                frames.say((number, error))
            else:
                self._recording.add(recording)
                recording.add_done_callback(partial(self._tell, frames, number))

    def _tell(self, frames: Frames, number: int, recording: "asyncio.Future[Recorded]") -> None:
        self._recording.discard(recording)
        error = recording.exception()
        frames.say((number, recording.result() if error is None else error))


class SiblingLine:
    """On the event loop of a standby. `leader` gives the address of whoever leads; a thread asks it."""

    def __init__(self, leader: Callable[[], str]) -> None:
        self._leader = leader
        self._frames: Frames | None = None
        self._looking: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Recorded]] = {}

    @property
    def open(self) -> bool:
        """Whether a leader on this machine takes what it is handed; where that is not known, it is looked for."""
        if self._frames is not None and self._frames.open:
            return not self._frames.full
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        return False

    async def record(self, checked: Checked) -> Recorded | None:
        """What became of it; None where nobody on this machine leads. Raises LostError, Refused, Busy, Unsettled."""
        if not self.open or self._frames is None:
            return None
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        answer: asyncio.Future[Recorded] = loop.create_future()
        self._waiting[number] = answer
        patience = loop.call_later(_ANSWER, settle, answer, too_long(_ANSWER))
        self._frames.say((number, checked))
        try:
            return await answer
        except Busy as busy:
            if busy.code != "standby":
                raise
            self.hang_up()
            return None
        finally:
            patience.cancel()
            del self._waiting[number]

    def hang_up(self) -> None:
        """The next one looks for the leader anew.

        What was handed in and not answered may be recorded or not: it is handed in once more, the other way, and found
        by its id.
        """
        frames, self._frames = self._frames, None
        if frames is not None:
            frames.close()
        for answer in self._waiting.values():
            settle(answer, LostError())

    async def stop(self) -> None:
        """Nobody waits any more."""
        self.hang_up()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        try:
            path = _door(await asyncio.to_thread(self._leader))
            if path is not None:
                loop = asyncio.get_running_loop()
                _, self._frames = await loop.create_unix_connection(lambda: Frames(self._heard, self._lost), str(path))
        except Exception as error:  # noqa: BLE001  there is the other way, which says what is wrong
            _log.debug("no leader on this machine: %s", error)
        if not (self._frames is not None and self._frames.open):
            await asyncio.sleep(_AGAIN)
        self._looking = None

    def _heard(self, _frames: Frames, said: list[tuple[int, Any]]) -> None:
        for number, outcome in said:
            if (answer := self._waiting.get(number)) is not None:
                settle(answer, outcome)

    def _lost(self, frames: Frames) -> None:
        if frames is self._frames:
            self.hang_up()


def _door(address: str) -> Path | None:
    """None where the kernel does not say who comes (macOS), so that nobody is trusted."""
    if not (address.startswith(UNIX) and hasattr(socket, "SO_PEERCRED")):
        return None
    return Path(f"{address.removeprefix(UNIX)}.in")
