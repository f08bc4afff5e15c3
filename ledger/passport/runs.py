"""Runs that a piece came out of and that nobody judged: a run is balanced when it is closed, and not before (5.4).

What is said of a run ends with the last of its events that the trace goes through: it is shown by the full bundle, and
stays the same however long the run goes on.
"""

from collections.abc import Iterator, Mapping

from ledger.kernel.verify_passports import NOT_JUDGED
from ledger.lots.booking import tonnes
from ledger.lots.closing import above_input
from ledger.lots.genealogy import run_name
from ledger.lots.records import NOBODY, Effects, Finding, Run
from ledger.lots.sums import Sums
from ledger.passport.story import Story, first_in_run

OF_RUNS = (NOT_JUDGED, "run_above_input")


def not_judged(story: Story) -> Iterator[tuple[int, Finding]]:
    """Findings, each with its entry, on runs that are open or wait for a correction that was announced (SPEC 4.9.5)."""
    events = _events(story)
    for name, run in story.runs.items():
        why = _why(events[name], run.closed_by)
        if why:
            yield from _said(events[name], run.upto, why)


def _events(story: Story) -> Mapping[str, list[Effects]]:
    """Those of each run up to there, and what takes the place of one of them; in no order."""
    found: dict[str, list[Effects]] = {name: [] for name in story.runs}
    for one in story.effects.values():
        run = story.runs.get(run_name(one.issuer, one.run)) if one.run else None
        if run is not None and first_in_run(one, story.effects) <= run.upto:
            found[run_name(one.issuer, one.run)].append(one)
    return found


def _why(events: list[Effects], closed_by: int) -> str:
    if closed_by == NOBODY:
        return "is open"
    awaited = [one.index for one in events if one.declared_by != NOBODY and one.awaited and one.replaced_by == NOBODY]
    return f"waits for what takes the place of entry {min(awaited)}" if awaited else ""


def _said(events: list[Effects], upto: int, why: str) -> Iterator[tuple[int, Finding]]:
    sums = Sums()
    for one in events:
        sums = sums.plus(one.sums) if one.sums is not None and one.declared_by == NOBODY else sums
    run, kinds = Run(events[0].run, sums=sums), ", ".join(sorted(filter(None, sums.kinds)))
    named = f"run {run.name}{f' ({kinds})' if kinds else ''}"
    masses = f"up to entry {upto} it took {tonnes(sums.took)} and gave {tonnes(sums.gave)}"
    yield upto, Finding(NOT_JUDGED, "", f"{named} {why} and was not judged: {masses}")
    if above := above_input(run):
        yield upto, Finding("run_above_input", "", f"run {above}, up to entry {upto}")
