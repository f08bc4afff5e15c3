"""The published aluminium chain, with what it leaves out: handovers, masses, scrap, ids of our namespace.

Each event is posted as it was published but for what stands beside it here; from bauxite to strips at the customer.
"""

import pytest
from small_park import URI, make_park

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import check
from ledger.issuing.passport_source import StoreSource
from ledger.kernel import strict_json
from ledger.kernel.errors import Refused
from ledger.kernel.keys import generate, load_signer
from ledger.kernel.statement import issue
from ledger.lots.ancestry import up
from ledger.lots.descent import down
from ledger.lots.genealogy import UG, recycled, starts_of
from ledger.lots.recall import starts_from_lot
from ledger.recording.log import Submission
from ledger.recording.opening import open_log
from tools.party import prove, small_profile
from tools.sign import fresh_id, now

MINE, PARK, MILL, CUSTOMER = (f"(417)95211410000{digits}" for digits in ("14", "21", "69", "90"))
SITES = {MINE: ("14",), PARK: ("21", "38", "45"), MILL: ("52", "69", "76", "83")}
PLACE = {"country": "KZ", "zone": "KZ-N", "latitude": "52.3", "longitude": "76.9"}
ID = "https://id.example.com/01/095211410000"
BAUXITE = f"{ID}14/10/BX-260301-A"
SCRAP, SLABS = f"{ID}83/10/SC-260318-7", [f"{ID}45/21/HC24117-{number}" for number in (1, 2, 3)]
BAND, WRONG_BAND, COIL = f"{ID}52/21/HB-88120", f"{ID}52/21/HB-88121", f"{ID}69/21/C0004711"
STRIPS = [f"{ID}76/21/C0004711{letter}" for letter in "AB"]
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"al": "https://coilmark.org/ns/al/1/"}]
STRIP = "(01)09521141000076(21)C0004711A"


def masses(kilograms, names):
    rows = ({"id": name, "g": kilograms * 1_000, "basis": "dry", "method": "scale"} for name in names)
    return {"al:mass": list(rows)}


# What is beside the event of this place: masses of pieces, which EPCIS has no room for; casting is named as such.
BESIDE = {
    4: masses(26_700, SLABS) | {"al:process": f"{PARK}/casting", "al:start": "2026-03-20T08:00:00Z", "al:role": [
        {"id": SCRAP, "role": "scrap"}]},
    5: masses(25_250, [BAND]),
    6: masses(24_600, [COIL]),
    8: {"al:mass": masses(12_140, STRIPS[:1])["al:mass"] + masses(12_150, STRIPS[1:])["al:mass"]},
    12: masses(26_555, [WRONG_BAND]),
    13: masses(26_555, [WRONG_BAND]),
    14: masses(25_250, [WRONG_BAND]),
}  # fmt: skip
ISSUERS = [MINE, MINE, PARK, PARK, PARK, *[MILL] * 10]


def handed(step, time, giver, taker, paper, **what):
    return {
        "type": "ObjectEvent", "action": "OBSERVE", "bizStep": step, "eventTime": time, "eventTimeZoneOffset": "+00:00",
        "bizTransactionList": [{"type": "bol", "bizTransaction": paper}],
        "sourceList": [{"type": "possessing_party", "source": link(giver)}],
        "destinationList": [{"type": "possessing_party", "destination": link(taker)}],
        **what,
    }  # fmt: skip


def link(party):
    return party.replace("(417)", "https://id.example.com/417/")


def bulk(name, kilograms):
    return {"quantityList": [{"epcClass": name, "quantity": kilograms, "uom": "KGM"}]}


# What was left out before the event of this place: who says it, and what.
NOTE = "urn:note:N-1"
BILL = "urn:epcglobal:cbv:bt:9521141000017:BL-1"
ORIGIN = {"id": SCRAP, "kind": "outside", "supplier": "Scrap dealer", "document": "N-1", "g": 21_000_000}
CLASS = {"al:attributes": [{"id": SCRAP, "scrapClass": "post-consumer"}], "al:origin": [ORIGIN]}
BEFORE = {
    2: [(PARK, handed("receiving", "2026-03-08T10:00:00Z", MINE, PARK, BILL, **bulk(BAUXITE, 5_000_000)))],
    4: [(PARK, handed("receiving", "2026-03-18T10:00:00Z", "urn:dealer", PARK, NOTE, **bulk(SCRAP, 21_000), **CLASS))],
    5: [
        (PARK, handed("shipping", "2026-03-22T10:00:00Z", PARK, MILL, "urn:note:D-1", epcList=SLABS[:2])),
        (MILL, handed("receiving", "2026-03-23T10:00:00Z", PARK, MILL, "urn:note:D-1", epcList=SLABS[:2])),
    ],
}  # fmt: skip
ARRIVAL = {
    "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "receiving", "eventTime": "2026-04-02T10:00:00Z",
    "eventTimeZoneOffset": "+00:00", "epcList": ["https://id.example.com/00/195211410000010010"],
}  # fmt: skip


@pytest.fixture(scope="module")
def published(vectors):
    document = strict_json.decode((vectors / "aluminium-examples" / "mine_to_coil.jsonld").read_bytes())
    return document["epcisBody"]["eventList"]


@pytest.fixture(scope="module")
def keys():
    return {party: load_signer(generate()) for party in (MINE, PARK, MILL, CUSTOMER)}


@pytest.fixture(scope="module")
def park(keys, tmp_path_factory):
    made = make_park(tmp_path_factory.mktemp("chain") / "ledger")
    for party, signer in keys.items():
        sites = [{"id": f"(414)95211410000{one}", "name": "Works", **PLACE} for one in SITES.get(party, ())]
        kinds = [{"id": f"{party}/casting", "kind": "casting", "site": sites[-1]["id"]}] if party == PARK else []
        profile = small_profile(party, "Works", ("lot-event",), ("9521141",)) | {"sites": sites, "processes": kinds}
        first_key = {"party": party, "add": [prove(signer, URI, party)]}
        made.record(made.hand().signed("party", profile), made.hand().signed("key", first_key))
    return made


@pytest.fixture(scope="module")
def entries(park, keys, published):
    """The entry of each published event."""
    found = []
    with open_log(park.places) as log:
        for place, event in enumerate(published):
            for issuer, missing in BEFORE.get(place, ()):
                post(log, keys, issuer, missing)
            bare = {name: value for name, value in event.items() if name != "ilmd"}
            found.append(post(log, keys, ISSUERS[place], bare | BESIDE.get(place, {})))
        post(log, keys, CUSTOMER, ARRIVAL)
    return found


def post(log, keys, party, event):
    body = {"@context": CONTEXT, **event}
    wire = issue(typ="lot-event", iss=party, jti=fresh_id(), aud=URI, iat=now(), body=body, signer=keys[party])
    checked = check(wire, audience=URI, keys=log.state.registry.all_keys())
    (outcome,) = log.append([Submission((checked,))])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome.receipts[0].entry.index


def reading(park, ask):
    with open_log(park.places) as log, log.store.reading() as transaction:
        return ask(StoreSource(transaction, log.state.published.checkpoint.size))


def test_the_chain_comes_through_to_the_customer(park, entries):
    strip, mine = reading(park, lambda source: (source.lot(STRIP), source.effects(entries)))
    assert [(one.holder, one.owner, one.g) for one in strip.holdings] == [(CUSTOMER, CUSTOMER, 12_140_000)]
    assert {finding.rule for one in mine.values() for finding in one.findings} == {
        "no_source", "late_statement", "taken_from_unit",
    }  # fmt: skip


def test_a_strip_is_traced_to_bauxite_and_to_scrap(park, entries):
    def ask(source):
        return up(starts_of(source.lot(STRIP), at=source.size, load=source.effects), source.effects, source.versions)

    trace = reading(park, ask)
    assert {(one.reason, one.entry) for one in trace.ends} == {("commissioned", entries[0]), ("scrap", entries[4])}
    assert sum(one.ug for one in trace.ends) == 12_140_000 * UG
    assert recycled(trace).recycled == pytest.approx(12_140_000 * UG * 21 / 81, abs=2)


def test_bauxite_is_recalled_from_the_customer_though_only_the_unit_was_shipped(park, entries):
    def ask(source):
        starts = starts_from_lot("(01)09521141000014(10)BX-260301-A", source.effects, source.changes)
        return down(starts, source.effects, source.changes)

    found = reading(park, ask)
    assert {one.lot for one in found.sent if one.entry == entries[11]} == {STRIP, STRIP[:-1] + "B"}
    assert found.places[STRIP, CUSTOMER, ""] == pytest.approx(12_140_000 * UG * 60 / 81, abs=2)


def test_the_corrected_band_weighs_what_its_correction_says(park, entries):
    band, wrong = reading(
        park, lambda source: (source.lot("(01)09521141000052(21)HB-88121"), source.effects([entries[12]])[entries[12]])
    )
    assert (band.g, band.doubt, wrong.declared_by, wrong.replaced_by) == (25_250_000, -1, entries[13], entries[14])


def test_the_ledger_that_holds_it_is_clean(park, entries):
    assert entries
    assert audit(Order(DatabaseSource(park.places.database))).findings == ()
