"""/verify in a real browser: a file is checked where it is, sent nowhere, and told in words what is wrong with it."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from carbon_cheats import COIL as CARBON
from carbon_cheats import honest
from carbon_cheats import park as park_of_carbon
from cheats import bundled
from forged_ledger import ForgedLedger, renew
from forged_passports import passport_of
from parks import COIL, proof_of
from reading import words
from small_ledger import OPERATOR, PLANT, coil, link
from vectors.computed import COIL as SLIT
from vectors.computed import cast_and_slit, footprint
from vectors.misbehaviours import branch, forked_trees

from ledger.kernel.misbehaviour import encode_misbehaviour
from ledger.kernel.statement import Hidden
from ledger.kernel.trust import format_trust
from ledger.rules import rule_set

SAY = words()
VECTORS = Path(__file__).parents[2] / "schemas" / "vectors"
FILES = sorted(path for kind in ("receipt", "bundle", "misbehaviour") for path in VECTORS.glob(f"{kind}/*.json"))
SCRIPT = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>"


@pytest.fixture
def verify(reader, park):
    reader.open(f"http://127.0.0.1:{park.port}/verify", done="[data-ready]")
    return reader


def given(reader, trust, piece=""):
    reader.page.fill("#trust", trust)
    reader.page.fill("#piece", piece)


def test_a_dropped_file_is_checked_without_a_network_and_sent_nowhere(verify, park):
    file = proof_of(park)
    verify.page.context.set_offline(True)
    verify.asked.clear()
    given(verify, verify.page.input_value("#trust"), COIL)
    verify.drop(file)
    assert (verify.kind, verify.asked) == ("good", [])
    assert SAY["good_trust"] in verify.verdict
    assert verify.outcomes.count("passed") == 12
    assert COIL in verify.page.inner_text("#says")


@pytest.mark.slow
def test_a_chosen_file_is_checked_as_a_dropped_one(verify, park, tmp_path):
    (tmp_path / "x.coilmark.json").write_bytes(proof_of(park, kind="full"))
    verify.page.set_input_files("#file", tmp_path / "x.coilmark.json")
    verify.page.wait_for_selector("#check[data-done]")
    assert verify.kind == "good"
    assert verify.outcomes.count("passed") == 12  # all but that it is about a piece nobody named
    assert "Computed again from their events" in verify.page.inner_html("#check .steps")


def test_a_full_proof_is_computed_again_without_a_network(verify, park):
    file = proof_of(park, kind="full")
    verify.page.context.set_offline(True)
    verify.asked.clear()
    given(verify, verify.page.input_value("#trust"), COIL)
    verify.drop(file)
    assert (verify.kind, verify.asked, verify.outcomes) == ("good", [], ["passed"] * 13)


@pytest.mark.slow
def test_every_receipt_and_bundle_of_the_vectors_in_words(verify):
    for path in FILES:
        vector = json.loads(path.read_text("ascii"))
        told, kind = vector["input"], path.parent.name
        file = told[kind].encode() if kind in told else b64decode(told[f"{kind}_base64"])
        if "statement" in told or "index" in told.get("expected", {}):
            continue  # the page asks for neither
        if path.stem == "good-full" or "rules" in told:
            continue  # see below
        given(verify, told["trust"], told.get("expected", {}).get("piece", ""))
        verify.drop(file)
        if not vector["wantErr"]:
            assert verify.kind in {"good", "warn"}, path.name
            continue
        own = SAY.get(f"f{vector['step']}_{vector['code']}", SAY[f"f{vector['step']}"])
        assert (verify.kind, own in verify.verdict) == ("bad", True), (path.name, verify.verdict)
        assert verify.outcomes.index("failed") == vector["step"] - 1
        assert verify.page.is_hidden("#says"), path.name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["full-computed-again", "full-a-purchase-left-out"])
def test_a_vector_that_brings_its_rules_is_computed_again_by_them(reader, park, name):
    vector = json.loads((VECTORS / "bundle" / f"{name}.json").read_text("ascii"))
    told = vector["input"]
    script = f"export default {json.dumps(told['rules'])};"

    def prepare(page):
        page.route("**/rules.js*", lambda asked: asked.fulfill(body=script, content_type="text/javascript"))

    reader.open(f"http://127.0.0.1:{park.port}/verify", done="[data-ready]", prepare=prepare)
    given(reader, told["trust"], told["expected"]["piece"])
    reader.drop(told["bundle"].encode())
    assert (reader.kind, reader.outcomes) == ("bad" if vector["wantErr"] else "good", vector["want"]["steps"])


@pytest.mark.slow
def test_a_full_vector_whose_passport_is_made_up_is_red_where_it_is_computed_again(verify):
    """`good-full` is good for who does not compute; the page does."""
    told = json.loads((VECTORS / "bundle" / "good-full.json").read_text("ascii"))["input"]
    given(verify, told["trust"], told["expected"]["piece"])
    verify.drop(told["bundle"].encode())
    assert (verify.kind, verify.outcomes.index("failed")) == ("bad", 10)


def test_a_file_that_is_none_of_ours_is_told_so(verify):
    picture, version = b"\x89PNG\r\n\x1a\n" + bytes(64), b'{"type":"coilmark.bundle/v9"}'
    for file in (b"", picture, b"{}", b"[" * 5000, "ж".encode() * 99, version):
        verify.drop(file, "holiday.png")
        assert (verify.kind, SAY["f1"] in verify.verdict) == ("bad", True), file


@pytest.mark.slow
def test_a_trust_file_out_of_form_checks_nothing(verify, park):
    given(verify, "quorum none nonsense\n")
    verify.drop(proof_of(park))
    assert (verify.kind, verify.verdict.startswith(SAY["none"])) == ("bad", True)


@pytest.mark.slow
def test_a_piece_that_is_no_id_is_told_so(verify, park):
    given(verify, verify.page.input_value("#trust"), "coil number seven")
    verify.drop(proof_of(park))
    assert (verify.kind, SAY["f10_gs1_id"] in verify.verdict) == ("bad", True)


def computed(ledger, **given):
    """Body and inputs of the passport of a coil that was cast and slit, by the rules of this program."""
    return passport_of(ledger, SLIT, rule_set(), **given)


def drop_full(verify, ledger, body, inputs):
    given(verify, format_trust(ledger.trust()), SLIT)
    verify.drop(ledger.bundle(ledger.add(OPERATOR, "passport", body), along=inputs, kind="full"))


@pytest.fixture
def proven(vectors):
    """A full bundle that names what its footprint follows from."""
    ledger, body, inputs = honest(park_of_carbon(vectors))
    return bundled(ledger, CARBON, body, inputs)


def test_a_footprint_is_computed_again_from_its_evidence_without_a_network(verify, proven):
    verify.page.context.set_offline(True)
    verify.asked.clear()
    given(verify, proven.trust.decode(), CARBON)
    verify.drop(proven.file)
    assert (verify.kind, verify.asked, verify.outcomes) == ("good", [], ["passed"] * 13)
    assert "computed again from 58 hours of power in 72 statements, 31 streams" in verify.page.inner_html(
        "#check .steps"
    )


def test_without_the_rules_of_carbon_a_footprint_with_evidence_is_not_checked(reader, park, proven):
    reader.open(
        f"http://127.0.0.1:{park.port}/verify", done="[data-ready]",
        prepare=lambda page: page.route("**/carbon/*", lambda route: route.abort()),
    )  # fmt: skip
    given(reader, proven.trust.decode(), CARBON)
    reader.drop(proven.file)
    reader.forgive("ERR_FAILED")
    assert (reader.kind, reader.outcomes[10]) == ("good", "not_checked")
    assert "Figures not recomputed in this browser" in reader.page.inner_html("#check .steps")


@pytest.mark.slow
def test_a_footprint_is_held_against_the_breakdown_that_is_stated_beside_it(verify):
    ledger = cast_and_slit()
    drop_full(verify, ledger, *computed(ledger, footprint=footprint))
    assert (verify.kind, verify.outcomes) == ("good", ["passed"] * 13)
    assert SAY["footprint_stated"] in verify.page.inner_html("#check .steps")


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["facts"].update(mass=body["facts"]["mass"] + 1),
        lambda body: body["figures"][2].update(value="0.200001"),
        lambda body: body["facts"].update(heats=["H-2"]),
        lambda body: body["steps"].pop(),
        lambda body: body["figures"][3].update(value="9.000000"),
        lambda body: body["power"][0].update(hourly_wh=6_000_001),
        lambda body: body["power"][0]["sources"][0].update(wh=5_999_999),
    ],
    ids=["mass", "share", "heat", "step", "footprint", "power", "sources"],
)
def test_a_passport_that_its_inputs_do_not_give_is_red(verify, change):
    body, inputs = computed(ledger := cast_and_slit(), footprint=footprint)
    change(body)
    drop_full(verify, ledger, body, inputs)
    assert (verify.kind, SAY["f11_figure"] in verify.verdict) == ("bad", True)
    assert verify.outcomes.index("failed") == 10
    assert verify.page.is_hidden("#says")


@pytest.mark.slow
def test_a_passport_under_rules_that_the_page_does_not_have_is_not_ticked(verify):
    body, inputs = computed(ledger := cast_and_slit())
    for one in body["figures"]:
        one["rules"] = {"id": "coilmark-rules/9", "digest": "A" * 43}
    drop_full(verify, ledger, body, inputs)
    assert (verify.kind, verify.outcomes[10]) == ("good", "not_checked")
    assert "coilmark-rules/9" in verify.page.inner_html("#check .steps")


def passport(size, **facts):
    return {"id": COIL, "piece": COIL, "status": "made", "facts": facts, "figures": [], "references": [],
            "as_of": {"size": size, "root": "A" * 43}, "inputs": {"count": 0, "root": "A" * 43}}  # fmt: skip


@pytest.mark.slow
def test_a_key_that_was_disputed_since_never_looks_plainly_good(verify):
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("B-1", epcList=[link("B-1", 2)]))
    newer = OPERATOR.with_key("operator, newer")
    forged.add(OPERATOR, "key", {"party": OPERATOR.id, "add": [newer.addition()]})
    about = forged.add(OPERATOR, "passport", passport(5))
    kid = OPERATOR.signer.key.kid
    forged.add(newer, "key", {"party": OPERATOR.id, "end": [{"kid": kid, "reason": "compromised", "disputed_from": 4}]})
    given(verify, format_trust(forged.trust()), COIL)
    verify.drop(forged.bundle(about, kind="short"))
    assert verify.kind == "warn"
    assert verify.verdict.startswith(SAY["warn"])
    assert "somebody else may have signed with it" in verify.verdict


@pytest.mark.slow
def test_a_key_that_had_ended_is_refused(verify):
    forged = ForgedLedger()
    newer = PLANT.with_key("plant, newer")
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [newer.addition()]})
    forged.add(newer, "key", {"party": PLANT.id, "end": [{"kid": PLANT.signer.key.kid, "reason": "lost"}]})
    about = forged.add(PLANT, "lot-event", {"type": "ObjectEvent", "action": "OBSERVE", "epcList": []})
    given(verify, format_trust(forged.trust()))
    verify.drop(forged.bundle(about))
    assert (verify.kind, SAY["f7_key_not_valid"] in verify.verdict) == ("bad", True)


def test_script_in_every_field_of_a_file_is_text(verify):
    members = ("description", "maker", "form", "alloy", "temper", "coating", "cn", "local_id", "order")
    facts = dict.fromkeys(members, SCRIPT) | {"heats": [SCRIPT], "__proto__": SCRIPT, "note": Hidden(SCRIPT)}
    founding = {"operator": {**OPERATOR.profile(), "name": SCRIPT}}
    forged = ForgedLedger(founding=founding)
    forged.add(PLANT, "lot-event", coil("B-1", epcList=[link("B-1", 2)]))
    about = forged.add(OPERATOR, "passport", passport(4, **facts))
    given(verify, format_trust(forged.trust()), COIL)
    verify.drop(forged.bundle(about, kind="short"))
    assert verify.kind == "good", verify.verdict
    assert verify.page.inner_text("#says").count("onerror") == len(members) + 3
    assert "[object" not in verify.page.inner_text("#says")
    assert SCRIPT in verify.page.text_content("#check .steps")  # the operator's name
    assert verify.page.query_selector("img, #check script, #says script") is None
    assert verify.page.title() == "Check a file · coilmark"


@pytest.mark.slow
def test_a_proof_that_the_log_forked_is_told_as_such_and_never_as_a_good_record(verify):
    one, other = branch("A-0", "A-1"), branch("B-0", "B-1", "B-2")
    given(verify, format_trust(one.trust()))
    verify.drop(encode_misbehaviour(forked_trees(one, other)), "misbehaviour.json")
    assert (verify.kind, verify.verdict.startswith(SAY["proven"])) == ("warn", True)
    assert "signed that its first 5 entries have the root" in verify.verdict
    assert SAY["good"] not in verify.page.inner_text("#check")
    assert [at for at, one in enumerate(verify.outcomes, 1) if one == "passed"] == [1, 2, 3, 13]
    honest = branch("A-0", "A-1", "A-2")
    verify.drop(encode_misbehaviour(forked_trees(one, honest)), "misbehaviour.json")
    assert (verify.kind, SAY["f3_no_contradiction"] in verify.verdict) == ("bad", True)


@pytest.mark.slow
def test_a_receipt_that_a_restore_lost_is_told_from_a_false_one(verify, tmp_path):
    before, after = branch("C-1", "C-2", "C-3"), branch("C-1")
    (tmp_path / "newest.coilmark.json").write_bytes(after.bundle(renew(after)))
    given(verify, format_trust(after.trust()))
    verify.drop(before.receipt(4))
    assert verify.outcomes.index("failed") == 1  # nobody told of the key of that time
    verify.page.set_input_files("#lives", tmp_path / "newest.coilmark.json")
    verify.drop(before.receipt(4))
    assert (verify.kind, verify.verdict.startswith(SAY["lost"])) == ("bad", True)
    verify.drop(before.receipt(3))
    assert verify.kind in {"good", "warn"}
    (tmp_path / "newest.coilmark.json").write_bytes(before.bundle(3))
    verify.page.set_input_files("#lives", tmp_path / "newest.coilmark.json")
    verify.drop(before.receipt(4))
    assert (verify.kind, verify.verdict.startswith(SAY["none"])) == ("bad", True)
