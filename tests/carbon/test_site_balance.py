"""C1: the meters of a site's processes add up to its own, hour by hour, in what is closed."""

from fractions import Fraction

from test_attribution import DAY, FIRST, HOUR, PROCESSES, close, hour

from ledger.carbon.given import Discharge, Given, SiteHour
from ledger.carbon.recompute import recompute
from ledger.carbon.site_balance import site_balance


def test_the_meters_of_a_site_add_up_to_its_own():
    assert site_balance(1_000, 1_000) == site_balance(1_005, 1_000) == site_balance(995, 1_000) == ""
    assert site_balance(1_006, 1_000) == "the processes drew 1 006 Wh, the site's meter says 1 000 Wh"
    assert site_balance(994, 1_000)
    assert site_balance(1_005, 1_000, Fraction(2, 1000))


def site(number, wh, tolerance=Fraction(5, 1000)):
    return SiteHour("S", FIRST + number * HOUR, wh, tolerance)


def found(hours, sites, *closes, discharges=()):
    given = Given((), tuple(hours), (), tuple(closes), PROCESSES, sites=tuple(sites), discharges=tuple(discharges))
    return [(one.process, one.says) for one in recompute(given).findings if one.rule == "site_meter"]


DREW = [hour("casting", 0, 600), hour("mining", 0, 400), hour("casting", 1, 600), hour("mining", 1, 404)]


def test_an_hour_in_which_a_site_s_processes_drew_something_else_is_found():
    both = close("casting", "mining")
    assert found(DREW, [site(0, 1_000), site(1, 1_000)], both) == []
    (told,) = found(DREW, [site(0, 990), site(1, 1_100)], both)
    says = "in the hour from 2024-10-04T00:00:00Z the processes drew 1 000 Wh, the site's meter says 990 Wh"
    assert told == ("S", f"{says}; likewise in 1 others of 2")
    assert found(DREW, [site(0, 0)], both)  # a site that took nothing and whose processes drew


def test_it_is_judged_once_all_that_drew_there_is_closed_and_only_where_it_is():
    assert found(DREW, [site(0, 500)], close("casting")) == []
    one, other = found(DREW, [site(0, 500)], close("casting"), close("mining", days=(0, 1)))
    assert one == other  # each close has it
    assert found(DREW, [site(24, 500)], close("casting", "mining", days=(0, 1))) == []
    assert found([], [site(0, 500)], close("casting"))[0][0] == "S"


def test_what_a_store_gave_back_was_not_taken_from_the_grid():
    back = [Discharge("S", FIRST, 200)]
    assert found(DREW[:2], [site(0, 800)], close("casting", "mining"), discharges=back) == []
    assert found(DREW[:2], [site(0, 1_000)], close("casting", "mining"), discharges=back) != []
    assert DAY
