"""A page in parts, of which the largest stays as it is for a while and is packed once (gzip, RFC 1952)."""

import zlib
from dataclasses import dataclass

_HEAD = (
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"  # RFC 1952 2.3: deflate, no name, no time, fastest, by nobody's system
)
_FASTEST = 1
_RAW = -15  # zlib's name for: no header of its own, a window of 32 KiB


@dataclass(frozen=True, slots=True)
class Kept:
    """Part of a page; `deflated` ends with a whole byte and refers to nothing before it, so it can stand anywhere."""

    text: bytes
    deflated: bytes


NOTHING = Kept(b"", b"")


@dataclass(frozen=True, slots=True)
class Page:
    """A page: what stands above the part that is kept, that part, and what stands below it."""

    above: bytes
    kept: Kept = NOTHING
    below: bytes = b""

    @property
    def body(self) -> bytes:
        """All of it, not packed."""
        return self.above + self.kept.text + self.below


def keep(text: str) -> Kept:
    """A part that will stand in several pages."""
    deflate = zlib.compressobj(_FASTEST, wbits=_RAW)
    return Kept(text.encode(), deflate.compress(text.encode()) + deflate.flush(zlib.Z_FULL_FLUSH))


def gzipped(page: Page) -> bytes:
    """One gzip member of `page.body`."""
    deflate = zlib.compressobj(_FASTEST, wbits=_RAW)
    # A full flush ends with a whole byte and forgets what was before it: what is below refers to nothing above.
    above = deflate.compress(page.above) + deflate.flush(zlib.Z_FULL_FLUSH)
    below = deflate.compress(page.below) + deflate.flush()
    body = page.body
    tail = zlib.crc32(body).to_bytes(4, "little") + len(body).to_bytes(4, "little")
    return b"".join((_HEAD, above, page.kept.deflated, below, tail))
