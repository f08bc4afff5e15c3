"""Lots, pieces and what became of them: pure functions from checked lot events to state and findings (SPEC 5).

An event is read once (`event`), then folded (`fold.apply`) over a `Book` of frozen records. A rule that refuses raises
RuleBroken or Conflict and leaves the book as it was; a rule that finds returns a `Finding`. No clock, no SQL, no I/O.
"""
