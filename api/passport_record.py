"""What a passport says, rendered for one kind of reader: what of its page is the same until it is made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from api.footprint_chart import Mean, footprint_of
from api.languages import Words
from api.pages import template
from api.passport_view import ids_in, view_of
from api.way import HEIGHT, WIDTH, way_of
from ledger.kernel import strict_json
from ledger.recording.log import Log
from ledger.showing import passports

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
    withheld: int
    operator: str
    inputs: int
    recorded: str
    has_footprint: bool
    shown: Markup


def record_of(
    log: Log,
    found: passports.Standing,
    body: Mapping[str, Any],
    said: Words,
    mean: Mean | None,
    *,
    kept_back: int,
    footprint_since: int | None,
) -> Record:
    """`body` is what this reader is shown, `kept_back` how many members are not; `mean` what it is compared with."""
    registry = log.state.registry
    withheld = found.statement.withheld + kept_back
    view = view_of(body, withheld, passports.names_of(log, ids_in(body)), said)
    footprint = footprint_of(body, said, mean)
    shown = template("record.html").render(
        w=said,
        view=view,
        # Shown as charts and sums: held against the record as a whole.
        charted={name: strict_json.encode(body[name]).decode() for name in _CHARTED if name in body},
        footprint=footprint,
        footprint_since=footprint_since,
        way=way_of(body, registry, said, passports.masses_of(log, _lots_in(body))),
        map_size=(WIDTH, HEIGHT),
    )
    return Record(
        title=view.title,
        serial=view.serial,
        status=view.status,
        status_is=body["status"],
        status_says=view.status_says,
        findings=len(body.get("findings", ())),
        withheld=withheld,
        operator=registry.party(found.statement.iss).name,
        inputs=body["inputs"]["count"],
        recorded=said.recorded(found.sound.entry.recorded_at),
        has_footprint=bool(footprint),
        shown=Markup(shown),  # noqa: S704  the template escapes
    )


def _lots_in(body: Mapping[str, Any]) -> set[str]:
    return {one["lot"] for one in body.get("steps", ()) if "lot" in one}
