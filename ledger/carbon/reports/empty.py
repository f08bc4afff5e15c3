"""Why a field of a CBAM report stands empty: said in the report itself, field by field."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from schemas import wire_carbon as said

_PERSON = "names of persons and contact data are never in the ledger (schemas/SPEC.md, 4.2): the operator adds them"
_SITE = "the operator's party statement does not say it of this site"
_CLOSE = "no close of this period says it (schemas/SPEC.md, 4.9.14)"
_STREAM = "no source stream of this kind is stated for this process and period"
_BOUGHT = "its source stream does not say it"
_OWN = "its source stream does not say it; of a precursor of this ledger's own it is the process of that name"
# By kind of row and field. A test sees to it that every field that may be empty is here.
WHY: Mapping[str, str] = {
    "installation.operator_cbam": "the party statement does not say the operator's id in the CBAM registry",
    "installation.cbam": "the party statement does not say the installation's id in the CBAM registry",
    "installation.unlocode": _SITE,
    "installation.street": _SITE,
    "installation.post_code": _SITE,
    "installation.po_box": _SITE,
    "installation.city": _SITE,
    "installation.representative": _PERSON,
    "installation.email": _PERSON,
    "installation.phone": _PERSON,
    "installation.quality": _CLOSE,
    "installation.verifications": "no verifier recorded a verification of its processes for a period that meets this",
    "process.waste_gas": _STREAM,
    "process.electricity_exported": _STREAM,
    "process.pfc": "no stream of perfluorocarbons is stated for it: it has no potline, or none ran",
    "process.flows": "no stream of heat, waste gas or exported power is stated for it",
    "process.precursors": "nothing that it used is a precursor, by what events and streams say",
    "good.cn_name": "the code's heading is none of aluminium, or no close says the code",
    "good.product_name": _CLOSE,
    "good.non_aluminium": "no close of this period says it, or not of all goods under this code",
    "good.carbon_prices": _CLOSE,
    "good.free_allocation": "the table of benchmarks lacks a number for this code, route or year",
    "precursor.name": _OWN,
    "precursor.origin": "it is made by another process of this ledger",
    "precursor.route": _BOUGHT,
    "precursor.purchased": _OWN,
    "precursor.other": _OWN,
    "precursor.control": "it takes what was purchased and what went elsewhere",
    "precursor.produced": _OWN,
    "precursor.dated": _OWN,
    "precursor.installation": _BOUGHT,
    "precursor.producer": _OWN,
    "precursor.verifier": _OWN,
    "precursor.report": _OWN,
    "quality.data": _CLOSE,
    "quality.defaults": _CLOSE,
    "quality.assurance": _CLOSE,
    "quality.monitoring_plan": _CLOSE,
    "verification.address": "the verifier's party statement has no site with an address",
    "verification.country": "the verifier's party statement has no site",
    "verification.lead_verifier": _PERSON,
    "verification.email": _PERSON,
    "verification.phone": _PERSON,
    "verification.level": "the verification does not say it",
    "verification.materiality": "the verification does not say it",
    "verification.site_visit": "the verification does not say it",
    "verification.accreditation_body": "the verification does not say by whom he is accredited",
    "verification.accreditation_country": "the verification does not say by whom he is accredited",
    "verification.accreditation_number": "the verification does not say by whom he is accredited",
    "report.installations": "no process of the CBAM that you may see is closed or stated for this period",
}
_LISTS_ASIDE = frozenset({"report.factor_sets", "report.notes", "report.empty"})


def empty_fields(report: said.CbamReport) -> list[said.CbamEmpty]:
    """A reason for each field that is empty in some row, in the order of the report."""
    return [said.CbamEmpty(field=field, why=WHY[field]) for field in dict.fromkeys(_empty(report))]


def _empty(row: msgspec.Struct) -> Iterator[str]:
    kind = name_of(type(row))
    for field in row.__struct_fields__:
        value: Any = getattr(row, field)
        if f"{kind}.{field}" not in _LISTS_ASIDE and (value is None or value == []):
            yield f"{kind}.{field}"
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, msgspec.Struct):
                yield from _empty(one)


def name_of(kind: type[msgspec.Struct]) -> str:
    """What a kind of row is called in a field's name."""
    return kind.__name__.removeprefix("Cbam").lower()
