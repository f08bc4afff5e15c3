"""What the parties of the demo say of one coil, in the order in which they say it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.statement import Hidden
from tools.demo_park import (
    CUSTOMER,
    KG,
    MILL,
    MINE,
    REFINERY,
    SMELTER,
    WIND,
    Actor,
    Part,
    Said,
    day,
    handed_over,
    made,
    observed,
)

BAUXITE = MINE.lot(1, "BX-260302")
ALUMINA = REFINERY.lot(1, "AL-260305")
RESIDUE = REFINERY.lot(2, "RM-260305")
ANODES = SMELTER.lot(3, "AN-7731")
MASTER_ALLOY = SMELTER.lot(4, "ALMG50-2216")
METAL = SMELTER.lot(1, "PL1-260309")
DROSS = SMELTER.lot(5, "DR-260309")
SLABS = tuple(SMELTER.piece(2, f"HC26061-{number}") for number in (1, 2, 3))
HOT_BAND = MILL.piece(1, "HB-88120")
MOTHER_COIL = MILL.piece(2, "C0004711")
STRIPS = (MILL.piece(3, "C0004711A"), MILL.piece(3, "C0004711B"))
CROPS = MILL.lot(9, "SCRAP-5754-10")
PALLET = MILL.pallet(4711)
HEAT = "HC26061"
_ALLOY = {"alloy": "EN-AW-5754", "heat": HEAT}
_CRANE = SMELTER.own("crane-7")
_SCALE = MILL.own("scale-2")
_CHEMISTRY = (("Si", "0.18"), ("Fe", "0.27"), ("Mn", "0.31"), ("Mg", "2.94"), ("Ti", "0.015"))


def story() -> Iterator[Said]:
    """Every statement after the enrolments, in time order."""
    yield from _mine()
    yield from _refinery()
    yield from _potline()
    yield from _casthouse()
    yield from _rolling()
    yield from _finishing()


def _said(actor: Actor, event: dict[str, Any], what: str, typ: str = "lot-event") -> Said:
    return Said(actor, typ, event, datetime.fromisoformat(event["eventTime"]), what)


def _mine() -> Iterator[Said]:
    pile = Part(
        BAUXITE, 5_000_000 * KG, device=MINE.own("belt-1"),
        attributes={"material": "bauxite", "al2o3": "44.7", "moisture": "6.2"},
    )  # fmt: skip
    start = day(1, "06:00")
    yield _said(
        MINE,
        observed(
            MINE, day(1, "18:00"), "commissioning", [pile], action="ADD", disposition="active",
            al_process=MINE.own("pit-1"), al_start=start.isoformat(timespec="seconds"),
        ),
        "5 000 t bauxite on the stockpile",
    )  # fmt: skip
    sent = Part(BAUXITE, 5_000_000 * KG, device=MINE.own("belt-1"))
    over = handed_over(MINE, REFINERY, "TRAIN-118")
    yield _said(
        MINE,
        observed(MINE, day(1, "22:30"), "shipping", [sent], disposition="in_transit", **over),
        "5 000 t bauxite on the train",
    )


def _refinery() -> Iterator[Said]:
    over = handed_over(MINE, REFINERY, "TRAIN-118")
    yield _said(
        REFINERY,
        observed(
            REFINERY, day(3, "04:10"), "receiving", [Part(BAUXITE, 4_985_000 * KG)], disposition="in_progress", **over
        ),
        "4 985 t bauxite unloaded",
    )
    inputs = [Part(BAUXITE, 4_985_000 * KG, "charge")]
    outputs = [
        Part(ALUMINA, 2_004_000 * KG, "good", "calculated", attributes={"material": "alumina"}),
        Part(RESIDUE, 2_930_000 * KG, "residue", "calculated", attributes={"material": "residue"}),
    ]
    window = (day(3, "08:00"), day(5, "08:00"))
    yield _said(
        REFINERY,
        made((REFINERY, "digestion"), window, inputs, outputs, {"moisture": 51_000 * KG}),
        "2 004 t alumina, 2 930 t residue",
    )
    sent = [Part(ALUMINA, 196_000 * KG)]
    yield _said(
        REFINERY,
        observed(
            REFINERY, day(5, "14:00"), "shipping", sent, disposition="in_transit",
            **handed_over(REFINERY, SMELTER, "SILO-204"),
        ),
        "196 t alumina to the smelter",
    )  # fmt: skip


def _potline() -> Iterator[Said]:
    yield _said(
        SMELTER,
        observed(
            SMELTER, day(5, "16:20"), "receiving", [Part(ALUMINA, 196_000 * KG)], disposition="in_progress",
            **handed_over(REFINERY, SMELTER, "SILO-204"),
        ),
        "196 t alumina in the silo",
    )  # fmt: skip
    for lot, g, material, supplier in (
        (ANODES, 50_000 * KG, "anode", "Baltic Anodes"),
        (MASTER_ALLOY, 6_000 * KG, "alloying", "Alpine Master Alloys"),
    ):
        origin = {"id": lot, "kind": "outside", "supplier": supplier, "document": f"Delivery note {g // KG}/26", "g": g}
        part = Part(lot, g, attributes={"material": material})
        yield _said(
            SMELTER,
            observed(SMELTER, day(6, "09:00"), "receiving", [part], disposition="in_progress", al_origin=[origin]),
            f"{g // KG // 1000} t {material} bought from {supplier}",
        )
    yield Said(WIND, "energy-attestation", _attestation(), day(8, "15:00"), "187 450 kWh of wind in one hour")
    inputs = [Part(ALUMINA, 193_000 * KG, "charge"), Part(ANODES, 41_500 * KG, "charge")]
    outputs = [Part(METAL, 100_000 * KG, "good", "level", attributes={"material": "liquid-metal"})]
    power = {
        "sensorMetadata": {"startTime": "2026-03-09T01:00:00Z", "endTime": "2026-03-10T01:00:00Z"},
        "sensorReport": [{"type": "Energy", "value": Decimal("1372.6"), "uom": "MWH"}],
    }
    yield _said(
        SMELTER,
        made(
            (SMELTER, "potline-1"), (day(8, "06:00"), day(9, "06:00")), inputs, outputs, {"reaction": 134_500 * KG},
            sensorElementList=[power],
        ),
        "100 t liquid aluminium, a day of potline 1",
    )  # fmt: skip


def _attestation() -> dict[str, Any]:
    return {
        "id": WIND.own("2026-03-09T09"),
        "device": WIND.own("farm-1"),
        "meter": WIND.own("meter-1"),
        "from": "2026-03-09T09:00:00Z",
        "to": "2026-03-09T10:00:00Z",
        "wh": 187_450_000,
        "source": "wind",
        "quality": "measured",
        "support": "none",
        "dissemination": "public-grid",
        "disclosure": True,
        "configuration": 1,
        "expires": "2027-03-09T10:00:00Z",
    }


def _casthouse() -> Iterator[Said]:
    chemistry = [{"element": element, "value": value, "bound": "eq"} for element, value in _CHEMISTRY]
    slab = {"material": "aluminium", "form": "slab", "cn": "76012030", "chemistry": chemistry, **_ALLOY}
    inputs = [Part(METAL, 60_000 * KG, "charge", "level"), Part(MASTER_ALLOY, 3_700 * KG, "alloying", device=_CRANE)]
    outputs = [
        *(Part(one, 20_950 * KG, "good", device=_CRANE, attributes={**slab, "cast": f"{HEAT}-A"}) for one in SLABS),
        Part(DROSS, 620 * KG, "dross", device=_CRANE, attributes={"material": "dross"}),
    ]
    yield _said(
        SMELTER,
        made(
            (SMELTER, "casthouse"), (day(9, "08:30"), day(9, "11:30")), inputs, outputs, {"oxidation": 230 * KG},
        ),
        f"heat {HEAT}: three slabs of 20 950 kg",
    )  # fmt: skip
    held = [Part(one, 20_950 * KG, device=_CRANE) for one in SLABS]
    yield _said(
        SMELTER,
        observed(
            SMELTER, day(10, "04:00"), "other", held, al_process=SMELTER.own("homogeniser"),
            al_start=day(9, "16:00").isoformat(timespec="seconds"), al_equipment="Homogenising furnace 2",
        ),
        "three slabs homogenised",
    )  # fmt: skip
    over = handed_over(SMELTER, MILL, "TRUCK-52")
    first = [Part(SLABS[0], 20_950 * KG, device=_CRANE)]
    yield _said(
        SMELTER,
        observed(SMELTER, day(10, "09:15"), "shipping", first, disposition="in_transit", **over),
        f"slab {HEAT}-1 to the mill",
    )


def _rolling() -> Iterator[Said]:
    over = handed_over(SMELTER, MILL, "TRUCK-52")
    first = [Part(SLABS[0], 20_950 * KG, device=_SCALE)]
    yield _said(
        MILL,
        observed(MILL, day(10, "11:40"), "receiving", first, disposition="in_progress", **over),
        f"slab {HEAT}-1 received",
    )
    scrap = {"material": "aluminium", "scrapClass": "internal", "alloy": "EN-AW-5754"}
    band = {**_ALLOY, "material": "aluminium", "form": "hot-band", "thickness": 7_000, "width": 1_650_000}
    yield _said(
        MILL,
        made(
            (MILL, "hot"), (day(11, "01:00"), day(11, "02:10")), [Part(SLABS[0], 20_950 * KG, "charge", device=_SCALE)],
            [
                Part(HOT_BAND, 20_300 * KG, "good", device=_SCALE, attributes=band),
                Part(CROPS, 640 * KG, "scrap", device=_SCALE, attributes=scrap),
            ],
            {"oxidation": 10 * KG},
        ),
        "hot band of 20 300 kg",
    )  # fmt: skip
    coil = {**_ALLOY, "material": "aluminium", "form": "coil", "thickness": 1_200, "width": 1_640_000}
    yield _said(
        MILL,
        made(
            (MILL, "cold"), (day(13, "14:00"), day(13, "15:45")),
            [Part(HOT_BAND, 20_300 * KG, "charge", device=_SCALE)],
            [
                Part(MOTHER_COIL, 19_940 * KG, "good", device=_SCALE, attributes=coil),
                Part(CROPS, 355 * KG, "scrap", device=_SCALE, attributes=scrap),
            ],
            {"unaccounted": 5 * KG},
        ),
        "cold rolled to 1.2 mm, 19 940 kg",
    )  # fmt: skip
    annealed = [Part(MOTHER_COIL, 19_940 * KG, device=_SCALE, attributes={"temper": "H111"})]
    yield _said(
        MILL,
        observed(
            MILL, day(14, "10:00"), "other", annealed, al_process=MILL.own("annealer"),
            al_start=day(14, "02:00").isoformat(timespec="seconds"),
        ),
        "annealed to H111",
    )  # fmt: skip


def _finishing() -> Iterator[Said]:
    inspected = [Part(MOTHER_COIL, 19_940 * KG, device=_SCALE, attributes={"grade": "prime"})]
    yield _said(
        MILL,
        observed(MILL, day(14, "13:00"), "inspecting", inspected, disposition="conformant"),
        "inspected: conformant, prime",
    )
    strip = {**_ALLOY, "material": "aluminium", "form": "strip", "temper": "H111", "grade": "prime", "cn": "76061292"}
    widths = {STRIPS[0]: (9_880 * KG, 815_000), STRIPS[1]: (9_900 * KG, 817_000)}
    outputs = [
        *(
            Part(one, g, "good", device=_SCALE, attributes={**strip, "thickness": 1_200, "width": width})
            for one, (g, width) in widths.items()
        ),
        Part(CROPS, 160 * KG, "scrap", device=_SCALE),
    ]
    yield _said(
        MILL,
        made(
            (MILL, "slitter"), (day(15, "07:00"), day(15, "07:40")),
            [Part(MOTHER_COIL, 19_940 * KG, "charge", device=_SCALE)], outputs,
        ),
        "slit into C0004711A and C0004711B",
    )  # fmt: skip
    yield Said(MILL, "certificate", _certificate(), day(15, "09:00"), "EN 10204 3.1 for both strips")
    yield _said(MILL, _packed(), "both strips packed on one pallet")
    over = handed_over(MILL, CUSTOMER, "ASN-900")
    yield _said(
        MILL,
        observed(MILL, day(15, "16:00"), "shipping", [], epcList=[PALLET], disposition="in_transit", **over),
        "pallet shipped to the customer",
    )


def _packed() -> dict[str, Any]:
    event = observed(MILL, day(15, "10:00"), "packing", [], action="ADD", disposition="in_progress")
    return {**event, "type": "AggregationEvent", "parentID": PALLET, "childEPCs": list(STRIPS)}


def _certificate() -> dict[str, Any]:
    document = b"An inspection certificate that exists in the demo alone.\n"
    digest = b64url_encode(sha256(document).digest())
    return {
        "id": MILL.own("cert-2026-04711"),
        "status": "valid",
        "type": "3.1",
        "standard": "EN 10204:2004",
        "issued": "2026-03-16T04:00:00Z",
        "lots": [canonical_id(one) for one in STRIPS],
        "document": {"digest": digest, "media_type": "application/pdf", "size": len(document), "kind": "certificate"},
        "product": {"standard": "EN 485-2:2016+A1:2018", "alloy": "EN-AW-5754", "temper": "H111"},
        "heats": [HEAT],
        "chemistry": [{"element": element, "value": value, "bound": "eq"} for element, value in _CHEMISTRY],
        "tests": [
            {"property": "Rm", "value": "214", "unit": "MPa", "min": "190", "max": "240", "conforms": True},
            {"property": "Rp0.2", "value": "102", "unit": "MPa", "min": "80", "conforms": True},
            {"property": "A50", "value": "22", "unit": "%", "min": "14", "conforms": True},
        ],
        "inspection": {"body": "Quality department", "independent": True},
        # SPEC 4.2: free text is the one member that may be erased later, so it travels as a disclosure.
        "note": Hidden("Samples are kept for two years."),
    }
