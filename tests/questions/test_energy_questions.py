"""What the ledger answers about energy: attestations, devices and processes by period; at any size."""

import json

import pytest
from click.testing import CliRunner

from ledger.kernel.errors import Malformed, Missing
from ledger.questions.asking import Asked, as_of
from ledger.questions.energy import attestation, attested, consumed
from ledger.store.access import ANYONE, EVERYTHING, Reader
from tests.energy.energy_ledger import energy_ledger, say, story
from tests.energy.energy_park import (
    MILL,
    POTLINE,
    SMELTER,
    TURBINES,
    WIND,
    action,
    at,
)
from tests.energy.energy_park import attestation as body_of_attestation
from tools.main import cli

W0 = f"{WIND}/w0"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with energy_ledger(tmp_path_factory.mktemp("energy")) as world:
        world.marks = story(world)
        yield world


def asking(world, question, *words, size=None, reader=EVERYTHING):
    state = world.log.state
    with world.log.store.reading() as transaction:
        reached = state.published.checkpoint.size
        return question(Asked(transaction, as_of(size, reached), state.registry, reader), *words)


def test_an_attestation_has_its_slices_and_all_that_happened_to_it(world):
    found = asking(world, attestation, W0)
    assert found.by_state == {"allocated": 1_250, "held": 15_998_500, "withdrawn": 2_000_250}
    assert [(one.from_wh, one.to_wh, one.state) for one in found.slices] == [
        (0, 2_000_250, "withdrawn"), (2_000_250, 2_000_500, "allocated"), (2_000_500, 3_000_000, "held"),
        (3_000_000, 3_001_000, "allocated"), (3_001_000, 18_000_000, "held"),
    ]  # fmt: skip
    assert [(step.what, step.wh) for step in found.history] == [
        ("withdraw", 2_000_250), ("claim", 500_000), ("cancel", 1_000_000), ("allocate hourly", 1_000),
        ("allocate hourly", 1_000_500), ("transfer", 18_000_000), ("issue", 18_000_000),
    ]  # fmt: skip
    assert (found.zone, found.source, found.earlier, found.in_doubt) == ("KZ-1", "wind", 0, None)
    before = asking(world, attestation, W0, size=world.marks["before"])
    assert before.by_state == {
        "allocated": 1_500, "cancelled": 500_000, "claimed": 500_000, "held": 16_998_500,
    }  # fmt: skip
    assert asking(world, attestation, f"{WIND}/w1").history[0].what == "reverse"


def test_a_device_and_a_process_by_period(world):
    found = asking(world, attested, TURBINES, at(0), at(3))
    assert [one.id for one in found.attestations] == [f"{WIND}/w{n}" for n in range(3)]
    assert found.wh == 54_000_000 == sum(found.by_state.values())
    assert len(asking(world, attested, TURBINES, at(1), at(2)).attestations) == 1
    drawn = asking(world, consumed, POTLINE, at(0), at(25))
    assert (drawn.consumed, drawn.hourly_wh, drawn.any_wh, drawn.missing) == (24 * 12_300_000, 250, 259, 1)
    told = (drawn.volumetric.exact, drawn.volumetric.percent, drawn.hourly.exact)
    assert told == ("259/295200000", "0.0001", "1/1180800")
    assert [(one.from_wh, one.to_wh) for one in drawn.hours[0].fallen] == [(0, 1_000_000), (2_000_000, 2_000_250)]
    assert drawn.hours[0].fallen_before is None
    assert [(one.reason, one.entry, one.taken_back_by) for one in drawn.hours[0].fallen] == [
        ("wrong-meter-data", world.marks["first"], world.marks["withdrawn"])
    ] * 2
    before = asking(world, consumed, POTLINE, at(0), at(1), size=world.marks["before"])
    assert (before.hourly.exact, before.hourly.percent) == ("667/8200", "8.1341")
    assert before.rules == "coilmark-rules/4"


def test_what_was_withdrawn_is_still_in_the_list_of_its_device(tmp_path):
    with energy_ledger(tmp_path) as world:
        say(world, WIND, "energy-attestation", body_of_attestation())
        say(world, WIND, "energy-action", action("withdraw", (0, 18_000_000), reason="other", reversals=[]))
        say(world, WIND, "energy-attestation", body_of_attestation("right", wh=7))
        found = asking(world, attested, TURBINES, at(0), at(1))
    assert [(one.id, one.by_state) for one in found.attestations] == [
        (W0, {"withdrawn": 18_000_000}), (f"{WIND}/right", {"held": 7}),
    ]  # fmt: skip


def test_only_who_is_concerned_is_answered(world):
    for party in (WIND, SMELTER):
        assert asking(world, attestation, W0, reader=Reader("party", party)).id == W0
    assert asking(world, consumed, POTLINE, at(0), at(1), reader=Reader("party", SMELTER)).missing == 0
    for reader in (Reader("party", MILL), ANYONE):
        with pytest.raises(Missing, match="that you may see"):
            asking(world, attestation, W0, reader=reader)
        with pytest.raises(Missing, match="that you may see"):
            asking(world, attested, TURBINES, at(0), at(3), reader=reader)
        with pytest.raises(Missing, match="that you may see"):
            asking(world, consumed, POTLINE, at(0), at(3), reader=reader)
    with pytest.raises(Missing, match="that you may see"):
        asking(world, consumed, POTLINE, at(0), at(1), reader=Reader("party", WIND))


def test_what_makes_no_sense_is_said(world):
    with pytest.raises(Missing, match="no attestation"):
        asking(world, attestation, f"{WIND}/none")
    with pytest.raises(Malformed, match="full UTC hours"):
        asking(world, consumed, POTLINE, at(0, 30), at(3))
    with pytest.raises(Malformed, match="full UTC hours"):
        asking(world, consumed, POTLINE, at(3), at(3))
    with pytest.raises(Malformed, match="at most 8784 hours"):
        asking(world, attested, TURBINES, at(0), at(9_000))
    with pytest.raises(Malformed, match="no RFC 3339 time"):
        asking(world, attested, TURBINES, "2026-03-01", at(3))


def test_a_store_that_lost_its_charge_says_so(tmp_path):
    with energy_ledger(tmp_path) as world:
        story(world)
        first = world.size - 1
        charged = next(one for one in asking(world, attestation, W0).slices if one.from_wh == 3_000_000)
        named = [
            {"index": use.entry, "row": use.row, "consumption": charged.consumption, "from_wh": charged.from_wh,
             "to_wh": charged.to_wh}
            for use in charged.uses
        ]  # fmt: skip
        told = action("withdraw", (3_000_000, 3_001_000), reason="fraud", reversals=named)
        entry = say(world, WIND, "energy-action", told)
        assert entry == first + 1
        assert asking(world, attestation, f"{SMELTER}/d5").in_doubt == entry


@pytest.fixture
def ask(world):
    def run(*words):
        question, *rest = words
        return CliRunner().invoke(cli, ["energy", question, str(world.places.folder), *rest])

    return run


def test_the_command_says_it_in_lines_and_as_json(ask):
    said = ask("show", W0).stdout
    assert f"{W0}: 18000000 Wh of wind in KZ-1, {at(0)} to {at(1)}" in said
    assert f"Wh 3000000 to 3001000  allocated  with {SMELTER}, covers hour 0 of {SMELTER}/s0" in said
    assert "withdraw  2000250 Wh" in said
    period = ("--from", at(0), "--to", at(3))
    assert (
        "3 attestations, 54000000 Wh: allocated 1259, held 51998491, withdrawn"
        in ask("device", TURBINES, *period).stdout
    )
    drawn = ask("process", POTLINE, *period).stdout
    assert f"{at(0)}  12300000 Wh, hourly 250, volumetric 0, 2 rows taken back" in drawn
    assert "covered within the hour: 250 Wh, 0.0007 % (1/147600)" in drawn
    assert json.loads(ask("show", W0, "--json").stdout)["wh"] == 18_000_000
    assert json.loads(ask("process", POTLINE, *period, "--json", "--as-of", "20").stdout)["as_of"] == 20
    assert ask("show", f"{WIND}/none").exit_code == 2
