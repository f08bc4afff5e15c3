"""The wall between the accounts: nothing of a coil gets into what is declared, by type and by name."""

import typing

import msgspec
import pytest
from test_worked_example import accounts_of
from worked import example

from ledger.carbon import records
from ledger.carbon.accounts import CbamAccount, FootprintAccount, cbam_export
from ledger.carbon.given import Price


@pytest.fixture(scope="module")
def accounts(vectors):
    return accounts_of(example(vectors), 100, 60)


def test_a_declaration_is_made_of_the_account_of_processes_alone(accounts):
    assert cbam_export(accounts.cbam) == accounts.cbam.rows
    with pytest.raises(TypeError, match="not of a FootprintAccount"):
        cbam_export(accounts.footprint)
    with pytest.raises(TypeError):
        cbam_export(CbamAccount((*accounts.cbam.rows, next(iter(accounts.footprint)))))
    with pytest.raises(TypeError):
        cbam_export(next(iter(accounts.footprint)))


def reached(kind, found):
    """Every record type that a record type leads to."""
    for one in typing.get_type_hints(kind).values():
        for part in (one, *typing.get_args(one), *(a for b in typing.get_args(one) for a in typing.get_args(b))):
            if isinstance(part, type) and issubclass(part, msgspec.Struct) and part not in found:
                found.add(part)
                reached(part, found)
    return found


def test_the_accounts_share_no_type():
    voluntary = {records.Footprint, *reached(records.Footprint, set())}
    declared = {records.CbamRow, *reached(records.CbamRow, set())}
    assert voluntary == {records.Footprint, records.Part, records.Power, records.Gap, records.Restated}
    assert declared == {records.CbamRow, records.Precursor, Price}
    assert not issubclass(FootprintAccount, CbamAccount)


def test_what_is_declared_names_no_piece_and_no_share_of_renewable_power(accounts):
    names = {name for kind in (records.CbamRow, records.Precursor, Price) for name in kind.__struct_fields__}
    assert not [name for name in names if any(word in name for word in ("piece", "coil", "hourly", "share", "coc"))
                and name != "default_share"]  # fmt: skip
    assert all(row.indirect is None for row in accounts.cbam.rows)
