"""Hours read from what a bundle holds about them are those of the ledger, whatever was allocated and taken back."""

import pytest
from energy_park import CHARGING, POTLINE, SMELTER, WIND, Park, action, allocation, consumption, reversal, row
from hypothesis import given
from hypothesis import strategies as st
from test_energy_random import a_park, steps, tried

from ledger.carbon.power import power_hour
from ledger.energy.records import Attestation, Hour
from ledger.energy.said import Said
from ledger.kernel.errors import Refused, RuleBroken
from ledger.passport.power import Drawn
from tests.examples import examples


class Kept(Park):
    """Keeps what was said and not refused."""

    def __init__(self):
        super().__init__()
        self.said = []

    def say(self, who, typ, body):
        one = Said(typ, who, body, self.size, self.now, self.profiles[who], self.rules)
        index = super().say(who, typ, body)
        self.said.append(one)
        return index


@examples(150)
@given(st.lists(steps, min_size=5, max_size=40))
def test_an_hour_is_the_same_of_the_entries_that_it_names_alone(told):
    """Each process by itself: its own statements, and the entries that its hours say they follow from."""
    park = a_park(Kept())
    for step in told:
        try:
            tried(park, step)
        except (Refused, ZeroDivisionError):  # no row is there to be reversed
            continue
    each_read_alone(park)


def test_a_row_that_is_taken_back_in_part_is_read_as_it_fell():
    park = a_park(Kept())
    entry = park.allocate(row(25))
    falls = [reversal(entry, 0, 10, 20)]
    park.say(WIND, "energy-action", action("withdraw", (10, 20), attested="w0", reason="other", reversals=falls))
    assert [one.end - one.start for one in park.hour().fallen] == [10]
    each_read_alone(park)


def each_read_alone(park):
    records = park.book.records().values()
    attested = {one.id: one for one in records if isinstance(one, Attestation)}
    for process in (POTLINE, CHARGING):
        mine = [one for one in records if isinstance(one, Hour) and one.process == process]
        hours = {one.start: power_hour(one, attested) for one in mine}
        named, drawn = {entry for one in hours.values() for entry in one.entries}, Drawn()
        for one in park.said:
            if one.index in named or (one.typ == "energy-consumption" and one.body["process"] == process):
                drawn.read(one)
        assert {one.start: one for one in drawn.hours()} == hours


def read(*more):
    """The hours of a park, and of what its ledger would have refused."""
    park, drawn = a_park(Kept()), Drawn()
    for typ, body in more:
        park.said.append(Said(typ, SMELTER, body, len(park.said), park.now, park.profiles[SMELTER], park.rules))
    for one in park.said:
        drawn.read(one)
    return list(drawn.hours())


@pytest.mark.parametrize(("rows", "code"), [
    ([row(20), row(20, hour=1, start=10)], "over_allocated"),  # ten Wh of one attestation for two hours
    ([row(41)], "over_consumption"),
    ([row(10, start=35)], "slice"),
    ([row(-10, start=20)], "slice"),
    ([row(10, hour=1)], "not_same_hour"),
    ([row(10, hour=-1)], "hour"),
    ([row(10, hour=2)], "hour"),
    ([row(10, "w9")], "unknown_attestation"),
])  # fmt: skip
def test_what_a_ledger_refuses_is_not_read(rows, code):
    matching = "volumetric" if code == "over_allocated" else "hourly"
    with pytest.raises(RuleBroken) as refusal:
        read(("energy-allocation", allocation(*rows, matching=matching)))
    assert refusal.value.code == code


def test_an_hour_is_not_stated_again_but_in_the_place_of_its_record():
    with pytest.raises(RuleBroken, match=r"states hours of .* again"):
        read(("energy-consumption", consumption(name="c9", wh=(1, 1))))
    assert read(("energy-consumption", consumption(name="c9", wh=(1, 1), replaces=f"{SMELTER}/c0")))
