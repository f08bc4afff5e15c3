"""What stands on the label of a piece, for people, before it is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ledger.kernel.errors import Malformed

_LONGEST = 40  # characters of a line
# Latin-1 is what all four back ends can draw: a PDF with its own fonts, a printer, a picture.
_DRAWN = "latin-1"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a piece; "" or 0 where it is not. `thickness` and `width` in µm, `mass` in g."""

    maker: str = ""
    alloy: str = ""
    temper: str = ""
    form: str = ""
    heat: str = ""
    lot: str = ""
    order: str = ""
    customer_part: str = ""
    thickness: int = 0
    width: int = 0
    mass: int = 0

    def __post_init__(self) -> None:
        """Raises Malformed ("label") for what no label can show."""
        for name in TEXTS:
            check_text(name, getattr(self, name))

    @property
    def dimensions(self) -> str:
        """1.5 x 1250 mm, or what is known of it."""
        known = [_decimal(one, 3) for one in (self.thickness, self.width) if one]
        return f"{' x '.join(known)} mm" if known else ""

    @property
    def weight(self) -> str:
        """In kg, exact."""
        return f"{_decimal(self.mass, 3)} kg" if self.mass else ""


TEXTS = ("maker", "alloy", "temper", "form", "heat", "lot", "order", "customer_part")


def check_text(name: str, text: str) -> None:
    """Raises Malformed ("label") for what no label can show."""
    if len(text) > _LONGEST or not text.isprintable() or text.encode(_DRAWN, "replace").decode(_DRAWN) != text:
        raise Malformed(
            "label", f"{name} {text[:60]!a} has more than {_LONGEST} characters, or such as labels cannot show"
        )


@dataclass(frozen=True, slots=True)
class Tag:
    """A label's content: the piece, where its symbol leads, the log keys' fingerprints, and what is known."""

    gtin: str
    serial: str
    link: str
    facts: Facts
    fingerprints: tuple[str, ...] = ()

    def identified(self) -> Mapping[str, str]:
        """By data identifier (ANSI MH10.8.2): serial, supplier's traceability number, customer's part, quantity."""
        facts = self.facts
        known = {
            "P": facts.customer_part,
            "7Q": f"{_decimal(facts.mass, 3)}KG" if facts.mass else "",
            "1T": facts.heat,
            "S": self.serial,
        }
        return {name: value for name, value in known.items() if value}


def _decimal(value: int, places: int) -> str:
    return f"{Decimal(value).scaleb(-places).normalize():f}"
