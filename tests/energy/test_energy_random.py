"""Whatever is said, taken or refused: slices stay whole, and both sides of every allocation agree."""

from collections import Counter

from energy_park import CHARGING, MILL, SMELTER, WIND, Park, action, contract, row
from energy_park import consumption as stated
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.energy import wire
from ledger.energy.records import COVERING, Attestation, Contract, Hour
from ledger.energy.slices import carve
from ledger.kernel.errors import Refused
from tests.examples import examples

WH = 40
OWNERS = (WIND, SMELTER, MILL)
PURPOSES = ("footprint", "scope-2")

spans = st.one_of(
    st.tuples(st.integers(0, WH - 1), st.integers(1, 10)).map(lambda one: (one[0], min(WH, one[0] + one[1]))),
    st.tuples(st.integers(-1, WH + 1), st.integers(-1, WH + 1)),
)
numbers = st.integers(0, 1)
mostly_smelter = st.sampled_from((SMELTER, SMELTER, SMELTER, *OWNERS))
verbs = st.sampled_from(("transfer", "reserve", "release", "cancel", "cancel", "claim", "withdraw"))
actions = st.tuples(st.just("action"), mostly_smelter, verbs, numbers, spans, mostly_smelter, st.sampled_from(PURPOSES))
withdrawals = st.tuples(st.just("action"), st.just(WIND), st.just("withdraw"), numbers, spans, st.none(), st.none())
rows = st.tuples(
    numbers, spans, st.sampled_from(("c0", "s0")), numbers, st.sampled_from(("same-zone", "same-zone", "contract"))
)
allocations = st.tuples(
    st.just("allocate"), st.lists(rows, min_size=1, max_size=3), st.sampled_from(("volumetric", "hourly")),
    st.sampled_from(PURPOSES),
)  # fmt: skip
reversals = st.tuples(st.just("reverse"), st.integers(0, 20))
again = st.tuples(st.just("again"), st.integers(0, 2 * WH))
steps = st.one_of(allocations, allocations, allocations, actions, actions, reversals, again, withdrawals)


def a_park(park=None):
    park = park or Park()
    for hour in (0, 1):
        park.attest(name=f"w{hour}", hour=hour, wh=WH)
        park.give(3 * WH // 4, attested=f"w{hour}")
    park.consume(wh=(WH, WH))
    park.consume(name="s0", wh=(WH, WH), process=CHARGING)
    park.say(WIND, "contract", contract(max_wh=2 * WH))
    return park


def live(park):
    """Every live row with its hour."""
    hours = [one for one in park.book.records().values() if isinstance(one, Hour)]
    return [(hour, one) for hour in hours for one in hour.rows]


def reversals_of(park, name, start, end):
    """What a withdrawal of this slice has to name: of each live row what lies in it."""
    return [
        {"index": use.entry, "row": use.row, "consumption": hour.consumption,
         "from_wh": max(start, one.start), "to_wh": min(end, one.end)}
        for hour, one in live(park) if one.attestation == f"{WIND}/{name}" and one.start < end and start < one.end
        for use in one.uses
    ]  # fmt: skip


def tried(park, step):
    kind, *what = step
    if kind == "action":
        who, verb, number, (start, end), to, purpose = what
        members = {
            "transfer": {"to": to}, "reserve": {"to": to}, "release": {},
            "withdraw": {"reason": "other", "reversals": reversals_of(park, f"w{number}", start, end)},
        }.get(verb, {"beneficiary": to, "purpose": purpose})  # fmt: skip
        park.say(who, "energy-action", action(verb, (start, end), attested=f"w{number}", **members))
    elif kind == "allocate":
        told, matching, purpose = what
        park.allocate(*(_row(*one) for one in told), matching=matching, purpose=purpose)
    elif kind == "reverse":
        found = live(park)
        hour, one = found[what[0] % len(found)]
        undo = {"index": one.uses[-1].entry, "row": one.uses[-1].row}
        name = one.attestation.rpartition("/")[2]
        number = 0 if hour.start == park.hour(0, hour.process).start else 1
        stated_in = hour.consumption.rpartition("/")[2]
        park.allocate(row(one.wh, name, number, one.start, stated_in, reverses=undo))
    else:
        name = f"c{park.size}"
        park.say(SMELTER, "energy-consumption", stated(name, (what[0],) * 2, replaces=park.hour().consumption))


def _row(number, span, name, hour, delivery):
    start, end = span
    named = {"contract": f"{WIND}/ppa"} if delivery == "contract" else {}
    return row(end - start, f"w{number}", hour, start, name, delivery=delivery, **named)


def check(park):
    """What holds at every moment."""
    records = park.book.records().values()
    covered = Counter()
    for one in records:
        assert wire.decode(wire.encode(one)) == one
        if not isinstance(one, Attestation):
            continue
        assert [s.start for s in one.slices] == [0, *(s.end for s in one.slices[:-1])]  # disjoint, nothing left out
        assert one.slices[-1].end == one.wh
        assert all(s.start < s.end for s in one.slices)
        for a, b in zip(one.slices, one.slices[1:], strict=False):
            assert replace(a, start=b.start, end=b.end) != b  # equal neighbours are one
        for s in one.slices:
            assert bool(s.uses) == (s.consumption != "" and s.hour >= 0)
            assert not s.uses or s.state in COVERING
            for use in s.uses:
                covered[use.entry, use.row, one.id] += s.end - s.start
    rows = live(park)
    said = Counter()  # a row that was cut stands in several parts
    for _, one in rows:
        said.update({(use.entry, use.row, one.attestation): one.wh for use in one.uses})
    assert covered == said
    for one in records:
        if isinstance(one, Hour):
            assert one.covered <= one.wh  # C2
        if isinstance(one, Contract):
            assert one.used == sum(r.wh for _, r in rows if r.contract == one.id) <= one.max_wh  # C5


@examples(150)
@given(st.lists(steps, min_size=10, max_size=40))
def test_slices_stay_whole_and_both_sides_agree(told):
    park = a_park()
    for step in told:
        before = park.book.records()
        try:
            tried(park, step)
            event(f"taken: {step[0]}{step[2] if step[0] == 'action' else ''}")
        except (Refused, ZeroDivisionError):  # no row is there to be reversed
            assert park.book.records() == before
        check(park)


def test_what_is_cut_out_leaves_both_ends_whole():
    park = Park()
    park.attest(wh=100)
    slices = carve(park.attestation().slices, 30, 60, lambda one: replace(one, holder="b"))
    assert [(one.start, one.end, one.holder) for one in slices] == [(0, 30, WIND), (30, 60, "b"), (60, 100, WIND)]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 100), st.sampled_from("abc")), max_size=30))
def test_cuts_are_those_of_a_list_of_single_watt_hours(cuts):
    park = Park()
    park.attest(wh=100)
    slices, singly = park.attestation().slices, [WIND] * 100
    for start, length, holder in cuts:
        end = min(100, start + length)
        slices = carve(slices, start, end, lambda one, holder=holder: replace(one, holder=holder))
        singly[start:end] = [holder] * (end - start)
    assert [one.holder for one in slices for _ in range(one.start, one.end)] == singly
