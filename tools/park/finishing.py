"""The mill's last steps: slitting, certificates, pallets with an SSCC, and what goes to the customers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.statement import Hidden
from tools.park.actors import CUSTOMERS, MILL, Actor
from tools.park.casthouse import analysis
from tools.park.events import KG, Part, Said, claimed, day, handed_over, made, observed, packed, said, tonnes
from tools.park.mill import SCALE, line, offcut, ordered, rolled
from tools.park.plan import Coil
from tools.park.products import PRODUCTS
from tools.park.yard import Park

SLIT, SHIPPED = 7, 8  # days from the heat
_DOCK = 2  # pallets a truck
_KEPT = 8  # tenths of what came in claimed are claimed again: a coil has about nine tenths of its slab


def pieces(coil: Coil) -> tuple[str, ...]:
    """What is shipped of a coil: two strips, or the coil whole."""
    if not coil.is_slit:
        return (rolled(coil),)
    item = 30 + PRODUCTS.index(coil.product)
    return tuple(MILL.piece(item, f"{coil.serial}{letter}") for letter in "AB")


def pallet(coil: Coil) -> str:
    """What it is shipped on."""
    return MILL.pallet(4711 + coil.number)


def work(park: Park, number: int) -> Iterator[Said]:
    """Slit, certify, pack; ship what was packed the day before."""
    for place, one in park.plan.in_turn(number - SLIT):
        if one.is_slit:
            yield from _slit(park, line(number, place), one)
        yield _certified(park, line(number, place, "06:40")[1], one)
        what = f"{one.serial} on a pallet with an SSCC"
        event = packed(MILL, line(number, place, "06:50")[1], pallet(one), pieces(one))
        yield said(MILL, event, what, notable=one is park.plan.followed)
        event = observed(MILL, line(number, place, "07:05")[1], "staging_outbound", [], epcList=[pallet(one)])
        yield said(MILL, event, f"{one.serial} at the dock")
    for customer in CUSTOMERS:
        coils = [one for one in park.plan.coils_of(number - SHIPPED) if one.product.customer is customer]
        trucks = groupby(enumerate(coils), key=lambda pair: pair[0] // _DOCK)
        for truck, load in trucks:
            yield from _shipped(park, (number, truck), customer, [one for _, one in load])


def _slit(park: Park, window: tuple[datetime, datetime], coil: Coil) -> Iterator[Said]:
    width = (coil.product.width - 10_000) // 2
    about = {
        **ordered(coil), "form": "strip", "temper": coil.product.temper, "grade": "prime",
        "thickness": coil.product.thickness, "width": width,
    }  # fmt: skip
    strips = list(zip(pieces(coil), coil.weights.strips, strict=True))
    outputs = [
        *(Part(one, kg, "good", device=SCALE, about={**about, "localId": one[-9:]}) for one, kg in strips),
        offcut(park, coil, coil.weights.trim, window[0]),
    ]
    inputs = [Part(rolled(coil), coil.weights.rolled, "charge", device=SCALE)]
    what = f"slit into {coil.serial}A and {coil.serial}B"
    event = made((MILL, "slitter"), window, inputs, outputs)
    yield said(MILL, event, what, notable=coil is park.plan.followed)
    for one, kg in strips:
        event = observed(MILL, window[1], "inspecting", [Part(one, kg, device=SCALE)], disposition="conformant")
        yield said(MILL, event, f"strip {one[-9:]} inspected")


def _certified(park: Park, time: datetime, coil: Coil) -> Said:
    what = f"EN 10204 3.1 for {coil.serial}"
    followed = coil is park.plan.followed
    return Said(MILL, "certificate", _certificate(park, time, coil), time, what, notable=followed)


def _certificate(park: Park, time: datetime, coil: Coil) -> dict[str, Any]:
    document = f"An inspection certificate of {coil.serial} that exists in the demo alone.\n".encode()
    digest = b64url_encode(sha256(document).digest())
    product = coil.product
    return {
        "id": MILL.own(f"cert-2026-{4711 + coil.number:05d}"),
        "status": "valid",
        "type": "3.1",
        "standard": "EN 10204:2004",
        "issued": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lots": [canonical_id(one) for one in pieces(coil)],
        "document": {"digest": digest, "media_type": "application/pdf", "size": len(document), "kind": "certificate"},
        "order": coil.order,
        "product": {"standard": "EN 485-2:2016+A1:2018", "alloy": product.designation, "temper": product.temper},
        "heats": [coil.heat],
        "chemistry": analysis(park, park.plan.heat_of(coil)),
        "tests": _tests(park, coil),
        "inspection": {"body": "Quality department", "independent": True},
        # SPEC 4.2: free text is the one member that may be erased later, so it travels as a disclosure.
        "note": Hidden("Samples are kept for two years."),
    }


def _tests(park: Park, coil: Coil) -> list[dict[str, Any]]:
    rows = []
    for test, (usual, unit, least, most) in coil.product.tests.items():
        value = usual + park.plan.chance.between(-usual // 100, usual // 100, test, coil.number)
        limits = {key: limit for key, limit in (("min", least), ("max", most)) if limit}
        rows.append({"property": test, "value": str(value), "unit": unit, **limits, "conforms": True})
    return rows


def _shipped(park: Park, when: tuple[int, int], customer: Actor, coils: list[Coil]) -> Iterator[Said]:
    number, truck = when
    minutes = truck // park.plan.size.halls * 30 + CUSTOMERS.index(customer) * 15
    pallets = [pallet(one) for one in coils]
    event = observed(MILL, day(number, "09:00", minutes), "loading", [], epcList=pallets, disposition="in_progress")
    yield said(MILL, event, f"{len(pallets)} pallets loaded for {customer.word}")
    claim = sum(sum(one.weights.strips) * one.product.claimed * _KEPT // 10 for one in coils)
    over = handed_over(MILL, customer, f"ASN-{number:03d}{customer.word[0].upper()}{truck + 1}") | claimed(MILL, claim)
    event = observed(
        MILL, day(number, "10:00", minutes), "shipping", [], epcList=pallets, disposition="in_transit", **over
    )
    how = f", {tonnes(claim // KG)} claimed as recycled" if claim else ""
    what = f"{', '.join(one.serial for one in coils)} shipped to {customer.word}{how}"
    yield said(MILL, event, what, notable=park.plan.followed in coils)
