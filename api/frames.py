"""Between processes of one server on one machine: values, pickled, many at a time.

Whoever can write to such a connection can do here whatever this process can. So it is a socket in the file system that
nobody but this user may open, and who comes is asked who he is, by the kernel.
"""

import asyncio
import os
import pickle
import socket
import struct
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = struct.Struct(">I")
_FULL = 4 << 20  # bytes that the other end has not taken
_CREDENTIALS = struct.Struct("3i")  # unix(7): process, user, group


class Frames(asyncio.Protocol):
    """One end. What is said within one turn of the loop goes together, and is heard together."""

    def __init__(self, heard: "Callable[[Frames, list[Any]], None]", lost: "Callable[[Frames], None]") -> None:
        self.open = False
        self.full = False
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._saying: list[Any] = []
        self._received = bytearray()

    def say(self, value: Any) -> None:
        """With whatever else is said now. Nothing is said where nobody is there any more."""
        if not self._saying:
            asyncio.get_running_loop().call_soon(self._flush)
        self._saying.append(value)

    def close(self) -> None:
        """Nothing more is said or heard."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """Nothing more is heard; what was said still goes."""
        self._flush()
        self.open = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of asyncio. A stranger is not listened to."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(_FULL)
        self.open = _user_of(self._transport.get_extra_info("socket")) == os.getuid()
        if not self.open:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Of asyncio."""
        if not self.open:
            return
        self._received += data
        while len(self._received) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            said = bytes(self._received[_LENGTH.size : end])
            del self._received[:end]
            self._heard(self, pickle.loads(said))  # noqa: S301  from this very user's process, see above

    def pause_writing(self) -> None:
        """Of asyncio: the other end does not take what was said."""
        self.full = True

    def resume_writing(self) -> None:
        """Of asyncio."""
        self.full = False

    def connection_lost(self, _error: Exception | None) -> None:
        """Of asyncio."""
        self.open = False
        self._lost(self)

    def _flush(self) -> None:
        said, self._saying = self._saying, []
        if said and self.open and self._transport is not None:
            frame = pickle.dumps(said, pickle.HIGHEST_PROTOCOL)
            self._transport.writelines((_LENGTH.pack(len(frame)), frame))


def _user_of(peer: socket.socket) -> int:
    return int(_CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[1])
