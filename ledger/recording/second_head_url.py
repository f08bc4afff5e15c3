"""The head's second place on another machine: one object at a URL, read with GET and replaced with a conditional PUT.

Asked of the server (RFC 9110): GET gives the object with a strong ETag, or 404; PUT with `If-None-Match: *` creates it,
PUT with `If-Match: <ETag>` replaces it, and either is 412 where the condition does not hold; a PUT that was answered
with success is on disk, and is what the next GET gives. A server that does not look at conditions is found out before
the first swap, and not used.
"""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

from ledger.kernel.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from ledger.kernel.errors import Busy, Damaged
from ledger.recording.second_head import moved, not_there, taken

SECONDS = 5.0  # for each answer
_LONGEST = 1 << 16  # bytes of an answer
_STORED, _ABSENT, _NOT_MET = {200, 201, 204}, {404, 410}, 412
_NOTHING: Mapping[str, str] = MappingProxyType({})
_OTHER_TAG = '"coilmark-another"'  # no ETag that any server would give


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    tag: str
    body: bytes


class _Ask(Protocol):
    def __call__(self, method: str, head: Checkpoint | None = None, more: Mapping[str, str] = ...) -> _Answer: ...


class UrlHead:
    """See SecondHead. Each call has a connection of its own, so that any thread may call and none is kept open."""

    def __init__(self, url: str, authorization: str = "", seconds: float = SECONDS) -> None:
        self._url = url
        self._parts = urlsplit(url)
        self._headers = {"Authorization": authorization} if authorization else {}
        self._seconds = seconds
        self._compares = False  # whether this server has been seen to look at conditions

    def require_free(self) -> None:
        """See SecondHead, here and below."""
        with self._connected() as ask:
            answer = ask("GET")
        self._require(answer, {200, *_ABSENT})
        if answer.status == 200:
            raise taken(self._url)

    def create(self, head: Checkpoint) -> None:
        self.require_free()
        with self._connected() as ask:
            answer = ask("PUT", head, {"If-None-Match": "*"})
            if answer.status == _NOT_MET:
                raise taken(self._url)
            self._require(answer, _STORED)

    def text(self) -> str:
        with self._connected() as ask:
            return self._get(ask).body.decode("utf-8", "replace")

    def read(self) -> Checkpoint:
        return parse_checkpoint(self.text())

    def swap(self, old: Checkpoint, new: Checkpoint) -> None:
        with self._connected() as ask:
            held, tag = self._held(ask)
            if held == new:
                return
            if held != old:
                raise moved(held, old)
            self._require_comparing(ask, held)
            answer = ask("PUT", new, {"If-Match": tag})
            if answer.status != _NOT_MET:
                self._require(answer, _STORED)
            elif (held := self._held(ask)[0]) != new:
                raise moved(held, old)

    def _held(self, ask: _Ask) -> tuple[Checkpoint, str]:
        answer = self._get(ask)
        if not answer.tag.startswith('"'):
            raise Damaged("second_head_unsafe", f"{self._url} gives no strong ETag: it cannot compare")
        return parse_checkpoint(answer.body.decode("utf-8", "replace")), answer.tag

    def _get(self, ask: _Ask) -> _Answer:
        answer = ask("GET")
        if answer.status in _ABSENT:
            raise not_there(self._url)
        self._require(answer, {200})
        return answer

    def _require_comparing(self, ask: _Ask, held: Checkpoint) -> None:
        """Where conditions are ignored, two servers could each believe to be the only one. Raises Damaged."""
        if self._compares:
            return
        status = ask("PUT", held, {"If-Match": _OTHER_TAG}).status  # what is there anyway, were it stored
        if status != _NOT_MET:
            says = f"{self._url} answers {status} to a PUT whose If-Match does not hold, not 412: it cannot compare"
            raise Damaged("second_head_unsafe", says)
        self._compares = True

    def _require(self, answer: _Answer, statuses: AbstractSet[int]) -> None:
        if answer.status not in statuses:
            raise self._away(f"answers {answer.status}")

    @contextmanager
    def _connected(self) -> Iterator[_Ask]:
        """Raises Busy where there is no answer: whether a PUT was stored is then unknown, and the next GET tells."""
        host, port = self._parts.hostname or "", self._parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=self._seconds, context=ssl.create_default_context())
            if self._parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=self._seconds)
        )
        try:
            yield lambda method, head=None, more=_NOTHING: self._exchange(connection, method, head, more)
        except (OSError, http.client.HTTPException) as error:
            raise self._away(f"does not answer ({error!r})") from error
        finally:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, head: Checkpoint | None, more: Mapping[str, str]
    ) -> _Answer:
        path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        body = format_checkpoint(head).encode() if head else None
        connection.request(method, path, body, {**self._headers, **more})
        answer = connection.getresponse()
        said = answer.read(_LONGEST)
        if not answer.isclosed():
            raise http.client.HTTPException(f"an answer of more than {_LONGEST} bytes")
        return _Answer(answer.status, answer.headers.get("ETag", ""), said)

    def _away(self, says: str) -> Busy:
        return Busy("second_head_away", f"the second head {self._url} {says}", retry_after=5)
