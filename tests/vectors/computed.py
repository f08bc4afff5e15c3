"""Vectors of full bundles whose passport is computed again: from what a plant cast, slit and shipped (SPEC 7, step 11).

3 the plant's works, 4 metal and 5 scrap from outside, 6 a slab of both, 7 more metal into the same pot, 8 another slab,
which 9 declares wrong and 10 makes again, 11 two coils, 12 the shipment of one, 13 its passport.
"""

from decimal import Decimal

from forged_ledger import ForgedLedger
from forged_passports import committed, passport_of
from small_ledger import OPERATOR, PLANT, ROLES, gln, gtin, link, piece
from vectors.bundles import bundle_case

from ledger.carbon.records import Footprint, Part, Power
from ledger.kernel.encoding import b64url_encode
from ledger.passport.footprint import Accounted

RULES = {"id": "coilmark-rules/4", "digest": b64url_encode(bytes(32))}  # as published vectors have it
COIL, PLACE = piece("C-1"), f"(414){gln(2)}"
METAL, SCRAP = (f"https://id.gs1.org/01/{gtin(item)}/10/{name}" for item, name in ((3, "POT"), (4, "BALES")))
SLAB, OTHER_SLAB = link("S-1", 2), link("S-2", 2)


def computed():
    forged = cast_and_slit()
    body, inputs = passport_of(forged, COIL, RULES, footprint)
    cases = [
        ("full-computed-again", "Facts, shares and footprint are what the inputs give.", body, inputs),
        ("full-a-purchase-left-out", "The metal in the pot came from somewhere, but not from the inputs.",
         committed(forged, body, inputs[1:]), inputs[1:], 11, "inputs"),
    ]  # fmt: skip
    for name, desc, said, of, *failing in cases:
        yield _case(name, desc, cast_and_slit(), said, of, *failing)


def _case(name, desc, ledger, body, inputs, *failing):
    data = ledger.bundle(ledger.add(OPERATOR, "passport", body), along=inputs, kind="full")
    program = {**RULES, "factors": {}}
    return bundle_case(name, desc, data, ledger.trust(), *failing, expected={"piece": COIL}, rules=program)


def cast_and_slit(**said):
    """The ledger up to the shipment; `said` is more of what the plant says of the coil."""
    ledger = ForgedLedger()
    kinds = ("casting", "slitting")
    ledger.add(OPERATOR, "party", PLANT.profile(
        *ROLES, sites=[{"id": PLACE, "name": "works", "country": "KZ"}],
        processes=[{"id": f"{PLANT.id}/{kind}", "kind": kind, "site": PLACE} for kind in kinds],
    ))  # fmt: skip
    for event in _events(said):
        ledger.add(PLANT, "lot-event", event)
    return ledger


def _events(more):
    second = _made("casting", 7, [(METAL, 9_000_000)], [(OTHER_SLAB, 9_000_000)], {OTHER_SLAB: {"heat": "H-2"}})
    said = {"alloy": "EN-AW-5754", "form": "coil", "thickness": 1_500, "order": "PO-7", **more}
    yield _bought(3, METAL, 12_000_000, {"material": "liquid-metal"})
    yield _bought(4, SCRAP, 3_000_000, {"material": "scrap", "scrapClass": "post-consumer"})
    yield _made("casting", 5, [(METAL, 12_000_000), (SCRAP, 3_000_000)], [(SLAB, 15_000_000)], {SLAB: {"heat": "H-1"}})
    yield _bought(6, METAL, 10_000_000, {"material": "liquid-metal"})
    yield second
    yield {**second, "errorDeclaration": {"declarationTime": _at(7), "correctiveEventIDs": ["urn:example:right"]}}
    yield {**second, "eventID": "urn:example:right"}
    yield _made(
        "slitting", 9, [(SLAB, None)], [(link("C-1"), 7_100_000), (link("C-2"), 7_900_000)], {link("C-1"): said}
    )
    yield {
        **_event("Object", 10, action="OBSERVE", bizStep="shipping", epcList=[link("C-1")]),
        "bizTransactionList": [{"type": "desadv", "bizTransaction": "urn:example:D-1"}],
        "destinationList": [{"type": "possessing_party", "destination": f"https://id.gs1.org/417/{gln(4)}"}],
    }


def _at(minute):
    return f"2026-01-05T03:{minute + 40}:00Z"


def _event(kind, minute, **members):
    return {
        "@context": [{"al": "https://coilmark.org/ns/al/1/"}], "type": f"{kind}Event", "eventTime": _at(minute),
        "eventTimeZoneOffset": "+05:00", "eventID": f"urn:example:event:{minute}",
        "readPoint": {"id": f"https://id.gs1.org/414/{gln(2)}"}, **members,
    }  # fmt: skip


def _bought(minute, name, g, attributes):
    return _event(
        "Object", minute, action="OBSERVE", bizStep="receiving",
        quantityList=[{"epcClass": name, "quantity": Decimal(g) / 1_000, "uom": "KGM"}],
        **{"al:origin": [{"id": name, "kind": "outside", "supplier": "S", "document": "D", "g": g}],
           "al:attributes": [{"id": name, **attributes}]},
    )  # fmt: skip


def _made(process, minute, inputs, outputs, attributes):
    def listed(side, parts):
        single = [name for name, _ in parts if "/21/" in name]
        amounts = [{"epcClass": name, "quantity": g, "uom": "GRM"} for name, g in parts if "/10/" in name]
        return {f"{side}EPCList": single, f"{side}QuantityList": amounts}

    masses = [{"id": name, "g": g, "basis": "dry", "method": "scale"} for name, g in outputs]
    return _event(
        "Transformation", minute, **listed("input", inputs), **listed("output", outputs),
        **{"al:process": f"{PLANT.id}/{process}", "al:start": _at(minute - 1), "al:mass": masses,
           "al:role": [{"id": name, "role": "scrap"} for name, _ in inputs if name == SCRAP],
           "al:attributes": [{"id": name, **said} for name, said in attributes.items()]},
    )  # fmt: skip


def footprint(lot, as_of):
    """Of this lot, computed from this state; its figures are those of its breakdown."""
    found = Footprint(
        piece=lot.id, g=lot.g, coc_model="segregated", provisional=False, gwp="AR5",
        parts=(Part("casting", "fuel", "CO2", "measured", Decimal("1.2345678")),
               Part("mining", "material", "CO2e", "default", Decimal("0.4"))),
        power=(Power("electrolysis", 9_000_001, 4_000_000, 6_000_000, Decimal("4.1"), Decimal("2.5"), Decimal("1.7"),
                     "segregated", (("wind", 6_000_000),)),),
    )  # fmt: skip
    return Accounted(found, **as_of)
