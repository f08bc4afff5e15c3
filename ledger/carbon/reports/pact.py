"""A piece's footprint as a PACT product footprint, data model 3.0, from its passport alone.

Sums and shares are the passport's. PACT knows no way to say how power was matched: its figure is the one matched hour
by hour, the least favourable of the two market-based ones; the others stand in an extension.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from ledger.carbon.reports.numbers import plain
from ledger.kernel.errors import Missing

SPEC = "3.0.0"
EXTENSION = "https://coilmark.org/ns/pact/electricity/1/schema.json"
_STANDARDS = ("ISO14067", "PACT-3.0")
_PLAIN = "!'()*+,-.:;=_"  # of a serial in an EPC URN; all else is escaped (GS1 TDS 6.3.3)
_ALLOCATION = (
    "By mass. Burdens stay with good output; scrap, dross and residues leave, and scrap enters, with none (cut-off). "
    "Power is charged by the hour to what a process worked on in that hour, other emissions by the period."
)

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Holder:
    """The company whose footprint it is: the maker. `prefixes` are its GS1 company prefixes."""

    id: str
    name: str
    prefixes: Sequence[str]


@dataclass(frozen=True)
class Recorded:
    """Where the passport stands. `earlier`: the entries of its former versions; `pending`: it is out of date."""

    ledger: str
    entry: int
    time: str
    earlier: Sequence[int] = ()
    pending: bool = False


def pact_document(passport: Body, holder: Holder, recorded: Recorded) -> dict[str, Any]:
    """The document. Raises Missing ("no_footprint") where the passport says none."""
    figures = _figures(passport)
    piece, facts = passport["piece"], passport["facts"]
    made = " ".join(str(facts[one]) for one in ("alloy", "temper", "form") if one in facts) or "aluminium product"
    document: dict[str, Any] = {
        "id": _id(recorded.ledger, piece, recorded.entry),
        "specVersion": SPEC,
        "created": recorded.time,
        "status": "Deprecated" if passport["status"] == "withdrawn" else "Active",
        "companyName": holder.name,
        "companyIds": [company_urn(holder)],
        "productDescription": f"{made}, one piece of {plain(Decimal(facts.get('mass', 0)).scaleb(-3))} kg",
        "productIds": [product_urn(piece, holder.prefixes)],
        "productNameCompany": made,
        "comment": _comment(passport, recorded),
        "pcf": _pcf(passport, figures),
        "extensions": [_extension(passport, figures, recorded)],
    }
    if recorded.earlier:
        document["precedingPfIds"] = [_id(recorded.ledger, piece, entry) for entry in recorded.earlier]
    if "cn" in facts:
        document["productClassifications"] = [f"urn:pact:productclassification:cn-code:{facts['cn']}"]
    return document


def _figures(passport: Body) -> dict[str, Body]:
    """The footprints by how their power was matched."""
    told = [one for one in passport["figures"] if one["name"].startswith("product-footprint")]
    figures = {one.get("matching", "none"): one for one in told}
    if "hourly" not in figures:
        raise Missing("no_footprint", f"the passport of {passport['piece']} says no footprint", id=passport["piece"])
    return figures


def _id(ledger: str, piece: str, entry: int) -> str:
    """A changed footprint is another document: each version of a passport has an id of its own."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ledger}/{piece}/{entry}"))


def company_urn(holder: Holder) -> str:
    """A party's GLN as an EPC URN, by whichever of its prefixes the number begins with."""
    gln = holder.id.removeprefix("(417)")
    prefix = _longest(holder.prefixes, gln)
    return f"urn:epc:id:pgln:{prefix}.{gln[len(prefix) : 12]}" if prefix else f"urn:uuid:{_named(holder.id)}"


def product_urn(piece: str, prefixes: Sequence[str]) -> str:
    """A piece as an EPC URN (GS1 TDS 6.3.1)."""
    gtin, _, serial = piece.removeprefix("(01)").partition("(21)")
    prefix = _longest(prefixes, gtin[1:])
    if not prefix:
        return f"urn:uuid:{_named(piece)}"
    return f"urn:epc:id:sgtin:{prefix}.{gtin[0]}{gtin[1 + len(prefix) : 13]}.{quote(serial, safe=_PLAIN)}"


def _longest(prefixes: Iterable[str], number: str) -> str:
    return max((one for one in prefixes if number.startswith(one)), key=len, default="")


def _named(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _pcf(passport: Body, figures: Mapping[str, Body]) -> dict[str, Any]:
    figure = figures["hourly"]
    first, last = _period(passport)
    pcf = {
        "declaredUnitOfMeasurement": "kilogram",
        "declaredUnitAmount": "1",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": first,
        "referencePeriodEnd": last,
        "boundaryProcessesDescription": "Cradle to gate: " + ", ".join(_stages(passport)),
        "pcfExcludingBiogenicUptake": figure["value"],
        "pcfIncludingBiogenicUptake": figure["value"],
        "fossilGhgEmissions": figure["value"],
        "fossilCarbonContent": "0",
        "packagingEmissionsIncluded": False,
        "ccsTechnologicalCO2CaptureIncluded": False,
        "ipccCharacterizationFactors": figure.get("gwp", "AR5").split(","),
        "crossSectoralStandards": [*_STANDARDS],
        "exemptedEmissionsPercent": "0",
        "exemptedEmissionsDescription": "Nothing is exempted by rule; what no figure stands for is in the comment.",
        "allocationRulesDescription": _ALLOCATION,
    }
    if any(one["basis"] != "measured" for one in passport.get("breakdown", ())):
        rules = figure["rules"]  # whose digest covers every factor set
        pcf["secondaryEmissionFactorSources"] = [{"name": f"factor sets of {rules['id']}", "version": rules["digest"]}]
    if "coverage" in figure:
        pcf["primaryDataShare"] = plain(Decimal(figure["coverage"]) * 100)
    if "country" in passport["facts"]:
        pcf["geographyCountry"] = passport["facts"]["country"]
    return pcf


def _period(passport: Body) -> tuple[str, str]:
    """From the first to the last moment of what it was computed from, as far as the passport tells its steps."""
    rows = [*passport.get("stages", ()), *passport.get("steps", ())]
    starts = [row[name] for row in rows for name in ("from", "at") if name in row]
    ends = [row[name] for row in rows for name in ("to", "at") if name in row]
    made = passport["facts"].get("made", "1970-01-01T00:00:00Z")
    return min(starts, default=made), max(ends, default=made)


def _stages(passport: Body) -> list[str]:
    rows = [*passport.get("power", ()), *passport.get("breakdown", ())]
    return [*dict.fromkeys(row["stage"].replace("-", " ") for row in rows)]


def _comment(passport: Body, recorded: Recorded) -> str:
    rules, count = passport["figures"][0]["rules"]["id"], passport["inputs"]["count"]
    said = [
        f"Computed by {rules} from {count} signed statements; entry {recorded.entry} of {recorded.ledger}.",
        "Market-based, power matched hour by hour; by volume and by location: see the extension.",
        "Not verified by a third party unless a verification is given.",
    ]
    if any(one.get("provisional") for one in passport["figures"]):
        said.append("Provisional: a plant has still to close a period that this rests on.")
    if recorded.pending:
        said.append("Out of date: something happened that this does not say yet; it is about to be restated.")
    said += [f"Restated for entry {one['entry']}: {one['reason']}." for one in passport.get("restated", ())]
    if passport.get("gaps"):
        said.append("Not in the figure: " + "; ".join(map(_gap, passport["gaps"])) + ".")
    return " ".join(said)


def _gap(one: Body) -> str:
    unit = "Wh" if one["what"] in {"no-consumption", "no-factor"} else "g"
    where = f"{one['stage'].replace('-', ' ')}, " if one["stage"] else ""
    return f"{where}{one['what'].replace('-', ' ')}: {one['amount']} {unit}"


def _extension(passport: Body, figures: Mapping[str, Body], recorded: Recorded) -> dict[str, Any]:
    shares = {one["name"]: one["value"] for one in passport["figures"]}
    electricity = {
        matching: {
            "pcf": one["value"],
            **({"cocModel": one["coc_model"]} if "coc_model" in one else {}),
            **({"renewableShare": shares[name]} if (name := f"renewable-share-{matching}") in shares else {}),
        }
        for matching, one in figures.items()
    }
    location = electricity.pop("none", None)
    return {
        "specVersion": "2.0.0",
        "dataSchema": EXTENSION,
        "data": {
            "ledger": recorded.ledger,
            "entry": recorded.entry,
            "asOf": {"size": passport["as_of"]["size"], "root": passport["as_of"]["root"]},
            "rules": figures["hourly"]["rules"]["id"],
            "electricity": electricity | ({"location": location} if location else {}),
            "breakdown": [dict(one) for one in passport.get("breakdown", ())],
            "gaps": [dict(one) for one in passport.get("gaps", ())],
        },
    }
