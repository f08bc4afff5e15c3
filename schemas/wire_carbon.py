"""What the HTTP door and the commands say of emissions, as frozen structs. Every decimal number is text.

`null` is what the ledger does not know; a number that does not apply is the words "not applicable", never 0.
"""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.wire import Index, Size, Wire

Tonnes = Annotated[str, Meta(description="t, as decimal text")]
TonnesCO2e = Annotated[str, Meta(description="t CO2e, as decimal text")]
Specific = Annotated[str, Meta(description="t CO2e a t of goods, as decimal text")]
Number = Annotated[str, Meta(description="decimal text")]
Share = Annotated[str, Meta(description="from 0 to 1, as decimal text")]
Time = Annotated[str, Meta(description="RFC 3339, UTC")]
WattHours = Annotated[str, Meta(description="Wh, as decimal text")]
NotApplicable = Literal["not applicable"]
NOT_APPLICABLE: NotApplicable = "not applicable"


class Span(Wire, frozen=True):
    """Half-open."""

    start: Time
    end: Time


class RuleSet(Wire, frozen=True):
    """By which rules it was computed."""

    id: str
    digest: str


class FactorTable(Wire, frozen=True):
    """A table that factors come from. `grade`: A official file, B quoted law, C third party, K memory, S scenario."""

    id: str
    digest: str
    title: str
    source: str
    grade: str


class AsOf(Wire, frozen=True):
    """The state of the ledger that an answer was computed from."""

    size: Size
    root: str


class CarbonPrice(Wire, frozen=True):
    """What was paid for emissions of goods in the country of origin, under one instrument (2023/956 Art 9).

    Shares are of all that the goods embed, by the unrounded figure. `effective` is what is due for the emissions that
    are covered, less the rebate, a t CO2e of all that the goods embed.
    """

    instrument: str
    share_covered: Share
    emissions_covered: TonnesCO2e
    currency: Annotated[str, Meta(description="ISO 4217")]
    due_per_tonne: Annotated[str, Meta(description="currency a t CO2e that is covered, as decimal text")]
    rebate: str
    rebate_share: Share
    rebate_emissions: TonnesCO2e
    rebate_amount: Annotated[str, Meta(description="currency, as decimal text")]
    effective: Annotated[str, Meta(description="currency a t CO2e, six decimals, rounded half up once")]


class FreeAllocation(Wire, frozen=True):
    """What goods are free of (2025/2620): of their own process, of their precursors, and of both."""

    process: Specific
    precursors: Specific
    total: Specific
    column: str
    benchmark: Specific
    cbam_factor: Number
    correction: Number
    year: int
    table: str


class CbamGood(Wire, frozen=True):
    """One row of a declaration: goods of one code out of one process. `see` is the specific embedded emission."""

    cn: str
    cn_name: Annotated[str | None, Meta(description="of its heading, shortened")]
    product_name: str | None
    produced: Tonnes
    sold: Tonnes
    used: Tonnes
    other: Tonnes
    see_direct: Annotated[str, Meta(description="t CO2e/t, five decimals, rounded half up once")]
    see_direct_unrounded: Specific
    see_indirect: NotApplicable
    see_total: Specific
    unit: str
    embedded: Annotated[str, Meta(description="t CO2e of all that was produced, by the unrounded figure")]
    embedded_of_rounded: Annotated[str, Meta(description="t CO2e of all that was produced, by the rounded figure")]
    default_share: Share
    electricity: Annotated[str, Meta(description="MWh a t of goods, drawn in this process, for information")]
    electricity_factor: NotApplicable
    electricity_source: NotApplicable
    scrap: Annotated[str, Meta(description="t of scrap used a t of goods")]
    pre_consumer_scrap: Annotated[str, Meta(description="share of that scrap which is pre-consumer")]
    non_aluminium: Share | None
    carbon_prices: list[CarbonPrice]
    free_allocation: FreeAllocation | None


class CbamPfc(Wire, frozen=True):
    """Perfluorocarbons of one potline in one period, with what its formula takes (2025/2547 Annex II B.7)."""

    entry: Index
    process: str
    period: Span
    method: str
    technology: str
    metal: Tonnes
    frequency: Number | NotApplicable
    duration: Number | NotApplicable
    slope: Number | NotApplicable
    overvoltage: Number | NotApplicable
    overvoltage_factor: Number | NotApplicable
    current_efficiency: Number | NotApplicable
    c2f6_ratio: Number
    cf4: Tonnes
    c2f6: Tonnes
    gwp: str
    gwp_cf4: Number
    gwp_c2f6: Number
    cf4_co2e: TonnesCO2e
    c2f6_co2e: TonnesCO2e
    collection_efficiency: Share
    total: TonnesCO2e


class CbamPrecursor(Wire, frozen=True):
    """A precursor and what it carries. `basis`: actual, default, exempt, or own: of another process of this ledger.

    `control`: purchased less used and other, 0 where they agree. `dated`: whether `produced` is the year of production
    of the goods by default, or rests on evidence of the actual time (2025/2547 Art 13).
    """

    cn: str
    name: str | None
    origin: str | None
    route: str | None
    basis: str
    purchased: Tonnes | None
    used: Tonnes
    other: Tonnes | None
    control: Tonnes | None
    ratio: Annotated[str, Meta(description="t a t of goods")]
    see_direct: Specific
    produced: Span | None
    dated: str | None
    installation: str | None
    producer: str | None
    verifier: str | None
    report: str | None


class CbamFlow(Wire, frozen=True):
    """Heat, waste gas or power that passes between a process and another, with the factor that it counts with."""

    entry: Index
    process: str
    period: Span
    kind: Literal["heat", "waste-gas", "power-export"]
    direction: Literal["in", "out"]
    energy: Number
    unit: Literal["TJ", "MWh"]
    factor: Number
    emissions: Annotated[
        str, Meta(description="t CO2e that the process is charged with, less than 0 for what goes out")
    ]


class CbamProcess(Wire, frozen=True):
    """One process of the CBAM in one period: what it made, emitted, drew and used."""

    good: str
    route: str
    processes: list[str]
    provisional: bool
    production: Tonnes
    sold: Tonnes
    used: Tonnes
    other: Tonnes
    control: Tonnes
    direct: TonnesCO2e
    direct_whole: Annotated[int, Meta(description="t CO2e, rounded half up once")]
    calculated: TonnesCO2e
    pfc_total: TonnesCO2e
    measured: TonnesCO2e
    heat: TonnesCO2e
    waste_gas: TonnesCO2e | None
    biomass: Annotated[str, Meta(description="t CO2 of biomass, which counts as nothing")]
    default_share: Share
    electricity: Annotated[str, Meta(description="MWh")]
    electricity_factor: NotApplicable
    electricity_source: NotApplicable
    electricity_evidence: NotApplicable
    electricity_exported: TonnesCO2e | None
    joint: Annotated[bool, Meta(description="one process with another good (2025/2547 Art 4(9))")]
    goods: list[CbamGood]
    pfc: list[CbamPfc]
    flows: list[CbamFlow]
    precursors: list[CbamPrecursor]
    factor_sets: list[str]
    gwp: str


class CbamVerification(Wire, frozen=True):
    """What a verifier said of a process of this installation for this period."""

    entry: Index
    verifier: str
    name: str
    address: str | None
    country: str | None
    lead_verifier: None
    email: None
    phone: None
    process: str
    standard: str
    verdict: str
    level: str | None
    materiality: Number | None
    site_visit: str | None
    accreditation_body: str | None
    accreditation_country: str | None
    accreditation_number: str | None
    report: str


class CbamQuality(Wire, frozen=True):
    """What an operator said of the data of a period when he closed it; `monitoring_plan` is the digest of the plan."""

    entry: Index
    period: Span
    processes: list[str]
    data: str | None
    defaults: str | None
    assurance: str | None
    monitoring_plan: str | None


class CbamInstallation(Wire, frozen=True):
    """One installation. Persons and contact data are not in the ledger: the operator adds them."""

    site: str
    name: str
    operator: str
    operator_name: str
    operator_cbam: str | None
    cbam: str | None
    country: str
    unlocode: str | None
    latitude: str
    longitude: str
    activity: str
    street: str | None
    post_code: str | None
    po_box: str | None
    city: str | None
    representative: None
    email: None
    phone: None
    co2: TonnesCO2e
    n2o: TonnesCO2e
    pfcs: TonnesCO2e
    biomass: Annotated[str, Meta(description="t CO2 of biomass, which counts as nothing")]
    calculated: TonnesCO2e
    pfc: TonnesCO2e
    measured: TonnesCO2e
    other: Annotated[str, Meta(description="t CO2e of heat, waste gas and power that pass to and from others")]
    direct: TonnesCO2e
    indirect: NotApplicable
    total: Annotated[int, Meta(description="t CO2e, rounded half up once")]
    processes: list[CbamProcess]
    quality: list[CbamQuality]
    verifications: list[CbamVerification]


class CbamEmpty(Wire, frozen=True):
    """A field that stands empty somewhere in the report, and why."""

    field: Annotated[str, Meta(examples=["installation.phone"])]
    why: str


class CbamReport(Wire, frozen=True):
    """What an operator tells a declarant, by installation, process, code and period. It knows no coil, no customer.

    `empty` has a reason for every field that is null, or a list without rows, somewhere in it.
    """

    ledger: str
    as_of: AsOf
    rules: RuleSet
    period: Span
    provisional: bool
    rounding: str
    installations: list[CbamInstallation]
    factor_sets: list[FactorTable]
    notes: list[str]
    empty: list[CbamEmpty]


class Evidence(Wire, frozen=True):
    """Where to look: what it is, and the path of its answer at this ledger."""

    what: str
    path: str


class ClaimFigure(Wire, frozen=True):
    """One way to count. `verdict` is on this figure alone; `value` is null where it cannot be said.

    `threshold_from`: said with the claim, or chosen by this program where no number was said.
    """

    matching: Annotated[str, Meta(description="hourly, volumetric, or none where it makes no difference")]
    value: Share | None
    comparison: Literal["at least", "more than", "at most"]
    threshold: Share
    threshold_from: Literal["said", "chosen"]
    verdict: Literal["held", "not held", "cannot be said"]
    why: str


class ClaimRow(Wire, frozen=True):
    """One of the numbers that a claim rests on."""

    name: str
    value: Number
    unit: str


class Claim(Wire, frozen=True):
    """Something that was said in public of the park, held against the ledger."""

    id: str
    says: str
    source: str
    figures: list[ClaimFigure]
    rows: list[ClaimRow]
    method: str
    not_checked: list[str]
    evidence: list[Evidence]


class ClaimsBoard(Wire, frozen=True):
    """Every claim for one period, as of a state of the ledger and by one rule set."""

    ledger: str
    as_of: AsOf
    rules: RuleSet
    claims_set: str
    period: Span
    provisional: bool
    claims: list[Claim]
