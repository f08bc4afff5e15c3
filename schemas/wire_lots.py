"""What the HTTP door and the commands say of lots, as frozen structs. Masses in g; what is traced in µg, as text.

Times are RFC 3339 in UTC. µg can pass 2^53, so they travel as decimal strings.
"""

from typing import Annotated, Any

from msgspec import Meta

from schemas.wire import Index, Size, Wire

Grams = Annotated[int, Meta(description="g")]
Micrograms = Annotated[str, Meta(description="µg, as decimal text", examples=["19870000000000"])]
More = Annotated[bool, Meta(description="and some of unknown mass, by a piece that nobody had weighed")]
Time = Annotated[str, Meta(description="RFC 3339, UTC")]


class Holding(Wire, frozen=True):
    """What one holder has of a lot: on hand, or sent off with a delivery that nobody has received."""

    holder: str
    owner: str
    site: str
    delivery: Annotated[str, Meta(description="empty: on hand")]
    g: Grams


class LotFinding(Wire, frozen=True):
    """A rule that an event breaks and that does not refuse it."""

    entry: Index
    rule: str
    text: str
    facts: dict[str, Any]


class LotStep(Wire, frozen=True):
    """One event in the history of a lot: what it added and took, and whether it stands."""

    entry: Index
    issuer: str
    what: str
    time: Time
    added: Grams
    taken: Grams
    declared_wrong_by: Index | None
    replaced_by: Index | None


class Packed(Wire, frozen=True):
    """An amount of a class lot that is packed in a unit."""

    lot: str
    g: Grams


class Lot(Wire, frozen=True):
    """A lot or piece as of `as_of` entries. `history` has its newest events, the newest first; `earlier` counts more.

    `source`: made, commissioned, outside, late or opening. `in_doubt`: the entry that declared its making wrong.
    `surplus`: what a count found too much and nobody has countersigned.
    """

    id: str
    as_of: Size
    piece: bool
    source: str
    maker: str
    made_by: Index
    time: Time
    g: Grams | None
    holdings: list[Holding]
    attributes: dict[str, str | int]
    consumed_by: Index | None
    held_by: list[str]
    in_doubt: Index | None
    blocked: bool
    surplus: Grams
    closed: bool
    inside: str
    contents: list[str]
    amounts: list[Packed]
    not_yet_reported: Annotated[list[Holding], Meta(description="received before its sender was heard")]
    findings: list[LotFinding]
    history: list[LotStep]
    earlier: int


class Found(Wire, frozen=True):
    """One lot of a list."""

    id: str
    g: Annotated[Grams, Meta(description="all that there is of it, on hand and in transit")]
    holders: list[str]


class FoundLots(Wire, frozen=True):
    """What a word leads to: lots of a heat, an order and the like."""

    as_of: Size
    word: str
    value: str
    lots: list[Found]


class TraceEdge(Wire, frozen=True):
    """So much of a node is of what an older entry left of a lot; "" is what went into a run."""

    entry: Index
    lot: str
    ug: Micrograms


class TraceNode(Wire, frozen=True):
    """One event: how much of what is traced went through it."""

    entry: Index
    issuer: str
    what: str
    time: Time
    ug: Micrograms
    parents: list[TraceEdge]


class TraceEnd(Wire, frozen=True):
    """Where a trace stops, and why; `scrap` is the class of scrap that entered a melt."""

    entry: int
    lot: str
    reason: str
    ug: Micrograms
    scrap: str
    party: Annotated[str, Meta(description="late: not yet reported by whom, where the receiver said it")]


class Folded(Wire, frozen=True):
    """Contributions too small to follow, under 0.1 %."""

    count: int
    ug: Micrograms


class Corrected(Wire, frozen=True):
    """An entry that was declared wrong, by which, and which took its place."""

    wrong: Index
    declared_by: Index
    replaced_by: Index | None


class ScrapShares(Wire, frozen=True):
    """Rule 5.8: scrap in what is traced, by class. `recycled` leaves internal scrap out (ISO 14021)."""

    internal: Micrograms
    pre_consumer: Micrograms
    post_consumer: Micrograms
    unknown: Micrograms
    recycled: Micrograms


class TraceUp(Wire, frozen=True):
    """Where a lot came from. The masses of `ends` and `folded` add up to `ug`."""

    lot: str
    as_of: Size
    ug: Micrograms
    nodes: list[TraceNode]
    ends: list[TraceEnd]
    folded: Folded
    shares: ScrapShares
    corrections: list[Corrected]
    findings: Annotated[list[LotFinding], Meta(description="of the events that it goes through")]


class WentTo(Wire, frozen=True):
    """What is of it in one place now."""

    lot: str
    holder: str
    delivery: str
    ug: Micrograms
    more: More


class DownNode(Wire, frozen=True):
    """One later event that took some of it."""

    entry: Index
    what: str
    ug: Micrograms
    more: More
    lots: list[str]


class TraceDown(Wire, frozen=True):
    """Where a lot went: later events, what is where now, and what left for good, by kind."""

    lot: str
    as_of: Size
    ug: Micrograms
    nodes: list[DownNode]
    places: list[WentTo]
    left: dict[str, Micrograms]
    folded: Folded
    corrections: list[Corrected]
    findings: Annotated[list[LotFinding], Meta(description="of the events that it goes through")]


class RecallRow(Wire, frozen=True):
    """What went to a customer: `g` in all, `ug` of what is called back."""

    lot: str
    delivery: str
    customer: str
    g: Annotated[Grams | None, Meta(description="g; null: a piece that nobody has weighed")]
    ug: Micrograms
    more: More


class RecallList(Wire, frozen=True):
    """Everything that was sent off with some of a lot in it."""

    lot: str
    as_of: Size
    rows: list[RecallRow]


class StockRow(Wire, frozen=True):
    """One lot at a site, or sent off from it. `held`, `in_doubt` and `blocked` keep it from being used."""

    lot: str
    owner: str
    delivery: str
    g: Grams
    material: str
    held: bool
    in_doubt: bool
    blocked: bool


class OpenRun(Wire, frozen=True):
    """A continuous run that is not closed: what went in and came out so far, in g by material."""

    run: str
    kind: str
    inputs: dict[str, Grams]
    outputs: dict[str, Grams]


class Unresolved(Wire, frozen=True):
    """What was received before its sender was heard."""

    lot: str
    entry: Index
    g: Grams
    party: Annotated[str, Meta(description="not yet reported by whom, where the receiver said it")]


class ClaimAccount(Wire, frozen=True):
    """M6: what a scope of the site took in and gave out as claimed in its newest period, and what it has left there.

    `month` is the first of that period. A claim is bookkeeping: it says of no gram where it came from.
    """

    scope: str
    scheme: str
    material: str
    month: str
    came: Grams
    went: Grams
    left: Grams


class Stock(Wire, frozen=True):
    """What the ledger says is at a site."""

    site: str
    party: str
    as_of: Size
    on_hand: list[StockRow]
    in_transit: list[StockRow]
    runs: list[OpenRun]
    unresolved: list[Unresolved]
    claims: Annotated[list[ClaimAccount], Meta(description="of the mass balances that cover this site")]
    findings: Annotated[list[LotFinding], Meta(description="of the newest events on these lots")]
