"""What an `emission-source` and a `period-close` do: each stream of a period is stated once, each period closed once.

What is refused here is what no figure could be computed from, or could be computed from in two ways (SPEC 12.1).
"""

from collections.abc import Mapping
from typing import Any, Protocol

from ledger.carbon import stream_rules as rule
from ledger.carbon.state import Closed, Stated, Stretch, closed_key, stream_key
from ledger.kernel.errors import Conflict, RuleBroken
from ledger.kernel.moments import micros, rfc3339


class Said(Protocol):
    """One statement with a checked body, where it stands."""

    @property
    def body(self) -> Mapping[str, Any]: ...
    @property
    def index(self) -> int: ...
    @property
    def recorded_at(self) -> int: ...
    @property
    def issuer(self) -> str: ...

    def registered(self, what: str, name: str) -> Mapping[str, Any]:
        """A device, meter, process or site of the issuer. Raises RuleBroken."""
        ...


class Book(Protocol):
    """Records by key."""

    def get(self, key: bytes) -> Any: ...
    def put(self, key: bytes, record: Any) -> None: ...


def state(book: Book, said: Said) -> None:
    """Raises RuleBroken or Conflict, the book as it may be left half written."""
    body = said.body
    process = said.registered("processes", body["process"])
    period = _period(said)
    rule.check(body)
    if body["kind"] != "electricity":
        rule.over(period, said.recorded_at)
    key = stream_key(process["id"], body["stream"])
    old = _stated(book, key, body)
    others = _without(old.periods, body.get("replaces"), f"stream {body['stream']} of {process['id']}")
    for one in others:
        if one.overlaps(period):
            says = f"stream {body['stream']} of {process['id']} is stated {_span(one)} by entry {one.entry} already"
            raise Conflict("stream_stated", f"{says}: what takes its place names it in replaces", index=one.entry)
    if "replaces" not in body:
        _check_open(book, process["id"], period)
    new = Stated(process["id"], body["stream"], body["kind"], tuple(sorted((*others, period), key=_start)))
    book.put(key, new)


def close(book: Book, said: Said) -> None:
    """Raises RuleBroken or Conflict, the book as it may be left half written."""
    body, period = said.body, _period(said)
    rule.over(period, said.recorded_at)
    prices = body.get("carbon_price", ())
    for row in (*body.get("stocks", ()), *body.get("activity", ()), *prices):
        if row["process"] not in body["processes"]:
            raise RuleBroken("process", f"process {row['process']} is none of those that are closed", id=row["process"])
    rule.check_prices(prices)
    for name in body["processes"]:
        process = said.registered("processes", name)["id"]
        old = book.get(closed_key(process))
        periods = old.periods if isinstance(old, Closed) else ()
        others = _without(periods, body.get("replaces"), f"a closed period of {process}")
        for one in others:
            if one.overlaps(period):
                says = f"process {process} is closed {_span(one)} by entry {one.entry} already"
                raise Conflict("period_closed", f"{says}: what takes its place names it in replaces", index=one.entry)
        book.put(closed_key(process), Closed(process, tuple(sorted((*others, period), key=_start))))


def _period(said: Said) -> Stretch:
    start, end = (micros(said.body["period"][name]) for name in ("from", "to"))
    if start >= end:
        raise RuleBroken("period", f"the period ends at {rfc3339(end)}, before it begins at {rfc3339(start)}")
    return Stretch(start, end, said.index)


def _stated(book: Book, key: bytes, body: Mapping[str, Any]) -> Stated:
    old = book.get(key)
    if not isinstance(old, Stated):
        return Stated(body["process"], body["stream"], body["kind"])
    if old.kind != body["kind"]:
        says = f"stream {old.stream} of {old.process} is of kind {old.kind}, not {body['kind']}"
        raise Conflict("stream_kind", f"{says}: another kind is another stream", kind=old.kind)
    return old


def _without(periods: tuple[Stretch, ...], replaced: int | None, what: str) -> list[Stretch]:
    """The periods but that of the entry that is replaced. Raises RuleBroken ("replaces") where it has none."""
    if replaced is not None and all(one.entry != replaced for one in periods):
        raise RuleBroken("replaces", f"entry {replaced} is not in force for {what}", index=replaced)
    return [one for one in periods if one.entry != replaced]


def _check_open(book: Book, process: str, period: Stretch) -> None:
    """4.9.14: after a close nothing is added, only put right."""
    old = book.get(closed_key(process))
    for one in old.periods if isinstance(old, Closed) else ():
        if one.overlaps(period):
            says = f"process {process} is closed {_span(one)} by entry {one.entry}"
            raise Conflict("period_closed", f"{says}: only what takes the place of an earlier statement is taken")


def _span(one: Stretch) -> str:
    return f"from {rfc3339(one.start)} to {rfc3339(one.end)}"


def _start(one: Stretch) -> int:
    return one.start


def asked_by(typ: str, body: Mapping[str, Any]) -> list[bytes]:
    """The keys that a statement asks for, named beforehand."""
    if typ == "emission-source":
        return [stream_key(body["process"], body["stream"]), closed_key(body["process"])]
    return [closed_key(name) for name in body["processes"]]
