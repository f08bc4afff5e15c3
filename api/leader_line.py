"""The way from a standby to the server that leads: one request at a time over a connection that is kept."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

import httptools
import msgspec

from api.settling import settle
from ledger.kernel.errors import Busy, Malformed, Unsettled

UNIX = "unix:"
_SCHEMES = ("http", "https")
_OK = 200
_CONNECT = 2.0  # seconds
_ANSWER = 60.0  # seconds: a batch of 10 000 is checked and recorded in a few
_STANDBY = "standby"
_REFUSED, _FAULTS, _NOT_NOW = 400, 500, 503  # statuses
# What msgspec raises of bytes that anybody may have sent; only the first is its own, for what is no form of it.
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_TRIES = 2  # the second where the first server leads no more, or hung up on a connection that it had kept


class LeaderLine:
    """On the event loop. `leader` gives the address of whoever leads, "" where it is not known; a thread asks it."""

    def __init__(self, leader: Callable[[], str], path: str, kind: str) -> None:
        self._leader = leader
        self._head = f"POST {path} HTTP/1.1\r\nhost: %s\r\ncontent-type: {kind}\r\ncontent-length: %d\r\n\r\n"
        self._connection: _Connection | None = None

    async def ask(self, body: bytes) -> bytes:
        """The answer of the server that leads. Raises Busy where nobody leads, Unsettled where the answer broke off.

        What is sent twice is recorded once: the second finds the first by its ids.
        """
        unanswered = False
        for _ in range(_TRIES):
            try:
                status, answer = await self._exchange(body)
                if status == _OK:
                    return answer
                unanswered = unanswered or _may_be_done(status, answer)
            except _HungUpError:
                unanswered = True  # it may have recorded what was sent
            except OSError:
                pass  # nothing was sent
            except Busy:
                break  # there is nobody to ask
            self.hang_up()  # it leads no more, or is gone
        raise no_answer() if unanswered else _nobody()

    def hang_up(self) -> None:
        """The next request looks for the leader anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def _exchange(self, body: bytes) -> tuple[int, bytes]:
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connection = await self._connected()
        head = self._head % (connection.host, len(body))
        try:
            async with asyncio.timeout(_ANSWER):
                return await connection.exchange(head.encode("ascii"), body)
        except TimeoutError:
            self.hang_up()
            raise too_long(_ANSWER) from None
        except asyncio.CancelledError:
            self.hang_up()  # the answer that is still to come is nobody's
            raise

    async def _connected(self) -> "_Connection":
        address = await asyncio.to_thread(self._leader)
        if not address:
            raise _nobody()
        async with asyncio.timeout(_CONNECT):  # nothing was sent yet: TimeoutError is an OSError
            return await _open(address)


class _HungUpError(ConnectionError):
    """After a request was sent, and before all of its answer had come."""


class _Connection(asyncio.Protocol):
    """HTTP/1.1 from the side of who asks."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._pieces: list[bytes] = []

    async def exchange(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. Raises ConnectionError where there is none: _HungUpError, once it was sent."""
        if self._transport is None or self.closed:
            raise ConnectionError
        self._answer, self._pieces = asyncio.get_running_loop().create_future(), []
        self._parser = httptools.HttpResponseParser(self)
        self._transport.writelines((head, body))
        return await self._answer

    def close(self) -> None:
        """Nobody waits for what would still come."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The way there is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some of an answer; what is none ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Who waits for an answer gets none."""
        self.closed = True
        if self._answer is not None:
            settle(self._answer, _HungUpError(f"it hung up: {exc}"))

    def on_body(self, body: bytes) -> None:
        """Of the parser: a piece of the answer."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """Of the parser: the answer is whole."""
        if self._answer is not None:
            settle(self._answer, (self._parser.get_status_code(), b"".join(self._pieces)))
        self.closed = self.closed or not self._parser.should_keep_alive()


def check_address(address: str) -> str:
    """`http://host:port`, `https://host[:port]` or `unix:/path`. Raises Malformed."""
    try:
        place = urlsplit(address)
        good = place.scheme in _SCHEMES and place.hostname and not (place.path.strip("/") or place.query)
        _ = place.port
    except ValueError:
        good = False
    if not (good or address.startswith(f"{UNIX}/")):
        raise Malformed("address", f"where other servers reach this one is http://HOST:PORT, not {ascii(address)[:80]}")
    return address.rstrip("/")


async def _open(address: str) -> _Connection:
    loop = asyncio.get_running_loop()
    if address.startswith(UNIX):
        path = address.removeprefix(UNIX)
        return (await loop.create_unix_connection(lambda: _Connection("localhost"), path))[1]
    place = urlsplit(address)
    secure = ssl.create_default_context() if place.scheme == "https" else None
    port = place.port or (443 if secure else 80)
    return (await loop.create_connection(lambda: _Connection(place.netloc), place.hostname or "", port, ssl=secure))[1]


def _nobody() -> Busy:
    return Busy(
        _STANDBY,
        "another server writes to this ledger and could not be reached from this one; retry with the same id",
        retry_after=1,
    )


class _Problem(msgspec.Struct):
    code: str


def _may_be_done(status: int, answer: bytes) -> bool:
    """Of a proxy between that gave up, or of a fault there: unlike a refusal, or "standby", which come before all else.

    Proxies say 503, too, where they had passed it on and the connection broke.
    """
    return not (_REFUSED <= status < _FAULTS or (status == _NOT_NOW and _stands_by(answer)))


def _stands_by(answer: bytes) -> bool:
    """Whether it is a server of ours that says so."""
    try:
        return msgspec.json.decode(answer, type=_Problem).code == _STANDBY
    except UNDECODABLE:
        return False


def too_long(seconds: float) -> Unsettled:
    """Nobody knows what became of it."""
    return Unsettled(
        "outcome_unknown",
        f"the server that writes has not answered within {seconds:g} seconds; retry with the same id",
    )


def no_answer() -> Unsettled:
    """It may have recorded what it was sent."""
    return Unsettled(
        "outcome_unknown",
        "the server that writes was sent it, and its answer did not come; retry with the same id",
    )
