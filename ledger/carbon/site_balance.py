"""C1: in every hour the processes of a site draw what its own meter says, less what its stores give back."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from ledger.carbon.given import Close, Given, SiteHour, closed_periods
from ledger.kernel.moments import rfc3339

TOLERANCE = Fraction(5, 1000)  # where no class of the site's meter is registered
_Sums = Mapping[tuple[str, int], int]  # Wh by site and hour


def site_balance(drawn: int, site: int, tolerance: Fraction = TOLERANCE) -> str:
    """C1: what processes drew adds up to the site's meter within the tolerance of it; Wh. "" or what is found."""
    if abs(drawn - site) <= site * tolerance:
        return ""
    return f"the processes drew {_wh(drawn)}, the site's meter says {_wh(site)}"


def _wh(wh: int) -> str:
    return f"{wh:,} Wh".replace(",", " ")


def unbalanced(given: Given) -> Iterator[tuple[Close, str, str]]:
    """One finding a close and site, of the hours that all processes which draw power there have closed."""
    if not given.sites:
        return
    drawn, back, judged = _drawn(given), _given_back(given), _judged(given)
    for close in given.closes:
        sites = {given.processes[name].site for name in close.processes if name in given.processes}
        for site in sorted(sites):
            hours = [one for one in judged if one.site == site and close.start <= one.start < close.end]
            told = [(one, says) for one in hours if (says := _broken(one, drawn, back))]
            if told:
                (first, says), *more = told
                says = f"in the hour from {rfc3339(first.start)} {says}"
                says += f"; likewise in {len(more)} others of {len(hours)}" if more else ""
                yield close, site, says


def _broken(hour: SiteHour, drawn: _Sums, back: _Sums) -> str:
    place = hour.site, hour.start
    return site_balance(drawn.get(place, 0) - back.get(place, 0), hour.wh, hour.tolerance)


def _drawn(given: Given) -> _Sums:
    sums: dict[tuple[str, int], int] = {}
    for one in given.hours:
        if one.process in given.processes:
            place = given.processes[one.process].site, one.start
            sums[place] = sums.get(place, 0) + one.wh
    return sums


def _given_back(given: Given) -> _Sums:
    sums: dict[tuple[str, int], int] = {}
    for one in given.discharges:
        sums[one.site, one.start] = sums.get((one.site, one.start), 0) + one.wh
    return sums


def _judged(given: Given) -> list[SiteHour]:
    """The readings, ascending, of hours that every process of the site that ever drew power has closed."""
    drawing = {one.process for one in given.hours}
    at: dict[str, list[str]] = {}
    for process in given.processes.values():
        if process.id in drawing:
            at.setdefault(process.site, []).append(process.id)
    closed = closed_periods(given.closes)

    def is_closed(process: str, moment: int) -> bool:
        return any(start <= moment < end for start, end in closed.get(process, ()))

    hours = sorted(given.sites, key=lambda one: (one.start, one.site))
    return [one for one in hours if all(is_closed(process, one.start) for process in at.get(one.site, ()))]
