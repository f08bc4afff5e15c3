"""What a batch needs is looked up in a few calls, whatever the batch is made of."""

import pytest
from folded import CUSTOMER, MILL, MINE, OPERATOR, SITE, SMELTER, Park, lot, pallet, piece, skid

from ledger.lots.book import Book
from ledger.lots.fold import apply
from ledger.lots.lookup import prepare

PILE, SLABS = lot("PILE"), [piece(f"S-{number}") for number in range(20)]


class Later(Park):
    """Events to come: they are read and folded over records that another park left, which have to be loaded."""

    def __init__(self, stored):
        super().__init__()
        self.records = stored.book.records()
        self.minutes = stored.minutes
        self.calls, self.events = [], []
        self.effects = [None] * len(stored.effects)

    def fold(self, event, wrong):
        self.events.append((event, wrong))
        self.effects.append(None)

    def found(self, keys):
        self.calls.append(set(keys))
        return {key: self.records[key] for key in keys if key in self.records}


@pytest.fixture
def stored():
    park = Park()
    park.new(SMELTER, (PILE, 100_000), *((slab, 1_000) for slab in SLABS))
    park.say(SMELTER, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=SLABS[:5])
    park.say(SMELTER, "Association", action="ADD", parentID=skid(1), childEPCs=[pallet(1)])
    park.ship(SMELTER, MILL, *((slab, None) for slab in SLABS[5:10]), paper="D-7")
    origin = [{"id": lot("LATE"), "kind": "late", "supplier": "X", "document": "N", "g": 100}]
    park.receive(MILL, MINE, (lot("LATE"), 100), al_origin=origin)
    park.new(MINE, (lot("LATE"), 200))
    park.make(SMELTER, [(PILE, 10)], [], "electrolysis", transformationID="urn:run")
    park.make(SMELTER, [(PILE, 1_000)], [(piece("W"), 1_000)])
    park.wrong(SMELTER, 7, "urn:right")
    park.make(SMELTER, [(PILE, 1_000)], [(piece("X"), 1_000)])
    park.make(SMELTER, [(PILE, 10)], [(lot("TAP"), 5)], "electrolysis")
    return park


def test_a_batch_is_looked_up_in_as_many_calls_as_things_are_packed_in_each_other(stored):
    park = Later(stored)
    park.ship(SMELTER, CUSTOMER, (skid(1), None), paper="D-8")
    park.receive(MILL, SMELTER, *((slab, 1_000) for slab in SLABS[5:10]), paper="D-7")
    park.ship(MINE, MILL, (lot("LATE"), 150))
    park.make(SMELTER, [(PILE, 10)], [], "electrolysis", transformationID="urn:run", al_run="closed")
    park.make(SMELTER, [(PILE, 990)], [(piece("W"), 990)], eventID="urn:right")
    park.wrong(SMELTER, 9)
    april = {"al_start": "2026-04-05T00:00:00Z", "eventTime": "2026-04-06T00:00:00Z"}
    park.make(SMELTER, [(PILE, 10)], [(lot("TAP"), 5)], "electrolysis", **april)
    park.look(SMELTER, "stock_taking", (PILE, 90_000))
    park.new(SMELTER, (lot("NEW"), 5), al_opening=True, readPoint={"id": SITE})
    book = Book(park.found)
    prepare(book, [(event, wrong) for event, wrong in park.events])
    assert len(park.calls) <= 4
    park.calls.clear()
    for event, wrong in park.events:
        apply(book, event, operator=OPERATOR, sites={SITE: SMELTER}, wrong=wrong)
    assert park.calls == []
