"""The body of a passport statement from a story: the same body from the same story (SPEC 4.9.5)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.moments import rfc3339
from ledger.kernel.party import Registry
from ledger.kernel.statement import Hidden
from ledger.lots.genealogy import UG, recycled
from ledger.lots.records import NOBODY, OF_AN_EVENT, ON_HAND, Effects, Finding, Lot
from ledger.passport.claims import claims_of
from ledger.passport.evidence import in_ranges
from ledger.passport.footprint import Accounted, figures_of, members_of
from ledger.passport.runs import not_judged
from ledger.passport.story import Source, Story

METHOD = "perfect-mixing"
_NO_TOKEN = re.compile(r"[^A-Za-z0-9._:/+-]")
_WORD = 80  # characters of a token
_PLACES = Decimal("0.000001")
# What lots call their attributes -> what a passport calls its facts.
_FACTS = {
    "form": "form", "alloy": "alloy", "temper": "temper", "grade": "grade", "thickness": "thickness", "width": "width",
    "coating": "coating", "cn": "cn", "localId": "local_id",
}  # fmt: skip
_HIDDEN = {"order": "order", "customerPart": "customer_part"}  # whose order it was is not for everybody
_ENDS = frozenset({"scrap", "outside", "late", "opening"})  # every other reason: nothing explains it
_PARTY = "(417)"
_SOURCES = frozenset({"primary", "commissioned"})  # metal that enters there has no ancestry
# The most of each (SPEC 4.9.5).
_STEPS, _STAGES, _HOLDS, LISTED, _HEATS, _CERTIFICATES, _TEXT = 100, 200, 100, 200, 50, 50, 1_000
_CORRECTIONS, _REFERENCES = 1_000, 4_000
_ALWAYS = 1_000  # pieces that it was made of that are among the references whatever else is


def passport_body(
    story: Story,
    source: Source,
    registry: Registry,
    *,
    rules: Mapping[str, str],
    as_of: Mapping[str, Any],
    root: str,
    accounted: Accounted | None = None,
    evidence: Sequence[int] = (),
) -> dict[str, Any]:
    """What the operator signs. `rules` names the rule set, `as_of` size and root, `root` is that of the inputs.

    `accounted` is the piece's footprint, where one is to be stated, `evidence` what is an input for its sake alone.
    """
    piece = story.piece
    holds = list(_holds(story))
    lists = {
        "holds": holds[-_HOLDS:],
        "claims": list(claims_of(story, source, registry)),
        "ends": _ends(story, source)[:LISTED],
        "findings": listed(findings_of(story)),
        "corrections": _corrections(story)[-_CORRECTIONS:],
    }
    return {
        "id": piece.id,
        "piece": piece.id,
        "status": status(piece),
        "facts": _facts(story, source, registry),
        "steps": [_step(story, source, registry, entry) for entry in story.way[-_STEPS:]],
        "stages": list(_stages(story, registry))[:_STAGES],
        "figures": [*_figures(story, rules), *(figures_of(accounted.footprint, rules) if accounted else ())],
        **(members_of(accounted) if accounted else {}),
        **({"evidence": in_ranges(evidence)} if evidence else {}),
        "as_of": dict(as_of),
        "inputs": {"count": len(story.inputs) + len(evidence), "root": root},
        "references": _references(story),
        **{name: rows for name, rows in lists.items() if rows},
    }


def _references(story: Story) -> list[dict[str, str]]:
    """The pieces it was made of, its certificates, and what nothing was heard of since metal was drawn from it."""
    certificates = [{"kind": "certificate", "id": one.id} for one in story.certificates[:_CERTIFICATES]]
    unmoved = [{"kind": "lot", "id": name} for name in story.unmoved if name not in story.line]
    lots = [{"kind": "lot", "id": name} for name in _made_of(story)]
    return [*lots[: max(_ALWAYS, _REFERENCES - len(unmoved) - len(certificates))], *unmoved, *certificates][
        :_REFERENCES
    ]


def always_referred_to(story: Story) -> list[str]:
    """The pieces it was made of of which a passport names the newest version, however many there are."""
    return _made_of(story)[: min(_ALWAYS, _REFERENCES)]


def _made_of(story: Story) -> list[str]:
    return sorted(name for name in story.line if name != story.piece.id)


def status(piece: Lot) -> str:
    """How the piece stands (SPEC 4.9.5)."""
    if piece.doubt != NOBODY or piece.blocked:
        return "in-doubt"
    if piece.consumed_by != NOBODY:
        return "consumed"
    if piece.held_by:
        return "held"
    if any(one.delivery != ON_HAND for one in piece.holdings):
        return "shipped"
    return "made" if all(one.holder == piece.maker for one in piece.holdings) else "received"


def _facts(story: Story, source: Source, registry: Registry) -> dict[str, Any]:
    piece = story.piece
    facts: dict[str, Any] = {"maker": piece.maker} if piece.maker else {}
    made = story.effects.get(piece.made_by)
    if made is not None:
        facts |= _place(source.told(made.index).sites, made.issuer, registry)
        facts["made"] = rfc3339(made.time)
    facts |= {fact: piece.attributes[name] for name, fact in _FACTS.items() if name in piece.attributes}
    if piece.g is not None:
        facts["mass"] = piece.g
    heats = sorted({str(heat) for name in story.line for heat in _heats(source.lot(name))})
    facts |= {"heats": heats[:_HEATS]} if heats else {}
    named = [{"id": one.id, "digest": one.digest} for one in story.certificates[:_CERTIFICATES]]
    facts |= {"certificates": named} if named else {}
    hidden = {fact: Hidden(piece.attributes[name]) for name, fact in _HIDDEN.items() if name in piece.attributes}
    return facts | hidden


def _heats(lot: Lot | None) -> Iterator[str | int]:
    for name in ("heat", "cast"):
        if lot is not None and name in lot.attributes:
            yield lot.attributes[name]
            return


def _place(sites: Iterable[str], party: str, registry: Registry) -> dict[str, str]:
    """The last of these sites that is the party's own, as its statement describes it."""
    own = {one["id"]: one["country"] for one in _sites(registry, party)}
    site = next((name for name in reversed(tuple(sites)) if name in own), None)
    return {} if site is None else {"site": site, "country": own[site]}


def _sites(registry: Registry, party: str) -> Iterable[Mapping[str, Any]]:
    found = registry.parties.get(party)
    return () if found is None else found.profile.get("sites", ())


def _step(story: Story, source: Source, registry: Registry, entry: int) -> dict[str, Any]:
    one, told = story.effects[entry], source.told(entry)
    lot = next((name for name in story.line if name in _lots(one)), story.piece.id)
    return {
        "entry": entry,
        "step": _word(one.what),
        "party": one.issuer,
        **({"lot": lot} if lot != story.piece.id else {}),
        **_place(told.sites, one.issuer, registry),
        **({"from": rfc3339(one.start)} if one.start != one.time else {}),
        "at": rfc3339(one.time),
        "recorded": rfc3339(told.recorded_at),
    }


def _lots(one: Effects) -> set[str]:
    return {*one.made, *one.consumed, *(posting.lot for posting in (*one.credits, *one.debits))}


def _stages(story: Story, registry: Registry) -> Iterator[dict[str, Any]]:
    """What the trace goes through and is no step of the piece's own way, by process and party."""
    stages: dict[tuple[str, str], list[Effects]] = {}
    for node in story.trace.nodes:
        one = story.effects.get(node.entry)
        if one is not None and node.entry not in story.way:
            stages.setdefault((one.what, one.issuer), []).append(one)
    for (what, party), events in sorted(stages.items(), key=lambda stage: min(one.time for one in stage[1])):
        countries = {site["country"] for site in _sites(registry, party)}
        yield {
            "step": _word(what),
            "party": party,
            **({"country": countries.pop()} if len(countries) == 1 else {}),
            "entries": len(events),
            "from": rfc3339(min(one.time for one in events)),
            "to": rfc3339(max(one.time for one in events)),
        }


def _figures(story: Story, rules: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Rule 5.8: shares of scrap by class in what the piece weighs."""
    shares = recycled(story.trace)
    if not shares.whole:
        return
    for name, ug in (
        ("recycled-internal", shares.internal),
        ("recycled-pre-consumer", shares.pre_consumer),
        ("recycled-post-consumer", shares.post_consumer),
    ):
        value = (Decimal(ug) / Decimal(shares.whole)).quantize(_PLACES, ROUND_HALF_UP)
        yield {
            "name": name, "value": f"{value:f}", "unit": "1", "scope": "mass", "rules": dict(rules), "method": METHOD,
            "rounding": "half-up",
        }  # fmt: skip


def _ends(story: Story, source: Source) -> list[dict[str, Any]]:
    """Where the ancestry stops, the largest first; metal from its first source is no end."""
    found: dict[tuple[str, str, str], int] = {}
    for end in story.trace.ends:
        reason = end.reason if end.reason in _ENDS else "unexplained"
        sender = source.told(end.entry).sender if reason == "late" else ""  # rule 5.1: not yet reported by whom
        row = (reason, end.lot, sender if sender.startswith(_PARTY) else "")
        if end.reason not in _SOURCES:
            found[row] = found.get(row, 0) + end.ug
    if story.trace.folded_ug:
        found["minor", "", ""] = story.trace.folded_ug
    ordered = sorted(found.items(), key=lambda row: (-row[1], row[0]))
    return [
        {
            "reason": reason, "mass": (ug + UG // 2) // UG,
            **({"party": party} if party else {}), **({"lot": lot} if lot else {}),
        }
        for (reason, lot, party), ug in ordered
    ]  # fmt: skip


def _holds(story: Story) -> Iterator[dict[str, Any]]:
    for entry in story.way:
        one = story.effects[entry]
        for name in story.line:
            if name in one.held:
                free = (later for later in story.way if later > entry and name in story.effects[later].released)
                released = next(free, None)
                yield {
                    "by": one.issuer, "entry": entry, "at": rfc3339(one.time),
                    **({"released": released} if released is not None else {}),
                }  # fmt: skip


def findings_of(story: Story) -> list[dict[str, Any]]:
    """Of all events that stand on its way, in its trace and among its corrections; on the lots it goes through (5).

    Of events that closed its runs what these came to; of runs that nobody judged, that this is so.
    """
    lots = {*story.line, *story.trace.lots}
    entries = {*story.way, *(node.entry for node in story.trace.nodes), *_corrections(story)}
    found = [(one.index, each) for one in _standing(entries, story) for each in one.findings if each.concerns(lots)]
    closing = _standing({one.closed_by for one in story.runs.values()} - entries, story)
    found += [(one.index, each) for one in closing for each in one.findings if each.rule in OF_AN_EVENT]
    found += not_judged(story)
    return [_finding(entry, each) for entry, each in sorted(found, key=lambda pair: pair[0])]


def _standing(entries: Iterable[int], story: Story) -> Iterator[Effects]:
    events = (story.effects.get(entry) for entry in sorted(entries))
    return (one for one in events if one is not None and one.declared_by == NOBODY)


def _finding(entry: int, found: Finding) -> dict[str, Any]:
    about = {"about": {"kind": "lot", "id": found.lot}} if found.lot else {}
    return {"rule": found.rule, "text": found.says[:_TEXT], "entry": entry, **about}


def listed(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as a passport holds, in their order: late statements are left out first, then the older ones (4.9.5)."""
    kept = sorted(range(len(found)), key=lambda number: weight(found[number]))[:LISTED]
    return [found[number] for number in sorted(kept)]


def weight(one: Mapping[str, Any]) -> tuple[bool, int]:
    """What is told rather than something else comes first."""
    return one.get("rule") == "late_statement", -one["entry"]


def _corrections(story: Story) -> list[int]:
    """Entries that declare another wrong, or take its place."""
    effects = story.effects.items()
    return sorted(entry for entry, one in effects if one.undoes != NOBODY or one.replaces != NOBODY)


def _word(text: str) -> str:
    """As a token: business steps may be URIs with marks that a token has not."""
    return _NO_TOKEN.sub("-", text)[:_WORD].lstrip("-._:/+") or "event"


def shown(value: Any) -> Any:
    """A body as a reader sees it who is shown every disclosure."""
    if isinstance(value, (str, int)):  # most of it: evidence is thousands of numbers
        return value
    if isinstance(value, Mapping):
        return {name: shown(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    return value.value if isinstance(value, Hidden) else value


def is_piece(name: str) -> bool:
    """Whether a lot is a serialised item, of which there are passports; units and frames have none."""
    return name.startswith("(01)") and names_one_thing(name)


def pieces_sent_off(one: Effects) -> list[str]:
    """The pieces that an event ships, also inside a unit, each once."""
    return list(dict.fromkeys(moved.lot for moved in one.moved if moved.shipped > 0 and is_piece(moved.lot)))
