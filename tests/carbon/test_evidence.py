"""What a footprint follows from: of these entries alone it is the same, and they are what these entries follow from."""

from hypothesis import given as over
from hypothesis import strategies as st
from msgspec.structs import replace
from test_random_parks_carbon import HOUR, SETTINGS, random_given, seeds

from ledger.carbon.evidence import Evidence
from ledger.carbon.given import DAY
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
