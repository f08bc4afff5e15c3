"""What is known of lots and deliveries, as frozen records: the state that the fold reads and writes.

Mass is in g, time in µs since 1970 UTC. Records travel as msgpack arrays: the order of members is part of the form.
A frozen record is part of no cycle, so the garbage collector need not look at any: a question makes thousands.
"""

from collections.abc import Collection
from typing import Any, TypeAlias

from msgspec import Struct

from ledger.lots.claim_records import Accompanied, Claimed, Claims
from ledger.lots.sums import Sums

Place: TypeAlias = tuple[str, str, str]  # lot, holder, delivery
ON_HAND = ""  # the delivery of a holding that is under way nowhere
NOBODY = -1  # no entry
# Rules on all that an event, a run or a month takes in and gives; a finding names one of its lots.
OF_AN_EVENT = (
    "output_above_input", "unaccounted_loss", "mass_not_closed", "oxide_balance", "alumina_floor", "alumina_band",
    "carbon_floor", "carbon_band",
)  # fmt: skip


class Finding(Struct, frozen=True, array_like=True, gc=False):
    """A rule that a record breaks and that does not refuse it. `lot` may be "" where it is of the event as a whole."""

    rule: str
    lot: str
    says: str
    facts: dict[str, Any] = {}

    def concerns(self, lots: Collection[str]) -> bool:
        """Whether it is of one of these lots, or of the event as a whole, whatever lot it names."""
        return not self.lot or self.lot in lots or self.rule in OF_AN_EVENT


class Holding(Struct, frozen=True, array_like=True, gc=False):
    """What one holder has of one lot on hand (delivery ""), or has sent off with one delivery.

    `mix` is the entry of its newest addition: what is here is mixed as it was after that. `site` is the holder's site
    that it is at or was sent from, "" where the holder has none.
    """

    holder: str
    delivery: str
    owner: str
    g: int
    mix: int = NOBODY
    site: str = ""


class Late(Struct, frozen=True, array_like=True, gc=False):
    """What a receiver had, in g, before its sender was heard, and the entry that says so.

    `sender` is who gave it, by that entry; "" where that names nobody, and of a piece: whoever sends it.
    """

    holder: str
    entry: int
    g: int
    sender: str = ""

    def is_from(self, sender: str, to: str) -> bool:
        """Whether it is this sender who is waited for, by this receiver."""
        return self.holder == to and self.sender in {"", sender}


class Hold(Struct, frozen=True, array_like=True, gc=False):
    """Who holds a lot, and the entry that says so."""

    by: str
    entry: int


class Contained(Struct, frozen=True, array_like=True, gc=False):
    """What an entry put into a unit: a piece, `g` being 0, or so many g of a class lot."""

    unit: str
    lot: str
    g: int
    entry: int


class Owed(Struct, frozen=True, array_like=True, gc=False):
    """How often a thing without mass would be in a place by what stands, and is not; below 0: left and never came."""

    at: Holding
    times: int


class Lot(Struct, frozen=True, array_like=True, tag="lot", gc=False):
    """A class lot, a piece (`single`), or a unit or frame that others are packed in (`single`, with contents).

    `source` tells how it entered: made, commissioned, outside, late, opening. `g` is a piece's own mass, None until
    somebody weighs it. `doubt` is the entry that declared its making wrong. `blocked` has the holders who are short of
    it, until that is cleared: what they have is not used, of a single thing nothing. `surplus` is what a count found
    too much with each holder and nobody has countersigned. `late` is what receivers had before its sender was heard,
    the oldest first. `packed_by` is the entry that put it `inside` a unit, `amounts` what of class lots is in this one,
    `closed_by` the entries after which nothing is added to it. `owed` tells where a thing without mass would be but for
    moves that were declared wrong.
    """

    id: str
    single: bool
    maker: str
    made_by: int
    source: str
    time: int
    g: int | None = None
    holdings: tuple[Holding, ...] = ()
    consumed_by: int = NOBODY
    holds: tuple[Hold, ...] = ()
    doubt: int = NOBODY
    blocked: tuple[str, ...] = ()
    surplus: dict[str, int] = {}
    closed_by: tuple[int, ...] = ()
    inside: str = ""
    packed_by: int = NOBODY
    contents: tuple[str, ...] = ()
    amounts: tuple[Contained, ...] = ()
    attributes: dict[str, str | int] = {}
    late: tuple[Late, ...] = ()
    owed: tuple[Owed, ...] = ()

    @property
    def held_by(self) -> tuple[str, ...]:
        """The parties that hold it, each once, in order."""
        return tuple(sorted({one.by for one in self.holds}))

    def blocks(self, holder: str) -> bool:
        """Whether the holder may not use what he has: of a class lot, his own share is short; of a thing, anybody's."""
        return holder in self.blocked or (self.single and bool(self.blocked))

    @property
    def closed(self) -> bool:
        """Whether nothing is added to it any more."""
        return bool(self.closed_by)

    def on_hand(self, holder: str) -> int:
        """What the holder has here, in g; a single thing of unknown mass has 0."""
        return sum(one.g for one in self.holdings if one.holder == holder and one.delivery == ON_HAND)

    def in_transit(self, holder: str) -> int:
        """What the holder has sent off and nobody has received, in g."""
        return sum(one.g for one in self.holdings if one.holder == holder and one.delivery != ON_HAND)

    def late_from(self, sender: str, to: str) -> int:
        """What the receiver has here, in g, that this sender was not heard to send."""
        return sum(one.g for one in self.late if one.is_from(sender, to))

    def has(self, holder: str) -> bool:
        """Whether the holder has some of it now, on hand or on his deliveries; a single thing may be without mass."""
        return any(one.holder == holder and (one.g > 0 or (self.single and not one.g)) for one in self.holdings)

    def is_kept_by(self, party: str) -> bool:
        """Rule 5.2: who adds to it and closes it: who made it or has some; who had some, where there is no one else."""
        nobodys = not self.maker or not any(one.g for one in self.holdings)
        return party == self.maker or self.has_any(party) or (nobodys and self.is_with(party))

    def has_any(self, holder: str) -> bool:
        """Whether there is some of it, or less than none, with the holder or on his deliveries."""
        return any(one.holder == holder and (one.g != 0 or self.single) for one in self.holdings)

    def is_with(self, holder: str) -> bool:
        """Whether the holder has, or has had, a place for it on hand."""
        return any(one.holder == holder and one.delivery == ON_HAND for one in self.holdings)


class Line(Struct, frozen=True, array_like=True, gc=False):
    """One lot on one delivery: what left, what arrived by the receiver's own weight, in g."""

    lot: str
    shipped: int
    received: int
    wet: bool = False


class Delivery(Struct, frozen=True, array_like=True, tag="delivery", gc=False):
    """What went from one holder to another under one document."""

    name: str
    sender: str
    receiver: str
    lines: tuple[Line, ...] = ()


class Run(Struct, frozen=True, array_like=True, tag="run", gc=False):
    """A continuous run of one issuer's process: the sums of its events that stand; closed once.

    `mix` is the entry of the newest input: what comes out is mixed of all that went in, and leaves it there for what
    comes after. `kind` is the process that it began as. `monthly`: it is no run, but the month of a process that has
    none, to be balanced.
    """

    name: str
    closed_by: int = NOBODY
    sums: Sums = Sums()
    mix: int = NOBODY
    issuer: str = ""
    kind: str = ""
    site: str = ""
    monthly: bool = False


class Period(Struct, frozen=True, array_like=True, tag="period", gc=False):
    """The newest month of a process that has no runs: its balance is struck when the next one begins."""

    process: str
    month: str


class Site(Struct, frozen=True, array_like=True, tag="site", gc=False):
    """A site whose opening stock was booked, and by which entry."""

    id: str
    opened_by: int


class Posting(Struct, frozen=True, array_like=True, gc=False):
    """Mass that leaves (as a debit) or enters (as a credit) one holding. Never negative but in what undoes another.

    `had` is what was there just before, in g, and `mix` the newest addition before: what a debit draws from, and what
    a credit is added to. `kind` says where a credit comes from that comes from no debit, or where a debit goes that
    goes to no credit. `scrap` is the class of scrap that enters a melt.
    """

    lot: str
    holder: str
    delivery: str
    owner: str
    g: int
    role: str = ""
    had: int = 0
    mix: int = NOBODY
    kind: str = ""
    scrap: str = ""

    @property
    def place(self) -> Place:
        return self.lot, self.holder, self.delivery


class Settled(Struct, frozen=True, array_like=True, gc=False):
    """So much of a late lot, in g: what an entry had early is what another sent off; `sender` as in `Late`."""

    lot: str
    entry: int
    g: int
    sender: str = ""


class Moved(Struct, frozen=True, array_like=True, gc=False):
    """What an event adds to one line of one delivery."""

    delivery: str
    lot: str
    shipped: int
    received: int


class Word(Struct, frozen=True, array_like=True, gc=False):
    """What an event says anew of a lot: an attribute, what it was (None: nothing) and is."""

    lot: str
    name: str
    before: str | int | None
    after: str | int


class Sold(Struct, frozen=True, array_like=True, gc=False):
    """A holding that was given to another owner where it was."""

    lot: str
    holder: str
    delivery: str
    owner: str


class Lifted(Struct, frozen=True, array_like=True, gc=False):
    """A hold that was released, with the entry that had begun it."""

    lot: str
    by: str
    entry: int


class Surplus(Struct, frozen=True, array_like=True, gc=False):
    """What nobody has countersigned of what who counts has of a lot, in g, before and after the count."""

    lot: str
    before: int
    after: int


class Effects(Struct, frozen=True, array_like=True, tag="effects", gc=False):
    """All that one event did. Debits and what came from nowhere equal credits and what went nowhere:

    sum(debits) + sum(entered) = sum(credits) + sum(left), each by its kind, in g. Where it `joins`, each credit
    descends from all debits; else from those of the same lot. `run_had` is what the run had taken in before, `run_mix`
    its newest input then, `run_from` its newest input with this event: what comes out is of that. What it had late is
    `settled` by who sent it, who `settles` it. `unpacked` has what it took out, with the entry that had packed it; of a
    declaration `packed` and `unpacked` are what it put back and took out again. `opened` is the site whose opening
    stock it booked, `closed` has the lots that it closed. `period` is the month of a process
    without runs that it counts in, `sums` what it adds there, or to its run. `words` it says anew of lots that were
    there. `declared_by` declares it wrong; `awaited`: a correction is announced.
    """

    index: int
    issuer: str
    time: int
    start: int
    what: str
    debits: tuple[Posting, ...] = ()
    credits: tuple[Posting, ...] = ()
    entered: dict[str, int] = {}
    left: dict[str, int] = {}
    moved: tuple[Moved, ...] = ()
    made: tuple[str, ...] = ()
    consumed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    packed: tuple[Contained, ...] = ()
    unpacked: tuple[Contained, ...] = ()
    run: str = ""
    findings: tuple[Finding, ...] = ()
    declared_by: int = NOBODY
    replaced_by: int = NOBODY
    undoes: int = NOBODY
    replaces: int = NOBODY
    awaited: bool = False
    joins: bool = False
    run_had: int = 0
    run_mix: int = NOBODY
    run_from: int = NOBODY
    settled: tuple[Settled, ...] = ()
    settles: tuple[Settled, ...] = ()
    sold: tuple[Sold, ...] = ()
    period: str = ""
    sums: Sums | None = None
    words: tuple[Word, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    closed: tuple[str, ...] = ()
    surplus: tuple[Surplus, ...] = ()
    opened: str = ""


def place_of_run(issuer: str, name: str) -> Place:
    """A run is a place of its own: what goes in is added to it."""
    return "", issuer, name


class Named(Struct, frozen=True, array_like=True, tag="named", gc=False):
    """What an event's name stands for: its entry, and which declared event it is to take the place of, where any."""

    index: int = NOBODY
    replaces: int = NOBODY


class Tolling(Struct, frozen=True, array_like=True, tag="tolling"):
    """A contract under its id: whose metal may be worked and mixed with whose; times in µs, half-open.

    `allows` is false where it is of another kind or was ended.
    """

    id: str
    allows: bool
    parties: tuple[str, ...]
    start: int
    end: int


Record: TypeAlias = Lot | Delivery | Run | Period | Site | Effects | Named | Tolling | Claims | Accompanied | Claimed
