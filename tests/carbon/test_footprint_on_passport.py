"""A coil's footprint on its passport: stated once its hours are known, restated with the reason, and audited."""

from concurrent.futures import Future
from decimal import Decimal

import pytest
from example_park import coil_of, time
from signed_example import POWER, Signed, parties
from small_ledger import OPERATOR, PLANT, actor, small_ledger
from worked import example

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.carbon.evidence import Evidence
from ledger.issuing import footprints
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.statement import parse
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.issue import Issuer, signed
from ledger.passport.refold import recompute
from ledger.rules import rule_set
from ledger.showing import passports
from ledger.store.access import EVERYTHING
from ledger.upkeep import restating
from ledger.upkeep.restating import Restater
from tests.tiers import first

CUSTOMER = actor("customer", 4)
LATER = 1_790_000_000_000_000  # µs: in September 2026
COIL = coil_of("A")
PARTY_URL = f"https://id.gs1.org/417/{CUSTOMER.id.removeprefix('(417)')}"


class Office:
    """A ledger with the example's parties, an issuer of passports, and a restater beside it."""

    def __init__(self, world, park):
        self.world, self.park = world, park
        world.now = LATER
        world.issuer = Issuer(OPERATOR.signer, rule_set(), world.randomness)
        world.reopen()
        parties(world)
        self.restater = Restater(world.log, self._submit, world.issuer, 0)

    def _submit(self, submissions):
        answer = Future()
        self.world.now += 1_000_000
        answer.set_result(self.world.log.append(submissions))
        return answer

    def say(self, statements):
        for who, typ, body in statements:
            self.world.post(who, typ, body)
        return self.world.size - 1

    def ship(self):
        digits = COIL.removeprefix("(01)")
        event = {
            "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"], "type": "ObjectEvent",
            "action": "OBSERVE", "bizStep": "shipping", "eventTime": time(24 * 20), "eventTimeZoneOffset": "+00:00",
            "epcList": [f"https://id.gs1.org/01/{digits[:14]}/21/{digits[18:]}"],
            "bizTransactionList": [{"type": "desadv", "bizTransaction": "urn:paper:D-1"}],
            "destinationList": [{"type": "possessing_party", "destination": PARTY_URL}],
        }  # fmt: skip
        return self.say([(PLANT, "lot-event", event)])

    def settle(self):
        """Rounds until there is nothing more to say; how many passports were made."""
        rounds = [self.restater.round(now=self.world.now) for _ in range(4)]
        assert rounds[-1] == 0
        return sum(rounds)

    def standing(self):
        return passports.standing(self.world.log, COIL)

    def passport(self):
        return self.standing().statement.body

    def pending(self):
        """Since which entry its footprint is."""
        return self.restater.footprint_since(self.standing())

    def figures(self):
        return {(one["name"], one.get("matching")): one for one in self.passport()["figures"]}

    def audited(self):
        report = audit(Order(DatabaseSource(self.world.places.database)))
        return [(one.code, one.index, one.sentence) for one in report.findings], report


@pytest.fixture
def office(tmp_path, vectors):
    with small_ledger(tmp_path) as world:
        yield Office(world, Signed(*example(vectors)))


def test_a_footprint_is_provisional_then_fixed_by_the_close_and_says_how_it_was_made(office):
    r, park = office.park.r, office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 80)])
    office.ship()
    assert "accounts" not in office.passport()  # the commit of a shipment waits for no accounts
    *streams, closing = park.rest()
    office.say(streams)
    assert office.settle() == 1
    assert office.figures()["product-footprint", "hourly"]["provisional"] is True
    office.say([closing])
    assert office.settle() == 1
    found, body = office.figures(), office.passport()
    assert found["product-footprint", "hourly"]["value"] == str(r["PCF_s80_per_t"].quantize(Decimal("0.000001")))
    assert found["product-footprint-location", "none"]["value"] == str(r["PCF_s0_per_t"].quantize(Decimal("0.000001")))
    assert found["renewable-share-hourly", "hourly"]["value"] == "0.800000"
    assert not any("provisional" in one for one in found.values())
    assert {one["coc_model"] for one in found.values() if one["scope"] == "voluntary"} == {"controlled-blending"}
    assert found["product-footprint", "hourly"]["rules"] == rule_set()
    assert {one["id"] for one in body["tables"]} >= {"eu-2025-2547/annex-ii", "scenario-kz/1"}
    assert sum(Decimal(one["kg"]) for one in body["breakdown"]) == Decimal("72626.651")
    assert sum(one["wh"] for one in body["power"]) == 319_497_200
    assert not [one for one in found.values() if one["scope"] == "cbam"]
    assert office.settle() == 0


def test_a_withdrawn_attestation_restates_the_coil_and_the_old_figure_stays(office):
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 100), *park.rest()])
    office.ship()
    office.settle()
    before = office.passport()
    withdrawn = f"{POWER.id}/att-30"
    allocation = next(
        index for index in range(office.world.size) if office.world.stored(index).typ == "energy-allocation"
    )
    rows = parse(office.world.stored(allocation).wire).body["rows"]
    row = next(number for number, one in enumerate(rows) if one["attestation"] == withdrawn)
    entry = office.say([(POWER, "energy-action", {
        "attestation": withdrawn, "action": "withdraw", "slices": [{"from_wh": 0, "to_wh": 12_206_250}],
        "reason": "wrong-meter-data",
        "reversals": [{"index": allocation, "row": row, "consumption": f"{PLANT.id}/electrolysis-30",
                       "from_wh": 0, "to_wh": 12_206_250}],
    })])  # fmt: skip
    assert office.settle() == 1
    after = office.passport()
    assert after["restated"] == [{"entry": entry, "reason": "wrong-meter-data", "wh": 12_206_250}]
    shares = [Decimal(office.figures()["renewable-share-hourly", "hourly"]["value"]), Decimal(1)]
    assert shares[0] == ((Decimal(319_497_200) - 12_206_250) / 319_497_200).quantize(Decimal("0.000001"))
    said = {one["name"]: one["value"] for one in before["figures"] if one.get("matching") == "hourly"}
    assert said["renewable-share-hourly"] == "1.000000"  # what was said stays said, at its own entry
    findings, report = office.audited()
    assert findings == []
    assert "2 footprints on them, from every signed statement below the state they name" in report.checked


@pytest.mark.slow
def test_a_stream_put_right_restates_what_rests_on_it(office):
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 100), *park.rest()])
    office.ship()
    office.settle()
    wrong = next(
        index for index in range(office.world.size)
        if office.world.stored(index).typ == "emission-source"
        and parse(office.world.stored(index).wire).body["stream"] == "alloying"
    )  # fmt: skip
    body = parse(office.world.stored(wrong).wire).body
    body = {**body, "material": {**body["material"], "mass": 1_400_000}, "replaces": wrong}
    entry = office.say([(PLANT, "emission-source", body)])
    assert office.settle() == 1
    assert office.passport()["restated"] == [{"entry": entry, "reason": "replaced"}]
    per_t = (office.park.r["PCF_s100_total"] + 7) / 20
    assert office.figures()["product-footprint", "hourly"]["value"] == str(per_t.quantize(Decimal("0.000001")))


@pytest.mark.slow
def test_what_was_accounted_for_before_is_stated_in_the_commit_of_the_shipment(office, monkeypatch):
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 80), *park.rest()])
    for _ in range(3):
        office.restater.round(now=office.world.now)
    with monkeypatch.context() as patch:
        patch.delattr(Evidence, "of")  # the thread that writes does not search: that was done before
        accounted, shipment = office.world.size, office.ship()
    body = office.passport()
    assert (body["accounts"]["size"], body["as_of"]["size"]) == (accounted, shipment)
    value = office.figures()["product-footprint", "hourly"]["value"]
    assert value == str(office.park.r["PCF_s80_per_t"].quantize(Decimal("0.000001")))
    assert "evidence" in body
    assert office.settle() == 0  # there is nothing to say anew
    findings, report = office.audited()
    assert findings == []
    assert "1 footprints on them, from every signed statement below the state they name" in report.checked


@pytest.mark.slow
def test_a_piece_that_was_worked_on_since_states_no_footprint_of_before(office):
    park = office.park
    *chain, (who, typ, annealing) = park.chain("A", 1)
    office.say([*chain, *park.consumption(1), *park.covered(1, 80), *park.rest()])
    for _ in range(3):
        office.restater.round(now=office.world.now)
    office.say([(who, typ, annealing)])
    office.ship()
    assert "accounts" not in office.passport()
    assert office.pending() == office.standing().index
    assert office.settle() == 1
    assert "accounts" in office.passport()
    assert office.pending() is None


def test_a_footprint_that_a_declaration_may_change_is_said_to_be_pending_until_it_is_computed_again(
    office, monkeypatch
):
    """Passports are made again at once, accounts when the ledger rests: until then a footprint is that of before."""
    monkeypatch.setattr(restating, "_GROWN", 1)  # a ledger that is not small
    park = office.park
    annealed = office.say(park.chain("A", 1))
    office.say([*park.consumption(1), *park.covered(1, 80), *park.rest()])
    office.ship()
    office.settle()
    before, wrong = office.passport(), parse(office.world.stored(annealed).wire)
    assert office.pending() is None
    declared = {"declarationTime": time(24 * 21), "reason": "incorrect_data"}
    entry = office.say([(PLANT, "lot-event", {**wrong.body, "eventID": wrong.jti, "errorDeclaration": declared})])
    assert office.restater.round(now=office.world.now) == 1
    between = office.passport()
    assert between["accounts"] == before["accounts"]
    assert office.pending() == entry
    assert office.settle() == 1
    assert office.passport()["breakdown"] != before["breakdown"]
    assert office.pending() is None


@pytest.mark.parametrize("member", first(["figures", "breakdown", "power", "accounts", "tables"]))
def test_an_operator_who_states_another_footprint_is_found(office, member):
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 80), *park.rest()])
    office.ship()
    office.settle()
    checkpoint = office.world.log.state.published.checkpoint
    body = dict(office.passport())
    body["as_of"] = {"size": checkpoint.size, "root": b64url_encode(checkpoint.root)}
    forged = {
        "figures": [*body["figures"][:3], {**body["figures"][3], "value": "1.000000"}, *body["figures"][4:]],
        "breakdown": body["breakdown"][:-1],
        "power": [{**one, "hourly_wh": one["volumetric_wh"] - 1} for one in body["power"]],
        "accounts": {**body["accounts"], "root": b64url_encode(bytes(32))},
        "tables": body["tables"][:-1],
    }  # fmt: skip
    body[member] = forged[member]
    office.world.submit(signed(body, office.world.issuer, office.world.log.state.registry, now=office.world.now))
    findings, _ = office.audited()
    assert [(code, index) for code, index, _ in findings] == [("passport", office.world.size - 1)]
    assert member in findings[0][2]


def full_bundle(office):
    """Of the newest passport."""
    found = passports.standing(office.world.log, COIL)
    return encode_bundle(passports.full(office.world.log, found, EVERYTHING))


def read_offline(office):
    """The newest passport's full bundle, verified with nothing beside it: the report, and what step 11 says."""
    report = verify_bundle(
        full_bundle(office), office.world.trust, expected=Expected(piece=COIL),
        recompute=lambda one: recompute(one, rule_set()),
    )  # fmt: skip
    return report, report.steps[10].sentence


@pytest.mark.slow
def test_a_full_bundle_without_evidence_holds_the_footprint_against_its_breakdown_alone(office, monkeypatch):
    monkeypatch.setattr(footprints, "EVIDENCE_STATE", 10)
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 80), *park.rest()])
    office.ship()
    office.settle()
    assert "evidence" not in office.passport()
    report, told = read_offline(office)
    assert report.verified, report.verdict
    assert "footprint and renewable shares are those of the breakdown that it states" in told
    assert "that the breakdown follows from signed hours and streams takes more than this bundle holds" in told


def _figure(body, name, **change):
    return {"figures": [{**one, **change} if one["name"] == name else one for one in body["figures"]]}


def _row(body, member, **change):
    return {member: [{**body[member][0], **change}, *body[member][1:]]}


def _from_less(one):
    first, *others = one.get("sources", [None])
    return one if first is None else {**one, "sources": [{**first, "wh": first["wh"] - 1}, *others]}


STATED = {
    "a share": lambda b: _figure(b, "renewable-share-hourly", value="0.800001"),
    "a footprint": lambda b: _figure(b, "product-footprint", value="4.000000"),
    "the last place but one of a footprint": lambda b: _figure(
        b, "product-footprint-location",
        value=str(Decimal(next(o["value"] for o in b["figures"] if o["name"].endswith("-location")))
                  + Decimal("0.000010")),
    ),
    "coverage": lambda b: _figure(b, "product-footprint", coverage="1.000000"),
    "a model": lambda b: _figure(b, "renewable-share-volumetric", coc_model="identity-preserved"),
    "one provisional figure": lambda b: _figure(b, "renewable-share-hourly", provisional=True),
    "other potentials": lambda b: _figure(b, "product-footprint-location", gwp="AR4"),
    "a figure less": lambda b: {"figures": b["figures"][:-1]},
    "a source less": lambda b: {"breakdown": b["breakdown"][1:]},
    "one kg": lambda b: _row(b, "breakdown", kg=str(Decimal(b["breakdown"][0]["kg"]) + 1)),
    "one Wh matched": lambda b: _row(b, "power", volumetric_wh=b["power"][0]["volumetric_wh"] + 1),
    "more matched by the hour": lambda b: _row(b, "power", hourly_wh=b["power"][0]["volumetric_wh"] + 1),
    "one Wh of a source": lambda b: {"power": list(map(_from_less, b["power"]))},
    "a factor set": lambda b: _row(b, "tables", digest=b64url_encode(bytes(32))),
    "a later state": lambda b: {"accounts": {**b["accounts"], "size": b["as_of"]["size"] + 1}},
    "another root": lambda b: {"accounts": {**b["as_of"], "root": b64url_encode(bytes(32))}},
    "a later entry": lambda b: {"restated": [{"entry": b["as_of"]["size"], "reason": "replaced"}]},
}  # fmt: skip


def stated_as(office, honest, forged):
    """A passport of this state, signed by the operator, that says something else in one place."""
    checkpoint = office.world.log.state.published.checkpoint
    body = {**honest, "as_of": {"size": checkpoint.size, "root": b64url_encode(checkpoint.root)}}
    body = {**body, **forged(body)}
    office.world.submit(signed(body, office.world.issuer, office.world.log.state.registry, now=office.world.now))


def test_a_footprint_that_is_not_that_of_its_breakdown_fails_step_11(office):
    park = office.park
    office.say([*park.chain("A", 1), *park.consumption(1), *park.covered(1, 80), *park.rest()])
    office.ship()
    office.settle()
    honest = office.passport()
    for name, forged in STATED.items():
        stated_as(office, honest, forged)
        report, _ = read_offline(office)
        assert report.failed is not None, name
        assert (report.failed.number, report.code) == (11, "figure"), name
        assert "the passport does not add up: " in report.failed.sentence, (name, report.failed.sentence)
