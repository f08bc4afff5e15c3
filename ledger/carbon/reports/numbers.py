"""Numbers of reports as decimal text: never in exponents, never longer than they are."""

from decimal import ROUND_HALF_UP, Decimal

from ledger.carbon.exact import decimal128


def plain(value: Decimal) -> str:
    """As it is, without trailing zeros."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def tonnes(grams: int) -> str:
    """Exact."""
    return plain(Decimal(grams).scaleb(-6))


def megawatt_hours(wh: int) -> str:
    """Exact."""
    return plain(Decimal(wh).scaleb(-6))


@decimal128
def over(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """A ratio to 34 digits; 0 where there is no whole."""
    return Decimal(part) / Decimal(whole) if whole else Decimal(0)


@decimal128
def times(one: Decimal, other: Decimal) -> Decimal:
    """A product to 34 digits."""
    return one * other


@decimal128
def added(*values: Decimal) -> Decimal:
    """A sum to 34 digits."""
    return sum(values, Decimal(0))


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, once, at export."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
