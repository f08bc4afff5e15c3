"""Hours of power read from signed statements alone: what was drawn, and row by row what covers it (SPEC 11.5, 12.9).

Not the fold of energy: a bundle has every statement about an hour, and of an attestation only that it was made and how
much of it covers these hours. Whether the rest of it was used elsewhere too, a bundle of the attestation shows.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from ledger.carbon.given import PowerHour
from ledger.carbon.power import power_hour
from ledger.energy import matching_rules as matching
from ledger.energy.book import Book
from ledger.energy.falling import cut_off, undo
from ledger.energy.issuing import attestation_of
from ledger.energy.records import HOUR, Attestation, Consumption, Hour, Row, Use
from ledger.energy.said import Said
from ledger.energy.state_rules import in_range
from ledger.form import rows, text, whole
from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import micros

_Place = tuple[str, int]  # a process, and where its hour begins
_NOTHING = Book()  # rows here name no contract, so that nothing is given back


class Drawn:
    """Mutable: it takes statements in index order."""

    def __init__(self) -> None:
        self._hours: dict[_Place, Hour] = {}
        self._attested: dict[str, Attestation] = {}
        self._records: dict[str, Consumption] = {}

    @property
    def names(self) -> Mapping[str, Consumption]:
        """The records of consumption, by their ids."""
        return self._records

    def hours(self) -> Iterator[PowerHour]:
        """What there is. Raises RuleBroken for a row whose attestation is not shown, or does not give what it says."""
        self._check_uses()
        for hour in self._hours.values():
            for row in hour.rows:
                attestation = self._attested[row.attestation]
                in_range(attestation, row.start, row.end)
                if row.matching == "hourly":
                    matching.same_hour(attestation, hour)
            yield power_hour(hour, self._attested)

    def _check_uses(self) -> None:
        """A6: what is used in one hour is used in no other."""
        used: dict[str, list[tuple[int, int]]] = {}
        for hour in self._hours.values():
            for row in hour.rows:
                used.setdefault(row.attestation, []).append((row.start, row.end))
        for name, spans in used.items():
            if name not in self._attested:
                raise RuleBroken("unknown_attestation", f"attestation {name} is not shown")
            twice = next((after for before, after in pairwise(sorted(spans)) if after[0] < before[1]), None)
            if twice is not None:
                raise RuleBroken("over_allocated", f"attestation {name} covers two hours from Wh {twice[0]} on")

    def read(self, said: Said) -> None:
        """One statement more. Raises RuleBroken for a row that cannot be."""
        body = said.body
        if said.typ == "energy-attestation":
            whole(body["wh"])
            text(body["source"])
            self._attested[body["id"]] = attestation_of(said)
        elif said.typ == "energy-consumption" and "process" in body:
            self._state(said)
        elif said.typ == "energy-allocation":
            for number, row in enumerate(rows(body["rows"])):
                place = self._place(row)
                if place is not None:
                    self._allocate(said, number, row, self._hours[place])
        elif said.typ == "energy-action" and body["action"] == "withdraw":
            self._withdraw(said)

    def _state(self, said: Said) -> None:
        body, start = said.body, micros(said.body["from"])
        record = Consumption(
            body["id"], said.issuer, said.index, body["process"], start, len(rows(body["wh"])), body["method"], "", ""
        )
        self._records[record.id] = record
        for position, wh in enumerate(map(whole, body["wh"])):
            measured = record.method == "meter" and position not in rows(body.get("estimated", []))
            old = self._hours.get((record.process, start + position * HOUR))
            if old is not None and (old.consumption, old.issuer) != (body.get("replaces"), said.issuer):
                raise RuleBroken("replaces", f"consumption {record.id} states hours of {old.consumption} again")
            kept = (old.rows, old.fallen) if old is not None else ((), ())
            self._put(
                Hour(record.process, start + position * HOUR, record.id, said.index, said.issuer, "", wh, measured,
                     rows=kept[0], fallen=kept[1])
            )  # fmt: skip

    def _place(self, row: Mapping[str, Any]) -> _Place | None:
        """Where an hour stands that a row names; None for one that is not shown."""
        record = self._records.get(row["consumption"])
        if record is None:
            return None
        if not 0 <= row["hour"] < record.hours:
            raise RuleBroken("hour", f"consumption {record.id} has hours 0 to {record.hours - 1}, not {row['hour']}")
        return record.process, record.start + whole(row["hour"]) * HOUR

    def _allocate(self, said: Said, number: int, row: Mapping[str, Any], hour: Hour) -> None:
        start, end, use = whole(row["from_wh"]), whole(row["to_wh"]), Use(said.index, number, said.body["purpose"])
        standing = _covering(hour, row["attestation"], start, end)
        if "reverses" in row:
            if standing is None:
                raise RuleBroken("no_such_row", f"row {number} of entry {said.index} reverses what covers nothing")
            named = row["reverses"]["index"], row["reverses"]["row"]
            kept = tuple(one for one in standing.uses if (one.entry, one.row) != named)
            self._put(undo(_NOTHING, hour, standing, kept, said))
        elif standing is not None:
            other = replace(standing, uses=(*standing.uses, use))
            self._put(replace(hour, rows=tuple(other if one is standing else one for one in hour.rows)))
        else:
            matching.within_consumption(hour, end - start)
            new = Row(row["attestation"], start, end, text(said.body["matching"]), row["delivery"], uses=(use,))
            self._put(replace(hour, rows=(*hour.rows, new)))

    def _withdraw(self, said: Said) -> None:
        """A11: it names each row that falls, and what of it."""
        text(said.body["reason"])
        falling: dict[tuple[str, int, int, int], set[tuple[int, int]]] = {}
        for one in rows(said.body.get("reversals", [])):
            record = self._records.get(one["consumption"])
            for row, hour in self._with(record, one["index"], one["row"]) if record is not None else ():
                span = whole(one.get("from_wh", row.start)), whole(one.get("to_wh", row.end))
                if row.start <= span[0] < span[1] <= row.end:
                    falling.setdefault((hour.process, hour.start, row.start, row.end), set()).add(span)
        for (process, moment, start, end), gone in falling.items():
            hour = self._hours[process, moment]
            row = next(
                o for o in hour.rows if (o.attestation, o.start, o.end) == (said.body["attestation"], start, end)
            )
            self._put(cut_off(_NOTHING, hour, row, sorted(gone), said))

    def _with(self, record: Consumption, entry: int, number: int) -> Iterator[tuple[Row, Hour]]:
        for position in range(record.hours):
            hour = self._hours[record.process, record.start + position * HOUR]
            yield from (
                (row, hour) for row in hour.rows if any((use.entry, use.row) == (entry, number) for use in row.uses)
            )

    def _put(self, hour: Hour) -> None:
        self._hours[hour.process, hour.start] = hour


def _covering(hour: Hour, attestation: str, start: int, end: int) -> Row | None:
    """The live row of exactly these watt-hours."""
    return next((o for o in hour.rows if (o.attestation, o.start, o.end) == (attestation, start, end)), None)
