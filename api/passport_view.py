"""A passport in words and units for people: what the scan page's template writes, and escapes.

A row that shows a member of the passport as it stands says where: the page's own script holds it against the record
that it verified.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.languages import Words, measured, tied
from api.origins import primary_mass
from ledger.kernel.verify_passports import NOT_JUDGED

Body = Mapping[str, Any]
Names = Mapping[str, str]

_WARNED = frozenset({"held", "consumed", "in-doubt", "withdrawn"})
_SHARES = ("recycled-post-consumer", "recycled-pre-consumer", "recycled-internal")
_FOOTPRINT = ("product-footprint", "renewable-share")  # have a section of their own


@dataclass(frozen=True, slots=True)
class Row:
    """A name and what stands beside it; `note` is smaller. `at` is the path of the member that it shows, `raw` that."""

    name: str
    value: str
    note: str = ""
    at: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule, or masses of one origin."""

    name: str
    count: str
    rows: tuple[Row, ...]
    share: int = 0  # of the piece, in percent


@dataclass(frozen=True, slots=True)
class View:
    """Everything the page shows of one passport, in words."""

    title: str
    serial: str
    status: str
    status_says: str
    facts: tuple[Row, ...]
    shares: tuple[Row, ...]
    figures: tuple[Row, ...]
    steps: tuple[Row, ...]
    ends: tuple[Group, ...]
    claims: tuple[Row, ...]
    holds: tuple[Row, ...]
    findings: tuple[Group, ...]
    unjudged: tuple[Row, ...]
    corrections: tuple[int, ...]
    withheld: int


def view_of(body: Body, withheld: int, names: Names, words: Words) -> View:
    """A passport's body as rows. What is withheld is only counted."""
    facts, status = body["facts"], body["status"]
    told = [
        words.of(one, facts[one]) if one == "form" else str(facts[one])
        for one in ("alloy", "temper", "form")
        if one in facts
    ]
    figures = list(enumerate(body["figures"]))
    return View(
        title=" ".join(told) or words("piece"),
        serial=body["piece"].partition("(21)")[2],
        status=words.of("status", status),
        status_says=words(f"says.{status}") if status in _WARNED else "",
        facts=tuple(_facts(body, names, words)),
        shares=tuple(_share(at, one, words) for at, one in figures if one["name"] in _SHARES),
        figures=tuple(
            _figure(at, one, words) for at, one in figures if not one["name"].startswith((*_SHARES, *_FOOTPRINT))
        ),
        steps=tuple(_step(at, one, names, words) for at, one in enumerate(body.get("steps", ()))),
        ends=tuple(_ends(body, names, words)),
        claims=tuple(_claim(at, one, names, words) for at, one in enumerate(body.get("claims", ()))),
        holds=tuple(_hold(one, names, words) for one in body.get("holds", ())),
        findings=tuple(_findings(broken(body), words)),
        unjudged=tuple(
            Row(tied(one["text"]), _finding_at(one, words))
            for one in body.get("findings", ())
            if one["rule"] == NOT_JUDGED
        ),
        corrections=tuple(body.get("corrections", ())),
        withheld=withheld,
    )


def broken(body: Body) -> list[Body]:
    """Its findings but for runs that nobody judged."""
    return [one for one in body.get("findings", ()) if one["rule"] != NOT_JUDGED]


def ids_in(body: Body) -> set[str]:
    """The parties and sites it names."""
    lists = ("steps", "stages", "claims", "holds", "ends")
    rows = [body["facts"], *(row for name in lists for row in body.get(name, ()))]
    return {row[member] for row in rows for member in ("party", "site", "by", "maker") if member in row}


def _facts(body: Body, names: Names, words: Words) -> Iterable[Row]:
    facts = body["facts"]
    shown: list[tuple[str, Callable[[Any], str]]] = [
        ("description", str),
        ("maker", lambda one: names.get(one, one)),
        ("site", lambda one: names.get(one, one)),
        ("country", str),
        ("made", words.moment),
        ("alloy", str),
        ("temper", str),
        ("form", lambda one: words.of("form", one)),
        ("grade", lambda one: words.of("grade", one)),
        ("mass", words.mass),
        ("thickness", words.millimetres),
        ("width", words.millimetres),
        ("coating", str),
        ("cn", str),
        ("heats", ", ".join),
        ("standard", str),
        ("local_id", str),
        ("order", str),
        ("customer_part", str),
    ]
    for member, said in shown:
        if member in facts:
            yield Row(words(member), said(facts[member]), at=f"facts.{member}", raw=_raw(facts[member]))
    slabs = [
        one["id"].partition("(21)")[2] for one in body["references"] if one["kind"] == "lot" and "(21)" in one["id"]
    ]
    if slabs:
        yield Row(words("made_from"), ", ".join(slabs))
    for at, one in enumerate(facts.get("certificates", ())):
        digest = words("certificate_digest", digest=one["digest"])
        yield Row(words("certificates"), one["id"], digest, at=f"facts.certificates.{at}.digest", raw=one["digest"])


def _raw(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _share(at: int, one: Body, words: Words) -> Row:
    name = words(f"share.{one['name']}")
    return Row(name, words.percent(one["value"]), _method(one, words), at=f"figures.{at}.value", raw=one["value"])


def _figure(at: int, one: Body, words: Words) -> Row:
    notes = [one[member] for member in ("scope", "coc_model", "matching") if member in one]
    name, value = one["name"].replace("-", " "), measured(one["value"], one["unit"])
    return Row(name, value, ", ".join([*notes, _method(one, words)]), at=f"figures.{at}.value", raw=one["value"])


def _method(one: Body, words: Words) -> str:
    return words("method", method=one.get("method", "-"), rules=one["rules"]["id"])


def _step(at: int, one: Body, names: Names, words: Words) -> Row:
    party, site = names.get(one["party"], one["party"]), names.get(one.get("site", ""), one.get("site", ""))
    named = site if site.startswith(party) else ", ".join(filter(None, (party, site)))  # it need not be said twice
    where = ", ".join(filter(None, (named, one.get("country", ""))))
    step = words.of("step", one["step"])
    what = words("of_lot", step=step, lot=one["lot"].partition("(21)")[2] or one["lot"]) if "lot" in one else step
    times = {"at": words.moment(one["at"]), "recorded": words.moment(one["recorded"]), "entry": one["entry"]}
    return Row(what, where, words("step_when", **times), at=f"steps.{at}.at", raw=one["at"])


def _findings(findings: Iterable[Body], words: Words) -> Iterable[Group]:
    """By rule, the most frequent first."""
    by_rule: dict[str, list[Body]] = {}
    for one in findings:
        by_rule.setdefault(one["rule"], []).append(one)
    for rule, many in sorted(by_rule.items(), key=lambda pair: -len(pair[1])):
        rows = tuple(Row(tied(one["text"]), _finding_at(one, words)) for one in many)
        yield Group(words.of("rule", rule), words.number(len(many)), rows)


def _finding_at(one: Body, words: Words) -> str:
    where = [words("finding_at", entry=one["entry"])] if "entry" in one else []
    return ", ".join((*where, *([one["about"]["id"]] if "about" in one else [])))


def _ends(body: Body, names: Names, words: Words) -> Iterable[Group]:
    """Masses by origin, the largest first; what no end takes was followed to a primary source."""
    masses: Counter[str] = Counter()
    lots: dict[str, list[Row]] = {}
    for one in body.get("ends", ()):
        party = one.get("party", "")
        reason = words(f"end.{one['reason']}", party=names.get(party, party))
        masses[reason] += one["mass"]
        lots.setdefault(reason, []).append(Row(one.get("lot", "-"), words.mass(one["mass"])))
    whole = body["facts"].get("mass", 0)
    if rest := primary_mass(body):
        masses[words("end.primary")] = rest
    for reason, grams in masses.most_common():
        yield Group(reason, words.mass(grams), tuple(lots.get(reason, ())), 100 * grams // whole if whole else 0)


def _claim(at: int, one: Body, names: Names, words: Words) -> Row:
    """Rule M6: bookkeeping, which the page says in the same line."""
    says = words("claim_says", party=names.get(one["party"], one["party"]), entry=one["entry"])
    name = one.get("scheme", one["scope"])
    return Row(name, words.mass(one["mass"]), says, at=f"claims.{at}.mass", raw=str(one["mass"]))


def _hold(one: Body, names: Names, words: Words) -> Row:
    until = words("released", entry=one["released"]) if "released" in one else words("not_released")
    since = words("held_since", at=words.moment(one["at"]), entry=one["entry"])
    return Row(names.get(one["by"], one["by"]), until, since)
