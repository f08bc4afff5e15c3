"""What a footprint follows from: of these entries alone it is the same, and they are what these entries follow from."""

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from msgspec.structs import replace
from test_attribution import PROCESSES, T, cast, coil, hour
from test_random_parks_carbon import HOUR, SETTINGS, random_given, seeds

from ledger.carbon.evidence import Evidence, OutOfReach
from ledger.carbon.given import DAY, Given
from ledger.carbon.recompute import recompute

MANY = 10**9
HOURS, STREAMS, CLOSES = 10**6, 2 * 10**6, 3 * 10**6


def numbered(given):
    """With an entry for each day of a process, each stream and each close, as statements have."""
    processes = list(given.processes)
    hours = (
        replace(one, entry=HOURS + one.start // DAY * len(processes) + processes.index(one.process),
                entries=(HOURS - 1 - one.start // HOUR % 7,))
        for one in given.hours
    )  # fmt: skip
    return replace(
        given,
        hours=tuple(hours),
        streams=tuple(replace(one, entry=STREAMS + place) for place, one in enumerate(given.streams)),
        closes=tuple(replace(one, entry=CLOSES + place) for place, one in enumerate(given.closes)),
    )


def restricted(given, entries):
    """What these entries say of it."""
    return replace(
        given,
        steps=tuple(one for one in given.steps if one.index in entries),
        hours=tuple(one for one in given.hours if one.entry in entries),
        streams=tuple(one for one in given.streams if one.entry in entries),
        closes=tuple(one for one in given.closes if one.entry in entries),
        sites=(),
        discharges=(),
    )


def test_who_shares_an_hour_with_a_piece_is_in_its_evidence_and_what_came_of_it_is_not():
    """The heats of A and B share an hour: without B's all of it would be A's. C has hours of its own."""
    steps = [cast(1, (0, 2), "A", 3 * T), cast(2, (1, 3), "B"), cast(3, (4, 5), "C")]
    hours = [replace(hour("casting", number, 100), entry=10 + number) for number in (1, 2, 4)]
    given = Given(tuple(steps), tuple(hours), (), (), PROCESSES)
    evidence = Evidence(given, recompute(given, with_charges=True).charges)
    assert evidence.of(coil("A"), MANY).entries == {1, 2, 11}
    assert evidence.of(coil("C"), MANY).entries == {3, 14}


def test_what_follows_from_more_entries_than_were_asked_for_is_out_of_reach():
    given = Given((cast(1, (0, 2), "A"),), (replace(hour("casting", 1, 100), entry=11),), (), (), PROCESSES)
    evidence = Evidence(given, recompute(given, with_charges=True).charges)
    assert evidence.of(coil("A"), 2).entries == {1, 11}
    with pytest.raises(OutOfReach):
        evidence.of(coil("A"), 1)
    stored = replace(given, hours=(replace(given.hours[0], entries=None),))
    with pytest.raises(OutOfReach):
        Evidence(stored, recompute(stored, with_charges=True).charges).of(coil("A"), MANY)


@SETTINGS
@over(seeds, st.integers(1, 40))
def test_a_footprint_is_the_same_of_its_evidence_alone(random, steps):
    given = numbered(random_given(random, steps))
    accounts = recompute(given, with_charges=True)
    if accounts.flowed.circular:
        return
    evidence = Evidence(given, accounts.charges)
    for piece, footprint in accounts.footprint.pieces.items():
        entries = evidence.of(piece, MANY).entries
        alone = restricted(given, entries)
        again = recompute(alone, with_charges=True)
        assert again.footprint.of(piece) == footprint
        assert Evidence(alone, again.charges).of(piece, MANY).entries == entries
