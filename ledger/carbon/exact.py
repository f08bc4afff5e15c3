"""Numbers of emissions: decimals of 34 digits in formulas, whole 10^-40 t where they are shared (SPEC 12.2)."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_DIGITS = 34  # IEEE 754-2019, decimal128
_PLACES = 40  # of a t: what is shared is whole in the last of them


@cache  # the accounts of a year ask for it millions of times
def _context() -> Context:
    return Context(prec=_DIGITS, rounding=ROUND_HALF_EVEN)


def decimal128(formula: Callable[P, R]) -> Callable[P, R]:
    """Compute with 34 significant digits, half to even, whatever context the caller is in."""

    @wraps(formula)
    def computed(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(_context()):
            return formula(*args, **kwargs)

    return computed


def in_parts(t: Decimal) -> int:
    """Whole 10^-40 t of t CO2e; what a formula gives with more places is rounded half to even."""
    with localcontext(Context(prec=120, rounding=ROUND_HALF_EVEN)):
        return int(t.scaleb(_PLACES).to_integral_value())


def in_tonnes(parts: int) -> Decimal:
    """Whole 10^-40 t as t CO2e, to 34 digits."""
    return _context().scaleb(Decimal(parts), -_PLACES)


@cache  # a few factors for all hours
@decimal128
def parts_per_wh(factor: Decimal) -> int:
    """A factor in t CO2e/MWh as whole 10^-40 t a Wh: nothing is rounded, a factor has at most 30 digits."""
    return int(factor.scaleb(_PLACES - 6))


@decimal128
def scaled(value: Decimal, places: int) -> Decimal:
    """A value in another unit, so many powers of ten larger."""
    return value.scaleb(places)


@decimal128
def negative(value: Decimal) -> Decimal:
    """Counted the other way: a sign before a value would round it in the context of whoever writes it."""
    return -value


@decimal128
def ratio(part: int | Decimal, whole: int | Decimal) -> Decimal:
    """One number over another; 0 where there is no whole."""
    return Decimal(part) / Decimal(whole) if whole else Decimal(0)


@decimal128
def per_tonne(t: Decimal, g: int) -> Decimal:
    """How many t CO2e a t of product, of `g` grams of it; 0 where there is none."""
    return t * 1_000_000 / g if g else Decimal(0)
