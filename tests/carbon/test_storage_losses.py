"""What a store loses belongs to who used what came back, with the cover that the charge had."""

import sys
from decimal import Decimal
from pathlib import Path

from test_attribution import FIRST, HOUR, PROCESSES, T, accounts, cast, coil

from ledger.carbon.given import Covered, Loss, PowerHour, Process
from ledger.carbon.streams import Power, Stream
from ledger.issuing.power_source import power_hour

sys.path.append(str(Path(__file__).parents[1] / "energy"))
from energy_park import CHARGING, MIDNIGHT, POTLINE, SMELTER, STORE, action, row
from test_energy_allocation import charged, discharge

PROCESSES["storing"] = Process("storing", "energy-storage", "S", "P")


def grid(process, factor):
    return Stream(
        7, process, FIRST, FIRST + 100 * HOUR, "power", "electricity", "default", frozenset({"footprint"}),
        power=Power("grid", Decimal(factor), 0),
    )  # fmt: skip


def read(park, number, process=CHARGING):
    """An hour as the accounts read it."""
    known = {one.id: one for one in park.book.records().values() if hasattr(one, "slices")}
    users = {one.id: one for one in park.book.records().values() if hasattr(one, "replaced_by")}
    return power_hour(park.hour(number, process), known, users)


def test_a_loss_is_borne_by_the_hours_that_used_what_came_back():
    park = charged()
    park.say(SMELTER, "energy-attestation", discharge(5, 1_275, ("s0", 0, 1_000), ("s0", 1, 500)))
    of_it = f"{SMELTER}/d5"
    park.allocate(row(1_000, of_it, 5))
    park.allocate(row(170, of_it, 7, start=1_000), matching="volumetric")
    first, second = read(park, 0), read(park, 1)
    # 1 275 Wh are 850 of the first charge and 425 of the second; 105 of them cover nothing yet
    assert (first.returned, second.returned) == (850, 425)
    five, seven = MIDNIGHT + 5 * HOUR, MIDNIGHT + 7 * HOUR
    assert first.losses == (Loss(POTLINE, five, 118), Loss(POTLINE, seven, 20))
    assert second.losses == (Loss(POTLINE, five, 59), Loss(POTLINE, seven, 10))
    # what nobody bears waits with the store: 12 of 150 Wh, and 6 of 75
    assert sum(one.wh for one in (*first.losses, *second.losses)) == 225 - 12 - 6


def test_what_was_not_given_back_is_in_the_store_and_nobody_s():
    park = charged()
    assert (read(park, 0).returned, read(park, 0).losses) == (0, ())
    park.say(SMELTER, "energy-attestation", discharge(5, 850, ("s0", 0, 1_000)))
    park.allocate(row(850, f"{SMELTER}/d5", 5))
    park.say(SMELTER, "energy-action", action(
        "withdraw", (0, 850), attested=f"{SMELTER}/d5", reason="other",
        reversals=[{"index": park.size - 1, "row": 0, "consumption": f"{SMELTER}/c0", "from_wh": 0, "to_wh": 850}],
    ))  # fmt: skip
    assert (read(park, 0).returned, read(park, 0).losses) == (0, ())
    assert STORE


def test_a_coil_has_the_loss_behind_its_power_and_not_the_charge_twice():
    """1 000 Wh in the store, 850 back, all for the hour in which A was cast: A drew 850 and bears 150."""
    charge = PowerHour(
        "storing", FIRST, 1_200, True, (Covered(1_000, "hourly", Decimal(0), 1, "wind"),),
        returned=850, losses=(Loss("casting", FIRST + 5 * HOUR, 150),),
    )  # fmt: skip
    used = PowerHour("casting", FIRST + 5 * HOUR, 900, True, (Covered(850, "hourly", Decimal(0), 1, "wind"),))
    found = accounts(
        [cast(1, (5, 6), "A"), cast(2, (7, 8), "B")], [charge, used], [grid("storing", "0.5"), grid("casting", "0.8")]
    )
    one, other = found.footprint.of(coil("A")), found.footprint.of(coil("B"))
    assert {row.stage: (row.wh, row.hourly_wh) for row in one.power} == {
        "casting": (900, 850), "energy-storage": (150, 150),
    }  # fmt: skip
    assert not other.wh
    by_place = {row.stage: row.location for row in one.power}
    assert by_place == {"casting": Decimal("0.00072"), "energy-storage": Decimal("0.000075")}
    assert one.electricity("hourly") == Decimal("0.00004")  # 50 Wh of the casthouse that nothing covers
    assert one.coc_model == "controlled-blending"
    # 200 Wh that nothing covered are still in the store: told as attributed to nobody
    (left,) = found.charged.left["storing"].values()
    assert sum(n for key, n in found.keys.said(left).items() if key.what == "wh") == 200
    assert T
