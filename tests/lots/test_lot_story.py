"""What a passport rests on (SPEC 4.6): the way of its piece, in units too, and every entry that determines it."""

import pytest
from folded import MILL, MINE, SMELTER, Park, lot, pallet, piece
from test_lot_units_and_runs import pack

from ledger.kernel.errors import Missing
from ledger.lots.ancestry import up
from ledger.lots.event import lots_of
from ledger.lots.genealogy import closers
from ledger.passport.story import Certificate, Told, story_of
from ledger.passport.units import packed_after

METAL, SLAB, COIL, OTHER = lot("METAL"), piece("S-1"), piece("C-1"), piece("C-2")
UNIT, OUTER, FURTHER = pallet(1), pallet(2), pallet(3)


class Ledger(Park):
    """A park whose versions are of the lots that an event names: what a unit carries is named by none of its events."""

    def __init__(self):
        super().__init__()
        self.events, self.named, self.certificates = [], {}, {}

    @property
    def size(self):
        return len(self.effects)

    def fold(self, event, wrong):
        done = super().fold(event, wrong)
        for name in lots_of(event if wrong < 0 else self.events[wrong]):
            self.named.setdefault(name, []).append(event.index)
        self.events.append(event)
        return done

    def versions(self, names):
        runs = {name: self.names.get(name, ()) for name in names if " " in name}
        return {name: tuple(self.named.get(name, ())) for name in names} | runs

    def closed(self, runs):
        return closers(self.book.run(*name.split(" ", 1)) for name in runs)

    def packed_since(self, name, entry):
        return packed_after(entry, name, entry, {one.index: one for one in self.effects if one.index < entry})

    def certificate(self, entry):
        return self.certificates.get(entry)

    def told(self, entry):
        event = self.events[entry]
        return Told(
            event.recorded_at, event.sites, event.parent, event.sender, event.claims, event.run_state == "closed"
        )


class AsSource:
    """The same by the names of the protocol: what a park calls `effects` are all that it took."""

    def __init__(self, park):
        self.park = park

    def __getattr__(self, name):
        return getattr(self.park, name)

    def effects(self, entries):
        return self.park.load(entries)

    def trace(self, starts):
        return up(starts, self.park.load, self.park.versions)


@pytest.fixture
def park():
    return Ledger()


def story(park, name):
    return story_of(name, AsSource(park))


def test_a_piece_that_nobody_spoke_of_has_no_story(park):
    with pytest.raises(Missing, match=r"piece .*C-1 is not known") as no:
        story(park, COIL)
    assert (no.value.code, no.value.facts) == ("no_piece", {"id": COIL})


def test_the_way_of_a_piece_goes_with_its_units_while_it_is_in_them_and_no_longer(park):
    park.new(MILL, (COIL, 100), (OTHER, 100))  # 0
    pack(park, UNIT, OTHER)
    park.look(MILL, "inspecting", (UNIT, None))  # 2: the coil is not in it yet
    pack(park, UNIT, COIL)
    park.look(MILL, "storing", (UNIT, None))
    pack(park, OUTER, UNIT)  # 5
    park.look(MILL, "storing", (OUTER, None))
    pack(park, FURTHER, OUTER)
    park.look(MILL, "storing", (FURTHER, None))  # 8
    pack(park, OUTER, UNIT, action="DELETE")  # 9
    park.look(MILL, "storing", (OUTER, None))  # 10: without it
    park.look(MILL, "inspecting", (UNIT, None))
    pack(park, UNIT, COIL, action="DELETE")  # 12
    park.look(MILL, "storing", (UNIT, None))  # 13: without it
    park.look(MILL, "storing", (COIL, None))
    assert story(park, COIL).way == (0, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14)
    assert story(park, OTHER).way == (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13)


def test_a_piece_is_in_its_unit_until_all_is_taken_out_and_what_the_unit_did_before_and_after_is_not_read(park):
    """A frame is used for years; who takes out all that is in it names the frame alone."""
    park.new(MILL, (COIL, 100))  # 0
    pack(park, UNIT, COIL)
    park.say(MILL, "Aggregation", action="DELETE", parentID=UNIT)
    for _ in range(200):
        park.look(MILL, "storing", (UNIT, None))
    pack(park, UNIT, COIL)  # 203
    park.look(MILL, "storing", (UNIT, None))
    park.say(MILL, "Aggregation", action="DELETE", parentID=UNIT)  # 205
    for _ in range(200):
        park.look(MILL, "storing", (UNIT, None))
    asked, load = set(), park.load
    park.load = lambda entries: asked.update(entries) or load(entries)
    found = story(park, COIL)
    assert found.way == found.inputs == (0, 1, 2, 203, 204, 205)
    assert len(asked) < 100


def test_the_line_of_a_piece_is_the_pieces_it_was_made_of_with_their_way(park):
    run = {"transformationID": "urn:run(21)"}  # and not a run, whatever it is called
    park.new(SMELTER, (lot("AL"), 1_000))
    park.make(SMELTER, [(lot("AL"), 900)], [(METAL, 300)], "electrolysis", **run)
    park.make(SMELTER, [(METAL, 200)], [(SLAB, 200)])
    park.look(SMELTER, "inspecting", (SLAB, None))
    park.make(SMELTER, [(SLAB, None)], [(COIL, 200)], "hot-rolling")
    park.new(MILL, (OTHER, 5))
    found = story(park, COIL)
    assert (found.line, found.way) == ((COIL, SLAB), (2, 3, 4))
    assert (found.inputs, sorted(found.effects)) == ((0, 1, 2, 3, 4), [0, 1, 2, 3, 4])
    assert found.piece == park.lot(COIL)


def test_of_a_certificate_the_newest_word_counts(park):
    park.new(MILL, (COIL, 100))
    for number, (name, stands) in enumerate([("b", True), ("a", False), ("a", True), ("c", True), ("c", False)], 1):
        park.certificates[number] = Certificate(name, f"digest {number}", stands)
        park.named[COIL].append(number)
    park.named[COIL].append(9)  # what is neither an event nor a certificate
    assert story(park, COIL).certificates == (Certificate("a", "digest 3", True), Certificate("b", "digest 1", True))


def test_a_piece_rests_on_what_says_of_which_class_its_scrap_was_up_to_the_melt(park):
    scrap = lot("SCRAP")
    said = [{"id": scrap, "material": "scrap", "scrapClass": "post-consumer"}]
    park.new(MILL, (METAL, 500), (scrap, 300), al_attributes=said)
    park.look(MILL, "inspecting", (scrap, None))  # 1: may say another class
    park.make(MILL, [(METAL, 100), (scrap, 100)], [(SLAB, 200)], "remelting")
    park.look(MILL, "inspecting", (scrap, None))  # 3: too late for this melt
    park.make(MILL, [(METAL, 100), (scrap, 100)], [(OTHER, 200)], "remelting")
    assert story(park, SLAB).inputs == (0, 1, 2)
    assert story(park, OTHER).inputs == (0, 1, 2, 3, 4)


def test_a_piece_rests_on_what_was_declared_what_came_in_its_place_and_all_its_lots_had_gone_through(park):
    """The correction draws on another lot; what happened to that before is in it, what happens after is not."""
    park.new(SMELTER, (METAL, 1_000), (lot("B"), 1_000))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)])
    park.new(MINE, (lot("ORE"), 1))  # 2: of no concern
    park.look(SMELTER, "stock_taking", (lot("B"), 1_000))  # 3
    declared = park.wrong(SMELTER, 1, "urn:right")
    park.look(SMELTER, "stock_taking", (METAL, 1_000))  # 5: of what the declared event drew on
    park.make(SMELTER, [(lot("B"), 100)], [(SLAB, 100)], eventID="urn:right")
    park.look(SMELTER, "stock_taking", (lot("B"), 900))  # 7
    found = story(park, SLAB)
    assert found.way == (6,)
    assert found.inputs == (0, 1, 3, declared.index, 6)


def test_a_piece_rests_on_why_there_was_less_of_a_lot_than_a_correction_took(park):
    """Nothing of the lot is in the piece by any trace: it had all gone to another."""
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)])
    declared = park.wrong(SMELTER, 1, "urn:right")
    park.ship(SMELTER, MILL, (METAL, 100))  # 3
    park.receive(MILL, SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 90)], [(OTHER, 90)], eventID="urn:right")  # 5
    park.look(MILL, "stock_taking", (METAL, 100))
    found = story(park, OTHER)
    assert [(one.entry, one.lot, one.reason) for one in found.trace.ends] == [(5, METAL, "unknown")]
    assert found.inputs == (0, 1, declared.index, 3, 4, 5)


def test_a_piece_rests_on_the_history_of_all_that_a_correction_took_however_little(park):
    tiny = lot("TINY")
    park.new(SMELTER, (METAL, 2_001), (lot("B"), 2_000), (tiny, 5))
    park.make(SMELTER, [(METAL, 2_001)], [(SLAB, 2_001)])
    park.look(SMELTER, "stock_taking", (tiny, 4))  # 2
    park.wrong(SMELTER, 1, "urn:right")
    park.make(SMELTER, [(lot("B"), 2_000), (tiny, 1)], [(SLAB, 2_001)], eventID="urn:right")  # 4
    park.look(SMELTER, "stock_taking", (tiny, 3))
    found = story(park, SLAB)
    assert (found.trace.folded, found.inputs) == (1, (0, 1, 2, 3, 4))


def test_a_piece_rests_on_what_a_declaration_left_of_its_own_lots_and_of_no_other(park):
    """What made the lot short may have come after the piece drew on it."""
    beside = lot("BESIDE")
    park.new(SMELTER, (METAL, 100))
    park.new(SMELTER, (METAL, 100), (beside, 100))
    park.make(SMELTER, [(METAL, 150)], [(COIL, 150)])
    park.look(SMELTER, "stock_taking", (METAL, 49))  # 3
    park.look(SMELTER, "stock_taking", (beside, 99))
    declared = park.wrong(SMELTER, 1)  # 5
    park.look(SMELTER, "inspecting", (METAL, None))
    assert story(park, COIL).inputs == (0, 1, 2, 3, declared.index)
