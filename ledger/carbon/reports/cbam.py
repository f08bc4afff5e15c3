"""The CBAM report: by installation, process, code and period; direct emissions alone (2025/2547 Annexes II and IV).

It is made of an account of processes and of nothing else: no coil, no customer and no share of renewable power is in
it, and `cbam_export` refuses whatever knows of them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from itertools import groupby

from msgspec.structs import replace

from ledger.carbon.accounts import CbamAccount, cbam_export
from ledger.carbon.embedded import whole_tonnes
from ledger.carbon.exact import ratio
from ledger.carbon.factors import known
from ledger.carbon.given import Close, Price
from ledger.carbon.records import CbamRow, Precursor
from ledger.carbon.reports.allocation import free_allocation
from ledger.carbon.reports.empty import empty_fields
from ledger.carbon.reports.numbers import added, megawatt_hours, over, plain, rounded, times, tonnes
from ledger.kernel.moments import rfc3339
from schemas import wire_carbon as said

ROUNDING = "half up, once, at export: specific emissions to 5 decimals, totals of a period to full t"
ACTIVITY = {
    "unwrought-aluminium": "Production of unwrought aluminium",
    "aluminium-products": "Production of aluminium products",
}
_NOTES = (
    "Goods of Annex II of 2023/956: direct emissions alone count. Renewable power changes no figure here.",
    "What stands empty is told under empty, field by field, with the reason.",
    "Carbon prices are what operators state of the country of origin; nothing here checks that they were paid.",
    "Benchmarks and default values come from the tables named under factor_sets, with the grade of their copy.",
)


@dataclass(frozen=True)
class Site:
    """An installation as its party's statement describes it."""

    id: str
    name: str
    operator: str
    operator_name: str
    country: str
    latitude: str
    longitude: str
    unlocode: str | None = None
    cbam: str | None = None
    operator_cbam: str | None = None
    street: str | None = None
    post_code: str | None = None
    po_box: str | None = None
    city: str | None = None


@dataclass(frozen=True)
class About:
    """What a report says beside the account: of which ledger and state, by which rules, and whose installations."""

    ledger: str
    as_of: said.AsOf
    rules: said.RuleSet
    period: tuple[int, int]
    sites: Mapping[str, Site]
    year: int  # of import
    pfc: Sequence[said.CbamPfc] = ()
    flows: Sequence[said.CbamFlow] = ()
    verifications: Sequence[tuple[str, said.CbamVerification]] = ()
    closes: Sequence[tuple[str, Close]] = ()  # by site

    @property
    def span(self) -> said.Span:
        """The period in words."""
        return said.Span(start=rfc3339(self.period[0]), end=rfc3339(self.period[1]))


def cbam_report(account: CbamAccount, about: About) -> said.CbamReport:
    """The report of one period. Raises TypeError for anything but an account of processes."""
    rows = [row for row in cbam_export(account) if (row.start, row.end) == about.period]
    sites = groupby(sorted(rows, key=_place), key=lambda row: row.installation)
    installations = [_installation(about, site, list(of_site), rows) for site, of_site in sites]
    used = {table for row in rows for table in row.tables} | {"eu-2025-2620/benchmarks"}
    report = said.CbamReport(
        ledger=about.ledger,
        as_of=about.as_of,
        rules=about.rules,
        period=about.span,
        provisional=any(row.provisional for row in rows) or not rows,
        rounding=ROUNDING,
        installations=installations,
        factor_sets=[_table(name) for name in sorted(used)],
        notes=[*_NOTES],
        empty=[],
    )
    return replace(report, empty=empty_fields(report))


def _place(row: CbamRow) -> tuple[str, str, str]:
    return row.installation, row.good, row.cn


def _table(name: str) -> said.FactorTable:
    one = known()[name]
    return said.FactorTable(id=one.id, digest=one.digest, title=one.title, source=one.source, grade=one.grade)


def _installation(
    about: About, site: str, rows: Sequence[CbamRow], all_rows: Sequence[CbamRow]
) -> said.CbamInstallation:
    place = about.sites.get(site) or Site(site, site, "", "", "", "", "")
    processes = [list(of_good) for _, of_good in groupby(rows, key=lambda row: row.good)]
    firsts = [of_good[0] for of_good in processes]
    direct = added(*(one.direct for one in firsts))
    return said.CbamInstallation(
        site=site, name=place.name, operator=place.operator, operator_name=place.operator_name, cbam=place.cbam,
        operator_cbam=place.operator_cbam, country=place.country, unlocode=place.unlocode, latitude=place.latitude,
        longitude=place.longitude, activity="; ".join(ACTIVITY[one.good] for one in firsts),
        street=place.street, post_code=place.post_code, po_box=place.po_box, city=place.city,
        representative=None, email=None, phone=None,
        **{name: plain(added(*(getattr(one, name) for one in firsts))) for name in _SUMS},
        other=plain(added(*(_passing(one) for one in firsts))), direct=plain(direct),
        indirect=said.NOT_APPLICABLE, total=whole_tonnes(direct),
        processes=[_process(about, one, all_rows) for one in processes],
        quality=[_quality(one) for of, one in about.closes if of == site and (one.quality or one.plan)],
        verifications=[one for of, one in about.verifications if of == site],
    )  # fmt: skip


_SUMS = ("co2", "n2o", "pfcs", "biomass", "calculated", "pfc", "measured")


def _passing(row: CbamRow) -> Decimal:
    """F8: what passes to and from others."""
    return added(row.heat, row.waste_gas or Decimal(0), -(row.exported or Decimal(0)))


def _quality(close: Close) -> said.CbamQuality:
    return said.CbamQuality(
        entry=close.entry, period=said.Span(start=rfc3339(close.start), end=rfc3339(close.end)),
        processes=[*close.processes], **{name: close.quality.get(name) for name in ("data", "defaults", "assurance")},
        monitoring_plan=close.plan or None,
    )  # fmt: skip


def _process(about: About, rows: Sequence[CbamRow], all_rows: Sequence[CbamRow]) -> said.CbamProcess:
    """`rows`: one a code, of one process; what is of the whole process is the same in each."""
    row = rows[0]
    sums = [sum(getattr(one, name) for one in rows) for name in ("produced", "sold", "used", "other")]
    produced, sold, used, other = map(tonnes, sums)
    return said.CbamProcess(
        good=row.good, route=row.route, processes=[*row.processes], provisional=row.provisional,
        production=produced, sold=sold, used=used, other=other, control=tonnes(sums[0] - sum(sums[1:])),
        direct=plain(row.direct), direct_whole=row.total_t, calculated=plain(row.calculated), pfc_total=plain(row.pfc),
        measured=plain(row.measured), heat=plain(row.heat), waste_gas=_known(row.waste_gas), biomass=plain(row.biomass),
        default_share=plain(row.default_share), electricity=megawatt_hours(row.power_wh),
        electricity_factor=said.NOT_APPLICABLE, electricity_source=said.NOT_APPLICABLE,
        electricity_evidence=said.NOT_APPLICABLE, electricity_exported=_known(row.exported), joint=False,
        goods=[_good(one, about, all_rows) for one in rows],
        pfc=[one for one in about.pfc if one.process in row.processes],
        flows=[one for one in about.flows if one.process in row.processes],
        precursors=[_precursor(one, row) for one in _merged(row.precursors)],
        factor_sets=[*row.tables], gwp=row.gwp,
    )  # fmt: skip


def _known(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _good(row: CbamRow, about: About, all_rows: Sequence[CbamRow]) -> said.CbamGood:
    mass = ratio(row.produced, 1_000_000)
    return said.CbamGood(
        cn=row.cn, cn_name=headings().get(row.cn[:4]), product_name=row.product or None,
        produced=tonnes(row.produced), sold=tonnes(row.sold), used=tonnes(row.used),
        other=tonnes(row.other), see_direct=f"{row.see_declared:f}", see_direct_unrounded=plain(row.see_direct),
        see_indirect=said.NOT_APPLICABLE, see_total=f"{row.see_declared:f}", unit="t CO2e/t",
        embedded=plain(times(row.see_direct, mass)), embedded_of_rounded=plain(times(row.see_declared, mass)),
        default_share=plain(row.default_share),
        electricity=plain(ratio(row.power_wh, row.activity)), electricity_factor=said.NOT_APPLICABLE,
        electricity_source=said.NOT_APPLICABLE, scrap=plain(ratio(row.scrap_g, row.activity)),
        pre_consumer_scrap=plain(ratio(row.pre_consumer_g, row.scrap_g)), non_aluminium=_known(row.non_aluminium),
        carbon_prices=[_price(one, times(row.see_direct, mass)) for one in row.prices],
        free_allocation=free_allocation(row, about.year, all_rows),
    )  # fmt: skip


def _price(one: Price, embedded: Decimal) -> said.CarbonPrice:
    """2023/956 Art 9: as shares of what the goods embed, and what is due a t of that."""
    paid = added(times(one.due, one.covered), -one.rebate_amount)
    return said.CarbonPrice(
        instrument=one.instrument, share_covered=plain(over(one.covered, embedded)),
        emissions_covered=plain(one.covered), currency=one.currency, due_per_tonne=plain(one.due),
        rebate=one.rebate or "none", rebate_share=plain(over(one.rebate_covered, embedded)),
        rebate_emissions=plain(one.rebate_covered), rebate_amount=plain(one.rebate_amount),
        effective=f"{rounded(over(paid, embedded), 6):f}",
    )  # fmt: skip


def headings() -> Mapping[str, str]:
    """What four digits of the Combined Nomenclature are called."""
    found: dict[str, str] = json.loads(resources.files("schemas").joinpath("cn", "headings-1.json").read_bytes())[
        "headings"
    ]
    return found


def _merged(rows: Iterable[Precursor]) -> list[Precursor]:
    """What differs in nothing but the masses, together."""
    found: dict[Precursor, list[Precursor]] = {}
    for one in rows:
        found.setdefault(replace(one, g=0, bought=None, other=None), []).append(one)
    return [
        replace(
            kind, g=sum(one.g for one in alike), bought=_sum([one.bought for one in alike]),
            other=_sum([one.other for one in alike]),
        )
        for kind, alike in found.items()
    ]  # fmt: skip


def _sum(masses: Sequence[int | None]) -> int | None:
    known = [one for one in masses if one is not None]
    return sum(known) if len(known) == len(masses) else None


def _precursor(one: Precursor, row: CbamRow) -> said.CbamPrecursor:
    produced = said.Span(start=rfc3339(one.produced[0]), end=rfc3339(one.produced[1])) if one.produced else None
    bought, other = (None if g is None else tonnes(g) for g in (one.bought, one.other))
    control = None if one.bought is None or one.other is None else tonnes(one.bought - one.g - one.other)
    return said.CbamPrecursor(
        cn=one.cn, name=one.name or None, origin=one.country or None, route=one.route or None, basis=one.basis,
        purchased=bought, used=tonnes(one.g), other=other, control=control,
        ratio=plain(ratio(one.g, row.activity)), see_direct=plain(one.see_direct), produced=produced,
        dated=one.dated or None, installation=one.installation or None, producer=one.producer or None,
        verifier=one.verifier or None, report=one.report or None,
    )  # fmt: skip
