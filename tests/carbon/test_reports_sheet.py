"""The spreadsheet: what the report says, where an importer looks for it, and nothing that a program would run."""

from decimal import Decimal
from io import BytesIO

import msgspec
import openpyxl
import pytest
from test_reports_cbam import about, accounts_of
from worked import example

from ledger.carbon.reports.cbam import cbam_report
from ledger.carbon.reports.pfc import pfc_of
from ledger.carbon.reports.sheet import spreadsheet

PFC = {
    "process": "(417)9521210000013/potline-1", "period": {"from": "2025-12-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
    "gwp": "AR5",
    "pfc": {
        "method": "slope", "technology": "PFPB-M", "metal": 21_000_000, "collection_efficiency": "0.98",
        "c2f6_ratio": "0.057", "frequency": "0.10", "duration": "1.5", "slope": "0.104",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


@pytest.fixture(scope="module")
def report(worked):
    return cbam_report(accounts_of(worked, 80).cbam, about())


def read(data):
    """Sheets by title: rows as dicts."""
    book = openpyxl.load_workbook(BytesIO(data))
    sheets = {}
    for sheet in book.worksheets:
        heads, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
        sheets[sheet.title] = [dict(zip(heads, row, strict=True)) for row in rows]
    return sheets


def test_every_block_has_its_sheet_and_says_what_the_report_says(report):
    sheets = read(spreadsheet(report))
    assert list(sheets) == [
        "Report", "Installations", "Processes", "Goods", "Carbon price", "PFC", "Heat, gas, power", "Precursors",
        "Data quality", "Verification", "Factor sets", "Left empty",
    ]  # fmt: skip
    header = {row["field"]: row["value"] for row in sheets["Report"]}
    assert header["period start"] == "2025-12-01T00:00:00Z"
    assert header["provisional"] == "no"
    goods = {str(row["cn"]): row for row in sheets["Goods"]}
    assert goods["76061292"]["see direct"] == pytest.approx(1.88672, abs=1e-12)
    assert goods["76061292"]["see indirect"] == "not applicable"
    assert goods["76012030"]["produced"] == pytest.approx(25.6)
    assert {row["good"] for row in sheets["Processes"]} == {"aluminium-products", "unwrought-aluminium"}


def test_what_stands_empty_is_told_in_a_sheet_of_its_own(report):
    sheets = read(spreadsheet(report))
    assert {row["field"]: row["why"] for row in sheets["Left empty"]} == {one.field: one.why for one in report.empty}
    assert (sheets["Carbon price"], sheets["Data quality"]) == ([], [])


def test_a_number_that_a_cell_cannot_hold_stands_as_text(report):
    sheets = read(spreadsheet(report))
    (slab,) = [row for row in sheets["Goods"] if row["cn"] == "76012030"]
    assert isinstance(slab["see direct unrounded"], str)
    assert Decimal(slab["see direct unrounded"]) == Decimal(
        next(g.see_direct_unrounded for p in report.installations[0].processes for g in p.goods if g.cn == "76012030")
    )


def test_a_code_stays_text_though_it_is_all_digits(report):
    assert {type(row["cn"]) for row in read(spreadsheet(report))["Goods"]} == {str}


def test_a_name_that_is_a_formula_is_not_run(report):
    evil = '=HYPERLINK("https://evil.example","pay here")'
    (works,) = report.installations
    hostile = msgspec.structs.replace(report, installations=[msgspec.structs.replace(works, name=evil)])
    book = openpyxl.load_workbook(BytesIO(spreadsheet(hostile)))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert any(cell.value == evil for cell in cells)


def test_the_pfc_block_shows_the_formula_of_the_example(worked):
    _, r = worked
    row = pfc_of(PFC, 7)
    assert Decimal(row.cf4) * 1000 == r["cf4_kg"]
    assert Decimal(row.c2f6) * 1000 == r["c2f6_kg"]
    assert Decimal(row.total) == r["pfc_tco2e"]
    assert (row.frequency, row.overvoltage, row.gwp_cf4, row.period.end) == (
        "0.10",
        "not applicable",
        "6630",
        "2026-01-01T00:00:00Z",
    )
