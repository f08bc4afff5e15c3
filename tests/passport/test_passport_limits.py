"""What rests on more than a passport holds: the newest of it are told, and a shipment has its passport all the same."""

import json
from pathlib import Path

import pytest
from small_ledger import ROLLING
from small_mill import CUSTOMER, TONNE, lot, piece, small_mill
from test_passport_issued import standing, verified

from ledger.passport import body

SCHEMA = Path(__file__).parents[2] / "schemas" / "json" / "passport.schema.json"
MOST = {
    "steps": "_STEPS", "stages": "_STAGES", "holds": "_HOLDS", "ends": "LISTED", "findings": "LISTED",
    "corrections": "_CORRECTIONS", "references": "_REFERENCES",
}  # fmt: skip


@pytest.mark.parametrize("member", MOST)
def test_a_list_is_no_longer_than_its_schema_takes(member):
    assert json.loads(SCHEMA.read_text("utf-8"))["properties"][member]["maxItems"] == getattr(body, MOST[member])


def test_of_too_many_corrections_and_references_a_passport_tells_the_newest_and_the_first(tmp_path, monkeypatch):
    """Beyond 1 000 corrections no passport was made, at the shipment or ever after."""
    monkeypatch.setattr(body, "_CORRECTIONS", 3)
    monkeypatch.setattr(body, "_REFERENCES", 1)
    metal, slab, coil = lot("MET", 4), piece("SLAB-C", 5), piece("C-1")
    with small_mill(tmp_path) as mill:
        mill.new(ROLLING, (metal, 20 * TONNE))
        last, told = mill.new(ROLLING, (metal, TONNE)), []
        for number in range(3):
            wrong = mill.wrong(ROLLING, last, f"urn:example:right:{number}")
            last = mill.new(ROLLING, (metal, TONNE + number), eventID=f"urn:example:right:{number}")
            told += [wrong, last]
        mill.make(ROLLING, "casting", [(metal, 8 * TONNE)], [(slab, 8 * TONNE)])
        mill.make(ROLLING, "cutting", [(slab, 8 * TONNE)], [(piece("C-0"), 8 * TONNE)])
        mill.make(ROLLING, "cutting", [(piece("C-0"), 8 * TONNE)], [(coil, 8 * TONNE)])
        mill.send(ROLLING, CUSTOMER, (coil, None), paper="C")
        said = standing(mill, "C-1").statement.body
        assert (said["corrections"], len(said["references"])) == (told[-3:], 1)
        assert verified(mill, "C-1").verified, verified(mill, "C-1").verdict
