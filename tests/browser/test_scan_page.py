"""The scan page in a real browser: it checks itself, says so plainly, and never looks verified where it is not."""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from forged_ledger import ForgedLedger
from parks import COIL, OTHER, address_of, proof_of, served_park
from reading import words
from small_ledger import OPERATOR
from tampering import change

from api import languages
from ledger.kernel.bundle import parse_bundle
from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.trust import format_trust
from ledger.passport.codes import path_of
from tests.untied import PARTED

SAY = words()
SHORT, FULL = [*["passed"] * 10, "not_checked", "passed", "passed"], ["passed"] * 13


@pytest.fixture
def address(park):
    return address_of(park)


def answering(body, pattern="**/bundle*"):
    """What a page gets in place of its proof."""
    return lambda page: page.route(pattern, lambda route: route.fulfill(body=body, content_type="application/json"))


def changing(pattern, change):
    def prepare(page):
        page.route(pattern, lambda route: route.fulfill(response=(got := route.fetch()), body=change(got.text())))

    return prepare


def restated(jwt, find, put):
    """A statement with another text in its payload, and everything else as it was."""
    head, payload, *rest = jwt.split(b".")
    raw = b64url_decode(payload.decode())
    assert find in raw
    return b".".join([head, b64url_encode(raw.replace(find, put, 1)).encode(), *rest])


def altered(file, find, put):
    """The last statement of a bundle restated."""
    value = json.loads(file)
    last = value["entries"][-1]
    last["statement"] = restated(last["statement"].encode(), find, put).decode()
    return json.dumps(value, separators=(",", ":")).encode()


def test_the_page_of_a_good_coil_ticks_what_it_checked_and_says_what_it_did_not(reader, address):
    reader.open(address)
    assert reader.kind == "good"
    assert reader.verdict.startswith(SAY["good"])
    assert "Steps not checked: 11 (Inputs and figures)." in reader.verdict
    assert SAY["good_key"] in reader.verdict
    assert reader.outcomes == SHORT
    assert SAY["takes_full"] in reader.page.inner_html("#check .steps")
    assert "no page can tell" in reader.page.inner_text(".honest")


@pytest.mark.slow
def test_it_asks_nobody_but_its_own_server_and_is_small(reader, address, park):
    sizes = []

    def prepare(page):
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))

    reader.open(address, prepare=prepare)
    assert {url.split("/")[2] for url in reader.asked} == {f"127.0.0.1:{park.port}"}
    assert sum(sizes) - len(proof_of(park)) < 100_000, sizes


def test_the_full_proof_is_computed_again_on_a_tap_by_rules_that_are_fetched_then(reader, address):
    reader.open(address)
    assert not any("/lots/" in url for url in reader.asked)
    reader.again(SAY["full"])
    reader.page.click("#check summary")
    assert (reader.kind, reader.outcomes) == ("good", FULL)
    assert SAY["good_all"] in reader.verdict
    steps = reader.page.inner_text("#check .steps")
    assert "Computed again from their events, and the same: facts and masses" in steps
    assert SAY["footprint_none"] in steps
    assert any("/lots/recompute.js" in url for url in reader.asked)
    assert not any("/carbon/" in url for url in reader.asked)  # it names no evidence


@pytest.mark.slow
def test_without_the_rules_the_full_proof_is_checked_and_its_figures_are_not(reader, address):
    reader.open(address, prepare=lambda page: page.route("**/lots/*", lambda route: route.abort()))
    reader.again(SAY["full"])
    reader.forgive("ERR_FAILED")
    assert (reader.kind, reader.outcomes) == ("good", SHORT)
    assert "Figures not recomputed in this browser" in reader.page.inner_html("#check .steps")


@pytest.mark.slow
def test_without_webcrypto_its_own_curves_decide(reader, address):
    reader.open(address, prepare=lambda page: page.add_init_script("delete Crypto.prototype.subtle"))
    assert reader.page.evaluate("crypto.subtle === undefined")
    assert (reader.kind, reader.outcomes) == ("good", SHORT)


@pytest.mark.slow
def test_without_script_it_says_that_nothing_was_verified(reader, address):
    reader.open(address, done="", java_script_enabled=False)
    text = reader.page.inner_text("body")
    assert "Nothing was verified here." in text
    assert "script, which is off" in text
    assert SAY["good"] not in text
    assert reader.page.query_selector(".good, .passed") is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("locale", "language"), [("de-DE", "de"), ("zh-CN", "zh"), ("ru-RU", "ru"), ("kk-KZ", "kk"), ("fr-FR", "en")]
)
def test_it_speaks_the_reader_s_language(reader, address, locale, language):
    reader.open(address, locale=locale)
    assert reader.page.get_attribute("html", "lang") == language
    assert reader.verdict.startswith(words(language)["good"])
    untold = [
        one
        for one in reader.page.eval_on_selector_all("#check *", "all => all.map((one) => one.textContent)")
        if "{" in one
    ]
    assert untold == []


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["en-US", "de-DE", "zh-CN", "ru-RU", "kk-KZ"])
def test_numbers_and_times_have_one_form_on_a_page_whatever_the_browser_knows(reader, address, park, locale):
    """Its script writes them as its server does; a number and its unit, and a date, stand on one line."""
    reader.open(address, locale=locale, timezone_id="Asia/Almaty")
    said, proof = languages.words(locale[:2]), proof_of(park)
    recorded = said.recorded(parse_bundle(proof).entries[-1].entry.recorded_at)
    size = said.number(len(proof))
    assert size in reader.page.text_content("#check .steps > li:first-child small")
    assert recorded in reader.page.text_content("#check .steps")
    assert recorded in reader.page.text_content("main > section:last-child")
    assert PARTED.findall(reader.page.text_content("body")) == []
    since = reader.page.evaluate("new Date().toISOString()")
    reader.page.reload()
    reader.page.wait_for_selector("#check[data-done]")
    there = datetime.fromisoformat(since).astimezone(ZoneInfo("Asia/Almaty"))
    assert said.day(there) in reader.page.text_content("#check .key")


@pytest.mark.parametrize("script", [True, False])
def test_the_page_asks_for_words_and_proof_itself_and_its_script_not_again(reader, address, script):
    reader.open(address, done="[data-done]" if script else "", java_script_enabled=script)
    assert [sum(name in url for url in reader.asked) for name in ("/words/en.json", "/bundle")] == [1, 1]


@pytest.mark.slow
def test_the_language_can_be_changed_and_the_link_keeps_its_code(reader, address):
    reader.open(f"{address}?c=ABCDEFGHIJKLMNOP")
    reader.page.click("nav a[lang=ru]")
    reader.page.wait_for_selector("#check[data-done]")
    assert reader.page.get_attribute("html", "lang") == "ru"
    assert "c=ABCDEFGHIJKLMNOP" in reader.page.url


# What must never look verified.


def refused(reader, step=None, says=None):
    assert reader.kind == "bad", reader.verdict
    assert reader.page.query_selector("#check .verdict.good, #check .verdict.warn") is None
    assert reader.page.get_attribute("#check .verdict", "role") == "alert"
    if step is not None:
        assert reader.outcomes.index("failed") == step - 1
        assert f"Step {step} failed" in reader.verdict
        assert set(reader.outcomes[step:]) - {"passed"} <= {"not_checked"}
    if says is not None:
        assert says in reader.verdict
    return True


def test_a_figure_changed_on_the_way_is_red_and_says_what_it_means(reader, address, park):
    forged = altered(proof_of(park), b'"value":"', b'"value":"1')
    reader.open(address, prepare=answering(forged))
    assert refused(reader, 5, SAY["f5"])
    assert "commits to another statement" in reader.page.inner_text("#check .steps .failed")


@pytest.mark.parametrize(
    ("member", "named"),
    [
        ("figures", "Carbon footprint, cradle to gate"),
        pytest.param("status", "on its way", marks=pytest.mark.slow),
        pytest.param("facts.maker", "Maker", marks=pytest.mark.slow),
    ],
)
def test_a_figure_changed_on_the_page_alone_is_marked_and_named(reader, address, member, named):
    shown = f'data-at="{member}" data-is="'
    reader.open(address, prepare=changing(f"**{path_of(COIL)}", lambda text: text.replace(shown, f"{shown}not ")))
    assert refused(reader, says=SAY["page_bad"].format(rows=named))
    assert len(reader.page.query_selector_all(".differs")) == 1


@pytest.mark.slow
def test_a_figure_changed_in_the_database_is_refused(reader, tmp_path):
    with served_park(tmp_path) as served:
        reader.open(address_of(served))
        assert reader.kind == "good"
        entry = int(reader.page.get_attribute("#check", "data-entry"))
        change(served.world.places.database, "jwt", entry, lambda jwt: restated(jwt, b'"value":"', b'"value":"1'))
        assert reader.page.reload().status == 500
        assert reader.page.inner_text("h1") == "This record is damaged"
        assert reader.page.query_selector(".good, .passed, [data-at]") is None
    reader.forgive("status of 500")


def test_the_record_of_another_coil_is_not_yours(reader, address, park):
    reader.open(address, prepare=answering(proof_of(park, OTHER)))
    assert refused(reader, 10, SAY["f10"])


@pytest.mark.slow
def test_a_checkpoint_of_another_log_is_not_believed(reader, address):
    other = ForgedLedger(log="log of somebody else")
    other.add(OPERATOR, "passport", _passport(len(other.entries)))
    reader.open(address, prepare=answering(other.bundle(3, kind="short")))
    assert refused(reader, 2, SAY["f2"])


@pytest.mark.slow
def test_a_log_key_changed_since_the_last_visit_is_told(reader, address):
    reader.open(address)
    kept = json.loads(reader.page.evaluate("localStorage.getItem('coilmark.log-keys')"))
    assert kept["trust"].startswith("log ledger.example/park+")
    reader.page.reload()
    reader.page.wait_for_selector("#check[data-done]")
    assert "The same as on your visit of" in reader.page.inner_text(".key")
    kept["trust"] = format_trust(ForgedLedger(log="another").trust())
    reader.page.evaluate("(text) => localStorage.setItem('coilmark.log-keys', text)", json.dumps(kept))
    reader.page.reload()
    reader.page.wait_for_selector("#check[data-done]")
    assert refused(reader, 2)
    assert "names another log key than the one kept" in reader.page.inner_text(".key")
    reader.again(SAY["forget"])
    assert reader.kind == "good"


@pytest.mark.slow
def test_a_reader_who_compared_the_fingerprint_is_not_asked_again(reader, address):
    reader.open(address)
    assert re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", reader.page.inner_text(".key code"))
    reader.again(SAY["same_as_label"])
    assert SAY["good_key"] not in reader.verdict
    assert "You compared it with the label" in reader.page.inner_text(".key")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        pytest.param({"status": 503}, marks=pytest.mark.slow),
        pytest.param({"status": 200, "body": "<html>a proxy's page</html>"}, marks=pytest.mark.slow),
    ],
)
def test_a_proof_that_cannot_be_had_leaves_nothing_verified(reader, address, answer):
    def prepare(page):
        page.route("**/bundle*", lambda route: route.abort() if answer is None else route.fulfill(**answer))

    reader.open(address, prepare=prepare)
    assert refused(reader)
    assert SAY["good"] not in reader.page.inner_text("body")
    reader.forgive("Failed to load resource")


@pytest.mark.slow
def test_who_was_without_a_network_for_a_moment_tries_again_on_the_page(reader, address):
    reader.open(address, prepare=lambda page: page.route("**/bundle*", lambda route: route.abort(), times=1))
    assert refused(reader)
    assert "script, which is off" not in reader.page.inner_text("#check")
    reader.again(SAY["try_again"])
    assert (reader.kind, reader.outcomes) == ("good", SHORT)
    assert reader.page.query_selector(".again") is None
    reader.forgive("Failed to load resource")


def test_a_button_asks_anew_whatever_a_cache_kept(reader, address):
    """The answer was a 503 that a browser may keep: only a request that no cache answers is another one."""
    kept = {"status": 503, "headers": {"cache-control": "max-age=60"}}

    def prepare(page):
        page.add_init_script("""
            window.modes = [];
            const ask = window.fetch;
            window.fetch = (path, given) => {
                if (String(path).includes("/bundle")) modes.push(given.cache);
                return ask(path, given);
            };
        """)
        page.route("**/bundle*", lambda route: route.fulfill(**kept), times=1)

    reader.open(address, prepare=prepare)
    assert refused(reader)
    reader.again(SAY["try_again"])
    assert (reader.kind, reader.outcomes) == ("good", SHORT)
    assert reader.page.evaluate("modes") == ["default", "no-store"]
    reader.forgive("status of 503")


@pytest.mark.slow
def test_a_script_that_is_missing_leaves_nothing_verified(reader, address):
    reader.open(address, done="", prepare=lambda page: page.route("**/curves.js", lambda route: route.abort()))
    reader.page.wait_for_load_state("networkidle")
    assert "Nothing was verified here." in reader.verdict
    assert reader.kind == "idle"
    reader.forgive("Failed to load resource")


def _passport(size):
    return {"id": COIL, "piece": COIL, "status": "made", "facts": {}, "figures": [], "references": [],
            "as_of": {"size": size, "root": "A" * 43}, "inputs": {"count": 0, "root": "A" * 43}}  # fmt: skip
