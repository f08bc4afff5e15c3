"""Times between RFC 3339, as SPEC 4.8 reads it, and integers of microseconds."""

import functools
import re
from datetime import UTC, datetime, timedelta

from ledger.kernel.errors import Malformed

# RFC 3339 5.6, in capitals, to the microsecond; a leap second has no place on a scale of microseconds.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@functools.lru_cache(maxsize=4096)  # of times that are none nothing is kept; a time is asked for by each who judges it
def micros(text: str) -> int:
    """RFC 3339 with offset to µs since 1970 UTC. Raises Malformed ("time")."""
    if _TIME.fullmatch(text) is None:
        raise Malformed("time", f"{text[:40]!a} is no RFC 3339 time with offset and at most six decimals")
    try:
        since = (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except ValueError:
        raise Malformed("time", f"{text} is no moment of the calendar") from None
    if since < 0:
        raise Malformed("time", f"{text} is before 1970")
    return since


def rfc3339(moment: int) -> str:
    """µs since 1970 UTC as RFC 3339 in UTC, with no more decimals than it takes. OverflowError after the year 9999."""
    text = (_EPOCH + timedelta(microseconds=moment)).isoformat(timespec="microseconds").removesuffix("+00:00")
    return f"{text.rstrip('0').rstrip('.')}Z"
