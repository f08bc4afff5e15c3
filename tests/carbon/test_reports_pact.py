"""The PACT document: valid under the published schema, and each of its numbers is the passport's."""

import copy
import json
from importlib import resources

import jsonschema
import pytest
import yaml

from ledger.carbon.reports.pact import Holder, Recorded, company_urn, pact_document, product_urn
from ledger.kernel.errors import Missing
from ledger.kernel.gs1 import canonical_id

PIECE = "(01)09521214000316(21)C0004745A"
MILL = Holder("(417)9521214000019", "Ertis Rolling Mill", ("9521214",))
RULES = {"id": "coilmark-rules/4", "digest": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}
RECORDED = Recorded("https://ledger.example/one", 4390, "2026-05-25T06:00:00Z", (3910, 3911))


def figure(name, value, unit="t CO2e/t", **more):
    return {"name": name, "value": value, "unit": unit, "scope": "voluntary", "rules": RULES, **more}


def passport(**changes):
    """As the ledger records it."""
    return copy.deepcopy({
        "piece": PIECE, "status": "shipped",
        "facts": {
            "mass": 9_206_000, "alloy": "EN-AW-6016", "temper": "T4", "form": "strip", "country": "KZ",
            "cn": "76061292", "made": "2026-05-20T06:20:00Z",
        },
        "figures": [
            figure("recycled-internal", "0.1", "1"),
            figure(
                "product-footprint", "5.197312", matching="hourly", coc_model="mass-balance", gwp="AR5",
                coverage="0.93",
            ),
            figure("product-footprint", "3.786", matching="volumetric", coc_model="mass-balance"),
            figure("product-footprint-location", "11.648", matching="none"),
            figure("renewable-share-hourly", "0.735", "1"), figure("renewable-share-volumetric", "0.896", "1"),
        ],
        "breakdown": [{"stage": "casting", "source": "anode", "gas": "CO2", "basis": "measured", "kg": "12228.18"}],
        "power": [{"stage": "hot-rolling", "wh": 10}],
        "gaps": [{"stage": "", "what": "opening", "amount": 9_959_967}],
        "stages": [{"step": "mining", "from": "2026-05-04T00:30:00Z", "to": "2026-05-09T08:00:00Z"}],
        "steps": [{"step": "slitting", "from": "2026-05-20T06:00:00Z", "at": "2026-05-20T06:20:00Z"}],
        "as_of": {"size": 4389, "root": RULES["digest"]}, "inputs": {"count": 300},
    } | changes)  # fmt: skip


@pytest.fixture(scope="module")
def published(vectors):
    """The validator of a ProductFootprint, from the service that PACT tests conformance with."""
    path = vectors / "pact-conformance" / "src" / "schemas" / "openapi_v3_0.yaml"
    if not path.is_file():
        pytest.skip(f"no {path}; set COILMARK_VECTORS to a copy of wbcsd/pact-conformance-service")
    schemas = yaml.safe_load(path.read_text())["components"]
    schema = {"$ref": "#/components/schemas/ProductFootprint", "components": schemas}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("changes", [
    {}, {"gaps": []}, {"status": "withdrawn"}, {"stages": [], "steps": []},
    {"facts": {"mass": 1, "made": "2026-05-20T06:20:00Z"}},
], ids=lambda changes: ",".join(changes) or "whole")  # fmt: skip
def test_it_is_valid_under_the_published_schema(published, changes):
    published.validate(pact_document(passport(**changes), MILL, RECORDED))


@pytest.mark.parametrize("member", ["id", "status", "companyIds", "productIds", "pcf"])
def test_the_published_schema_would_notice_what_is_missing(published, member):
    document = pact_document(passport(), MILL, RECORDED)
    del document[member]
    with pytest.raises(jsonschema.ValidationError):
        published.validate(document)


def test_its_figure_is_the_one_matched_by_the_hour_and_the_others_are_in_the_extension():
    document = pact_document(passport(), MILL, RECORDED)
    pcf = document["pcf"]
    assert pcf["pcfExcludingBiogenicUptake"] == pcf["fossilGhgEmissions"] == "5.197312"
    assert (pcf["declaredUnitOfMeasurement"], pcf["declaredUnitAmount"]) == ("kilogram", "1")
    assert (pcf["referencePeriodStart"], pcf["referencePeriodEnd"]) == ("2026-05-04T00:30:00Z", "2026-05-20T06:20:00Z")
    assert (pcf["ipccCharacterizationFactors"], pcf["primaryDataShare"], pcf["geographyCountry"]) == (
        ["AR5"],
        "93",
        "KZ",
    )
    (extension,) = document["extensions"]
    assert extension["data"]["electricity"] == {
        "hourly": {"pcf": "5.197312", "cocModel": "mass-balance", "renewableShare": "0.735"},
        "volumetric": {"pcf": "3.786", "cocModel": "mass-balance", "renewableShare": "0.896"},
        "location": {"pcf": "11.648"},
    }
    assert "opening: 9959967 g" in document["comment"]


def test_the_extension_is_valid_under_our_own_schema():
    schema = json.loads(resources.files("schemas").joinpath("pact", "electricity-1.schema.json").read_text())
    (extension,) = pact_document(passport(), MILL, RECORDED)["extensions"]
    assert extension["dataSchema"] == schema["$id"]
    jsonschema.Draft202012Validator(schema).validate(extension["data"])


def test_a_restated_footprint_is_another_document_that_names_those_before_it():
    first = pact_document(passport(), MILL, Recorded(RECORDED.ledger, 3910, RECORDED.time))
    second = pact_document(passport(), MILL, RECORDED)
    assert first["id"] in second["precedingPfIds"]
    assert second["id"] not in second["precedingPfIds"]
    assert "precedingPfIds" not in first
    assert pact_document(passport(), MILL, RECORDED)["id"] == second["id"]


def test_what_rests_on_published_values_names_them(published):
    body = passport()
    assert "secondaryEmissionFactorSources" not in pact_document(body, MILL, RECORDED)["pcf"]
    body["breakdown"][0]["basis"] = "default"
    document = pact_document(body, MILL, RECORDED)
    assert document["pcf"]["secondaryEmissionFactorSources"] == [
        {"name": "factor sets of coilmark-rules/4", "version": RULES["digest"]}
    ]
    published.validate(document)


def test_a_provisional_or_outdated_figure_says_so():
    body = passport()
    body["figures"][1]["provisional"] = True
    assert "Provisional" in pact_document(body, MILL, RECORDED)["comment"]
    late = Recorded(RECORDED.ledger, 4390, RECORDED.time, (), pending=True)
    assert "Out of date" in pact_document(passport(), MILL, late)["comment"]


def test_a_passport_without_a_footprint_has_no_document():
    with pytest.raises(Missing, match="says no footprint"):
        pact_document(passport(figures=[figure("recycled-internal", "0.1", "1")]), MILL, RECORDED)


@pytest.mark.parametrize("serial", ["C0004745A", "A/B&C%?<>\"'", "x" * 20])
def test_its_ids_lead_back_to_the_piece_and_the_party(serial):
    piece = f"(01)09521214000316(21){serial}"
    assert canonical_id(product_urn(piece, MILL.prefixes)) == canonical_id(piece)
    assert canonical_id(company_urn(MILL)) == MILL.id
    assert product_urn(piece, ()).startswith("urn:uuid:")
    assert company_urn(Holder(MILL.id, "", ())).startswith("urn:uuid:")
