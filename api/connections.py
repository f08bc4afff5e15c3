"""Connections that end: who sends no request, or takes no answer, holds nothing for ever.

uvicorn ends a connection that is idle after an answer. It waits without end for the head of a request, and for a
client that does not read; this adds both limits, and one for the size of a head.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.page_times import ARRIVED, monotonic

HEAD_LIMIT = 64 * 1024  # bytes of request line and headers


class Patient(HttpToolsProtocol):
    """Waits `head_seconds` for the head of a request, and `taking_seconds` for a client to take what it is sent."""

    head_seconds = 10.0
    taking_seconds = 60.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._in_head = False
        self._head_bytes = 0
        self._waiting: asyncio.TimerHandle | None = None  # for a head
        self._taking: asyncio.TimerHandle | None = None  # for room in the client's window

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A request is to come, soon."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        self._stop_taking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a request. A head that has no end is refused before it fills the memory."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
                self.send_400_response(f"The head of the request has more than {HEAD_LIMIT} bytes.")

    def on_message_begin(self) -> None:
        """A head has begun."""
        super().on_message_begin()
        self.scope["state"][ARRIVED] = monotonic()
        self._in_head, self._head_bytes = True, 0
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """The head is there; for the body `api.body` has a limit of its own."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The client does not take what was sent."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(self.taking_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has taken some."""
        self._stop_taking()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Idle after an answer: closed, and not kept for the rest of one that nobody takes."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(self.taking_seconds, self.transport.abort)

    def _wait_for_head(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.head_seconds, self._close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _close(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()
