"""What is said of a lot: its code, size, analysis and alloy (M4 and M5, rule 5.4)."""

from collections.abc import Iterable

from ledger.lots import mass_rules
from ledger.lots.booking import Booking

REMADE = frozenset({"casting", "remelting"})  # where metal of several alloys becomes one


def judge_product(booking: Booking, name: str) -> None:
    """M4 and M5 on what is said of a lot that was made."""
    lot = booking.lot(name)
    says = mass_rules.customs_code(lot.attributes)
    if says:
        booking.find("customs_code", name, f"lot {name}: {says}")
    says = mass_rules.size_of(lot.attributes, lot.g) if lot.g else ""
    if says:
        booking.find("mass_and_size", name, f"lot {name}: {says}")
    chemistry = booking.event.attributes.get(name, {}).get("chemistry", ())
    for one in mass_rules.analysis(str(lot.attributes.get("alloy", "")), chemistry) if chemistry else ():
        booking.find("analysis", name, f"lot {name}: {one}")


def judge_alloys(booking: Booking, used: Iterable[str]) -> None:
    """M5: but in a melt, what comes out has the alloy of all it is made of."""
    used = list(used)
    for part in booking.event.outputs if booking.event.process_kind not in REMADE else ():
        says = mass_rules.one_alloy(used, str(booking.lot(part.id).attributes.get("alloy", "")))
        if says:
            booking.find("alloys_mixed", part.id, f"lot {part.id}: {says}")
