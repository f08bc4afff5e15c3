"""What a passport states of a footprint, held against the breakdown that it states beside it (SPEC 7, step 11).

The figures are made again from the breakdown by the function that made them. The breakdown itself rests on hours of
power, allocations, source streams and closes: where the passport names no evidence of them, an audit tells whether it
follows.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ledger.carbon.factors import known
from ledger.carbon.given import stands
from ledger.carbon.records import Footprint, Part, Power, weakest
from ledger.form import number
from ledger.kernel.errors import Unverified
from ledger.lots.records import Effects, Posting
from ledger.passport.footprint import FULL, figures_of
from ledger.passport.story import Story

BREAKDOWN = "that the breakdown follows from signed hours and streams takes more than this bundle holds: an audit tells"
# What a body or statement raises that no schema was applied to, and that has not the form it is read in.
OUT_OF_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, StopIteration)
_ROUNDED = Decimal("0.0005")  # kg: each amount is rounded to the gram
_VALUE = Decimal("0.0000005")  # each figure to six places
_OF_EMISSIONS = "product-footprint"


def check_stated(said: Mapping[str, Any], story: Story, rules: Mapping[str, str]) -> str:
    """What came of it, in words. Raises Unverified ("figure") for what does not agree.

    Shares and words are compared exactly, what is made of kg within what their rounding leaves open.
    """
    try:
        _check_state(said)
        _check_power(_rows(said, "power"))
        if not _is_whole(said):
            return f"its breakdown is cut to what a passport holds, and cannot be added up; {BREAKDOWN}"
        _check_figures(said, _weight(story, said["accounts"]["size"]), rules)
    except OUT_OF_FORM as error:
        raise _differs(f"its footprint lacks the form of 4.9.5 ({type(error).__name__})") from error
    return f"footprint and renewable shares are those of the breakdown that it states; {BREAKDOWN}"


def _is_whole(said: Mapping[str, Any]) -> bool:
    return all(len(_rows(said, name)) < most for name, most in FULL.items())


def _check_state(said: Mapping[str, Any]) -> None:
    """The state that was accounted for is none that comes later, and factor sets are those of this rule set."""
    accounts, as_of = said["accounts"], said["as_of"]
    size, upto = _whole(accounts["size"]), _whole(as_of["size"])
    if size > upto or (size == upto and accounts != as_of):
        raise _differs(f"its footprint is of {size} entries, the passport as of {upto}")
    for one in _rows(said, "tables"):
        if one["id"] not in known() or known()[one["id"]].digest != one["digest"]:
            raise _differs(f"its factor set {one['id']!a:.80} is none of the rule set that it names")
    restated = (_whole(one["entry"]) for one in _rows(said, "restated"))
    late = next((entry for entry in restated if not 0 <= entry < size), None)
    if late is not None:
        raise _differs(f"it is restated by entry {late}, of {size} that it was computed from")


def _rows(said: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Raises TypeError for what is no list: an empty object has no rows either."""
    rows = said.get(name, [])
    if not isinstance(rows, list):
        raise TypeError("a list is wanted")
    return rows


def _whole(value: object) -> int:
    """Raises TypeError for what is none, True among it, which is 1 in Python and nothing of the kind in JSON."""
    if type(value) is not int:
        raise TypeError("a whole number is wanted")
    return value


def _check_power(rows: Sequence[Mapping[str, Any]]) -> None:
    """C7: what is matched in the hour is matched by volume, and what is matched comes from somewhere."""
    for one in rows:
        hourly, volumetric, wh = (_whole(one[name]) for name in ("hourly_wh", "volumetric_wh", "wh"))
        if not 0 <= hourly <= volumetric <= wh:
            raise _differs(f"of {wh} Wh in {one['stage']} {volumetric} are matched by volume, {hourly} by the hour")
        sources = [_whole(source["wh"]) for source in _rows(one, "sources")]
        came = sum(sources)
        if came != volumetric or min(sources, default=0) < 0:
            raise _differs(f"of the power in {one['stage']} {volumetric} Wh are matched, {came} Wh come from sources")


def _check_figures(said: Mapping[str, Any], g: int, rules: Mapping[str, str]) -> None:
    given = [one for one in said["figures"] if one["scope"] == "voluntary"]
    footprint = _footprint(said, given, g)
    made = list(figures_of(footprint, rules))
    if len(given) != len(made):
        raise _differs(f"it has {len(given)} voluntary figures, its breakdown gives {len(made)}")
    amounts = len(footprint.parts) + len(footprint.power)
    for one, other in zip(given, made, strict=True):
        if not _agree(one, other, amounts * _ROUNDED, footprint):
            raise _differs(f"it says {_short(one)}, its breakdown and {g} g give {_short(other)}")


def _agree(said: Mapping[str, Any], made: Mapping[str, Any], kg: Decimal, footprint: Footprint) -> bool:
    """Two figures, of amounts that may be off by `kg` together."""
    if not said["name"].startswith(_OF_EMISSIONS):
        return said == made
    gross = sum((abs(part.t) for part in footprint.parts), footprint.electricity("location")) * 1_000
    room = {"value": kg * 1_000 / footprint.g + 2 * _VALUE, "coverage": 2 * kg / gross + 2 * _VALUE if gross else kg}
    near = all(abs(number(said[name]) - number(made[name])) <= most for name, most in room.items())
    return near and {**said, **dict.fromkeys(room)} == {**made, **dict.fromkeys(room)}


def _footprint(said: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], g: int) -> Footprint:
    """The breakdown as the account had it, each amount to the gram.

    Whether periods were open and which potentials were used is in no row of it: that all figures say the same is held.
    """
    power = tuple(_power(one) for one in _rows(said, "power"))
    return Footprint(
        piece=said["piece"],
        g=g,
        parts=tuple(
            Part(one["stage"], one["source"], one["gas"], one["basis"], number(one["kg"]).scaleb(-3))
            for one in _rows(said, "breakdown")
        ),
        power=power,
        coc_model=weakest(one.coc_model for one in power),
        provisional=any(one.get("provisional", False) for one in figures),
        gwp=next((one["gwp"] for one in figures if "gwp" in one), ""),
    )


def _power(one: Mapping[str, Any]) -> Power:
    location, hourly, volumetric = (
        number(one[name]).scaleb(-3) for name in ("location", "market_hourly", "market_volumetric")
    )
    return Power(
        one["stage"], one["wh"], one["hourly_wh"], one["volumetric_wh"], location, hourly, volumetric, one["coc_model"]
    )


def _weight(story: Story, size: int) -> int:
    """The g that the account divides by: as the piece was made, of events below `size` that stood there."""
    events = (one for one in story.effects.values() if one.index < size and _stood(one, size))
    ordered = sorted(events, key=lambda one: (one.time, one.index))
    made = [(one, posting) for one in ordered for posting in one.credits if _made(one, posting, story.piece.id)]
    return next(posting.g for one, posting in reversed(made) if posting.kind != "late" or not _settled(one, size))


def _stood(one: Effects, size: int) -> bool:
    return stands(one) or (one.undoes < 0 and one.declared_by >= size)


def _made(one: Effects, posting: Posting, piece: str) -> bool:
    """SPEC 12.4: by a step that joins, or from nowhere; neither moved nor corrected."""
    return posting.lot == piece and posting.kind != "correction" and (one.joins or bool(posting.kind))


def _settled(one: Effects, size: int) -> bool:
    """Rule 5.1: whoever sent it was heard since, and what he sent is what arrived."""
    return any(row.entry < size for row in one.settled)


def _differs(says: str) -> Unverified:
    return Unverified("figure", f"the passport does not add up: {says}", step=11)


def _short(figure: Mapping[str, Any]) -> str:
    return f"{figure!a:.400}"
