"""F8, F9, F11 and F12: what goods carry with them into the EU, and what that costs. t CO2e, t, and t CO2e/t.

Implementing Regulations (EU) 2025/2547 ("2547") and 2025/2620 ("2620"); Regulation (EU) 2023/956.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from ledger.carbon.exact import decimal128

_DECLARED = Decimal("0.00001")  # 2547 II A.1(6) to (8): at most five decimals; how to round is not said


@decimal128
def attributed(
    direct: Decimal,
    *,
    heat_in: Decimal = Decimal(0),
    heat_out: Decimal = Decimal(0),
    gas_in: Decimal = Decimal(0),
    gas_out: Decimal = Decimal(0),
    power_out: Decimal = Decimal(0),
) -> Decimal:
    """F8 (2547 III A.3, Eq 55): what a process is charged with, in t CO2e."""
    return direct + heat_in - heat_out + gas_in - gas_out - power_out


@decimal128
def specific(emissions: Decimal, precursors: Iterable[tuple[Decimal, Decimal]], activity: Decimal) -> Decimal:
    """F9 (2547 III B, Eq 59): t CO2e a t of goods; precursors as (t used, t CO2e/t), activity level in t."""
    return (emissions + sum((mass * carried for mass, carried in precursors), Decimal(0))) / activity


@decimal128
def specific_by_parts(own: Decimal, precursors: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """F9 (2547 III B, Eq 62): the same from t CO2e/t of the process and (t of precursor a t of goods, t CO2e/t)."""
    return own + sum((ratio * carried for ratio, carried in precursors), Decimal(0))


@decimal128
def default_value(published: Decimal, mark_up: Decimal) -> Decimal:
    """2023/956 Annex IV 4.1: a published default value with its mark-up in %, in t CO2e/t."""
    return published * (1 + mark_up / 100)


@decimal128
def free_allocation(factor: Decimal, correction: Decimal, benchmark: Decimal) -> Decimal:
    """F11 (2620 Annex 3, Eq 2): what a process is free of, in t CO2e/t: CBAM factor x CSCF x benchmark."""
    return factor * correction * benchmark


@decimal128
def free_allocation_of_goods(process: Decimal, precursors: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """F11 (2620 Annex 4, Eq 5): with that of the precursors, of (t a t of goods, t CO2e/t)."""
    return process + sum((ratio * free for ratio, free in precursors), Decimal(0))


@decimal128
def certificates(embedded: Decimal, free: Decimal, mass: Decimal, paid: Decimal = Decimal(0)) -> Decimal:
    """F12 (2023/956 Art 22, 31, 9): certificates for t of goods, less the carbon price paid, as t CO2e."""
    return (embedded - free) * mass - paid


def declared(value: Decimal) -> Decimal:
    """2547 II A.1(6): t CO2e/t with five decimals, half up."""
    return value.quantize(_DECLARED, ROUND_HALF_UP)


def whole_tonnes(value: Decimal) -> int:
    """2547 II A.1(7): totals of a period are full tonnes, half up."""
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
