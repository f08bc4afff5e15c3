"""The CBAM report as a spreadsheet, one sheet a block, for importers who work in one.

A number that a cell holds exactly is a number; a longer one stands as text, since a cell keeps fifteen digits. Text is
always text: what begins with "=" is no formula.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import TYPE_CHECKING, Any

from schemas import wire_carbon as said

if TYPE_CHECKING:
    from openpyxl import Workbook

_DIGITS = 15
_WIDE = 60  # characters of a column, at most
Rows = Iterable[Sequence[Any]]


def spreadsheet(report: said.CbamReport) -> bytes:
    """An .xlsx file."""
    from openpyxl import Workbook  # noqa: PLC0415  takes a fifth of a second, and most who import this write none

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, heads, rows in _sheets(report):
        _write(book, title, heads, rows)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _sheets(report: said.CbamReport) -> Iterable[tuple[str, Sequence[str], Rows]]:
    yield "Report", ("field", "value"), _header(report)
    yield (
        "Installations",
        _INSTALLATION,
        ([getattr(one, name) for name in _INSTALLATION] for one in report.installations),
    )
    yield "Processes", ("installation", *_PROCESS), _of_processes(report)
    yield "Goods", ("installation", "process", *_GOOD, *_FREE), _goods(report)
    yield "Carbon price", ("installation", "process", "cn", *_names(said.CarbonPrice)), _prices(report)
    yield "PFC", ("installation", *_names(said.CbamPfc)), _of_each(report, "pfc")
    yield "Heat, gas, power", ("installation", *_names(said.CbamFlow)), _of_each(report, "flows")
    yield "Precursors", ("installation", "good", *_names(said.CbamPrecursor)), _precursors(report)
    yield "Data quality", ("installation", *_names(said.CbamQuality)), _of_sites(report, "quality")
    yield "Verification", ("installation", *_names(said.CbamVerification)), _of_sites(report, "verifications")
    yield "Factor sets", _names(said.FactorTable), ([*_values(one)] for one in report.factor_sets)
    yield "Left empty", _names(said.CbamEmpty), ([*_values(one)] for one in report.empty)


def _names(kind: Any) -> tuple[str, ...]:
    return tuple(kind.__struct_fields__)


def _values(one: Any) -> Iterable[Any]:
    return (_flat(getattr(one, name)) for name in one.__struct_fields__)


def _flat(value: Any) -> Any:
    if isinstance(value, said.Span):
        return f"{value.start} to {value.end}"
    return ", ".join(value) if isinstance(value, list) else value


_SHEETS = frozenset({"processes", "quality", "verifications", "goods", "pfc", "flows", "precursors", "carbon_prices"})
_INSTALLATION = tuple(name for name in _names(said.CbamInstallation) if name not in _SHEETS)
_PROCESS = tuple(name for name in _names(said.CbamProcess) if name not in _SHEETS - {"processes"})
_GOOD = tuple(name for name in _names(said.CbamGood) if name not in _SHEETS | {"free_allocation"})
_FREE = tuple(f"free allocation: {name}" for name in _names(said.FreeAllocation))


def _header(report: said.CbamReport) -> Rows:
    yield "ledger", report.ledger
    yield "as of entries", report.as_of.size
    yield "root", report.as_of.root
    yield "rule set", report.rules.id
    yield "rule set digest", report.rules.digest
    yield "period start", report.period.start
    yield "period end (not in it)", report.period.end
    yield "provisional", "yes" if report.provisional else "no"
    yield "rounding", report.rounding
    for note in report.notes:
        yield "note", note


def _of_processes(report: said.CbamReport) -> Rows:
    for site in report.installations:
        for one in site.processes:
            yield site.site, *(_flat(getattr(one, name)) for name in _PROCESS)


def _goods(report: said.CbamReport) -> Rows:
    for site in report.installations:
        for process in site.processes:
            for one in process.goods:
                free = _values(one.free_allocation) if one.free_allocation else [None] * len(_FREE)
                said_of_it = [getattr(one, name) for name in _GOOD]
                yield site.site, process.good, *said_of_it, *free


def _prices(report: said.CbamReport) -> Rows:
    for site in report.installations:
        for process in site.processes:
            for good in process.goods:
                for one in good.carbon_prices:
                    yield site.site, process.good, good.cn, *_values(one)


def _of_each(report: said.CbamReport, name: str) -> Rows:
    """The rows of a list that every process has."""
    for site in report.installations:
        for process in site.processes:
            for one in getattr(process, name):
                yield site.site, *_values(one)


def _of_sites(report: said.CbamReport, name: str) -> Rows:
    """The rows of a list that every installation has."""
    for site in report.installations:
        for one in getattr(site, name):
            yield site.site, *_values(one)


def _precursors(report: said.CbamReport) -> Rows:
    for site in report.installations:
        for process in site.processes:
            for one in process.precursors:
                yield site.site, process.good, *_values(one)


def _write(book: "Workbook", title: str, heads: Sequence[str], rows: Rows) -> None:
    sheet = book.create_sheet(title)
    widths = [len(head) for head in heads]
    for row, values in enumerate([[one.replace("_", " ") for one in heads], *rows], 1):
        for column, value in enumerate(values, 1):
            shown = _cell(value, is_code=heads[column - 1] in _CODES)
            cell = sheet.cell(row, column)
            cell.value = shown
            if isinstance(shown, str):
                cell.data_type = "s"  # never a formula, whatever it begins with
            widths[column - 1] = max(widths[column - 1], len(str(shown or "")))
    sheet.freeze_panes = "A2"
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[sheet.cell(1, column).column_letter].width = min(_WIDE, width + 2)


# Digits, not numbers.
_CODES = frozenset(
    {"cn", "unlocode", "post_code", "po_box", "cbam", "operator_cbam", "accreditation_number", "latitude", "longitude"}
)


def _cell(value: Any, *, is_code: bool) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str) or is_code:
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return number if number.is_finite() and len(number.as_tuple().digits) <= _DIGITS else value
