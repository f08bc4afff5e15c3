"""A passport in words and units for people: rows that the scan page's template writes, and escapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Body = Mapping[str, Any]
Names = Mapping[str, str]

_STATUS = {
    "made": "in stock",
    "held": "on hold",
    "shipped": "on its way",
    "received": "received",
    "consumed": "used up",
    "in-doubt": "in doubt",
    "withdrawn": "withdrawn",
}
_STATUS_SAYS = {
    "held": "Somebody who made it or has it holds it. Do not use it before it is released.",
    "consumed": "It was used up in a later step. What is in front of you should be something else.",
    "in-doubt": "An event it rests on was declared wrong, or mass is missing. Do not use it before this is cleared.",
    "withdrawn": "The operator withdrew this passport.",
}
_ENDS = {
    "scrap": "scrap that entered a melt",
    "outside": "bought from outside this ledger",
    "late": "a supplier that has not reported yet",
    "opening": "stock from before the ledger began",
    "minor": "contributions under 0.1 % each",
    "unexplained": "mass that no event explains",
}
_SHARES = {
    "recycled-post-consumer": "Post-consumer scrap",
    "recycled-pre-consumer": "Pre-consumer scrap",
    "recycled-internal": "Internal scrap (not counted as recycled)",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A name and what stands beside it; `note` is smaller."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the page shows of one passport."""

    title: str
    serial: str
    status: str
    status_says: str
    facts: tuple[Row, ...]
    shares: tuple[Row, ...]
    figures: tuple[Row, ...]
    steps: tuple[Row, ...]
    stages: tuple[Row, ...]
    ends: tuple[Row, ...]
    holds: tuple[Row, ...]
    findings: tuple[Row, ...]
    corrections: tuple[int, ...]
    withheld: int


def view_of(body: Body, withheld: int, names: Names) -> View:
    """A passport's body as rows. What is withheld is only counted."""
    facts = body["facts"]
    shares = [one for one in body["figures"] if one["name"] in _SHARES]
    return View(
        title=" ".join(str(facts[one]) for one in ("alloy", "temper", "form") if one in facts) or "Piece",
        serial=body["piece"].partition("(21)")[2],
        status=_STATUS[body["status"]],
        status_says=_STATUS_SAYS.get(body["status"], ""),
        facts=tuple(_facts(facts, names)),
        shares=tuple(Row(_SHARES[one["name"]], percent(one["value"]), one.get("method", "")) for one in shares),
        figures=tuple(_figure(one) for one in body["figures"] if one["name"] not in _SHARES),
        steps=tuple(_step(one, names) for one in body.get("steps", ())),
        stages=tuple(_stage(one, names) for one in body.get("stages", ())),
        ends=tuple(_end(one, names) for one in body.get("ends", ())),
        holds=tuple(_hold(one, names) for one in body.get("holds", ())),
        findings=tuple(_finding(one) for one in body.get("findings", ())),
        corrections=tuple(body.get("corrections", ())),
        withheld=withheld,
    )


def ids_in(body: Body) -> set[str]:
    """The parties and sites it names."""
    rows = [*body.get("steps", ()), *body.get("stages", ()), *body.get("holds", ()), *body.get("ends", ())]
    rows.append(body["facts"])
    return {row[member] for row in rows for member in ("party", "site", "by", "maker") if member in row}


def _facts(facts: Body, names: Names) -> list[Row]:
    shown: list[tuple[str, str, Callable[[Any], str]]] = [
        ("description", "Product", str),
        ("maker", "Maker", lambda one: names.get(one, one)),
        ("site", "Made at", lambda one: names.get(one, one)),
        ("country", "Country", str),
        ("made", "Made", moment),
        ("alloy", "Alloy", str),
        ("temper", "Temper", str),
        ("form", "Form", str),
        ("grade", "Grade", str),
        ("mass", "Mass", mass),
        ("thickness", "Thickness", millimetres),
        ("width", "Width", millimetres),
        ("coating", "Coating", str),
        ("cn", "Customs code (CN)", str),
        ("heats", "Heat", ", ".join),
        ("standard", "Standard", str),
        ("local_id", "Maker's own number", str),
        ("certificates", "Certificate", lambda many: ", ".join(one["id"] for one in many)),
        ("order", "Order", str),
        ("customer_part", "Customer's part number", str),
    ]
    return [Row(name, said(facts[member])) for member, name, said in shown if member in facts]


def _figure(one: Body) -> Row:
    notes = [one[member] for member in ("scope", "method", "coc_model", "matching") if member in one]
    return Row(one["name"].replace("-", " "), f"{one['value']} {one['unit']}", ", ".join(notes))


def _step(one: Body, names: Names) -> Row:
    place = names.get(one.get("site", ""), one.get("site", ""))
    where = ", ".join(part for part in (names.get(one["party"], one["party"]), place, one.get("country", "")) if part)
    what = one["step"].replace("_", " ").replace("-", " ")
    about = f" of {one['lot']}" if "lot" in one else ""
    said = f"claimed {moment(one['at'])}, recorded {moment(one['recorded'])}, entry {one['entry']}"
    return Row(f"{what}{about}", where, said)


def _stage(one: Body, names: Names) -> Row:
    where = ", ".join(part for part in (names.get(one["party"], one["party"]), one.get("country", "")) if part)
    when = f"{moment(one['from'])} to {moment(one['to'])}, {one['entries']} entries"
    return Row(one["step"].replace("-", " "), where, when)


def _finding(one: Body) -> Row:
    where = [f"entry {one['entry']}"] if "entry" in one else []
    about = [one["about"]["id"]] if "about" in one else []
    return Row(one["rule"].replace("_", " "), one["text"], ", ".join((*where, *about)))


def _end(one: Body, names: Names) -> Row:
    party = one.get("party", "")
    what = f"not yet reported by {names.get(party, party)}" if party else _ENDS[one["reason"]]
    return Row(what, mass(one["mass"]), one.get("lot", ""))


def _hold(one: Body, names: Names) -> Row:
    until = f"released by entry {one['released']}" if "released" in one else "not released"
    return Row(names.get(one["by"], one["by"]), until, f"since {moment(one['at'])}, entry {one['entry']}")


def mass(grams: int) -> str:
    """In t from one tonne on, in kg below; exact."""
    unit, size = ("t", 6) if grams >= 1_000_000 else ("kg", 3)
    return f"{Decimal(grams).scaleb(-size).normalize():f} {unit}"


def millimetres(micrometres: int) -> str:
    """Exact."""
    return f"{Decimal(micrometres).scaleb(-3).normalize():f} mm"


def percent(share: str) -> str:
    """A share from 0 to 1 in percent, as exact as it is."""
    return f"{(Decimal(share) * 100).normalize():f} %"


def moment_of(microseconds: int) -> str:
    """A moment of an entry, to the minute, in UTC."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def moment(text: str) -> str:
    """A moment of a passport, to the minute, in UTC."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")
