"""The footprint of a passport, computed again from the statements that it names as evidence (SPEC 7, step 11; 12.9)."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ledger.carbon.given import Given
from ledger.carbon.reading import READ, Reading
from ledger.carbon.recompute import recompute
from ledger.energy.said import Said
from ledger.kernel.errors import CoilmarkError, Unverified
from ledger.kernel.verify_passports import Inputs
from ledger.kernel.verify_statements import Shown
from ledger.passport.footprint import Accounted, figures_of, members_of
from ledger.passport.power import Drawn
from ledger.passport.refolded import Refolded
from ledger.passport.stated import OUT_OF_FORM

_COMPARED = ("breakdown", "power", "gaps", "tables", "restated")
_FIGURES = "market- and location-based footprint, renewable shares by the hour and by volume, breakdown and power"
_LISTED = (
    "that no hour, stream or step was left out of them, and that the power was rightly allocated and is used nowhere "
    "else, is the operator's word: an audit tells"
)


class Shared(Struct, frozen=True):
    """What was shown of a state, and of how many statements of each kind."""

    given: Given
    power: int
    streams: int


def check_evidence(said: Mapping[str, Any], inputs: Inputs, rules: Mapping[str, str]) -> str:
    """What came of it, in words. Raises Unverified ("inputs", "figure") for what is not the same, to the last digit."""
    try:
        shared, made = account_of(said, inputs, rules)
    except Unverified:
        raise
    except CoilmarkError as error:
        raise Unverified(
            "inputs", f"what its footprint follows from does not go together: {error.sentence}", step=11
        ) from error
    except OUT_OF_FORM as error:
        says = f"what its footprint follows from cannot be read ({type(error).__name__})"
        raise Unverified("inputs", says, step=11) from error
    _compare(said, made)
    return (
        f"{_FIGURES} were computed again from {len(shared.given.hours)} hours of power in {shared.power} statements, "
        f"{shared.streams} streams and closes and {len(shared.given.steps)} lot events, to the last digit; {_LISTED}"
    )


def account_of(said: Mapping[str, Any], inputs: Inputs, rules: Mapping[str, str]) -> tuple[Shared, Mapping[str, Any]]:
    """What the evidence says, and the members of a passport that follow from it."""
    size = said["accounts"]["size"]
    shared = _shared(inputs, [one for one in inputs.entries if one.index < size])
    found = recompute(shared.given).footprint.of(said["piece"])
    if found is None:
        raise Unverified("figure", f"from what it names nothing follows of {said['piece']}", step=11)
    made = members_of(Accounted(found, size, said["accounts"]["root"]))
    return shared, {**made, "figures": list(figures_of(found, rules))}


def _shared(inputs: Inputs, shown: Sequence[Shown]) -> Shared:
    source = Refolded(Inputs(inputs.passport, tuple(shown), inputs.registries), believing=True)
    reading, drawn, power, streams = Reading(), Drawn(), 0, 0
    for one in shown:
        statement = one.statement
        if statement is None:
            continue
        if statement.typ == "lot-event":
            reading.event(statement, source.effects([one.index]).get(one.index))
        elif statement.typ in READ:
            reading.other(statement, one.index)
        registry = inputs.registries[one.index]
        party = registry.party(statement.iss)
        drawn.read(Said(statement.typ, statement.iss, statement.body, one.index, one.entry.recorded_at, party, ""))
        power += statement.typ.startswith("energy-")
        streams += statement.typ in {"emission-source", "period-close"}
    for name, record in drawn.names.items():
        if not source.whole(name, source.size, "consumption"):
            raise Unverified(
                "inputs", f"a statement about consumption {name} of entry {record.index} is left out", step=11
            )
    newest = max(index for index in inputs.registries if index <= shown[-1].index)
    return Shared(reading.given(inputs.registries[newest], tuple(drawn.hours())), power, streams)


def _compare(said: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    figures = [one for one in said["figures"] if one.get("scope") == "voluntary"]
    for member, first in (("figures", figures), *((name, said.get(name)) for name in _COMPARED)):
        if first != made.get(member):
            says = f"the passport says {member} {first!a:.300}, its evidence gives {made.get(member)!a:.300}"
            raise Unverified("figure", says, step=11)
