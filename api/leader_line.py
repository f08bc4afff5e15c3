"""The way from a standby to the server that leads: one request at a time over a connection that is kept."""

import http.client
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from ledger.kernel.errors import Busy, Malformed, Unsettled

UNIX = "unix:"
_SCHEMES = ("http", "https")
_CONNECT = 2.0  # seconds
_ANSWER = 60.0  # seconds: a batch of 10 000 is checked and recorded in a few
_TRIES = 2  # the second where the first server leads no more, or hung up on a connection that it had kept


class LeaderLine:
    """For one thread. `leader` gives the address of whoever leads, "" where it is not known."""

    def __init__(self, leader: Callable[[], str], path: str, headers: Mapping[str, str]) -> None:
        self._leader = leader
        self._path = path
        self._headers = headers
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, body: bytes) -> bytes:
        """The answer of the server that leads. Raises Busy where there was none, Unsettled where it took too long.

        What is sent twice is recorded once: the second finds the first by its ids.
        """
        for _ in range(_TRIES):
            try:
                status, answer = self._exchange(body)
            except TimeoutError:
                self.hang_up()
                raise _too_long() from None
            except (OSError, http.client.HTTPException):
                self.hang_up()
                continue
            if status == http.client.OK:
                return answer
            self.hang_up()  # it leads no more
        raise _nobody()

    def hang_up(self) -> None:
        """The next request looks for the leader anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        connection = self._connection or self._connected()
        connection.request("POST", self._path, body, self._headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _connected(self) -> http.client.HTTPConnection:
        address = self._leader()
        if not address:
            raise _nobody()
        connection = self._connection = _open(address)
        try:
            connection.connect()
        except TimeoutError as error:  # nothing was sent
            raise ConnectionError from error
        connection.sock.settimeout(_ANSWER)
        return connection


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_CONNECT)
        self._socket_path = path

    def connect(self) -> None:
        """As HTTPConnection does it over TCP."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CONNECT)
        self.sock.connect(self._socket_path)


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


def _open(address: str) -> http.client.HTTPConnection:
    if address.startswith(UNIX):
        return _UnixConnection(address.removeprefix(UNIX))
    place = urlsplit(address)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    return kind(place.hostname or "", place.port, timeout=_CONNECT)


def _nobody() -> Busy:
    return Busy(
        "standby",
        "another server writes to this ledger and could not be reached from this one; retry with the same id",
        retry_after=1,
    )


def _too_long() -> Unsettled:
    return Unsettled(
        "outcome_unknown",
        f"the server that writes has not answered within {_ANSWER:g} seconds; retry with the same id",
    )
