"""Five languages: which one a reader gets, that none lacks a word, and how each writes numbers and dates."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from api.languages import LANGUAGES, language_of, tied, words
from tests.untied import PARTED, untied

API = Path(__file__).parents[2] / "api"
OTHERS = [one for one in LANGUAGES if one != "en"]


@pytest.mark.parametrize(
    ("asked", "accepted", "answered"),
    [
        (None, "", "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr, ru;q=0.4, kk;q=0.5", "kk"),
        (None, "zh-Hans-CN", "zh"),
        (None, "de;q=0, ru;q=0.1", "ru"),
        (None, "*;q=0.5, x;q=nonsense,,", "en"),
        ("ru", "de", "ru"),
        ("xx", "de", "de"),
        ("../en", "", "en"),
    ],
)
def test_the_reader_chooses_else_his_browser(asked, accepted, answered):
    assert language_of(asked, accepted) == answered


@pytest.mark.parametrize("folder", ["words", "browser/words"])
@pytest.mark.parametrize("language", OTHERS)
def test_no_language_lacks_a_word_or_a_fact_in_it(folder, language):
    english, other = (json.loads((API / folder / f"{one}.json").read_text("utf-8")) for one in ("en", language))
    assert list(other) == list(english)
    facts = {name: sorted(re.findall(r"\{\w+\}", text)) for name, text in english.items()}
    assert {name: sorted(re.findall(r"\{\w+\}", text)) for name, text in other.items()} == facts
    same = [name for name, text in other.items() if text == english[name] and len(text) > 12 and " " in text]
    assert same == ["title"] * (folder == "words")  # nothing was left in English


def test_every_word_of_a_page_is_said_somewhere():
    code = "".join(path.read_text("utf-8") for path in [*API.glob("*.py"), *API.glob("templates/*.html")])
    names = {name for name in words("en").said if "." not in name}
    members = set(re.findall(r'\("(\w+)", ', code))  # the facts of a passport go by their own names
    assert {name for name in names if f'"{name}"' not in code} - members == set()


@pytest.mark.parametrize(
    ("language", "mass", "number", "date"),
    [
        ("en", "1,234.5\u00a0t", "12,345.67", "5\u00a0Jan\u00a02026, 04:00\u00a0UTC"),
        ("de", "1.234,5\u00a0t", "12.345,67", "05.01.2026, 04:00\u00a0UTC"),
        ("zh", "1,234.5\u00a0t", "12,345.67", "2026\u2060年1\u2060月5\u2060日 04:00\u00a0UTC"),
        ("ru", "1\u202f234,5\u00a0т", "12\u202f345,67", "05.01.2026, 04:00\u00a0UTC"),
        ("kk", "1\u202f234,5\u00a0т", "12\u202f345,67", "05.01.2026, 04:00\u00a0UTC"),
    ],
)
def test_numbers_and_dates_are_written_as_the_language_does(language, mass, number, date):
    said = words(language)
    assert said.mass(1_234_500_000) == mass
    assert said.number(Decimal("12345.67")) == number
    assert said.moment("2026-01-05T09:00:00+05:00") == date


@pytest.mark.parametrize(
    ("language", "month"),
    [("en", "May 2026"), ("de", "Mai 2026"), ("zh", "2026\u2060年5月"), ("ru", "май 2026"), ("kk", "2026 жылғы мамыр")],
)
def test_a_month_is_named_and_all_twelve_have_a_name(language, month):
    said = words(language)
    assert said.month(datetime(2026, 5, 31, tzinfo=UTC)) == month
    assert len(set(said("months").split())) == 12


def test_what_is_exact_stays_exact():
    said = words("en")
    assert [untied(said.mass(one)) for one in (0, 1, 999_999, 20_000_000)] == ["0 kg", "0.001 kg", "999.999 kg", "20 t"]
    assert untied((said.millimetres(1500), said.millimetres(1_000_000))) == ("1.5 mm", "1,000 mm")
    assert untied((said.percent("0.080137"), said.percent("1"), said.percent("0"))) == ("8.0137 %", "100 %", "0 %")


@pytest.mark.parametrize("folder", ["words", "browser/words"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_lets_a_line_end_between_a_number_and_its_unit(folder, language):
    text = (API / folder / f"{language}.json").read_text("utf-8")
    facts = dict.fromkeys(re.findall(r"\{(bytes|wh|kwh|value)\}", text), "1")
    said = " ".join(json.loads(text).values())
    for fact, number in facts.items():
        said = said.replace(f"{{{fact}}}", number)
    assert PARTED.findall(said) == []


@pytest.mark.parametrize("number", ["7", "999 g", "1 234 567 g", "12 345", "330 000 Ah", "1 234.5 mm"])
def test_no_line_ends_within_a_number_of_a_rule(number):
    assert tied(f"of {number} in 3 lots") == f"of {number.replace(' ', chr(0xA0))} in 3 lots"


def test_what_a_rule_says_keeps_numbers_and_units_together():
    said = tied("it was recorded 126 h after it happened; 20 g of 3 things, 5 % and 1.5 mm")
    assert said == "it was recorded 126\u00a0h after it happened; 20\u00a0g of 3 things, 5\u00a0% and 1.5\u00a0mm"
