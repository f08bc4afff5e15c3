"""The accounts of a period, asked of the store: the CBAM report, and the claims board."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from urllib.parse import quote

from msgspec import structs

from ledger.carbon.accounts import CbamAccount
from ledger.carbon.cbam import cbam_of
from ledger.carbon.given import Close, Given
from ledger.carbon.recompute import recompute
from ledger.carbon.records import Footprint
from ledger.carbon.reports.between import KINDS, flow_of
from ledger.carbon.reports.cbam import About, Site, cbam_report
from ledger.carbon.reports.claims import Observed, board, claims_set
from ledger.carbon.reports.pfc import pfc_of
from ledger.issuing.carbon_source import given_of
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed, Missing
from ledger.kernel.hashing import tree_root
from ledger.kernel.moments import micros, rfc3339
from ledger.kernel.party import Registry
from ledger.kernel.statement import Statement, parse
from ledger.kernel.subjects import subject_key
from ledger.passport.codes import path_of
from ledger.questions.asking import Asked
from ledger.store.store import Transaction
from schemas import wire_carbon as said

_HOURS = "/v1/consumption/"
_SHOWN = 200  # pieces that a claim leads to, at most
Period = tuple[int, int]
Read = Callable[[Transaction, Registry, int], Given]


def cbam(
    asked: Asked, start: str | None = None, end: str | None = None, year: int | None = None, *, read: Read = given_of
) -> said.CbamReport:
    """The report of the installations that this reader may see. Raises Missing where nothing is closed, Malformed.

    `read` reads all that was signed: whoever asks often has one that goes on from where it was.
    """
    wanted = bounds(start, end)
    given = read(asked.transaction, asked.registry, asked.size)
    period = _period(given, wanted)
    sites = {name: one for name, one in _sites(asked).items() if asked.reader.may_see(one.operator)}
    rows = tuple(row for row in cbam_of(given, *period) if row.installation in sites)
    about = About(
        ledger=asked.registry.uri,
        as_of=_as_of(asked),
        rules=_rules(asked),
        period=period,
        sites=sites,
        year=year if year is not None else int(rfc3339(period[1] - 1)[:4]),
        pfc=[pfc_of(_statement(asked, entry).body, entry) for entry in _stated(given, period, {"pfc"})],
        flows=[flow_of(_statement(asked, entry).body, entry) for entry in _stated(given, period, KINDS)],
        verifications=list(_verifications(asked, given, period)),
        closes=list(_closes(given, period)),
    )
    return cbam_report(CbamAccount(rows), about)


def claims(
    asked: Asked, start: str | None = None, end: str | None = None, *, read: Read = given_of
) -> said.ClaimsBoard:
    """Every public claim, held against the ledger for a period; `read` as above. Raises Missing, Malformed likewise."""
    wanted = bounds(start, end)
    given = read(asked.transaction, asked.registry, asked.size)
    period = _period(given, wanted)
    footprints = recompute(given).footprint
    shipped = [one for name in sorted(_shipped(given, period)) if (one := footprints.of(name)) is not None]
    observed = Observed(given, *period, shipped, _evidence(given, period, shipped))
    return said.ClaimsBoard(
        ledger=asked.registry.uri,
        as_of=_as_of(asked),
        rules=_rules(asked),
        claims_set=claims_set()["id"],
        period=said.Span(start=rfc3339(period[0]), end=rfc3339(period[1])),
        provisional=observed.provisional,
        claims=[_seen(asked, one) for one in board(observed)],
    )


def bounds(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """What is asked about, as far as it is said. Raises Malformed."""
    first, last = (micros(one) if one is not None else None for one in (start, end))
    if first is not None and last is not None:
        _require_order(first, last)
    return first, last


def _require_order(first: int, last: int) -> None:
    if first >= last:
        raise Malformed("period", f"a period ends after it begins, not from {rfc3339(first)} to {rfc3339(last)}")


def _period(given: Given, wanted: tuple[int | None, int | None]) -> Period:
    """With the ends of all that was closed, where nothing is said. Raises Missing ("no_period"), Malformed."""
    start, end = wanted
    if not given.closes and (start is None or end is None):
        raise Missing("no_period", "no plant has closed a period yet: name one, from and to")
    first = start if start is not None else min(one.start for one in given.closes)
    last = end if end is not None else max(one.end for one in given.closes)
    _require_order(first, last)
    return first, last


def _as_of(asked: Asked) -> said.AsOf:
    head = asked.transaction.head()
    if head is not None and head.size == asked.size:
        return said.AsOf(size=asked.size, root=b64url_encode(head.root))
    return said.AsOf(size=asked.size, root=b64url_encode(tree_root(asked.transaction.leaves(0, asked.size))))


def _rules(asked: Asked) -> said.RuleSet:
    newest = [one for one in asked.registry.rules if one.since <= asked.size][-1]
    return said.RuleSet(id=newest.id, digest=newest.digest)


def _sites(asked: Asked) -> Mapping[str, Site]:
    return {
        row["id"]: Site(
            row["id"], row["name"], party.id, party.name, row["country"], row["latitude"], row["longitude"],
            row.get("unlocode"), row.get("cbam"), party.profile.get("cbam"),
            *(row.get(name) for name in ("street", "post_code", "po_box", "city")),
        )
        for party in asked.registry.parties.values() for row in party.profile.get("sites", ())
    }  # fmt: skip


def _statement(asked: Asked, entry: int) -> Statement:
    return parse(asked.transaction.entry(entry).wire)


def _stated(given: Given, period: Period, kinds: Collection[str]) -> Iterator[int]:
    """The entries of streams of these kinds that enter the account of processes."""
    for one in given.streams:
        within = period[0] <= one.start and one.end <= period[1]
        if one.kind in kinds and one.status != "not-applicable" and "cbam-direct" in one.accounts and within:
            yield one.entry


def _closes(given: Given, period: Period) -> Iterator[tuple[str, Close]]:
    """Each close in the period, by the sites of its processes."""
    for one in sorted(given.closes, key=lambda close: (close.start, close.entry)):
        if period[0] <= one.start and one.end <= period[1]:
            sites = {given.processes[name].site for name in one.processes if name in given.processes}
            yield from ((site, one) for site in sorted(sites))


def _verifications(asked: Asked, given: Given, period: Period) -> Iterator[tuple[str, said.CbamVerification]]:
    """What verifiers said of processes for periods that meet this one."""
    for process in given.processes.values():
        for entry in asked.transaction.versions(subject_key("process", process.id)):
            statement = _statement(asked, entry) if entry < asked.size else None
            if statement is None or statement.typ != "verification" or not _meets(statement, period):
                continue
            yield process.site, _verification(asked, statement, entry, process.id)


def _meets(statement: Statement, period: Period) -> bool:
    told = statement.body.get("period")
    return told is None or (micros(told["from"]) < period[1] and period[0] < micros(told["to"]))


def _verification(asked: Asked, statement: Statement, entry: int, process: str) -> said.CbamVerification:
    body = statement.body
    by, place = body.get("accreditation", {}), _first_site(asked, statement.iss)
    address = ", ".join(place[name] for name in ("street", "post_code", "city") if name in place)
    return said.CbamVerification(
        entry=entry, verifier=statement.iss, name=asked.registry.party(statement.iss).name, process=process,
        address=address or None, country=place.get("country"), lead_verifier=None, email=None, phone=None,
        standard=body["standard"], verdict=body["verdict"], level=body.get("level"),
        materiality=body.get("materiality"), site_visit=body.get("site_visit"), accreditation_body=by.get("body"),
        accreditation_country=by.get("country"), accreditation_number=by.get("number"),
        report=body["report"]["digest"],
    )  # fmt: skip


def _first_site(asked: Asked, party: str) -> Mapping[str, str]:
    sites = asked.registry.party(party).profile.get("sites", ())
    return sites[0] if sites else {}


def _shipped(given: Given, period: Period) -> set[str]:
    """What was sent off in the period and taken in by nobody of this ledger since: it left the park."""
    sent: dict[str, int] = {}
    for step in sorted(given.steps, key=lambda one: (one.time, one.index)):
        for one in step.debits:
            sent.pop(one.place[0], None)
        for one in step.credits:
            if one.place[2] and "(21)" in one.place[0]:
                sent[one.place[0]] = step.time
    return {name for name, time in sent.items() if period[0] <= time < period[1]}


def _evidence(given: Given, period: Period, shipped: Iterable[Footprint]) -> Mapping[str, list[said.Evidence]]:
    span = f"from={rfc3339(period[0])}&to={rfc3339(period[1])}"
    drew = sorted({one.process for one in given.hours if period[0] <= one.start < period[1]})
    hours = [said.Evidence(what=name, path=f"{_HOURS}{_local(name)}?{span}") for name in drew]
    pieces = [said.Evidence(what=one.piece, path=f"{_coil(one.piece)}/footprint") for one in shipped]
    scrap = sorted(name for name, about in given.described.items() if about.get("scrapClass") == "internal")
    lots = [said.Evidence(what=name, path=_lot(name)) for name in scrap]
    return {"renewable-power": hours, "carbon-intensity": pieces[:_SHOWN], "closed-loop": lots}


def _coil(piece: str) -> str:
    _, _, gtin, _, serial = path_of(piece).split("/")
    return f"/v1/coils/{gtin}/{serial}"


def _local(name: str) -> str:
    return quote(name.removeprefix("(").replace(")", "/", 1))


def _lot(name: str) -> str:
    gtin, _, lot = name.removeprefix("(01)").partition("(10)")
    return f"/v1/lots/01/{gtin}/10/{quote(lot, safe='')}"


def _seen(asked: Asked, claim: said.Claim) -> said.Claim:
    """What a process drew is shown to who may see its plant; sums are shown to every reader."""

    def may_see(name: str) -> bool:
        return asked.reader.may_see(name.partition("/")[0])

    rows = [row for row in claim.rows if ": " not in row.name or may_see(row.name)]
    evidence = [one for one in claim.evidence if not one.path.startswith(_HOURS) or may_see(one.what)]
    return structs.replace(claim, rows=rows, evidence=evidence)
