"""The footprint on a piece's page: what is shown is what the passport says, drawn in proportion, and escaped."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from api import footprint_chart
from api.footprint_chart import WIDTH, Mean
from api.languages import LANGUAGES, words
from tests.untied import PARTED, untied

EN, MAY = words("en"), datetime(2026, 5, 1, tzinfo=UTC)
RULES = {"id": "coilmark-rules/4", "digest": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}


def chart_of(body, mean=None, language="en"):
    return footprint_chart.chart_of(body, words(language), mean)


def footprint_of(body):
    return footprint_chart.footprint_of(body, EN)


def figure(name, value, unit="t/t", **more):
    return {"name": name, "value": value, "unit": unit, "scope": "voluntary", "rules": RULES, "gwp": "AR5", **more}


def power(stage, wh, hourly, volumetric, t, **more):
    return {
        "stage": stage, "wh": wh, "hourly_wh": hourly, "volumetric_wh": volumetric, "location": str(t * 2),
        "market_hourly": str(t), "market_volumetric": str(t // 2), "coc_model": "mass-balance", **more,
    }  # fmt: skip


def passport(**changes):
    """A coil of 20 t."""
    return {
        "facts": {"mass": 20_000_000},
        "figures": [
            figure("product-footprint", "6.187310", matching="hourly", coc_model="controlled-blending"),
            figure("product-footprint", "5.1", matching="volumetric", coc_model="mass-balance"),
            figure("product-footprint-location", "16.41122", matching="none"),
            figure("renewable-share-hourly", "0.641782", "1"),
            figure("renewable-share-volumetric", "0.8", "1"),
        ],
        "breakdown": [
            {"stage": "electrolysis", "source": "anode", "gas": "CO2", "basis": "measured", "kg": "30000"},
            {"stage": "refining", "source": "fuel", "gas": "CO2", "basis": "default", "kg": "10000"},
        ],
        "power": [
            power("electrolysis", 1_000, 920, 950, 10_000, sources=[{"source": "wind", "wh": 920}]),
            power("hot-rolling", 100, 0, 50, 2_000),
        ],
        **changes,
    }  # fmt: skip


def test_a_passport_without_a_footprint_shows_nothing():
    assert footprint_of(passport(figures=[])) == ""
    assert chart_of(passport(figures=[figure("recycled-internal", "0.1", "1")])) is None


def test_the_sentence_says_why_a_coil_is_greener_than_another():
    said = untied(chart_of(passport(), Mean(MAY, Decimal("0.64"), 70)).sentence)
    assert said == (
        "The electrolysis of its metal was matched 92 % hour by hour with wind: more than all metal in May 2026, which "
        "was matched 64 %."
    )
    assert "less than all metal" in chart_of(passport(), Mean(MAY, Decimal("0.98"), 70)).sentence
    assert "about as much as all metal" in chart_of(passport(), Mean(MAY, Decimal("0.9"), 70)).sentence
    assert untied(chart_of(passport()).sentence).endswith("92 % hour by hour with wind.")
    assert "The month as of 70 entries" in chart_of(passport(), Mean(MAY, Decimal("0.64"), 70)).month_as_of
    assert chart_of(passport()).month_as_of == ""
    assert chart_of(passport(power=[])).sentence == ""


def test_sources_are_named_the_greatest_first_and_traces_are_left_out():
    row = power("electrolysis", 1_000, 900, 900, 0)
    for told, says in (
        ([("solar", 300), ("wind", 590), ("hydro", 9)], "wind, sun"),
        ([("solar", 100), ("wind", 590), ("hydro", 210)], "wind, water, sun"),
        ([], "attested power"),
    ):
        row["sources"] = [{"source": source, "wh": wh} for source, wh in told]
        assert chart_of(passport(power=[row])).sentence.endswith(f"with {says}.")


def test_bars_are_in_proportion_and_the_two_shares_stand_side_by_side():
    chart = chart_of(passport())
    assert [(one.name, untied(one.says)) for one in chart.stages] == [
        ("refining to alumina", "0.50 t"), ("electrolysis", "2.00 t"), ("hot rolling", "0.10 t"),
    ]  # fmt: skip
    refining, electrolysis, rolling = chart.stages
    assert (electrolysis.first, electrolysis.second) == (WIDTH * 3 // 4, WIDTH // 4)
    assert (refining.first, refining.second, rolling.first, rolling.second) == (WIDTH // 4, 0, 0, WIDTH // 20)
    assert [(one.name, one.first, untied(one.says)) for one in chart.shares] == [
        ("hour by hour", int(WIDTH * 0.641782), "64.2 %"), ("by volume", int(WIDTH * 0.8), "80.0 %"),
    ]  # fmt: skip


def test_three_footprints_each_with_how_its_power_was_counted():
    assert [(untied(one.name), one.value) for one in chart_of(passport()).figures] == [
        ("6.19 t CO2e per t", "market-based, matched hour by hour, controlled blending (ISO 22095)"),
        ("5.10 t CO2e per t", "market-based, matched by volume, mass balance (ISO 22095)"),
        ("16.41 t CO2e per t", "location-based"),
    ]


def test_what_was_measured_taken_from_tables_and_left_out_is_said():
    gaps = [
        {"stage": "refining", "what": "outside", "amount": 1_234_567},
        {"stage": "material", "what": "opening", "amount": 5},
    ]
    restated = [{"entry": 3115, "reason": "wrong-meter-data", "wh": 178_743}, {"entry": 9, "reason": "replaced"}]
    body = passport(gaps=gaps, restated=restated)
    body["figures"][0]["coverage"] = "0.7"
    assert [untied((one.name, one.value, one.note)) for one in chart_of(body).rests] == [
        ("own data", "75 %", "of what is not electricity"),
        ("published or chosen values", "25 %", "of what is not electricity"),
        ("own data, electricity included", "70 %", ""),
        ("not in the figure", "refining to alumina: bought from outside, nothing stated, 1,235 kg", ""),
        ("not in the figure", "stock from before the ledger began, 0 kg", ""),
        ("stated anew", "entry 3115: wrong meter data", "178 kWh of its power lost their cover"),
        ("stated anew", "entry 9: replaced", ""),
    ]
    assert "not in the figure" in footprint_of(body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_said_in_every_language_and_no_word_is_missing(language):
    body = passport(
        gaps=[{"stage": "refining", "what": "outside", "amount": 1}], restated=[{"entry": 1, "reason": "x", "wh": 1}]
    )
    body["figures"][0] |= {"provisional": True, "coverage": "0.7"}
    for share in ("0.1", "0.92", "0.99"):
        chart = chart_of(body, Mean(MAY, Decimal(share), 70), language)
        assert "92 %" in untied(chart.sentence)
    page = footprint_chart.footprint_of(body, words(language))
    assert PARTED.findall(page) == []
    assert "fp." not in page
    assert (untied(chart.figures[0].name) == "6.19 t CO2e per t") == (language == "en")
    assert ("mass balance (ISO 22095)" in chart.figures[1].value) == (language == "en")


def test_a_provisional_figure_says_so():
    body = passport()
    assert "rovisional" not in footprint_of(body)
    body["figures"][0]["provisional"] = True
    assert footprint_of(body).count("rovisional") == 1


def test_many_stages_become_seven_and_the_others():
    stages = [power(f"step-{number}", 10, 0, 0, 100 + number) for number in range(20)]
    rows = chart_of(passport(power=stages, breakdown=[])).stages
    assert len(rows) == 8
    assert rows[-1].name == "other steps"
    assert rows[-1].second == WIDTH


@pytest.mark.parametrize("place", ["stage", "source"])
def test_hostile_words_are_escaped_and_the_drawing_is_well_formed(place):
    script = '"/><script>alert(1)</script>'
    row = power("electrolysis", 1_000, 920, 950, 10_000, sources=[{"source": script, "wh": 920}])
    stage = power(script, 1_000, 920, 950, 10_000)
    said = footprint_of(passport(power=[row, stage] if place == "stage" else [row]))
    assert "<script" not in said
    assert "alert(1)" in said
    for svg in re.findall(r"<svg.*?</svg>", said, re.DOTALL):
        ET.fromstring(svg)  # noqa: S314  what we wrote ourselves
    assert "style=" not in said
