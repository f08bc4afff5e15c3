"""A passport computed again from its full bundle alone: its inputs are folded, the story found and the body made."""

from collections.abc import Collection, Mapping
from typing import Any

from ledger.kernel.errors import CoilmarkError, Unverified
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.verify_passports import Inputs
from ledger.lots.records import NOBODY, Effects
from ledger.passport.accounting import check_evidence
from ledger.passport.body import passport_body, shown
<<<<<<< HEAD
from ledger.passport.claims import shares_as_said
=======
from ledger.passport.evidence import of_ranges
>>>>>>> 4a9fecf (ledger/passport: a passport names what its footprint follows from, and a full bundle is computed again from it)
from ledger.passport.footprint import of_mass
from ledger.passport.refolded import Refolded
from ledger.passport.stated import check_stated
from ledger.passport.story import Story, rests_on, story_of

_COMPARED = (
    "id", "piece", "status", "facts", "steps", "stages", "holds", "claims", "figures", "ends", "corrections", "inputs",
)  # fmt: skip


<<<<<<< HEAD
class _EverySite(dict[str, str]):
    """Sites of parties that the bundle does not show are sites all the same: the ledger checked that."""

    def __contains__(self, _name: object) -> bool:
        return True


class Refolded:
    """A `Source` made of the inputs of a full bundle."""

    by_queries = False

    def __init__(self, inputs: Inputs) -> None:
        self._book = Book()
        self._events: dict[int, LotEvent] = {}
        self._runs: dict[str, list[int]] = {}
        self._versions: dict[bytes, list[tuple[int, int]]] = {}
        self._certificates: dict[int, Certificate] = {}
        self._names: dict[tuple[str, str], int] = {}
        self.size = int(inputs.passport.statement.body["as_of"]["size"]) if inputs.passport.statement else 0
        self.stood_in: dict[int, set[str]] = {}
        for one in inputs.entries:
            self._note_versions(one)
            self._fold(one, inputs.registries[one.index])

    def lot(self, name: str) -> Lot | None:
        """What is known of a lot."""
        return self._book.lot(name)

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did."""
        found = ((entry, self._book.effects(entry)) for entry in entries)
        return {entry: one for entry, one in found if one is not None}

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of each lot or run that the bundle has."""
        return {name: self._of(name) for name in names}

    def told(self, entry: int) -> Told:
        """What the statement of a lot event says beside."""
        event = self._events[entry]
        return Told(event.recorded_at, event.sites, event.parent, event.sender, event.claims)

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate."""
        return self._certificates.get(entry)

    def whole(self, name: str, entry: int) -> bool:
        """Whether the bundle holds every version of a lot up to the one that this entry made."""
        versions = self._versions.get(subject_key("lot", name), [])
        upto = [version for index, version in versions if index <= entry]
        return upto == list(range(1, len(upto) + 1))

    def gaps(self) -> list[str]:
        """Lots whose history begins in the bundle and has a gap: stood in for, although most of it is there."""
        names = sorted({name for lots in self.stood_in.values() for name in lots})
        begun = (name for name in names if self._versions.get(subject_key("lot", name), [(0, 0)])[0][1] == 1)
        return [name for name in begun if not self.whole(name, self.size)]

    def _of(self, name: str) -> Sequence[int]:
        if name in self._runs:
            return self._runs[name]
        return [index for index, _ in self._versions.get(subject_key("lot", name), [])]

    def _note_versions(self, one: Shown) -> None:
        for found in one.opened:
            if found.item.role is not Role.REFERENCE:
                self._versions.setdefault(found.item.subject, []).append((one.index, found.item.version))

    def _fold(self, one: Shown, registry: Registry) -> None:
        statement = one.statement
        if statement is None:
            return
        if statement.typ == "lot-event":
            party = registry.party(statement.iss)
            event = placed(
                read_event(statement.body, issuer=statement.iss, jti=statement.jti),
                index=one.index,
                recorded_at=one.entry.recorded_at,
                processes=party.processes,
                accuracies=party.accuracies,
            )
            self._apply(event, registry)
        elif (certificate := certificate_in(statement)) is not None:
            self._certificates[one.index] = certificate
        elif statement.typ == "contract":
            agree(self._book, statement.body)
        elif confirmed := lot_confirmed(statement.typ, statement.body):
            countersign(self._book, confirmed, statement.iss)

    def _apply(self, event: LotEvent, registry: Registry) -> None:
        wrong = self._names.get((event.issuer, event.name), NOBODY) if event.declares else NOBODY
        if not event.declares:
            self._names[event.issuer, event.name] = event.index
            for part in _made(event):
                self._forget(event, part)
            for part in _parts(event):
                self._stand_in(event, part)
                self._stand_in_contents(event, part.id)
        self._events[event.index] = event
        if event.run:
            entries = self._runs.setdefault(run_name(event.issuer, event.run), [])
            if any(entry in self.stood_in for entry in entries):  # a run is judged by all that went into it
                self.stood_in.setdefault(event.index, set())
            entries.append(event.index)
        apply(self._book, event, operator=registry.operator, sites=_EverySite(registry.sites), wrong=wrong)

    def _forget(self, event: LotEvent, part: Part) -> None:
        """A piece that is made again, of which the bundle does not hold why, may be made."""
        if part.single and self._book.lot(part.id) is not None and not self.whole(part.id, event.index):
            self.stood_in.setdefault(event.index, set()).add(part.id)
            self._book.put_lot(replace(_stand_in(event, part), holdings=(), doubt=0))

    def _stand_in(self, event: LotEvent, part: Part) -> None:
        """Give a lot that is not whole what this event takes of it."""
        known = self._book.lot(part.id)
        if self.whole(part.id, event.index) or (known is not None and known.contents):
            return
        self.stood_in.setdefault(event.index, set()).add(part.id)
        inside = known.inside if known is not None else ""
        self._book.put_lot(replace(_stand_in(event, part), inside=inside))
        name = delivery_name(event)
        if event.step in {"receiving", "void_shipping"} and self._book.delivery(name) is None:
            receiver = event.issuer if event.step == "receiving" else event.receiver
            self._book.put(delivery_key(name), Delivery(name, event.sender or event.issuer, receiver))

    def _stand_in_contents(self, event: LotEvent, unit: str) -> None:
        """What else is in a unit goes with it, whatever happened to it in events that the bundle does not hold."""
        lot = self._book.lot(unit)
        for name in lot.contents if lot is not None else ():
            self._stand_in(event, Part(name, True, None))
            self._stand_in_contents(event, name)


def _made(event: LotEvent) -> tuple[Part, ...]:
    return event.things if event.type == "ObjectEvent" and event.action == "ADD" else event.outputs


def _parts(event: LotEvent) -> Iterator[Part]:
    """What it needs to be there; what it makes is not."""
    made = {part.id for part in _made(event)}
    yield from (part for part in event.parts if part.id not in made and part.id not in event.origins)
    # A class lot that is added to may be there; a stand-in takes additions from anybody who has it.
    yield from (part for part in event.parts if part.id in made and not part.single)
    if event.parent:
        yield Part(event.parent, names_one_thing(event.parent), None)


def _stand_in(event: LotEvent, part: Part) -> Lot:
    g = part.g or 0
    under_way = event.step in {"receiving", "void_shipping"} and event.type == "ObjectEvent"
    holder = event.sender or event.issuer if under_way and event.step == "receiving" else event.issuer
    # A mix that no entry made, another at each event: where the real one is too little to be followed, so is this.
    there = Holding(holder, delivery_name(event) if under_way else ON_HAND, event.issuer, g, NOBODY - 1 - event.index)
    return Lot(
        part.id, part.single, event.issuer, NOBODY, "made", event.start, part.g if part.single else None, (there,)
    )


=======
>>>>>>> 4a9fecf (ledger/passport: a passport names what its footprint follows from, and a full bundle is computed again from it)
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
    except (CoilmarkError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
        why = error.sentence if isinstance(error, CoilmarkError) else f"{type(error).__name__} {error}"
        raise Unverified("inputs", f"the inputs do not make up the story of {said['piece']}: {why}", step=11) from error
<<<<<<< HEAD
    _check_inputs(story, inputs, source)
    made = shown(made)
    unshared = [one for one in made.get("claims", ()) if one["entry"] in source.stood_in]
    if unshared:
        made = {**made, "claims": shares_as_said(made["claims"], said.get("claims"), source)}
    says = _compare(of_mass(said), made, _judged(story, source))
    for entry in dict.fromkeys(one["entry"] for one in unshared):
        says += (
            f"; how much of the claim of entry {entry} is this piece's rests on what else it ships, which is not shown"
        )
    return True, f"{says}; {check_stated(said, story, rules)}" if "accounts" in said else says
=======
    _check_inputs({*story.inputs, *evidence}, inputs, source)
    says = _compare(of_mass(said), shown(made), _judged(story, source))
    if "accounts" not in said:
        return True, says
    stated = check_stated(said, story, rules)
    return True, f"{says}; {check_evidence(said, inputs, rules) if evidence else stated}"
>>>>>>> 4a9fecf (ledger/passport: a passport names what its footprint follows from, and a full bundle is computed again from it)


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
    for name, entry in rests_on(story.trace, source).items():
        _require(source, {name}, entry)
    _require(source, {story.piece.id}, source.size)


def _standing(story: Story, entry: int) -> Effects | None:
    """The event itself, or what took its place where it was declared wrong."""
    one = story.effects.get(entry)
    while one is not None and one.declared_by != NOBODY:
        one = story.effects.get(one.replaced_by)
    return one


def _require(source: Refolded, lots: Collection[str], entry: int) -> None:
    for name in lots:
        if not source.whole(name, entry):
            raise Unverified(
                "inputs", f"the bundle leaves out a version of lot {name}, on which entry {entry} rests", step=11
            )


def _check_inputs(wanted: Collection[int], inputs: Inputs, source: Refolded) -> None:
    shown = {one.index for one in inputs.entries}
    if wanted != shown:
        missing, beside = sorted(set(wanted) - shown), sorted(shown - set(wanted))
        what = f"lacks entries {missing[:5]}" if missing else f"holds entries {beside[:5]} that it does not rest on"
        gap = "".join(f", and leaves out a version of lot {name}" for name in source.gaps()[:1])
        raise Unverified("inputs", f"the bundle {what}, as the rules compute it{gap}", step=11)


def _judged(story: Story, source: Refolded) -> set[int]:
    """Entries whose findings rest on nothing but what the bundle holds: no stand-ins, and no run but a traced one."""
    runs: dict[tuple[str, str], int] = {}
    for node in story.trace.nodes:
        one = story.effects.get(node.entry)
        if one is not None and one.run and any(not edge.lot for edge in node.parents):
            runs[one.issuer, one.run] = max(node.entry, runs.get((one.issuer, one.run), NOBODY))
    return {
        entry
        for entry, one in story.effects.items()
        if entry not in source.stood_in and (not one.run or entry <= runs.get((one.issuer, one.run), NOBODY))
    }


def _compare(said: Mapping[str, Any], made: Mapping[str, Any], judged: set[int]) -> str:
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
    _compare_findings(said, made, judged)
    return (
        f"{len(made['figures'])} figures, {len(made['steps'])} steps and all else were computed again and are the same"
    )


def _compare_findings(said: Mapping[str, Any], made: Mapping[str, Any], judged: set[int]) -> None:
    """Findings on other entries also rest on what the bundle does not show."""
    first, second = (
        [one for one in _rows(body, "findings") if type(one.get("entry")) is int and one["entry"] in judged]
        for body in (said, made)
    )
    if first != second:
        raise Unverified(
            "figure", f"the passport has {len(first)} findings on what is shown, its inputs give {len(second)}", step=11
        )
