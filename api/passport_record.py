"""What a passport says, rendered for one kind of reader: what of its page is the same until it is made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from api.footprint_chart import Mean, footprint_of
from api.languages import Words
from api.packing import Kept, keep
from api.pages import template
from api.passport_view import broken, ids_in, view_of
from api.way import HEIGHT, WIDTH, way_of
from ledger.questions.asking import Asked
from ledger.recording.log import Log, State
from ledger.showing import passports
from ledger.store.access import Reader

_CHARTED = ("figures", "breakdown", "power", "gaps", "ends")


@dataclass(frozen=True, slots=True)
class Record:
    """`shown` are the sections from what it is to its corrections; the rest is what the page says around them."""

    title: str
    serial: str
    status: str
    status_is: str
    status_says: str
    findings: int
    unjudged: int
    withheld: int
    operator: str
    inputs: int
    recorded: str
    has_footprint: bool
    shown: Kept


def record_of(
    log: Log,
    found: passports.Standing,
    body: Mapping[str, Any],
    reader: Reader,
    said: Words,
    *,
    mean: Mean | None,
    footprint_since: int | None,
) -> Record:
    """`body` is what this reader is shown; `mean` what it is compared with."""
    state = log.state
    registry = state.registry
    withheld = found.statement.withheld + len(found.kept_back(reader))
    masses = _masses(log, state, body, reader)
    view = view_of(body, withheld, passports.names_of(log, ids_in(body)), said)
    footprint = footprint_of(body, said, mean)
    shown = template("record.html").render(
        w=said,
        view=view,
        # Shown as charts and sums: held against the record as a whole.
        charted={name: msgspec.json.encode(body[name]).decode() for name in _CHARTED if name in body},
        footprint=footprint,
        footprint_since=footprint_since,
        way=way_of(body, registry, said, masses),
        weighed_at=said.number(state.published.checkpoint.size) if masses else "",
        map_size=(WIDTH, HEIGHT),
    )
    return Record(
        title=view.title,
        serial=view.serial,
        status=view.status,
        status_is=body["status"],
        status_says=view.status_says,
        findings=len(broken(body)),
        unjudged=len(view.unjudged),
        withheld=withheld,
        operator=registry.party(found.statement.iss).name,
        inputs=body["inputs"]["count"],
        recorded=said.recorded(found.sound.entry.recorded_at),
        has_footprint=bool(footprint),
        shown=keep(shown),
    )


def _masses(log: Log, state: State, body: Mapping[str, Any], reader: Reader) -> Mapping[str, int]:
    """Of the pieces that it was made of, as of `state`. Nobody in particular may see any: nothing is asked for him."""
    lots = {one["lot"] for one in body.get("steps", ()) if "lot" in one}
    if not reader.known or not lots:
        return {}
    with log.store.reading() as transaction:
        return passports.masses_of(Asked(transaction, state.published.checkpoint.size, state.registry, reader), lots)
