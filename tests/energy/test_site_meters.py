"""What the meter of a whole site says: stated once, at the site's own meter, and never allocated to (C1)."""

import pytest
from energy_park import (
    HOUR,
    LATER,
    MIDNIGHT,
    SITES,
    SMELTER,
    WIND,
    Park,
    allocation,
    consumption,
    reading,
    row,
    started,
)

from ledger.energy.book import consumption_key, site_key
from ledger.energy.records import SiteHour
from ledger.kernel.moments import rfc3339

SITE = SITES[SMELTER]


def test_a_site_s_meter_is_read_hour_by_hour():
    park = Park()
    entry = park.say(SMELTER, "energy-consumption", reading())
    found = park.book.get(site_key(SITE, MIDNIGHT + 3 * HOUR))
    assert found == SiteHour(SITE, MIDNIGHT + 3 * HOUR, f"{SMELTER}/site0", entry, 12_300_000, "0.2")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"site": SITES[WIND]}, "site", "no site"),
        ({"meter": f"{SMELTER}/meter"}, "meter", "is not registered for site"),
        ({"meter": f"{SMELTER}/store-meter"}, "meter", "is not registered for site"),
        ({"meter": f"{SMELTER}/none"}, "meter", "no meter"),
        ({"from": rfc3339(LATER)}, "time_ahead", "300 s"),
        ({"estimated": [24]}, "estimated", "below 24"),
        ({"replaces": f"{SMELTER}/none"}, "replaces", "is of other hours"),
    ],
)
def test_a_reading_that_the_register_does_not_bear_out_is_refused(changes, code, words):
    refusal = Park().refused(SMELTER, "energy-consumption", reading(**changes))
    assert (refusal.code, words in refusal.sentence) == (code, True), refusal.sentence


def test_an_hour_of_a_site_is_read_once_and_again_only_in_its_place():
    park = Park()
    park.consume()  # of a process of the same site and hours: that is another thing
    park.say(SMELTER, "energy-consumption", reading())
    refusal = park.refused(SMELTER, "energy-consumption", reading("again", (1,), 23))
    assert (refusal.code, f"in consumption {SMELTER}/site0 already" in refusal.sentence) == ("hour_stated", True)
    of_a_process = reading("other", replaces=f"{SMELTER}/c0")
    assert park.refused(SMELTER, "energy-consumption", of_a_process).code == "replaces"
    park.say(SMELTER, "energy-consumption", reading("site1", (5,) * 24, replaces=f"{SMELTER}/site0"))
    assert park.book.get(site_key(SITE, MIDNIGHT)).wh == 5
    assert park.book.get(consumption_key(f"{SMELTER}/site0")).replaced_by == f"{SMELTER}/site1"
    refusal = park.refused(SMELTER, "energy-consumption", reading("site2", replaces=f"{SMELTER}/site0"))
    assert refusal.code == "replaced"


def test_power_is_allocated_to_processes_and_not_to_a_site():
    park = started()
    park.say(SMELTER, "energy-consumption", reading())
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(1, stated="site0")))
    assert (refusal.code, "is what the meter of site" in refusal.sentence) == ("site_meter", True)
    assert park.refused(SMELTER, "energy-consumption", consumption("c9", replaces=f"{SMELTER}/site0")).code == (
        "site_meter"
    )
