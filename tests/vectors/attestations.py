"""Vectors of bundles of attestations: what proves single use, what does not, and what an operator would hide."""

from forged_ledger import ForgedLedger
from small_ledger import OPERATOR, PLANT, coil
from vectors.bundles import bundle_case

from ledger.kernel.subjects import Want, subject_key

SITE = "(414)9521141000028"
DEVICE, METER, PROCESS = (f"{PLANT.id}/{name}" for name in ("farm", "meter", "potline"))
NAME, DRAWN = f"{PLANT.id}/2026-01-05T03", f"{PLANT.id}/2026-01-05"
SUBJECT = subject_key("attestation", NAME)
ROLES = ("lot-event", "energy-attestation", "energy-consumption", "energy-action", "energy-allocation")
ATTESTED = 4  # its entry
_SITE = {"name": "Site", "country": "KZ", "zone": "KZ", "latitude": "52.3", "longitude": "76.9"}
_PROFILE = {
    "sites": [{"id": SITE, **_SITE}],
    "devices": [{"id": DEVICE, "kind": "generator", "site": SITE, "capacity": 1_000}],
    "meters": [{"id": METER, "site": SITE, "device": DEVICE}],
    "processes": [{"id": PROCESS, "kind": "electrolysis", "site": SITE}],
}
_ATTESTATION = {
    "id": NAME, "device": DEVICE, "meter": METER, "from": "2026-01-05T03:00:00Z", "to": "2026-01-05T04:00:00Z",
    "wh": 1_000, "source": "wind", "quality": "measured", "support": "none", "dissemination": "public-grid",
    "disclosure": True, "configuration": 1, "expires": "2027-01-05T00:00:00Z",
}  # fmt: skip
_DRAWN = {
    "id": DRAWN, "process": PROCESS, "from": "2026-01-05T03:00:00Z", "wh": [900, 900], "method": "calculated",
}  # fmt: skip


def row(start, end, hour=0, **more):
    return {
        "attestation": NAME, "from_wh": start, "to_wh": end, "consumption": DRAWN, "hour": hour,
        "delivery": "same-zone", **more,
    }  # fmt: skip


def allocated(forged, *rows):
    body = {"matching": "volumetric", "purpose": "footprint", "beneficiary": PLANT.id, "rows": list(rows)}
    return forged.add(PLANT, "energy-allocation", body)


def withdrawn(forged, start, end, *rows):
    named = [{"index": index, "row": place, "consumption": DRAWN} for index, place in rows]
    body = {
        "attestation": NAME, "action": "withdraw", "slices": [{"from_wh": start, "to_wh": end}],
        "reason": "wrong-meter-data", "reversals": named,
    }  # fmt: skip
    return forged.add(PLANT, "energy-action", body)


def cut(forged, start, end, index):
    """A withdrawal of a part of row 0 of an entry, which says so."""
    named = {"index": index, "row": 0, "consumption": DRAWN, "from_wh": start, "to_wh": end}
    body = {
        "attestation": NAME, "action": "withdraw", "slices": [{"from_wh": start, "to_wh": end}],
        "reason": "wrong-meter-data", "reversals": [named],
    }  # fmt: skip
    return forged.add(PLANT, "energy-action", body)


def begun():
    """3 devices, 4 the attestation, 5 consumption."""
    forged = ForgedLedger()
    forged.add(OPERATOR, "party", PLANT.profile(*ROLES, **_PROFILE))
    forged.add(PLANT, "energy-attestation", _ATTESTATION)
    forged.add(PLANT, "energy-consumption", _DRAWN)
    return forged


def story():
    """3 devices, 4 the attestation, 5 consumption, 6 two rows, 7 one undone, 8 a withdrawal that takes the other."""
    forged = begun()
    allocated(forged, row(0, 400), row(400, 500, hour=1))
    allocated(forged, row(400, 500, hour=1, reverses={"index": 6, "row": 1}))
    withdrawn(forged, 300, 1_000, (6, 0))
    return forged


def heads(forged):
    """An entry that names the newest version of everything."""
    return forged.add(
        OPERATOR, "heads", {}, items=[forged.item(subject, Want.REFERENCE) for subject in dict(forged.newest)]
    )


def file(forged, *along, last=None, changed=None):
    """The bundle of kind attestation with these entries; of `last`, an entry of heads, no more than it takes."""
    shown = {}
    if last is not None:
        shown = {last: {"opened": forged.opened(last, {SUBJECT, subject_key("party", OPERATOR.id)})}}
    beside = (*along, *shown)
    return forged.bundle(ATTESTED, kind="attestation", along=beside, changed={**shown, **(changed or {})})


def attestations():
    forged = story()
    last = heads(forged)
    trust = forged.trust()
    hidden = {6: {"statement": None, "opened": forged.opened(6, {SUBJECT})}}
    lot = story()
    lot.add(PLANT, "lot-event", coil("C-1"))
    yield bundle_case(
        "attestation", "All that was done with an attestation, and an entry of heads.",
        file(forged, 6, 7, 8, last=last), trust,
    )  # fmt: skip
    yield bundle_case(
        "attestation-without-heads", "Nothing bounds what else was done with it.", file(forged, 6, 7, 8), trust
    )
    yield bundle_case(
        "attestation-a-use-withheld", "What one entry did with it may not be seen.",
        file(forged, 6, 7, 8, last=last, changed=hidden), trust,
    )  # fmt: skip
    yield bundle_case(
        "attestation-a-use-left-out", "Version 2 of its history is missing.",
        file(forged, 7, 8), trust, 11, "attestation_history",
    )  # fmt: skip
    yield bundle_case(
        "attestation-its-newest-use-left-out", "The entry of heads names a version that is not there.",
        file(forged, 6, 7, last=last), trust, 11, "attestation_history",
    )  # fmt: skip
    yield bundle_case(
        "attestation-a-lot-event-beside", "What has nothing to do with it.",
        file(lot, 6, 7, 8, 9), lot.trust(), 6, "superfluous",
    )  # fmt: skip
    yield from _used_twice()


def _used_twice():
    twice, gone, undone = story(), story(), story()
    allocated(twice, row(0, 200), row(199, 300, hour=1))
    allocated(gone, row(299, 301))
    allocated(undone, row(400, 500, hour=1, reverses={"index": 6, "row": 1}))
    used, left, beyond = begun(), begun(), begun()
    allocated(used, row(0, 400))
    withdrawn(used, 300, 1_000)
    allocated(left, row(0, 400))
    cut(left, 100, 200, 6)
    yield bundle_case("attestation-a-row-cut", "Two parts of a row are left.", file(left, 6, 7), left.trust())
    allocated(left, row(399, 401, hour=1))
    allocated(beyond, row(0, 400))
    cut(beyond, 300, 401, 6)
    for name, desc, forged in (
        ("used-twice", "Watt-hour 199 covers two hours.", twice),
        ("used-after-withdrawal", "Watt-hour 300 was withdrawn and is used.", gone),
        ("taken-back-twice", "A row is undone that was undone before.", undone),
        ("used-after-a-cut", "Watt-hour 399 is in a part that is left of a cut row.", left),
        ("cut-beyond-its-row", "A withdrawal takes back of a row what that has not.", beyond),
        ("withdrawn-while-used", "A withdrawal names no row, and one uses what it takes.", used),
    ):
        along = range(6, len(forged.entries))
        yield bundle_case(f"attestation-{name}", desc, file(forged, *along), forged.trust(), 11, "used_twice")
