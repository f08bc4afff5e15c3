"""SPEC 8 is one table: the constants that the kernel keeps for itself are its numbers, and no row is left out."""

from pathlib import Path

from ledger import limits
from ledger.kernel import bundle, implied, note, proofs, statement, strict_json, verify_circumstances, verify_parties
from ledger.recording.receipts import OPENED_LIMIT


def test_the_kernel_enforces_the_numbers_of_the_table():
    kept = {
        "STATEMENT": statement.MAX_SIZE,
        "DISCLOSURES": statement.MAX_DISCLOSURES,
        "SUBJECTS": implied.MAX_SUBJECTS,
        "DEPTH": strict_json.MAX_DEPTH,
        "STRING": strict_json.MAX_STRING,
        "PATH": proofs.PATH_LIMIT,
        "SIGNATURES": note.SIGNATURE_LINES,
        "BUNDLE_ENTRIES": bundle.ENTRY_LIMIT,
        "BUNDLE": bundle.SIZE_LIMIT,
        "AHEAD": verify_circumstances.AHEAD,
        "PARTY_VERSIONS": verify_parties.PARTY_VERSIONS,
    }
    assert kept == {name: getattr(limits, name) for name in kept}
    assert OPENED_LIMIT == limits.SUBJECTS


def test_every_limit_has_its_row_and_every_row_its_limit():
    named = {name: value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)}
    del named["KIB"], named["MIB"]
    assert sorted(row.most for row in limits.TABLE) == sorted(named.values())
    assert len({row.what for row in limits.TABLE}) == len(limits.TABLE)


def test_the_specification_has_the_same_table():
    text = (Path(__file__).parents[2] / "schemas" / "SPEC.md").read_text("utf-8")
    for row in limits.TABLE:
        assert f"\n| {row.what} | {row.most} | {row.unit} |\n" in text
