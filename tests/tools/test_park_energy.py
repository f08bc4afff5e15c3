"""The park's power adds up: nothing is generated twice, used twice, or covers more than was drawn, of any size."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest
from told import SIZE, plain

from ledger.bodies import check_body
from ledger.kernel.implied import implied
from tools.park import weather
from tools.park.actors import ACTORS, MILL, SMELTER, SOLAR, URI, WIND
from tools.park.events import EntryOf
from tools.park.grid import RATES
from tools.park.plan import Size, make_plan
from tools.park.power import DOUBTED
from tools.park.story import story
from tools.park.supply import registered, supplies_of

HOUR = timedelta(hours=1)


MONTHS = Size(days=30, halls=3, renewed=7, wind=3, sun=2)


def _of(coils=40, seed="coilmark", size=SIZE):
    by_typ = defaultdict(list)
    for post in story(make_plan(coils, seed, size)):
        for said in post.statements:
            by_typ[said.typ].append(said)
    return by_typ


def slow(story):
    return pytest.param(story, marks=pytest.mark.slow)


STORIES = [(40, "coilmark"), (1, "a"), slow((300, "b")), slow((500, "c", MONTHS))]


@pytest.fixture(scope="module", params=STORIES, ids=str)
def told(request):
    """Every statement of a story, by its kind."""
    return _of(*request.param)


@pytest.fixture(scope="module")
def usual():
    return _of()


def _rows(told):
    return [(said, place, row) for said in told["energy-allocation"] for place, row in enumerate(said.body["rows"])]


def test_every_statement_has_the_form_that_it_must_have_and_comes_from_who_may_sign_it(usual):
    for typ in usual.keys() - {"lot-event"}:
        for said in usual[typ]:
            check_body(typ, plain(said.body))
            implied(typ, said.actor.id, URI, plain(said.body))
            assert typ in said.actor.roles


def test_no_hour_is_attested_twice_or_above_what_the_device_can(told):
    farms = [registered(make_plan(1, "a", MONTHS), actor) for actor in (WIND, SOLAR)]
    capacities = {one["id"]: one["capacity"] for actor in farms for one in actor.profile["devices"]}
    seen = set()
    for said in told["energy-attestation"]:
        body = said.body
        assert (body["device"], body["from"]) not in seen
        seen.add((body["device"], body["from"]))
        assert 0 < body["wh"] <= capacities[body["device"]]
        assert _time(body["to"]) - _time(body["from"]) == HOUR
        assert body["from"].endswith(":00:00Z")


def test_each_watt_hour_has_one_owner_and_one_use(told):
    owned, used = defaultdict(list), defaultdict(list)
    sizes = {said.body["id"]: said.body["wh"] for said in told["energy-attestation"]}
    for said in told["energy-action"]:
        if said.body["action"] == "transfer":
            for one in said.body["slices"]:
                owned[said.body["attestation"]].append((one["from_wh"], one["to_wh"], said.body["to"]))
    for said, _, row in _rows(told):
        name, start, end = row["attestation"], row["from_wh"], row["to_wh"]
        assert any(a <= start < end <= b and party == said.actor.id for a, b, party in owned[name])
        used[name].append((start, end))
    for name, spans in [*used.items(), *((name, [one[:2] for one in parts]) for name, parts in owned.items())]:
        assert all(end <= start for (_, end), (start, _) in zip(sorted(spans), sorted(spans)[1:], strict=False))
        assert max(end for _, end in spans) <= sizes[name]


def test_no_hour_is_covered_with_more_than_was_drawn_and_hourly_means_the_same_hour(told):
    drawn = {said.body["id"]: said.body for said in told["energy-consumption"]}
    begun = {said.body["id"]: _time(said.body["from"]) for said in told["energy-attestation"]}
    covered = Counter()
    for said, _, row in _rows(told):
        record = drawn[row["consumption"]]
        covered[row["consumption"], row["hour"]] += row["to_wh"] - row["from_wh"]
        if said.body["matching"] == "hourly":
            assert _time(record["from"]) + row["hour"] * HOUR == begun[row["attestation"]]
    assert covered
    assert all(wh <= drawn[name]["wh"][hour] for (name, hour), wh in covered.items())


def _of_processes(told):
    return [said for said in told["energy-consumption"] if "process" in said.body]


def test_what_a_site_s_own_meter_says_is_what_its_processes_drew_within_its_class(usual):
    sums = Counter()
    for said in _of_processes(usual):
        for hour, wh in enumerate(said.body["wh"]):
            sums[said.actor.site, said.body["from"], hour] += wh
    read = [said for said in usual["energy-consumption"] if "site" in said.body]
    assert len(read) > 30
    for said in read:
        for hour, wh in enumerate(said.body["wh"]):
            drawn = sums[said.body["site"], said.body["from"], hour]
            assert abs(wh - drawn) <= drawn * 2 / 1_000


def test_a_plant_draws_what_it_makes_needs_and_a_potline_day_and_night_the_same(usual):
    total = Counter()
    for said in _of_processes(usual):
        local = said.body["process"].rpartition("/")[2]
        assert len(said.body["wh"]) == 24
        total[local] += sum(said.body["wh"])
        if local.startswith("potline"):
            assert max(said.body["wh"]) - min(said.body["wh"]) < 14_000
    assert set(total) == set(RATES) - {"shear"}  # it cuts up what came back, into scrap alone
    tapped = make_plan(40, "coilmark").metal * 20
    lines = sum(wh for local, wh in total.items() if local.startswith("potline"))
    assert lines == tapped * 13_950


def test_by_volume_four_fifths_are_covered_and_in_the_same_hours_fewer(usual):
    drawn = sum(sum(said.body["wh"]) for said in _of_processes(usual))
    covered = Counter()
    for said, _, row in _rows(usual):
        covered[said.body["matching"]] += row["to_wh"] - row["from_wh"]
    assert 0.8 < sum(covered.values()) / drawn < 0.9
    assert 0.6 < covered["hourly"] / drawn < 0.7


def test_a_windy_day_covers_nearly_all_of_the_potlines_and_a_calm_one_little(usual):
    hours, covered = defaultdict(int), Counter()
    for said in _of_processes(usual):
        if said.body["process"] == SMELTER.own("potline-1"):
            hours[said.body["id"]] = sum(said.body["wh"])
    for said, _, row in _rows(usual):
        if said.body["matching"] == "hourly" and row["consumption"] in hours:
            covered[row["consumption"]] += row["to_wh"] - row["from_wh"]
    shares = sorted(covered[name] / wh for name, wh in hours.items())
    assert shares[0] < 0.2
    assert shares[-1] > 0.95


def test_the_withdrawn_hour_names_every_row_that_it_covered(usual):
    (said,) = [one for one in usual["energy-action"] if one.body["action"] == "withdraw"]
    name = said.body["attestation"]
    rows = {(one.mark, place): row["consumption"] for one, place, row in _rows(usual) if row["attestation"] == name}
    named = {(one["index"].mark, one["row"]): one["consumption"] for one in said.body["reversals"]}
    assert all(isinstance(one["index"], EntryOf) for one in said.body["reversals"])
    assert named == rows
    assert len(rows) >= 4
    assert weather.wind(make_plan(40, "coilmark").chance, *DOUBTED) > 500


def test_wind_is_curtailed_once_and_the_sun_does_not_shine_at_night(usual):
    chance = make_plan(40, "coilmark").chance
    number, hour = weather.CURTAILED
    assert weather.wind(chance, number, hour) * 4 < weather.wind(chance, number, hour + 1)
    solar = {_time(said.body["from"]).hour for said in usual["energy-attestation"] if said.actor is SOLAR}
    assert solar == set(range(1, 15))  # UTC, 06:00 to 20:00 of local time


def test_every_stream_is_stated_for_every_week_and_every_week_is_closed(told):
    stated, closed = defaultdict(set), Counter()
    for said in told["emission-source"]:
        stated[said.body["process"], said.body["stream"]].add(said.body["period"]["from"])
        assert (said.body["status"] == "not-applicable") == (said.body["kind"] not in said.body)
    weeks = {one for periods in stated.values() for one in periods}
    assert {frozenset(one) for one in stated.values()} == {frozenset(weeks)}
    for said in told["period-close"]:
        closed.update((name, said.body["period"]["from"]) for name in said.body["processes"])
        for one in said.body.get("activity", ()):
            assert one["sold"] + one["used"] + one["other"] == one["produced"]
    processes = {one["id"] for actor in ACTORS for one in actor.profile["processes"]}
    assert closed == Counter({(name, week): 1 for name in processes for week in weeks})


def test_no_contract_brings_more_than_its_farm_can(told):
    for one in told["contract"]:
        farms = len(one.body["devices"])
        assert one.body["max_wh"] <= farms * one.actor.devices[0]["capacity"] * 24 * 365
    assert [one.body["to"] for one in told["contract"]][:3] == [
        supply.buyer.id for supply in supplies_of(make_plan(1, "a"))
    ]
    assert MILL.id in {one.body["to"] for one in told["contract"]}


def _time(text):
    return datetime.fromisoformat(text)
