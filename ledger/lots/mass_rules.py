"""The mass rules M1 to M7, one plain function each. A function returns a sentence, or "" where nothing is wrong.

Masses in g, shares as decimal text in % or as millionths; no number is a float.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from ledger.form import number
from ledger.lots.alloys import DENSITY, LIMITS
from ledger.lots.booking import tonnes

CLOSING = frozenset({
    "casting", "remelting", "homogenising", "scalping", "hot-rolling", "cold-rolling", "foil-rolling", "annealing",
    "levelling", "coating", "slitting", "cutting", "packing",
})  # fmt: skip
PRIMARY = frozenset({"mining", "anode-making"})  # where a lot may come from nothing in this ledger
_HALF_PERCENT = 200  # one part in so many
_PARTS = 10_000
_ALUMINA_FLOOR = 18_894  # in 10 000 parts: g of alumina a g of metal, 101.96 / 53.96
_ALUMINA_HIGHEST = 19_600
_CARBON_FLOOR = 3_339  # 3 C for 4 Al at 100 % current efficiency
_CARBON_HIGHEST = 4_500
_FARADAY = 297_998  # Ah for 100 kg of aluminium, 2.97998 kAh/kg
_MASS_SHARE = 15  # thousandths that weight and dimensions may differ


def tolerance(total_in: int, scale: int) -> int:
    """M1: max(0.5 % of the input, scale class)."""
    return max(total_in // _HALF_PERCENT, scale)


def output_above_input(total_in: int, total_out: int, scale: int) -> str:
    """M1: what comes out, with losses, is at most what went in and the tolerance. Refused on mass-closing steps."""
    most = total_in + tolerance(total_in, scale)
    if total_out <= most:
        return ""
    return f"{tonnes(total_out)} come out of {tonnes(total_in)}, the most is {tonnes(most)}"


def unaccounted(total_in: int, total_out: int, scale: int) -> str:
    """M1: what went in and is neither output nor loss. Found."""
    if total_in - total_out <= tolerance(total_in, scale):
        return ""
    return f"{tonnes(total_in - total_out)} of {tonnes(total_in)} are unaccounted for"


def oxide_balance(oxide_in: int, oxide_out: int) -> str:
    """M1 in refining: Al2O3 in is at least Al2O3 out, both in millionths of a g, stocks included."""
    if oxide_out <= oxide_in:
        return ""
    return f"{tonnes(oxide_out // 1_000_000)} of Al2O3 come out of {tonnes(oxide_in // 1_000_000)}"


def out_before_available(start: int, available: int, lot: str) -> str:
    """M2: a step does not begin before what it uses was there; times in µs."""
    if start >= available:
        return ""
    return f"the step began {(available - start) // 1_000_000} s before lot {lot} was there"


def alumina_floor(alumina: int, metal: int) -> str:
    """M3: less alumina than chemistry needs for the metal."""
    return _below("alumina", alumina, metal, _ALUMINA_FLOOR)


def carbon_floor(carbon: int, metal: int) -> str:
    """M3: less carbon than chemistry needs for the metal."""
    return _below("carbon", carbon, metal, _CARBON_FLOOR)


def _below(what: str, used: int, metal: int, floor: int) -> str:
    if used * _PARTS >= metal * floor:
        return ""
    ratio = (Decimal(used) / metal).quantize(Decimal("0.0001"))
    return f"{ratio} g of {what} a g of metal, the least that chemistry allows is {Decimal(floor) / _PARTS}"


def outside_band(what: str, used: int, metal: int) -> str:
    """M3: outside of what plants reach; `what` is alumina or carbon."""
    highest = {"alumina": _ALUMINA_HIGHEST, "carbon": _CARBON_HIGHEST}[what]
    if used * _PARTS <= metal * highest:
        return ""
    ratio = (Decimal(used) / metal).quantize(Decimal("0.0001"))
    return f"{ratio} g of {what} a g of metal, plants use at most {Decimal(highest) / _PARTS}"


def current_efficiency(ampere_hours: int, metal: int) -> str:
    """M3: more metal than the charge can make (Faraday)."""
    # g * Ah/(100 kg) against Ah * 100 000 g
    if metal * _FARADAY <= ampere_hours * 100_000:
        return ""
    if not ampere_hours:
        return f"{tonnes(metal)} of metal from no charge at all"
    percent = (Decimal(metal * _FARADAY) / (ampere_hours * 1_000)).quantize(Decimal("0.01"))
    return f"{tonnes(metal)} of metal from {ampere_hours} Ah are a current efficiency of {percent} %"


def size_of(attributes: Mapping[str, str | int], g: int) -> str:
    """M4, of what is said of a piece; nothing where a dimension is missing or the alloy's density is not known."""
    thickness, width, length = attributes.get("thickness"), attributes.get("width"), attributes.get("length")
    if not (isinstance(thickness, int) and isinstance(width, int) and isinstance(length, int)):
        return ""
    density = DENSITY.get(_digits(str(attributes.get("alloy", ""))))
    return mass_and_size(g, (thickness, width, length), density) if density is not None else ""


def mass_and_size(g: int, size: tuple[int, int, int], density: int) -> str:
    """M4: thickness, width and length in µm and density in kg/m³ give the mass within 1.5 %."""
    thickness, width, length = size
    by_size = thickness * width * length * density // 10**15
    if abs(g - by_size) * 1_000 <= by_size * _MASS_SHARE:
        return ""
    return f"it weighs {tonnes(g)}, by its size it has {tonnes(by_size)}"


def customs_code(attributes: Mapping[str, str | int]) -> str:
    """M4: the CN code is a function of form, alloy, thickness and coating."""
    said = str(attributes.get("cn", ""))
    want = _codes(attributes)
    if not want or any(code.startswith(said) or said.startswith(code) for code in want):
        return ""
    return f"its CN code is {said}, form, alloy and thickness make it {' or '.join(want)}"


def _codes(attributes: Mapping[str, str | int]) -> tuple[str, ...]:
    form, alloy = attributes.get("form"), str(attributes.get("alloy", ""))
    if not alloy:
        return ()
    pure = alloy.upper().removeprefix("EN-AW-").startswith("1")
    if form == "slab":
        return ("76011010",) if pure else ("76012030",)
    thickness = attributes.get("thickness")
    if form not in {"coil", "strip", "sheet", "plate", "hot-band"} or not isinstance(thickness, int):
        return ()
    return _rolled(thickness, pure=pure, coated="coating" in attributes)


def _rolled(thickness: int, *, pure: bool, coated: bool) -> tuple[str, ...]:
    if thickness <= 200:  # µm
        return ("76071", "76072")
    ending = "3" if thickness >= 3_000 else "2"
    ending = "9" if thickness >= 6_000 else ending
    if pure:
        return (f"7606119{'1' if ending == '2' else ending}",)
    if ending != "2":
        return (f"7606129{ending}",)
    return ("76061250",) if coated else ("76061292", "76061211", "76061219")


def analysis(alloy: str, chemistry: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """M5: every element within the alloy's limits, after rounding half to even to the limit's decimals."""
    limits = LIMITS.get(_digits(alloy), {})
    said = (_element(row, limits[row["element"]]) for row in chemistry if row["element"] in limits)
    return tuple(one for one in said if one)


def _digits(alloy: str) -> str:
    return alloy.upper().replace(" ", "-").removeprefix("EN-AW-")


def _element(row: Mapping[str, str], limit: tuple[Decimal, Decimal]) -> str:
    least, most = limit
    value = number(row["value"]).quantize(most, rounding=ROUND_HALF_EVEN)
    over = row["bound"] != "lt" and value > most
    under = row["bound"] != "gt" and value < least
    if not over and not under:
        return ""
    return f"{row['element']} is {row['value']} %, the alloy has {least} to {most} %"


def one_alloy(inputs: Iterable[str], output: str) -> str:
    """M5: what is rolled and cut has one alloy, that of all it is made of."""
    others = sorted({one for one in inputs if one and one != output})
    return f"it is said to be {output} and is made of {', '.join(others)}" if output and others else ""


def claimed_balance(periods: Sequence[tuple[int, int]], opening: int = 0) -> str:
    """M6: over periods of (claimed in, claimed out) in g of what goes out, never more out than there is.

    What is carried over from the period before is claimed first; what is left of it is lost.
    """
    for period, (had, went) in enumerate(_to_claim(periods, opening), 1):
        if went > had:
            return f"claims {tonnes(went)} in period {period} and has {tonnes(had)} to claim"
    return ""


def left_to_claim(periods: Sequence[tuple[int, int]], opening: int = 0) -> int:
    """M6: what may still be claimed in the last of these periods; negative where it is too much already."""
    had, went = (0, 0) if not periods else list(_to_claim(periods, opening))[-1]
    return had - went


def _to_claim(periods: Sequence[tuple[int, int]], opening: int) -> Iterator[tuple[int, int]]:
    """For each period what there was to claim, and what was claimed."""
    carried = opening
    for came, went in periods:
        yield carried + came, went
        carried = came - max(0, went - carried)


def activity(row: Mapping[str, int]) -> str:
    """M7: production is what was sold, used in own processes and used otherwise; all in g."""
    used = row["sold"] + row["used"] + row["other"]
    if used == row["produced"]:
        return ""
    return f"{tonnes(row['produced'])} were produced, {tonnes(used)} sold and used"


def precursor(purchased: int, consumed: int, other: int) -> str:
    """M7: what was purchased of a precursor was consumed or went elsewhere; all in g."""
    if purchased == consumed + other:
        return ""
    return f"{tonnes(purchased)} were purchased, {tonnes(consumed + other)} consumed or given away"
