"""What is said of a lot: its code, size, analysis and alloy (M4 and M5, rule 5.4)."""

from collections.abc import Iterable

from ledger.lots import mass_rules
from ledger.lots.booking import Booking

REMADE = frozenset({"casting", "remelting"})  # where metal of several alloys becomes one
_SIZED = frozenset({"thickness", "width", "length", "alloy"})
_CODED = frozenset({"cn", "form", "alloy", "thickness", "coating"})


def judge_product(booking: Booking, name: str) -> None:
    """M4 and M5 on what is said of a lot that was made."""
    _judge_code(booking, name)
    judge_size(booking, name)
    _judge_analysis(booking, name)


def judge_told(booking: Booking, name: str) -> None:
    """M4 and M5 on what is said anew of a lot that is there; of its analysis, by who made it or has it."""
    new = {word.name for word in booking.words if word.lot == name}
    if new & _CODED:
        _judge_code(booking, name)
    if new & _SIZED:
        judge_size(booking, name)
    lot, issuer = booking.lot(name), booking.event.issuer
    if issuer == lot.maker or lot.has(issuer):
        _judge_analysis(booking, name)


def _judge_code(booking: Booking, name: str) -> None:
    says = mass_rules.customs_code(booking.lot(name).attributes)
    if says:
        booking.find("customs_code", name, f"lot {name}: {says}")


def judge_size(booking: Booking, name: str) -> None:
    """M4 on the mass and the dimensions of a piece, where both are known."""
    lot = booking.lot(name)
    says = mass_rules.size_of(lot.attributes, lot.g) if lot.g else ""
    if says:
        booking.find("mass_and_size", name, f"lot {name}: {says}")


def _judge_analysis(booking: Booking, name: str) -> None:
    chemistry = booking.event.attributes.get(name, {}).get("chemistry", ())
    alloy = str(booking.lot(name).attributes.get("alloy", "")) if chemistry else ""
    for one in mass_rules.analysis(alloy, chemistry) if chemistry else ():
        booking.find("analysis", name, f"lot {name}: {one}")


def judge_alloys(booking: Booking, used: Iterable[str]) -> None:
    """M5: but in a melt, what comes out has the alloy of all it is made of."""
    used = list(used)
    for part in booking.event.outputs if booking.event.process_kind not in REMADE else ():
        says = mass_rules.one_alloy(used, str(booking.lot(part.id).attributes.get("alloy", "")))
        if says:
            booking.find("alloys_mixed", part.id, f"lot {part.id}: {says}")
