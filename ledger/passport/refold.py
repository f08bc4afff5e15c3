"""A passport computed again from its full bundle alone: its inputs are folded, the story found and the body made."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from ledger.kernel.errors import CoilmarkError, Unverified
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.verify_passports import Inputs
from ledger.lots.records import NOBODY, OF_AN_EVENT, Effects
from ledger.passport.accounting import check_evidence
from ledger.passport.body import LISTED, always_referred_to, findings_of, passport_body, shown, weight
from ledger.passport.claims import shares_as_said
from ledger.passport.evidence import of_ranges
from ledger.passport.footprint import MEMBERS, of_mass
from ledger.passport.refolded import Refolded
from ledger.passport.runs import OF_RUNS
from ledger.passport.stated import OUT_OF_FORM, check_stated
from ledger.passport.story import Story, carried, rests_on, story_of

Judge: TypeAlias = Callable[[Mapping[str, Any]], bool]
_OF_CLAIMS = ("claimed_balance", "claim_mass")  # found where a correction is not refused (5.9)
_COMPARED = (
    "id", "piece", "status", "facts", "steps", "stages", "holds", "claims", "figures", "ends", "corrections", "inputs",
)  # fmt: skip


def recompute(inputs: Inputs, rules: Mapping[str, str]) -> tuple[bool, str]:
    """Compute a passport again from the inputs of its full bundle: whether that could be done, and a sentence.

    `rules` is the rule set of this program: what was computed under another is not judged. Raises Unverified
    ("inputs", "figure") for what is not the same.
    """
    statement = inputs.passport.statement
    if statement is None:
        raise ValueError("a passport that is not shown cannot be computed again")
    said, index = statement.body, inputs.passport.index
    other = next((one for one in _rows(said, "figures") if one.get("rules") != rules), None)
    if other is not None:
        return False, f"its figures follow a rule set that this program does not have: {other.get('rules')!a:.120}"
    try:
        evidence = of_ranges(said.get("evidence", ()))
        source = Refolded(inputs.without(evidence))
        story = story_of(said["piece"], source)
        _check_whole(story, source)
        made = passport_body(
            story, source, inputs.registries[index], rules=rules, as_of=said["as_of"], root=said["inputs"]["root"],
            evidence=sorted(evidence),
        )  # fmt: skip
    except Unverified:
        raise
    except (CoilmarkError, *OUT_OF_FORM) as error:
        why = error.sentence if isinstance(error, CoilmarkError) else f"{type(error).__name__} {error}"
        raise Unverified("inputs", f"the inputs do not make up the story of {said['piece']}: {why}", step=11) from error
    _check_inputs({*story.inputs, *evidence}, inputs, source)
    made = shown(made)
    unshared = [one for one in made.get("claims", ()) if one["entry"] in source.stood_in]
    if unshared:
        made = {**made, "claims": shares_as_said(made["claims"], said.get("claims"), source)}
    says = _compare(of_mass(said), made)
    _compare_findings(_rows(said, "findings"), findings_of(story), _judged(story, source))
    for entry in dict.fromkeys(one["entry"] for one in unshared):
        says += (
            f"; how much of the claim of entry {entry} is this piece's rests on what else it ships, which is not shown"
        )
    if "accounts" not in said:
        if any(name in said for name in MEMBERS) or of_mass(said)["figures"] != said.get("figures", []):
            raise Unverified("figure", "the passport states a footprint and not of which state of the ledger", step=11)
        return True, says
    stated = check_stated(said, story, rules)
    return True, f"{says}; {check_evidence(said, inputs, rules) if evidence else stated}"


def _rows(body: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """A list of a body that no schema was applied to. Raises Unverified ("figure") where it is none of objects."""
    rows = body.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise Unverified("figure", f"the passport has {name} out of form", step=11)
    return rows


def _check_whole(story: Story, source: Refolded) -> None:
    """SPEC 4.6: of what the piece rests on, no version is left out."""
    for node in story.trace.nodes:
        _require(source, {edge.lot for edge in node.parents if edge.lot}, node.entry)
        one = _standing(story, node.entry)
        used = one.debits if one is not None and one.joins else ()
        _require(
            source,
            {posting.lot for posting in used if names_one_thing(posting.lot)},
            one.index if one is not None else node.entry,
        )
    for name, entry in (*rests_on(story.trace, source).items(), *story.whole.items()):
        _require(source, {name}, entry)
    _require(source, {story.piece.id}, source.size)
    for span in carried(story.line, source):
        if not source.goes_on(span.unit, span.first, span.last):
            raise Unverified("inputs", f"the bundle leaves out a version of {span.unit}, which a piece was in", step=11)
    for name in (story.piece.id, *always_referred_to(story)):
        if not source.is_newest(name):
            raise Unverified("inputs", f"the bundle leaves out the newest version of {name}", step=11)


def _standing(story: Story, entry: int) -> Effects | None:
    """The event itself, or what took its place where it was declared wrong."""
    one = story.effects.get(entry)
    while one is not None and one.declared_by != NOBODY:
        one = story.effects.get(one.replaced_by)
    return one


def _require(source: Refolded, lots: Collection[str], entry: int) -> None:
    for name in sorted(lots):
        if lacking := source.lacks(name, entry):
            raise Unverified(
                "inputs", f"the bundle leaves out a version of lot {lacking}, on which entry {entry} rests", step=11
            )


def _check_inputs(wanted: Collection[int], inputs: Inputs, source: Refolded) -> None:
    shown = {one.index for one in inputs.entries}
    if wanted != shown:
        missing, beside = sorted(set(wanted) - shown), sorted(shown - set(wanted))
        what = f"lacks entries {missing[:5]}" if missing else f"holds entries {beside[:5]} that it does not rest on"
        gap = "".join(f", and leaves out a version of lot {name}" for name in source.gaps()[:1])
        raise Unverified("inputs", f"the bundle {what}, as the rules compute it{gap}", step=11)


def _judged(story: Story, source: Refolded) -> Judge:
    """Whether a finding rests on nothing but what the bundle holds.

    Its entry took nothing of stand-ins, and is of no run but a traced one. What a declaration of error leaves of a
    class lot rests on all its history up to there; what it leaves of a run, what a month comes to, and whether an
    account of claims balances (5.9), an audit shows.
    """
    runs: dict[tuple[str, str], int] = {}
    for node in story.trace.nodes:
        one = story.effects.get(node.entry)
        if one is not None and one.run and any(not edge.lot for edge in node.parents):
            runs[one.issuer, one.run] = max(node.entry, runs.get((one.issuer, one.run), NOBODY))

    def judged(row: Mapping[str, Any]) -> bool:
        if row.get("rule") in OF_RUNS:
            return True
        one = story.effects.get(row["entry"])
        if one is None or one.index in source.stood_in or row.get("rule") in _OF_CLAIMS:
            return False
        if row.get("rule") in OF_AN_EVENT and (one.period or one.undoes != NOBODY or _left_a_run(story, one)):
            return False
        if one.undoes == NOBODY:
            return not one.run or one.index <= runs.get((one.issuer, one.run), NOBODY)
        lot = _about(row)
        return lot in story.line or not source.lacks(lot, one.index)

    return judged


def _left_a_run(story: Story, one: Effects) -> bool:
    """Whether it takes the place of an event of another run or of a month, which is judged with it."""
    old = story.effects.get(one.replaces)
    return old is not None and (old.run or old.period) not in {"", one.run}


def _about(row: Mapping[str, Any]) -> str:
    about = row.get("about")
    lot = about.get("id") if isinstance(about, dict) else ""
    return lot if isinstance(lot, str) else ""


def _compare(said: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Member by member. A withheld member of the facts is not there, and is not missed."""
    facts = said.get("facts")
    told: Collection[str] = facts if isinstance(facts, dict) else ()
    made = {**made, "facts": {name: one for name, one in made["facts"].items() if name in told}}
    for member in _COMPARED:
        if said.get(member) != made.get(member):
            raise Unverified(
                "figure",
                f"the passport says {member} {said.get(member)!a:.200}, its inputs give {made.get(member)!a:.200}",
                step=11,
            )
    return (
        f"{len(made['figures'])} figures, {len(made['steps'])} steps and all else were computed again and are the same"
    )


def _compare_findings(said: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]], judged: Judge) -> None:
    """Those that are judged. Of a list that is full, down to the last that it holds: what was left out is below."""
    said = [one for one in said if type(one.get("entry")) is int]
    last = max(map(weight, said)) if len(said) >= LISTED else None
    first, second = (
        [one for one in rows if judged(one) and (last is None or weight(one) < last)] for rows in (said, made)
    )
    if first != second:
        raise Unverified(
            "figure", f"the passport has {len(first)} findings on what is shown, its inputs give {len(second)}", step=11
        )
