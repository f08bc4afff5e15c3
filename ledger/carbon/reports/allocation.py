"""What goods are free of (F11, 2025/2620): their own process's benchmark, and their precursors', per t of goods."""

from collections.abc import Sequence
from decimal import Decimal

from ledger.carbon.embedded import free_allocation as free_of
from ledger.carbon.embedded import free_allocation_of_goods
from ledger.carbon.exact import ratio
from ledger.carbon.factors import FactorSet, known
from ledger.carbon.records import CbamRow, Precursor
from ledger.carbon.reports.numbers import added, plain
from schemas import wire_carbon as said

_COLUMN = "A"  # of actual values; B is for those who declare default values
_TABLE = "eu-2025-2620/benchmarks"


def free_allocation(row: CbamRow, year: int, rows: Sequence[CbamRow]) -> said.FreeAllocation | None:
    """Of the goods of one row, imported in a year; None where a number is not in the table."""
    table = known()[_TABLE]
    benchmark = table.find("benchmark", _COLUMN, _name(row.good, row.route, row.cn))
    factor, correction = (table.find(one, str(year)) for one in ("cbam_factor", "cscf"))
    if benchmark is None or factor is None or correction is None:
        return None
    own = free_of(factor, correction, benchmark)
    carried = [_carried(one, row, rows, table, (factor, correction)) for one in row.precursors]
    total = free_allocation_of_goods(own, carried)
    return said.FreeAllocation(
        process=plain(own), precursors=plain(added(total, -own)), total=plain(total), column=_COLUMN,
        benchmark=plain(benchmark), cbam_factor=plain(factor), correction=plain(correction), year=year,
        table=table.id,
    )  # fmt: skip


def _name(good: str, route: str, cn: str) -> str:
    return cn[:4] if good == "aluminium-products" else f"7601-{route}"


def _carried(
    one: Precursor, row: CbamRow, rows: Sequence[CbamRow], table: FactorSet, year: tuple[Decimal, Decimal]
) -> tuple[Decimal, Decimal]:
    """T of a precursor a t of goods, and what a t of it is free of; what is exempt is no precursor and is free of 0."""
    maker = next(
        (o for o in rows if o.installation == one.installation and o.cn[:4] == one.cn[:4] and o is not row), None
    )
    route = maker.route if maker is not None else "primary"
    name = f"7601-{route}" if one.cn.startswith("7601") else one.cn[:4]
    benchmark = table.find("benchmark", _COLUMN, name)
    free = Decimal(0) if one.basis == "exempt" or benchmark is None else free_of(*year, benchmark)
    return ratio(one.g, row.activity), free
