"""What SPEC 7 says of passports: what may stand beside one (6), that it is of the piece (10), its inputs (11)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import chain

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.hashing import tree_root
from ledger.kernel.party import REGISTRY_TYPES, Registry
from ledger.kernel.report import Steps
from ledger.kernel.verify_attestations import ATTESTATION, check_uses
from ledger.kernel.verify_statements import Case, Shown

NOT_JUDGED = "run_not_judged"  # the rule of a finding that breaks none (SPEC 4.9.5)
# SPEC 4.6: which statements may stand in a bundle of this kind beside those of the registry and the one it is about.
_BESIDE: Mapping[str, tuple[str, ...] | None] = {
    "entry": (),
    "short": (),
    "full": None,
    "delivery": ("passport",),
    "attestation": ("energy-action", "energy-allocation", "heads", ""),
}
_ABOUT = {"short": "passport", "full": "passport", "delivery": "lot-event", "attestation": ATTESTATION}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the figures of a passport can be computed from again: inputs in index order, parties as of each."""

    passport: Shown
    entries: tuple[Shown, ...]
    registries: Mapping[int, Registry]

    @property
    def hidden(self) -> int:
        """How many inputs show no statement."""
        return sum(one.statement is None or bool(one.statement.withheld) for one in self.entries)

    def without(self, entries: Collection[int]) -> "Inputs":
        """All but these."""
        kept = tuple(one for one in self.entries if one.index not in entries)
        return Inputs(self.passport, kept, self.registries)


# Whether a passport could be computed again, and what came of it or why not; raises Unverified where it differs.
Recompute = Callable[[Inputs], tuple[bool, str]]


def check_kind(steps: Steps, case: Case, kind: str) -> None:
    """(6) It is about what its kind says, and nothing is in it that leaves a doubt about what it shows."""
    steps.begin(6)
    about, typ = _ABOUT.get(kind), _typ(case.told)
    if about is not None and typ not in {about, ""}:
        raise Unverified("bundle_kind", f"a {kind} bundle is about a {about}, entry {case.about} is a {typ}", step=6)
    beside = _BESIDE[kind]
    for one in case.entries:
        if one.index == case.about or beside is None or _typ(one) in {*REGISTRY_TYPES, *beside}:
            continue
        raise Unverified(
            "superfluous",
            f"entry {one.index} is neither a registry statement nor entry {case.about}, which the bundle is about",
            step=6,
        )


def open_runs(case: Case) -> list[str]:
    """(13) Runs on the way of its pieces of which passports themselves say that nobody judged them (SPEC 4.9.5)."""
    bodies = (one.statement.body for one in case.entries if one.statement is not None and _typ(one) == "passport")
    found = (rows for body in bodies if isinstance(rows := body.get("findings"), list))
    rows = (one for one in chain.from_iterable(found) if isinstance(one, dict) and one.get("rule") == NOT_JUDGED)
    entries = sorted({entry for one in rows if type(entry := one.get("entry")) is int})
    if not entries:
        return []
    told = f"{len(entries)} runs of continuous processes on its way, by entries {', '.join(map(str, entries))}"
    return [f"{told}, were judged by nobody: what came out of them was not held against what went in"]


def _typ(one: Shown) -> str:
    return "" if one.statement is None else one.statement.typ


def pieces_told(case: Case) -> frozenset[str]:
    """(10) The pieces that passports show the file to be about. Raises Unverified for a passport out of form.

    A passport is about its own piece alone; an event is also about the pieces whose passports name it as a step.
    """
    pieces = {
        one.index: _piece(one, one.statement.body)
        for one in case.entries
        if one.statement is not None and one.statement.typ == "passport"
    }
    if case.about in pieces:
        return frozenset({pieces[case.about]})
    for one in case.entries:
        if one.index in pieces and one.statement is not None and not _has_step(one.statement.body, case.about):
            raise Unverified(
                "delivery", f"the passport of entry {one.index} does not name entry {case.about} as a step", step=10
            )
    return frozenset(pieces.values())


def _has_step(body: Mapping[str, object], entry: int) -> bool:
    steps = body.get("steps")
    return isinstance(steps, list) and any(
        isinstance(one, dict) and type(one.get("entry")) is int and one["entry"] == entry for one in steps
    )


def _piece(one: Shown, body: Mapping[str, object]) -> str:
    piece = body.get("piece")
    if not isinstance(piece, str) or body.get("id") != piece:
        raise Unverified(
            "expected_piece", f"the passport of entry {one.index} has another id than that of its piece", step=10
        )
    size = _as_of(one, body)
    if size > one.index:
        raise Unverified(
            "as_of", f"the passport of entry {one.index} says it was computed from {size} entries", step=10
        )
    return piece


def _as_of(one: Shown, body: Mapping[str, object]) -> int:
    as_of = body.get("as_of")
    size = as_of.get("size") if isinstance(as_of, dict) else None
    if type(size) is not int:
        raise Malformed("body", f"the passport of entry {one.index} has no size in as_of")
    return size


def check_inputs(
    steps: Steps, case: Case, kind: str, registries: Mapping[int, Registry], recompute: Recompute | None
) -> None:
    """(11) The inputs are those that the passport commits to; what can be computed from them is the same again."""
    steps.begin(11)
    told = case.told
    if kind == "attestation":
        check_uses(steps, case)
    elif told.statement is None:
        steps.not_checked(11, told.why_not)
    elif told.statement.typ != "passport":
        steps.not_checked(11, f"a {told.statement.typ} statement has no inputs root and no computed figures")
    elif kind != "full":
        steps.not_checked(11, "to compute the figures of a passport again takes the full bundle")
    else:
        inputs = Inputs(told, _inputs(case), registries)
        _check_root(inputs, told.statement.body)
        _recompute(steps, inputs, recompute)


def _inputs(case: Case) -> tuple[Shown, ...]:
    """SPEC 4.6: in a full bundle, every entry but the passport and the statements of the registry."""
    return tuple(one for one in case.entries if one.index != case.about and _typ(one) not in REGISTRY_TYPES)


def _check_root(inputs: Inputs, body: Mapping[str, object]) -> None:
    said = body.get("inputs")
    if not isinstance(said, dict):
        raise Malformed("body", f"the passport of entry {inputs.passport.index} has no inputs")
    size = _as_of(inputs.passport, body)
    late = next((one.index for one in inputs.entries if one.index >= size), None)
    if late is not None:
        raise Unverified("inputs", f"entry {late} is no input of a passport as of {size} entries", step=11)
    root = b64url_encode(tree_root([one.entry.leaf for one in inputs.entries]))
    count = said.get("count")
    if type(count) is not int or (count, said.get("root")) != (len(inputs.entries), root):
        raise Unverified(
            "inputs",
            f"the passport commits to {count!a:.20} inputs with root {said.get('root')!a:.60}, the bundle "
            f"shows {len(inputs.entries)} with root {root}",
            step=11,
        )


def _recompute(steps: Steps, inputs: Inputs, recompute: Recompute | None) -> None:
    holds = f"the {len(inputs.entries)} inputs are those the passport commits to"
    if inputs.hidden:
        steps.not_checked(11, f"{holds}; {inputs.hidden} of them are not shown whole, so nothing is computed again")
    elif recompute is None:
        steps.not_checked(11, f"{holds}; what follows from them was not computed again by this program")
    else:
        computed, sentence = recompute(inputs)
        if computed:
            steps.passed(f"{holds}; {sentence}")
        else:
            steps.not_checked(11, f"{holds}; {sentence}")
