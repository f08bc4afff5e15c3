"""What the label opens: the page and the files of a piece, for whom, and that nothing a plant wrote acts in them."""

import gzip
import html
import json
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from served import bearer, in_process, run
from small_ledger import OPERATOR, PLANT, coil, gln, gtin, piece

sys.path.append(str(Path(__file__).parents[1] / "audit"))
from tampering import behind_its_back, change

from api.languages import LANGUAGES, words
from api.pages import takes_gzip
from ledger.kernel.statement import Hidden
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.codes import Codes, path_of
from tests.tiers import first
from tests.untied import PARTED, untied

CODES = Codes(bytes(range(32)))
SCRIPT = "<script>alert(1)</script>\" onload='x' &amp; {{ 7 * 7 }}"


def passport(size, serial="C-1", **changes):
    facts = {
        "maker": PLANT.id, "alloy": "EN-AW-5754", "temper": "H111", "form": "coil", "mass": 20_000_000,
        "thickness": 1500, "heats": ["F1-26-0815"], "order": Hidden("PO-2026-0117"), "customer_part": Hidden("KX-9"),
        "description": SCRIPT,
    }  # fmt: skip
    share = {"value": "0.125", "unit": "1", "scope": "mass", "method": "perfect-mixing"}
    share["rules"] = {"id": "coilmark-rules/1", "digest": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}
    at = {"at": "2026-01-05T04:00:00Z", "recorded": "2026-01-05T06:30:00Z"}
    return {
        "id": piece(serial), "piece": piece(serial), "status": "held", "facts": facts,
        "steps": [{"entry": 5, "step": "cold-rolling", "party": PLANT.id, "country": "KZ", **at}],
        "holds": [{"by": PLANT.id, "entry": 5, "at": at["at"]}],
        "figures": [{"name": "recycled-post-consumer", **share}],
        "as_of": {"size": size, "root": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"},
        "inputs": {"count": 1, "root": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}, "references": [],
        "ends": [
            {"reason": "scrap", "mass": 2_500_000}, {"reason": "late", "mass": 1_000_000, "party": PLANT.id}
        ],
        "findings": [{"rule": "M3", "text": SCRIPT}], **changes,
    }  # fmt: skip


@asynccontextmanager
async def shop(folder, **settings):
    """3 to 4 enrol rolling, 5 makes C-1 and C-2, 6 is the passport of C-1."""
    async with in_process(folder, **settings) as app:
        app.world.places.label_key.write_text(CODES.secret.hex())
        for wire in (
            app.world.statement(PLANT, "lot-event", coil("C-1", "C-2")),
            app.world.statement(OPERATOR, "passport", passport(6)),
        ):
            answer = await app.post(wire)
            assert answer.status == 201, answer.body
        yield app


def code(serial="C-1"):
    return b"c=" + CODES.code(piece(serial)).encode()


async def scan(app, serial="C-1", **given):
    return await app.ask("GET", f"/page{path_of(piece(serial))}", **given)


def coil_path(what, serial="C-1"):
    return f"/v1/coils/{gtin()}/{serial}/{what}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_nobody_judged_is_no_finding_and_is_shown_as_not_checked(tmp_path, language):
    rows = [{"rule": rule, "text": f"says {rule}", "entry": 5} for rule in ("run_not_judged", "run_above_input")]

    async def scenario():
        async with shop(tmp_path) as app:
            wire = app.world.statement(OPERATOR, "passport", passport(7, findings=rows))
            assert (await app.post(wire)).status == 201
            return (await scan(app, query=code() + f"&lang={language}".encode())).body.decode()

    said, page = words(language), html.unescape(run(scenario))
    findings, unjudged = (page.partition(f'<section id="{name}">')[2] for name in ("findings", "unjudged"))
    for name in ("unjudged", "unjudged_says", "rule.run_above_input"):
        assert page.count(said(name)) == 1
    assert said("findings_below", count=1) in page
    assert said("unjudged_below", count=1) in page
    assert "says run_above_input" in findings.partition("</section>")[0]
    assert "says run_not_judged" in unjudged.partition("</section>")[0]
    assert "says run_not_judged" not in findings.partition("</section>")[0]


@pytest.mark.parametrize(("language", "mark"), [("zh", "、"), ("kk", ", ")])
def test_things_of_one_kind_are_listed_as_the_language_does(tmp_path, language, mark):
    facts = passport(7)["facts"] | {"heats": ["F1-26-0815", "F1-26-0816"]}

    async def scenario():
        async with shop(tmp_path) as app:
            wire = app.world.statement(OPERATOR, "passport", passport(7, facts=facts))
            assert (await app.post(wire)).status == 201
            return (await scan(app, query=code() + f"&lang={language}".encode())).body.decode()

    assert f"F1-26-0815{mark}F1-26-0816" in run(scenario)


def test_with_the_code_the_page_shows_the_passport(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            page = await scan(app, query=code())
            text = untied(page.body.decode())
            assert page.status == 200
            assert PARTED.findall(page.body.decode()) == []
            for said in (
                "EN-AW-5754 H111 coil", "20 t", "1.5 mm", "12.5 %", "cold rolling", "F1-26-0815", "on hold", "entry 6",
                "claimed 5 Jan 2026, 04:00 UTC, recorded 5 Jan 2026, 06:30 UTC", "scrap that entered a melt", "2.5 t",
                "not yet reported by plant",
                "Nothing was verified here", "Withheld from you: 2.",
            ):  # fmt: skip
                assert said in text, said
            assert "does not say yet" not in text
            assert "PO-2026-0117" not in text
            assert "kind=full" not in text

    run(scenario)


def test_what_another_piece_weighs_is_told_to_who_may_see_that_lot_and_says_as_of_when(tmp_path):
    """It is a plant's word that no passport repeats: the label of one coil does not tell of another."""
    step = {"entry": 7, "step": "slitting", "party": PLANT.id, "lot": piece("C-3"), "at": "2026-01-05T04:00:00Z"}
    weight = [{"id": piece("C-3"), "g": 21_000_000, "basis": "as-is", "method": "scale"}]
    context = [*coil()["@context"], {"al": "https://coilmark.org/ns/al/1/"}]
    made = coil("C-3", **{"@context": context, "al:mass": weight})

    async def scenario():
        async with shop(tmp_path) as app:
            assert (await app.post(app.world.statement(PLANT, "lot-event", made))).status == 201
            told = passport(8, steps=[{**step, "recorded": "2026-01-05T06:30:00Z"}])
            assert (await app.post(app.world.statement(OPERATOR, "passport", told))).status == 201
            weighs = "C-3: 21\u00a0t"
            page = (await scan(app, query=code())).body.decode()
            assert "slitting of C-3" in page
            assert weighs not in page
            page = (await scan(app, headers=bearer(app, "auditor"))).body.decode()
            assert weighs in page
            assert "are as of 9 entries of the ledger" in page
            assert weighs not in (await scan(app, headers=bearer(app, "rolling"))).body.decode()

    run(scenario)


def test_nothing_written_by_a_plant_acts_in_the_page(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            page = await scan(app, query=code())
            text = page.body.decode()
            (script,) = re.findall(r"<script[^>]*>[^<]*</script>", text)  # our own file, nothing in the page
            assert re.fullmatch(r'<script type="module" src="/browser/[0-9a-f]{16}/scan\.js"></script>', script)
            assert text.count("<script") == 1
            assert "{{ 7 * 7 }}" in text  # shown, not computed
            assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34; onload=&#39;x&#39; &amp;amp;") == 3
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.headers["cache-control"] == "no-store"

    run(scenario)


@pytest.mark.parametrize("query", [b"", b"c=", b"c=AAAAAAAAAAAAAAAA", b"c=%FF", code("C-2"), b"c=A&c=B", b"C=x"])
def test_without_the_code_the_page_says_the_same_whether_or_not_the_piece_is_there(tmp_path, query):
    async def scenario():
        async with shop(tmp_path) as app:
            known, unknown = await scan(app, query=query), await scan(app, "C-99", query=query)
            assert (known.status, known.body) == (200, unknown.body)
            assert b"belongs to operator." in known.body
            assert b"C-1" not in known.body
            for what in ("passport", "bundle"):
                refused = [await app.ask("GET", coil_path(what, one), query=query) for one in ("C-1", "C-99")]
                assert {answer.status for answer in refused} <= {400, 403}
                assert refused[0].body == refused[1].body

    run(scenario)


def test_a_blocked_code_answers_as_an_unknown_one(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            wrong = await app.ask("GET", coil_path("passport"), query=b"c=AAAAAAAAAAAAAAAA")
            app.world.places.blocked_labels.write_text(f"# leaked on 5 January\n{piece('C-1')}\n")
            blocked = await app.ask("GET", coil_path("passport"), query=code())
            assert (blocked.status, blocked.body) == (wrong.status, wrong.body) == (403, wrong.body)
            assert (await scan(app, query=code())).body == (await scan(app)).body

    run(scenario)


def test_the_code_of_a_piece_that_was_never_shipped_says_so(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            assert b"No passport yet" in (await scan(app, "C-2", query=code("C-2"))).body
            answer = await app.ask("GET", coil_path("passport", "C-2"), query=code("C-2"))
            assert (answer.status, answer.code) == (404, "no_passport")

    run(scenario)


def test_a_link_with_the_lot_and_with_what_a_phone_adds_opens_the_same(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            with_lot = await app.ask("GET", f"/page/01/{gtin()}/10/L-1/21/C-1", query=code() + b"&fbclid=7&lang=en")
            assert with_lot.body == (await scan(app, query=code() + b"&lang=en")).body

    run(scenario)


def test_a_wrong_check_digit_is_named(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            answer = await app.ask("GET", "/page/01/09521141000015/21/C-1", query=code())
            assert (answer.status, answer.code) == (400, "digital_link")
            assert "its check digit is 5, it must be 4" in answer.json["detail"]

    run(scenario)


def test_the_short_bundle_verifies_with_the_label_s_link(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            file = await app.ask("GET", coil_path("bundle"), query=code())
            report = verify_bundle(file.body, app.world.trust, expected=Expected(piece=piece("C-1")))
            assert report.verified, report.verdict
            assert any("2 disclosures of the statement are withheld" in point for point in report.open_points)
            assert file.headers["content-disposition"] == 'attachment; filename="C-1.short.coilmark.json"'

    run(scenario)


def test_the_full_bundle_takes_a_token_and_shows_what_its_reader_may_see(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            full = coil_path("bundle")
            refused = await app.ask("GET", full, query=code() + b"&kind=full")
            assert (refused.status, refused.code) == (403, "token_needed")
            shown = {}
            for name in ("plant", "rolling", "auditor"):
                answer = await app.ask("GET", full, query=b"kind=full", headers=bearer(app, name))
                shown[name] = json.loads(answer.body)["entries"]
            assert {name: ["statement" in one for one in entries][-2:] for name, entries in shown.items()} == {
                "plant": [True, True], "rolling": [False, True], "auditor": [True, True]
            }  # fmt: skip

    run(scenario)


@pytest.mark.parametrize(("name", "shown"), [("plant", True), ("rolling", False), ("auditor", True)])
def test_whose_order_it_was_is_for_maker_and_auditor(tmp_path, name, shown):
    async def scenario():
        async with shop(tmp_path) as app:
            answer = await app.ask("GET", coil_path("passport"), headers=bearer(app, name))
            assert ("order" in answer.json["passport"]["facts"]) is shown
            page = await scan(app, headers=bearer(app, name))
            assert ("PO-2026-0117" in page.body.decode()) is shown
            assert "kind=full" in page.body.decode()

    run(scenario)


def test_open_everything_is_shown_to_everybody(tmp_path):
    async def scenario():
        async with shop(tmp_path, open=True) as app:
            assert b"PO-2026-0117" in (await scan(app)).body
            assert (await app.ask("GET", coil_path("bundle"), query=b"kind=full")).status == 200

    run(scenario)


def test_a_change_that_is_not_in_it_yet_is_said(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            seen = coil("C-1", action="OBSERVE", bizStep="inspecting")
            assert (await app.post(app.world.statement(PLANT, "lot-event", seen))).status == 201
            assert (
                "Something happened at entry 7 that this passport does not say yet"
                in (await scan(app, query=code())).body.decode()
            )
            answer = await app.ask("GET", coil_path("passport"), query=code())
            assert answer.json["restatement_pending_since"] == 7
            await app.post(app.world.statement(OPERATOR, "passport", passport(8)))
            answer = await app.ask("GET", coil_path("passport"), query=code())
            assert (answer.json["entry"], answer.json["restatement_pending_since"]) == (8, None)

    run(scenario)


def test_the_label_of_a_damaged_record_leads_to_the_page_that_says_so(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            change(app.world.places.database, "jwt", 6, lambda jwt: jwt.replace(b".", b".A", 1))
            accept = [(b"accept", b"text/html")]
            answer = await app.ask("GET", path_of(piece("C-1")), query=code(), headers=accept)
            assert answer.status == 307
            assert answer.headers["location"].partition("?")[0].endswith(f"/page{path_of(piece('C-1'))}")
            page = await scan(app, query=code(), headers=accept)
            assert (page.status, words("en")("damaged_says") in html.unescape(page.body.decode())) == (500, True)

    run(scenario)


def test_a_passport_that_is_only_looked_over_again_is_not_said_to_lack_anything(tmp_path):
    """After a start nobody knows yet whether an older footprint still is the one: entry 0 is no news."""

    async def scenario():
        async with shop(tmp_path) as app:
            waiting = SimpleNamespace(footprint_since=lambda _: None, pending={piece("C-1"): 0}, seen=99)
            object.__setattr__(app.app.state["desk"], "restater", waiting)
            page = html.unescape((await scan(app, query=code())).body.decode())
            assert words("en")("pending_check") in page
            assert words("en")("pending", entry=0) not in page
            object.__setattr__(app.app.state["desk"], "restater", None)

    run(scenario)


def test_a_page_goes_packed_to_who_takes_it(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            plain, packed = [
                await scan(app, query=code() + b"&lang=en", headers=[(b"accept-encoding", taken)])
                for taken in (b"br", b"gzip, br")
            ]
            assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
            assert "accept-encoding" in plain.headers["vary"]
            assert gzip.decompress(packed.body) == plain.body
            for once in (b"<h1>", b'id="check"', b'class="files"'):
                assert plain.body.count(once) == 1
            assert b"<!--" not in plain.body
            assert len(packed.body) < len(plain.body) / 2

    run(scenario)


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip", True),
        ("br, GZIP ; q=0.5", True),
        ("gzip;q=1.000", True),
        ("gzip;q=0", False),
        ("br, gzip; q=0.000", False),
        ("identity, bgzip", False),
        ("", False),
    ],
)
def test_who_takes_gzip(said, takes):
    assert takes_gzip(SimpleNamespace(headers={"accept-encoding": said})) is takes


@pytest.mark.parametrize("language", first([*LANGUAGES]))
def test_a_footprint_that_is_still_to_be_computed_is_said_to_be_pending(tmp_path, language):
    says = html.escape(words(language)("fp.pending", entry=6))
    assert "6" in says

    async def scenario():
        async with shop(tmp_path) as app:
            query = code() + f"&lang={language}".encode()
            assert says not in (await scan(app, query=query)).body.decode()
            owing = SimpleNamespace(footprint_since=lambda found: found.index, pending={}, seen=99)
            object.__setattr__(app.app.state["desk"], "restater", owing)
            assert says in (await scan(app, query=query)).body.decode()
            answer = await app.ask("GET", coil_path("passport"), query=code())
            assert answer.json["footprint_pending_since"] == 6
            object.__setattr__(app.app.state["desk"], "restater", None)

    run(scenario)


@pytest.mark.parametrize(
    ("path", "status"),
    [(coil_path("label"), 404), (coil_path("bundle") + "/x", 404), (f"/v1/coils/{gln(1)}/C-1/passport", 400)],
)
def test_what_is_asked_for_is_passport_or_bundle(tmp_path, path, status):
    async def scenario():
        async with shop(tmp_path, open=True) as app:
            assert (await app.ask("GET", path)).status == status
            assert (await app.ask("GET", coil_path("bundle"), query=b"kind=whole")).code == "query"

    run(scenario)


def test_a_serial_may_hold_a_slash_and_marks(tmp_path):
    async def scenario():
        odd = "C/1?<b>"
        async with shop(tmp_path, open=True) as app:
            link = f"https://id.gs1.org{path_of(piece(odd))}"
            await app.post(app.world.statement(PLANT, "lot-event", coil("X", epcList=[link])))
            answer = await app.post(app.world.statement(OPERATOR, "passport", passport(8, odd)))
            assert answer.status == 201, answer.body
            page = await app.ask("GET", f"/page{path_of(piece(odd))}")
            assert b"C/1?&lt;b&gt;" in page.body
            assert f"/v1/coils/{gtin()}/C%2F1%3F%3Cb%3E/bundle".encode() in page.body
            file = await app.ask("GET", f"/v1/coils/{gtin()}/{odd}/bundle")
            assert file.headers["content-disposition"] == 'attachment; filename="C_1__b_.short.coilmark.json"'

    run(scenario)


def test_what_was_rendered_for_one_reader_is_not_shown_to_another(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            for _ in range(2):  # each looks twice: what was made for the one is there when the other comes
                maker, customer = await scan(app, headers=bearer(app, "plant")), await scan(app, query=code())
                assert (b"PO-2026-0117" in maker.body, b"PO-2026-0117" in customer.body) == (True, False)
                german = await scan(app, query=code() + b"&lang=de")
                assert words("de")("facts") in html.unescape(german.body.decode())

    run(scenario)


def test_a_disclosure_changed_after_the_page_was_made_is_found(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            assert (await scan(app, query=code())).status == 200
            with behind_its_back(app.world.places.database) as connection:
                connection.execute("UPDATE disclosure SET text = 'A' || text")
            answer = await scan(app, query=code())
            assert answer.status == 500
            assert words("en")("damaged_says") in html.unescape(answer.body.decode())

    run(scenario)
