"""The CBAM report: by installation, process, code and period; direct emissions alone (2025/2547 Annexes II and IV).

It is made of an account of processes and of nothing else: no coil, no customer and no share of renewable power is in
it, and `cbam_export` refuses whatever knows of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ledger.carbon.accounts import CbamAccount, cbam_export
from ledger.carbon.embedded import whole_tonnes
from ledger.carbon.exact import ratio
from ledger.carbon.factors import known
from ledger.carbon.records import CbamRow, Precursor
from ledger.carbon.reports.allocation import free_allocation
from ledger.carbon.reports.numbers import added, megawatt_hours, plain, times, tonnes
from ledger.kernel.moments import rfc3339
from schemas import wire_carbon as said

ROUNDING = "half up, once, at export: specific emissions to 5 decimals, totals of a period to full t"
ACTIVITY = {
    "unwrought-aluminium": "Production of unwrought aluminium",
    "aluminium-products": "Production of aluminium products",
}
_NOTES = (
    "Goods of Annex II of 2023/956: direct emissions alone count. Renewable power changes no figure here.",
    "Addresses, persons and contact data are not in the ledger; the operator adds them.",
    "No statement of a carbon price paid, of waste gases or of exported electricity exists in the ledger.",
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
    verifications: Sequence[tuple[str, said.CbamVerification]] = ()

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
    return said.CbamReport(
        ledger=about.ledger,
        as_of=about.as_of,
        rules=about.rules,
        period=about.span,
        provisional=any(row.provisional for row in rows) or not rows,
        rounding=ROUNDING,
        installations=installations,
        factor_sets=[_table(name) for name in sorted(used)],
        notes=[*_NOTES],
    )


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
        country=place.country, unlocode=place.unlocode, latitude=place.latitude, longitude=place.longitude,
        activity="; ".join(ACTIVITY[one.good] for one in firsts),
        street=None, post_code=None, po_box=None, city=None, representative=None, email=None, phone=None,
        calculated=plain(added(*(one.calculated for one in firsts))),
        pfc=plain(added(*(one.pfc for one in firsts))),
        measured=plain(added(*(one.measured for one in firsts))),
        direct=plain(direct), indirect=said.NOT_APPLICABLE, total=whole_tonnes(direct),
        processes=[_process(about, one, all_rows) for one in processes],
        verifications=[one for of, one in about.verifications if of == site],
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
        measured=plain(row.measured), heat=plain(row.heat), waste_gas=None, biomass=None,
        default_share=plain(row.default_share), electricity=megawatt_hours(row.power_wh),
        electricity_factor=said.NOT_APPLICABLE, electricity_exported=None,
        goods=[_good(one, about, all_rows) for one in rows],
        pfc=[one for one in about.pfc if one.process in row.processes],
        precursors=[_precursor(one, row) for one in _merged(row.precursors)],
        factor_sets=[*row.tables], gwp=row.gwp,
    )  # fmt: skip


def _good(row: CbamRow, about: About, all_rows: Sequence[CbamRow]) -> said.CbamGood:
    mass = ratio(row.produced, 1_000_000)
    return said.CbamGood(
        cn=row.cn, product_name=None, produced=tonnes(row.produced), sold=tonnes(row.sold), used=tonnes(row.used),
        other=tonnes(row.other), see_direct=f"{row.see_declared:f}", see_direct_unrounded=plain(row.see_direct),
        see_indirect=said.NOT_APPLICABLE, see_total=f"{row.see_declared:f}", unit="t CO2e/t",
        embedded=plain(times(row.see_direct, mass)), embedded_of_rounded=plain(times(row.see_declared, mass)),
        default_share=plain(row.default_share),
        electricity=plain(ratio(row.power_wh, row.activity)), electricity_factor=said.NOT_APPLICABLE,
        electricity_source=said.NOT_APPLICABLE, scrap=plain(ratio(row.scrap_g, row.activity)),
        pre_consumer_scrap=plain(ratio(row.pre_consumer_g, row.scrap_g)), non_aluminium=None,
        carbon_price=said.CarbonPrice(), free_allocation=free_allocation(row, about.year, all_rows),
    )  # fmt: skip


def _merged(rows: Iterable[Precursor]) -> list[Precursor]:
    """What differs in nothing but the mass, together."""
    masses: dict[Precursor, int] = {}
    for one in rows:
        kind = Precursor(**{name: getattr(one, name) for name in one.__struct_fields__} | {"g": 0})
        masses[kind] = masses.get(kind, 0) + one.g
    return [
        Precursor(**{name: getattr(kind, name) for name in kind.__struct_fields__} | {"g": g})
        for kind, g in masses.items()
    ]


def _precursor(one: Precursor, row: CbamRow) -> said.CbamPrecursor:
    produced = said.Span(start=rfc3339(one.produced[0]), end=rfc3339(one.produced[1])) if one.produced else None
    return said.CbamPrecursor(
        cn=one.cn, origin=one.country or None, basis=one.basis, purchased=tonnes(one.g), used=tonnes(one.g), other="0",
        control="0", ratio=plain(ratio(one.g, row.activity)), see_direct=plain(one.see_direct), produced=produced,
        installation=one.installation or None, producer=one.producer or None, report=one.report or None,
    )  # fmt: skip
