"""What SPEC 7 says of attestations: that a file shows all that was done with one (11), what it cannot exclude (13)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NoReturn

from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.lineage import Item, Role
from ledger.kernel.report import Steps
from ledger.kernel.subjects import subject_key
from ledger.kernel.verify_statements import Case, Shown

ATTESTATION = "energy-attestation"
_Range = tuple[int, int]
_Place = tuple[int, int]  # an entry and a row of it


@dataclass(slots=True)
class _Uses:
    """Which watt-hours of one attestation serve what, by the rows that say so; and those that were withdrawn."""

    name: str
    wh: int
    rows: dict[_Place, tuple[list[_Range], tuple[str, int]]] = field(default_factory=dict)
    withdrawn: list[_Range] = field(default_factory=list)

    def allocate(self, index: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Each row covers what no other does, but for the same hour over again, with another purpose (SPEC 11.2)."""
        for number, row in enumerate(rows):
            if row["attestation"] != self.name:
                continue
            span, hour = _span(row), (row["consumption"], _whole(row["hour"]))
            if "reverses" in row:
                self._undo(index, _place(row["reverses"]), span)
                continue
            if not 0 <= span[0] < span[1] <= self.wh:
                self._refuse(index, f"Wh {span[0]} to {span[1]} are none of its {self.wh}")
            for place, other, its in self._spans():
                if _overlap(span, other) and (span, hour) != (other, its):
                    self._refuse(index, f"Wh {span[0]} to {span[1]} are used by row {place[1]} of entry {place[0]} too")
            if any(_overlap(span, gone) for gone in self.withdrawn):
                self._refuse(index, f"Wh {span[0]} to {span[1]} were withdrawn before")
            self.rows[index, number] = [span], hour

    def withdraw(self, index: int, body: Mapping[str, Any]) -> None:
        """The rows that it names fall, or what it names of them; none is left that has some of the slices."""
        for one in _list(body["reversals"]):
            self._undo(index, _place(one), _span(one) if "to_wh" in one else None)
        for span in map(_span, _list(body["slices"])):
            if any(_overlap(span, other) for _, other, _ in self._spans()):
                self._refuse(index, f"Wh {span[0]} to {span[1]} are withdrawn while a row uses them")
            self.withdrawn.append(span)

    @property
    def used(self) -> int:
        """Wh that live rows cover."""
        return sum(end - start for start, end in {span for _, span, _ in self._spans()})

    def _spans(self) -> Iterator[tuple[_Place, _Range, tuple[str, int]]]:
        return ((place, span, hour) for place, (spans, hour) in self.rows.items() for span in spans)

    def _undo(self, index: int, place: _Place, gone: _Range | None) -> None:
        """All of a row, or one range that lies within a range of it; what is left on either side it goes on using."""
        spans, hour = self.rows.get(place, ([], ("", 0)))
        whole = next((one for one in spans if gone is None or (one[0] <= gone[0] < gone[1] <= one[1])), None)
        if whole is None:
            self._refuse(index, f"row {place[1]} of entry {place[0]} is taken back, which does not use it")
        left = [] if gone is None else [(whole[0], gone[0]), (gone[1], whole[1])]
        kept = [one for one in spans if one is not whole and gone is not None] + [
            one for one in left if one[0] < one[1]
        ]
        self.rows[place] = kept, hour
        if not kept:
            del self.rows[place]

    def _refuse(self, index: int, says: str) -> NoReturn:
        raise Unverified("used_twice", f"entry {index}, attestation {self.name}: {says}", step=11)


def _whole(value: object) -> int:
    """Nothing else, be it equal to an integer, like True and 1.0: no schema was applied here."""
    if type(value) is not int:
        raise TypeError("no integer")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _span(row: Mapping[str, Any]) -> _Range:
    return _whole(row["from_wh"]), _whole(row["to_wh"])


def _place(named: Mapping[str, Any]) -> _Place:
    return _whole(named["index"]), _whole(named["row"])


def _overlap(one: _Range, other: _Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def check_uses(steps: Steps, case: Case) -> None:
    """(11) Of a bundle of kind attestation: every version of its history is there, and no watt-hour is used twice."""
    name = _name(case.told)
    if name is None:
        steps.not_checked(11, case.told.why_not or "what the attestation is called is withheld")
        return
    history = _history(case, subject_key("attestation", name))
    hidden = sum(map(_hidden, history))
    if hidden:
        says = f"{hidden} of the {len(history)} statements about attestation {name} are not shown whole"
        steps.not_checked(11, f"{says}: what they do with it is not known")
        return
    uses = _folded(name, history)
    says = f"all {len(history)} statements about attestation {name} up to entry {history[-1].index} are here"
    steps.passed(f"{says}: {uses.used} of its {uses.wh} Wh cover consumption, each once")


def _history(case: Case, subject: bytes) -> list[Shown]:
    """The entries that advance it, from the first on without a gap. Raises Unverified ("attestation_history")."""
    found = [(one, item) for one in case.entries for item in _items(one, subject) if item.role is not Role.REFERENCE]
    versions = [item.version for _, item in found]
    linked = all(after.index == before[0].index for before, (_, after) in pairwise(found))
    if not found or versions != list(range(1, len(found) + 1)) or not linked or found[0][0].index != case.about:
        raise Unverified(
            "attestation_history", f"the versions of the attestation here are {versions}, not all from 1 on", step=11
        )
    newest = max((item.version for _, item in _named_newest(case, subject)), default=0)
    if newest > len(found):
        says = f"a heads entry names version {newest} of the attestation, version {len(found)} is the newest here"
        raise Unverified("attestation_history", says, step=11)
    return [one for one, _ in found]


def _items(one: Shown, subject: bytes) -> Iterator[Item]:
    return (found.item for found in one.opened if found.item.subject == subject)


def _named_newest(case: Case, subject: bytes) -> list[tuple[int, Item]]:
    """Where an entry of heads says which version is the newest."""
    heads = (one for one in case.entries if one.statement is not None and one.statement.typ == "heads")
    return [(one.index, item) for one in heads for item in _items(one, subject)]


def _hidden(one: Shown) -> bool:
    return one.statement is None or bool(one.statement.withheld)


def _name(told: Shown) -> str | None:
    if told.statement is None or told.statement.typ != ATTESTATION:
        return None
    name = told.statement.body.get("id")
    return name if isinstance(name, str) else None


def _folded(name: str, history: Sequence[Shown]) -> _Uses:
    try:
        first, *rest = [(one.index, one.statement) for one in history]
        uses = _Uses(name, _whole(first[1].body["wh"]) if first[1] is not None else 0)
        for index, statement in rest:
            if statement is not None and statement.typ == "energy-allocation":
                uses.allocate(index, _list(statement.body["rows"]))
            elif statement is not None and statement.body.get("action") == "withdraw":
                uses.withdraw(index, statement.body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # No schema was applied here.
        raise Malformed("body", f"a statement about attestation {name} lacks the form of its kind") from error
    return uses


def open_uses(case: Case) -> list[str]:
    """(13) Up to where single use is proven, or what is not excluded, for a statement about attestations."""
    told = case.told
    if told.statement is None or not told.statement.typ.startswith("energy-"):
        return []
    name = _name(told)
    if name is None:
        if told.statement.typ == "energy-consumption":
            return []
        return ["that other statements use the same watt-hours is not excluded by one statement about an attestation"]
    subject = subject_key("attestation", name)
    named = _named_newest(case, subject)
    if any(_hidden(one) for one in case.entries if any(_items(one, subject))):
        return [f"single use of attestation {name} is not proven: statements about it are not shown whole"]
    if named:
        last = max(index for index, _ in named)
        return [f"single use of attestation {name} proven as of index {last}; what came after that is not excluded"]
    says = f"single use of attestation {name} is not proven: other statements that allocate, transfer or withdraw it"
    return [f"{says} are not excluded without an entry of heads that names its newest version"]
