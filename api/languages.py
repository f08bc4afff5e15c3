"""The languages that pages are written in: which one a reader is answered in, and its words, numbers and dates."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "zh": "中文", "ru": "Русский", "kk": "Қазақша"}
DEFAULT = "en"
_FOLDER = Path(__file__).parent / "words"
_NARROW = "\u202f"  # no-break, as ISO 80000-1 groups digits
_TIED = "\u00a0"  # no-break: a number and its unit stand on one line, and so does a date
_JOINED = "\u2060"  # no-break and no space: Chinese may be broken between any two signs
# In what rules say: between three digits and the next three, and before a unit.
_WITHIN = re.compile(r"(?<=\d) (?=\d{3}(?!\d)|(?:%|Ah|h|g|kg|t|µm|mm|Wh|kWh)(?!\w))")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Form:
    """How a language writes what is not a word: `group` stands between three digits and the next three."""

    mark: str
    group: str
    date: str
    moment: str
    month: str


_POINTS, _TIMED = "{dd}.{mm}.{year}", "{date}, {clock}"
_FORMS: Mapping[str, Form] = {
    "en": Form(".", ",", f"{{d}}{_TIED}{{month}}{_TIED}{{year}}", _TIMED, "{name} {year}"),
    "de": Form(",", ".", _POINTS, _TIMED, "{name} {year}"),
    "zh": Form(
        ".",
        ",",
        f"{{year}}{_JOINED}年{{m}}{_JOINED}月{{d}}{_JOINED}日",
        "{date} {clock}",
        f"{{year}}{_JOINED}年{{name}}",
    ),
    "ru": Form(",", _NARROW, _POINTS, _TIMED, "{name} {year}"),
    "kk": Form(",", _NARROW, _POINTS, _TIMED, "{year} жылғы {name}"),
}


def forms(language: str) -> dict[str, str]:
    """What a page's script writes numbers, dates and times by: as the server writes them on the same page."""
    form = _FORMS[language]
    return {"group": form.group, "date": form.date, "moment": form.moment, "months": " ".join(_MONTHS)}


def language_of(asked: str | None, accepted: str) -> str:
    """What the reader chose, else the first of what his browser accepts (RFC 9110 12.5.4) that there is."""
    if asked is not None and asked in LANGUAGES:
        return asked
    ranked = sorted(map(_range, accepted.split(",")), key=lambda one: -one[1])
    return next((tag for tag, weight in ranked if tag in LANGUAGES and weight > 0), DEFAULT)


def _range(text: str) -> tuple[str, float]:
    tag, _, weight = text.strip().partition(";q=")
    try:
        return tag.lower().partition("-")[0], float(weight) if weight else 1.0
    except ValueError:
        return "", 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its words by name, and how it writes what is not a word."""

    language: str
    said: Mapping[str, str]

    def __call__(self, name: str, **facts: object) -> str:
        """The sentence of this name, with its facts put in."""
        return self.said[name].format(**facts)

    def of(self, kind: str, value: str) -> str:
        """The word for one of a closed set of values, such as a status; a value of another set as it stands."""
        return self.said.get(f"{kind}.{value}", value.replace("_", " ").replace("-", " "))

    def told(self, name: str, otherwise: str, **facts: object) -> str:
        """The sentence of this name; where this language has none, what is said otherwise."""
        sentence = self.said.get(name, otherwise)
        return sentence.format(**facts) if facts else sentence  # what is said otherwise may hold braces of its own

    def number(self, value: Decimal | int) -> str:
        """A number, exact."""
        form = _FORMS[self.language]
        whole, _, decimals = f"{Decimal(value):,f}".partition(".")
        return whole.replace(",", form.group) + (form.mark + decimals if decimals else "")

    def amount(self, value: Decimal | int, unit: str) -> str:
        """A number, exact, and its unit, which no end of a line parts."""
        return measured(self.number(value), self.of("unit", unit))

    def mass(self, grams: int) -> str:
        """In t from one tonne on, in kg below; exact."""
        unit, size = ("t", 6) if grams >= 1_000_000 else ("kg", 3)
        return self.amount(_plain(Decimal(grams).scaleb(-size)), unit)

    def millimetres(self, micrometres: int) -> str:
        """Exact."""
        return self.amount(_plain(Decimal(micrometres).scaleb(-3)), "mm")

    def percent(self, share: str) -> str:
        """A share from 0 to 1 in percent, as exact as it is."""
        return self.amount(_plain(Decimal(share) * 100), "%")

    def day(self, moment: datetime) -> str:
        """The date alone, in UTC."""
        day, month, year = moment.day, moment.month, moment.year
        said = {"d": day, "dd": f"{day:02}", "m": month, "mm": f"{month:02}", "month": _MONTHS[month - 1], "year": year}
        return _FORMS[self.language].date.format(**said)

    def month(self, moment: datetime) -> str:
        """A month of a year."""
        name = self("months").split()[moment.month - 1]
        return _FORMS[self.language].month.format(name=name, year=moment.year)

    def time(self, moment: datetime) -> str:
        """To the minute, in UTC."""
        return _FORMS[self.language].moment.format(date=self.day(moment), clock=f"{moment:%H:%M}{_TIED}UTC")

    def moment(self, text: str) -> str:
        """A moment of a passport (RFC 3339)."""
        return self.time(datetime.fromisoformat(text).astimezone(UTC))

    def date(self, text: str) -> str:
        """Its date."""
        return self.day(datetime.fromisoformat(text).astimezone(UTC))

    def recorded(self, microseconds: int) -> str:
        """A moment of an entry."""
        return self.time(datetime.fromtimestamp(microseconds // 1_000_000, UTC))


def measured(number: str, unit: str) -> str:
    """A number as it is written, and its unit, which no end of a line parts."""
    return f"{number}{_TIED}{unit}"


def tied(text: str) -> str:
    """What a rule says of an event, in English: its numbers and their units on one line."""
    return _WITHIN.sub(_TIED, text)


def _plain(value: Decimal) -> Decimal:
    """Without zeros at the end, and without an exponent for whole numbers."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


@cache
def words(language: str) -> Words:
    """The words of one of LANGUAGES."""
    return Words(language, json.loads((_FOLDER / f"{language}.json").read_text("utf-8")))
