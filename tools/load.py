"""A lean load generator: prepared requests over keep-alive connections, one thread, no HTTP library."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"


@dataclass
class _Connection:
    socket: socket.socket
    started: float = 0.0
    received: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class Load:
    """What one run gave. Latencies are in seconds, one a request; `statuses` counts each HTTP status."""

    seconds: float
    latencies: tuple[float, ...]
    statuses: dict[int, int]
    last_body: bytes

    def percentile(self, share: float) -> float:
        """The latency that `share` of the requests stayed within, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(path: str, content_type: str, body: bytes) -> bytes:
    """The bytes of one POST."""
    head = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {content_type}"]
    lines = [*head, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def drive(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send all requests over `connections` sockets, each sending its next when the last is answered."""
    waiting = iter(requests)
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    body = b""
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(min(connections, len(requests))):
            connection = _Connection(socket.create_connection(("127.0.0.1", port)))
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            _send_next(connection, waiting, selector)
        while selector.get_map():
            for key, _events in selector.select():
                connection = key.data
                answer = _receive(connection)
                if answer is None:
                    continue
                latencies.append(time.perf_counter() - connection.started)
                status, body = answer
                statuses[status] = statuses.get(status, 0) + 1
                _send_next(connection, waiting, selector)
        return Load(time.perf_counter() - started, tuple(latencies), statuses, body)


def _send_next(connection: _Connection, waiting: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    following = next(waiting, None)
    if following is None:
        selector.unregister(connection.socket)
        connection.socket.close()
        return
    connection.started = time.perf_counter()
    connection.socket.sendall(following)


def _receive(connection: _Connection) -> tuple[int, bytes] | None:
    """Status and body once the answer is whole. Raises ConnectionError where the server hangs up."""
    chunk = connection.socket.recv(1 << 18)
    if not chunk:
        raise ConnectionError("the server closed the connection before it answered")
    received = connection.received
    received += chunk
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    marker = head.index(b"content-length:") + len(b"content-length:")
    length = int(head[marker:].split(b"\r\n", 1)[0])
    if len(received) < end + len(_HEAD_END) + length:
        return None
    body = bytes(received[end + len(_HEAD_END) :])
    connection.received = bytearray()
    return int(head.split(b" ", 2)[1]), body
