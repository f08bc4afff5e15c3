"""The three products that customers order: alloy, temper, size, recipe and what the certificate holds them against."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.park.actors import AIRCRAFT, CAR_BODIES, Actor


@dataclass(frozen=True)
class Product:
    """`recipe` is the alloying metal, `post` and `pre` the bought scrap, in thousandths of a furnace's charge.

    `chemistry` is in thousandths of a percent, `tests` are property -> (usual value, unit, least, most).
    """

    alloy: str
    temper: str
    customer: Actor
    part: str
    furnace: str
    thickness: int  # µm
    width: int  # µm, of the mother coil
    recipe: Mapping[str, int]
    post: int
    pre: int
    chemistry: Mapping[str, int]
    tests: Mapping[str, tuple[int, str, str, str]]

    @property
    def designation(self) -> str:
        """As EN 573 writes it."""
        return f"EN-AW-{self.alloy}"

    @property
    def claimed(self) -> int:
        """Eight tenths of the post-consumer scrap in the charge: what is lost on the way is not claimed."""
        return self.post * 8 // 10


DOOR = Product(
    "5754", "H111", CAR_BODIES, "DOOR-INNER-5", "F1", 1_200, 1_640_000,
    {"ALMG50": 58, "ALMN60": 5}, post=100, pre=0,
    chemistry={"Si": 180, "Fe": 270, "Cu": 30, "Mn": 310, "Mg": 2_940, "Cr": 50, "Zn": 40, "Ti": 15},
    tests={"Rm": (214, "MPa", "190", "240"), "Rp0.2": (102, "MPa", "80", ""), "A50": (22, "%", "14", "")},
)  # fmt: skip
HOOD = Product(
    "6016", "T4", CAR_BODIES, "HOOD-OUTER-2", "F2", 1_000, 1_700_000,
    {"ALSI50": 23, "ALMG50": 8}, post=120, pre=60,
    chemistry={"Si": 1_150, "Fe": 250, "Cu": 60, "Mn": 80, "Mg": 420, "Cr": 20, "Zn": 30, "Ti": 20},
    tests={"Rm": (212, "MPa", "170", "250"), "Rp0.2": (104, "MPa", "80", "140"), "A50": (27, "%", "24", "")},
)  # fmt: skip
RIB = Product(
    "7075", "T6", AIRCRAFT, "RIB-7-21", "F3", 2_000, 1_500_000,
    {"ZINC": 57, "ALMG50": 49, "ALCU50": 31}, post=0, pre=0,
    chemistry={"Si": 100, "Fe": 180, "Cu": 1_550, "Mn": 60, "Mg": 2_450, "Cr": 220, "Zn": 5_650, "Ti": 30},
    tests={"Rm": (562, "MPa", "540", ""), "Rp0.2": (495, "MPa", "470", ""), "A50": (9, "%", "7", "")},
)  # fmt: skip
PRODUCTS = (DOOR, HOOD, RIB)
SHARES = (45, 35, 20)  # percent of the coils, in this order
