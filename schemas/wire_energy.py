"""What the HTTP door and the command say of attested and consumed energy, as frozen structs. Energy in Wh.

Times are RFC 3339 in UTC; intervals and slices are half-open.
"""

from typing import Annotated

from msgspec import Meta

from schemas.wire import Index, Size, Wire

WattHours = Annotated[int, Meta(description="Wh")]
Time = Annotated[str, Meta(description="RFC 3339, UTC")]


class EnergyUse(Wire, frozen=True):
    """One row of an allocation: its entry, its place there, and what for."""

    entry: Index
    row: int
    purpose: str


class EnergySlice(Wire, frozen=True):
    """Watt-hours from_wh to to_wh of an attestation, of one holder and in one state.

    `party`: for whom it is reserved or cancelled. `consumption` and `hour`: what it covers, where it covers something.
    """

    from_wh: WattHours
    to_wh: WattHours
    holder: str
    state: str
    party: str
    purpose: str
    consumption: str
    hour: int | None
    uses: list[EnergyUse]


class EnergyStep(Wire, frozen=True):
    """One statement in the history of an attestation: what it did, with how much of it."""

    entry: Index
    issuer: str
    what: str
    recorded: Time
    wh: WattHours


class EnergyFactor(Wire, frozen=True):
    """What one kWh emitted, as the issuer says, and by which table."""

    factor: Annotated[str, Meta(description="g CO2e/kWh, decimal text")]
    basis: str
    table: str
    digest: str


class Attestation(Wire, frozen=True):
    """An attestation as of `as_of` entries. `by_state` adds up its slices.

    `in_doubt` is the entry that took away what a store was charged with.
    `history` has its newest statements, the newest first; `earlier` counts more.
    """

    id: str
    as_of: Size
    issuer: str
    entry: Index
    device: str
    meter: str
    zone: str
    start: Time
    end: Time
    wh: WattHours
    source: str
    quality: str
    configuration: int
    disclosure: bool
    expires: Time
    factor: EnergyFactor | None
    in_doubt: Index | None
    by_state: dict[str, WattHours]
    slices: list[EnergySlice]
    history: list[EnergyStep]
    earlier: int


class AttestedHour(Wire, frozen=True):
    """One attestation of a list."""

    id: str
    start: Time
    end: Time
    wh: WattHours
    by_state: dict[str, WattHours]


class Attested(Wire, frozen=True):
    """What a device attested in a period."""

    device: str
    as_of: Size
    wh: WattHours
    by_state: dict[str, WattHours]
    attestations: list[AttestedHour]


class EnergyShare(Wire, frozen=True):
    """A share of consumption: exact, and in percent to four decimals, rounded half up."""

    exact: Annotated[str, Meta(description="a fraction in lowest terms", examples=["2678/4173", "1", "0"])]
    percent: Annotated[str, Meta(examples=["64.1782"])]


class CoveringRow(Wire, frozen=True):
    """Watt-hours of an attestation that cover an hour, and the rows that say so."""

    attestation: str
    from_wh: WattHours
    to_wh: WattHours
    matching: str
    delivery: str
    contract: str
    uses: list[EnergyUse]


class FallenRow(Wire, frozen=True):
    """What of a row covers the hour no more: the entry that took it back, and why."""

    attestation: str
    from_wh: WattHours
    to_wh: WattHours
    matching: str
    entry: Index
    row: int
    taken_back_by: Index
    reason: str


class EarlierRows(Wire, frozen=True):
    """Rows that covered an hour no more before those that are told by name; `taken_back_by` is of the last of them."""

    count: int
    wh: WattHours
    taken_back_by: Index


class ConsumedHour(Wire, frozen=True):
    """One hour of a process: what it drew, what of it is covered within the hour, and what from other hours.

    `fallen` has the newest rows that cover it no more, `fallen_before` those before them, where there are any.
    """

    start: Time
    consumption: str
    entry: Index
    wh: WattHours
    measured: bool
    hourly: WattHours
    volumetric: WattHours
    rows: list[CoveringRow]
    fallen: list[FallenRow]
    fallen_before: EarlierRows | None


class Consumed(Wire, frozen=True):
    """What a process drew in a period and what covers it; shares in both ways (SPEC 11.4), `rules` they are by.

    `missing` counts hours of the period of which nothing is stated: they are in no sum.
    """

    process: str
    as_of: Size
    start: Time
    end: Time
    rules: str
    consumed: WattHours
    hourly_wh: WattHours
    any_wh: WattHours
    hourly: EnergyShare
    volumetric: EnergyShare
    missing: int
    hours: list[ConsumedHour]
