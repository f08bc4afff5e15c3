"""What is known of attested and consumed energy, as frozen records: the state that the fold reads and writes.

Energy is in Wh, power in W, time in µs since 1970 UTC; ranges are half-open. Records travel as msgpack arrays: the
order of members is part of the form.
"""

from typing import TypeAlias

from msgspec import Struct

from ledger.carbon.state import Closed, Stated

NOBODY = -1  # no entry
HOUR = 3_600_000_000  # µs

# States of a slice (A7).
HELD, RESERVED, ALLOCATED, CANCELLED = "held", "reserved", "allocated", "cancelled"
CLAIMED, EXPIRED, WITHDRAWN = "claimed", "expired", "withdrawn"
FREE = frozenset({HELD, RESERVED})
COVERING = frozenset({ALLOCATED, CANCELLED, CLAIMED})  # where it covers consumption


class Use(Struct, frozen=True, array_like=True, gc=False):
    """One row of an `energy-allocation`: its entry, its place there, and what for."""

    entry: int
    row: int
    purpose: str


class Slice(Struct, frozen=True, array_like=True):
    """Watt-hours [start, end) of an attestation, of one holder and in one state.

    `party` is for whom it is reserved, or the beneficiary of a cancellation; `purpose` that of a cancellation. A slice
    that covers consumption names the record and its hour, and the rows that say so, also after it was cancelled.
    """

    start: int
    end: int
    holder: str
    state: str = HELD
    party: str = ""
    purpose: str = ""
    consumption: str = ""
    hour: int = -1
    uses: tuple[Use, ...] = ()


class Factor(Struct, frozen=True, array_like=True, gc=False):
    """What one kWh emitted, in g CO2e as decimal text, and the table that says so."""

    factor: str
    basis: str
    table: str
    digest: str


class Charge(Struct, frozen=True, array_like=True, gc=False):
    """So much of what a process charged in the hour from `start` on, given back."""

    process: str
    start: int
    wh: int


class External(Struct, frozen=True, array_like=True, gc=False):
    """Certificates of another registry, from number `first` up to `end`; `prefix` is what stands before the number."""

    scheme: str
    registry: str
    prefix: str
    first: int
    end: int


class Attestation(Struct, frozen=True, array_like=True, tag="attestation"):
    """Electricity that one device delivered in one interval, and what became of each of its watt-hours.

    Slices are ascending, disjoint and cover [0, wh). `zone` is the registered one. `doubt` is the entry that took away
    what a storage device was charged with, `charges` what that was.
    """

    id: str
    issuer: str
    index: int
    device: str
    meter: str
    zone: str
    start: int
    end: int
    wh: int
    source: str
    quality: str
    expires: int
    configuration: int
    disclosure: bool
    documented: bool = False
    factor: Factor | None = None
    charges: tuple[Charge, ...] = ()
    external: tuple[External, ...] = ()
    doubt: int = NOBODY
    slices: tuple[Slice, ...] = ()


class Consumption(Struct, frozen=True, array_like=True, tag="consumption", gc=False):
    """One statement of what a process drew, hour by hour; what each hour holds stands in its own record."""

    id: str
    issuer: str
    index: int
    process: str
    start: int
    hours: int
    method: str
    meter: str
    zone: str
    replaced_by: str = ""


class Row(Struct, frozen=True, array_like=True):
    """Watt-hours [start, end) of an attestation that cover this hour. `uses` are the rows that say so.

    `source` is where the attested energy comes from.
    """

    attestation: str
    start: int
    end: int
    matching: str
    delivery: str
    contract: str = ""
    uses: tuple[Use, ...] = ()
    source: str = ""

    @property
    def wh(self) -> int:
        return self.end - self.start


EARLIER = "earlier"  # the reason of what stands for rows that fell before those that are told by name


class Fallen(Struct, frozen=True, array_like=True, gc=False):
    """What of a row no longer holds: the entry that took it back, and why (`reversed`, or a withdrawal's reason).

    With the reason EARLIER it stands for `row` rows of `end` Wh together, of no one attestation; `entry` and `by` are
    those of the last of them.
    """

    attestation: str
    start: int
    end: int
    matching: str
    entry: int
    row: int
    by: int
    reason: str


class Drawn(Struct, frozen=True, array_like=True, gc=False):
    """So much of what was charged in this hour is attested again, as given back."""

    attestation: str
    wh: int


class Hour(Struct, frozen=True, array_like=True, tag="hour"):
    """What one process drew in one UTC hour, by the record in force, and what covers it.

    `index` is the entry that states `wh`. `measured`: at a meter, neither calculated nor estimated; `documented`: with
    a document of the meter.
    """

    process: str
    start: int
    consumption: str
    index: int
    issuer: str
    zone: str
    wh: int
    measured: bool
    documented: bool = False
    rows: tuple[Row, ...] = ()
    fallen: tuple[Fallen, ...] = ()
    drawn: tuple[Drawn, ...] = ()

    @property
    def covered(self) -> int:
        """Wh that live rows cover."""
        return sum(row.wh for row in self.rows)

    @property
    def matched(self) -> int:
        """Wh that live rows cover within the hour."""
        return sum(row.wh for row in self.rows if row.matching == "hourly")

    @property
    def given_back(self) -> int:
        """Wh of a charge that are attested again."""
        return sum(one.wh for one in self.drawn)


class SiteReading(Struct, frozen=True, array_like=True, tag="site-reading", gc=False):
    """One statement of what the meter of a whole site says, hour by hour; each hour stands in its own record."""

    id: str
    issuer: str
    index: int
    site: str
    start: int
    hours: int
    meter: str
    replaced_by: str = ""


class SiteHour(Struct, frozen=True, array_like=True, tag="site-hour", gc=False):
    """What the meter of a site says of the hour from `start` on; its registered `accuracy` in %, or ""."""

    site: str
    start: int
    reading: str
    index: int
    wh: int
    accuracy: str = ""


class Span(Struct, frozen=True, array_like=True, gc=False):
    """A half-open range that an attestation takes: of time, or of numbers of certificates; free once `withdrawn`."""

    start: int
    end: int
    attestation: str
    withdrawn: bool = False


class Taken(Struct, frozen=True, array_like=True, tag="taken"):
    """What of an hour of a device or meter, or of the certificates of a registry, was attested, in ledger order."""

    spans: tuple[Span, ...] = ()


class Contract(Struct, frozen=True, array_like=True, tag="contract", gc=False):
    """A contract as its newest statement has it, and how much power was allocated under it; `documents` are kinds."""

    id: str
    issuer: str
    index: int
    kind: str
    in_force: bool
    sender: str
    receiver: str
    start: int
    end: int
    max_wh: int = 0
    used: int = 0
    devices: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


class Heads(Struct, frozen=True, array_like=True, tag="heads", gc=False):
    """The newest entry that names the newest version of every subject: single use is proven up to it."""

    index: int


Record: TypeAlias = (
    Attestation | Consumption | Hour | SiteReading | SiteHour | Taken | Contract | Heads | Stated | Closed
)
