"""GS1's resolver statements, row by row of SPEC 6.1, and what a resolver must not tell."""

import json
import re
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from random import Random

import jsonschema
import pytest
from served import app_of, bearer, in_process, make_world, run, serving
from small_ledger import OPERATOR, PLANT, coil, gtin, piece
from test_passport_page import CODES, code, passport

from api.languages import LANGUAGES
from ledger.kernel.errors import Malformed
from ledger.passport.codes import path_of
from ledger.resolving.offered import PAGE_LANGUAGES
from ledger.resolving.own_links import own_links

SPEC = (Path(__file__).parents[2] / "schemas" / "SPEC.md").read_text("utf-8")
BASE = "https://id.example.com"
VOC = "https://ref.gs1.org/voc/"
COIL = path_of(piece("C-1"))
PRODUCT = f"/01/{gtin()}"
IN_LOT = f"{PRODUCT}/10/L-1/21/C-1"
FOREIGN = "/01/04012345678901"
ROWS = dict(re.findall(r"^\| (R\d+) \|[^|]*\| (conforms|not supported) \|", SPEC, re.MULTILINE))
LINKSET = [(b"accept", b"application/linkset+json")]
BROWSER = [(b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")]


def own(*levels):
    return {"linkset": list(levels)}


def level(path, **links):
    named = {f"gs1:{name}": targets for name, targets in links.items()}
    return {"anchor": f"https://anywhere.example{path}", "itemDescription": "Coil of EN AW-5754", **named}


def target(href, title="A link", **more):
    return {"href": f"https://mill.example/{href}", "title": title, **more}


@asynccontextmanager
async def resolver(folder, links=None, **settings):
    """The shop of the passport page, C-1 shipped and C-2 not, reached at BASE."""
    async with in_process(folder, base=BASE, **settings) as app:
        app.world.places.label_key.write_text(CODES.secret.hex())
        if links is not None:
            app.world.places.own_links.write_text(json.dumps(links))
        for wire in (
            app.world.statement(PLANT, "lot-event", coil("C-1", "C-2")),
            app.world.statement(OPERATOR, "passport", passport(6)),
        ):
            assert (await app.post(wire)).status == 201
        yield app


async def linkset(app, path=COIL, query=b"", headers=()):
    answer = await app.ask("GET", path, query=query, headers=[*LINKSET, *headers])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/linkset+json"), answer.body
    return {one["anchor"].removeprefix(BASE): one for one in answer.json["linkset"]}


async def leads(app, path=COIL, query=b"", headers=()):
    answer = await app.ask("GET", path, query=query, headers=headers)
    assert answer.status == 307, answer.body
    return answer.headers["location"]


# What the statements are checked with, by the number of their row.


async def r1(app):
    for method, status in (("GET", 307), ("HEAD", 307), ("OPTIONS", 204)):
        answer = await app.ask(method, COIL)
        assert (answer.status, answer.headers["access-control-allow-methods"]) == (status, "GET, HEAD, OPTIONS")


async def r2(app):
    del app
    proxy = (Path(__file__).parents[2] / "infra" / "proxy" / "nginx.conf").read_text("utf-8")
    assert "ssl_certificate" in proxy


async def r3(app):
    for path in (COIL, "/01/1/21/x", FOREIGN, "/.well-known/gs1resolver"):
        assert (await app.ask("GET", path)).headers["access-control-allow-origin"] == "*"


async def r4(app):
    assert await leads(app, "/DBFRoHROnMYX2o") == await leads(app)  # C-1, as GS1's toolkit compresses it
    assert await leads(app, "/DBFRoHROnMYX2o", b"c=A&x=y") == await leads(app, query=b"c=A&x=y")


async def r5(app):
    answer = await app.ask("GET", "/DBFRoHROnMYX2o")
    assert f'<{BASE}{COIL}>; rel="owl:sameAs"' in answer.headers["link"]
    assert "sameAs" not in (await app.ask("GET", COIL)).headers["link"]


async def r6(app):
    for path in (
        f"{COIL}/foo",
        "/01/09521141000015",
        f"{PRODUCT}/21/C/10/L",
        f"{PRODUCT}/21/",
        "/01/1",
        f"{PRODUCT}/99/x",
    ):
        answer = await app.ask("GET", path)
        assert (answer.status, answer.code) == (400, "digital_link"), path
    assert (await app.ask("GET", COIL, query=b"11=261399")).status == 400


async def r7(app):
    for path in (FOREIGN, f"/page{FOREIGN}", "/01/1", "/page/01/1", "/page/00/095211410000000014"):
        for headers in ((), BROWSER):
            answer = await app.ask("GET", path, headers=headers)
            assert answer.status in {400, 404}, path
            assert b"nothing was verified" in answer.body or answer.headers["content-type"].startswith(
                "application/problem"
            )


async def r8(app):
    for query in (b"linkType=linkset", b"linkType=all"):
        answer = await app.ask("GET", IN_LOT, query=query)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/linkset+json")
        anchors = [one["anchor"] for one in answer.json["linkset"]]
        assert anchors == [f"{BASE}{IN_LOT}", f"{BASE}{PRODUCT}/10/L-1", f"{BASE}{PRODUCT}"]
    compressed = await linkset(app, "/DBFRoHROnMYX2o")
    assert list(compressed) == [COIL, PRODUCT]


async def r9(app):
    assert list(await linkset(app)) == [COIL, PRODUCT]


async def r10(app):
    for method, headers in (("GET", ()), ("GET", LINKSET), ("HEAD", ()), ("OPTIONS", ())):
        link = (await app.ask(method, COIL, headers=headers)).headers["link"]
        assert f'<{BASE}{COIL}?linkType=linkset>; rel="linkset"; type="application/linkset+json"' in link


async def r11(app):
    for one in (await linkset(app, IN_LOT, code())).values():
        (default,) = one[f"{VOC}defaultLink"]
        assert default.keys() == {"href", "title"}


async def r12(app):
    for one in (await linkset(app, IN_LOT, code(), bearer(app, "auditor"))).values():
        for kind, targets in one.items():
            if kind not in {"anchor", "itemDescription"}:
                assert kind.startswith(VOC)
                assert all(target["href"].startswith(BASE) and target["title"] for target in targets)


async def r13(app):
    for path in (IN_LOT, COIL, f"{PRODUCT}/10/L-1", PRODUCT):
        shown = await linkset(app, path)
        assert await leads(app, path) == shown[path][f"{VOC}defaultLink"][0]["href"] == f"{BASE}/page{path}"
        assert (await app.ask("GET", f"/page{path}")).status == 200


async def r14(app):
    shown = (await linkset(app, query=code()))[COIL]
    page, data = (one["href"] for one in shown[f"{VOC}dpp"])
    for kind in (b"gs1:dpp", b"https://ref.gs1.org/voc/dpp", b"https://gs1.org/voc/dpp"):
        query = code() + b"&linkType=" + kind
        assert (await leads(app, query=query, headers=BROWSER)).startswith(f"{page}?")
        assert await leads(app, query=query, headers=[(b"accept", b"application/json")]) == data
        several = await app.ask("GET", COIL, query=query)
        assert (several.status, len(several.json["linkset"][0][f"{VOC}dpp"])) == (300, 2)
    for query in (b"linkType=gs1:nosuchlt", code() + b"&linkType=gs1:nosuchlt"):
        answer = await app.ask("GET", COIL, query=query)
        assert (answer.status, answer.code) == (404, "no_link_type")


async def r15(app):
    assert await leads(app, query=b"foo=bar&baz=%20x&linkType=") == f"{BASE}/page{COIL}?foo=bar&baz=%20x&linkType="
    assert (await leads(app, query=code() + b"&fbclid=7")).endswith("&fbclid=7")


async def r16(app):
    answer = await app.ask("GET", "/.well-known/gs1resolver")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {
        "name": "coilmark, operator", "resolverRoot": BASE, "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": VOC, "prefix": "gs1:"}], "linkTypeDefaultCanBeLinkset": False,
        "contact": {"fn": "operator"},
    }  # fmt: skip


async def r17(app):
    assert await leads(app, query=b"linkType=gs1:pip") == f"{BASE}/page{PRODUCT}?linkType=gs1:pip"


async def r19(app):
    for path in (f"{PRODUCT}/10/KL8G", f"{PRODUCT}/22/V/10/KL8G/21/NONE", f"{PRODUCT}/235/T"):
        page = await leads(app, path)
        assert (await app.ask("GET", page.removeprefix(BASE))).status == 200


async def r20(app):
    for path in (COIL, IN_LOT, PRODUCT):
        assert await leads(app, f"{path}/") == await leads(app, path)


async def r21(app):
    link = (await app.ask("GET", COIL, headers=LINKSET)).headers["link"]
    assert 'linkset-context>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' in link


async def r22(app):
    links = [target(f"{one}/coil", hreflang=[one], type="text/html") for one in ("en", "de", "kk")]
    app.world.places.own_links.write_text(json.dumps(own(level(PRODUCT, defaultLinkMulti=links))))
    german = [(b"accept-language", b"de-AT,de;q=0.9,en;q=0.5"), *BROWSER]
    assert await leads(app, PRODUCT, headers=german) == "https://mill.example/de/coil"
    assert await leads(app, PRODUCT, headers=[(b"accept-language", b"kk"), *BROWSER]) == "https://mill.example/kk/coil"
    for said in (b"fr", b"*"):
        assert await leads(app, PRODUCT, headers=[(b"accept-language", said), *BROWSER]) == f"{BASE}/page{PRODUCT}"
    assert await leads(app, PRODUCT) == f"{BASE}/page{PRODUCT}"


def test_the_specification_has_every_statement():
    assert list(ROWS) == [f"R{number}" for number in range(1, 23)]
    assert [row for row, result in ROWS.items() if result != "conforms"] == ["R18"]


@pytest.mark.parametrize("row", [row for row, result in ROWS.items() if result == "conforms"])
def test_a_row_that_conforms(tmp_path, row):
    async def scenario():
        async with resolver(tmp_path) as app:
            await globals()[row.lower()](app)

    run(scenario)


def test_linksets_validate_against_gs1_s_schema(tmp_path, vectors):
    schema = json.loads((vectors / "gs1-linkset" / "gs1-linkset-schema.json").read_text("utf-8"))
    given = own(level(PRODUCT, pip=[target("p", type="text/html", hreflang=["en", "de-AT"], fwqs=False)]))

    async def scenario():
        async with resolver(tmp_path, given) as app:
            for query, headers in ((b"", ()), (code(), ()), (b"", bearer(app, "auditor"))):
                answer = await app.ask("GET", IN_LOT, query=query, headers=[*LINKSET, *headers])
                jsonschema.validate(answer.json, schema, jsonschema.Draft7Validator)
        for name in ("invalid-basic-example.json", "invalid-gs1-example.json"):  # the schema does refuse
            wrong = json.loads((vectors / "gs1-linkset" / name).read_text("utf-8"))
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, schema, jsonschema.Draft7Validator)

    run(scenario)


def test_without_the_code_no_answer_tells_whether_a_piece_exists(tmp_path):
    queries = [
        b"", b"c=", b"c=AAAAAAAAAAAAAAAA", code("C-2"), b"c=%FF", b"linkType=gs1:dpp", b"c=A&linkType=linkset",
    ]  # fmt: skip

    async def scenario():
        async with resolver(tmp_path) as app:
            for query, headers in product(queries, [(), LINKSET, BROWSER]):
                known = await app.ask("GET", COIL, query=query, headers=headers)
                unknown = await app.ask("GET", path_of(piece("X-9")), query=query, headers=headers)
                assert known.status == unknown.status, (query, headers)
                assert known.body.replace(b"C-1", b"X-9") == unknown.body, (query, headers)
                told = {name: value.replace("C-1", "X-9") for name, value in known.headers.items()}
                assert told == unknown.headers, (query, headers)

    run(scenario)


def test_a_blocked_code_is_as_none(tmp_path):
    async def scenario():
        async with resolver(tmp_path) as app:
            assert f"{VOC}dpp" in (await linkset(app, query=code()))[COIL]
            app.world.places.blocked_labels.write_text(f"{piece('C-1')}\n")
            assert (await linkset(app, query=code())) == (await linkset(app))

    run(scenario)


def test_the_code_of_a_piece_without_a_passport_offers_none(tmp_path):
    async def scenario():
        async with resolver(tmp_path) as app:
            other = path_of(piece("C-2"))
            assert (await linkset(app, other, code("C-2")))[other].keys() == (await linkset(app, other))[other].keys()

    run(scenario)


def test_what_is_offered_can_be_fetched_as_it_stands(tmp_path):
    async def scenario():
        async with resolver(tmp_path) as app:
            for query, headers in ((code(), ()), (b"", bearer(app, "auditor"))):
                for one in (await linkset(app, COIL, query, headers)).values():
                    for kind, targets in one.items():
                        if kind in {"anchor", "itemDescription"}:
                            continue
                        for at in targets:
                            path, _, asked = at["href"].removeprefix(BASE).partition("?")
                            answer = await app.ask("GET", path, query=asked.encode(), headers=headers)
                            assert answer.status == 200, at
                            assert answer.headers["content-type"].startswith(at.get("type", "text/html")), at

    run(scenario)


def test_own_links_stand_beside_ours_and_the_code_stays_here(tmp_path):
    given = own(
        level(
            PRODUCT, defaultLink=[target("start")], safetyInfo=[target("sds?lang=en", fwqs=False)], pip=[target("p")]
        ),
        level(f"{PRODUCT}/10/L-1", certificationInfo=[target("cert.pdf", type="application/pdf")]),
    )

    async def scenario():
        async with resolver(tmp_path, given) as app:
            shown = await linkset(app, IN_LOT)
            assert shown[PRODUCT]["itemDescription"] == "Coil of EN AW-5754"
            assert [one["href"] for one in shown[PRODUCT][f"{VOC}pip"]] == [
                f"{BASE}/page{PRODUCT}",
                "https://mill.example/p",
            ]
            assert await leads(app, PRODUCT, b"a=b") == "https://mill.example/start?a=b"
            assert await leads(app, IN_LOT) == f"{BASE}/page{IN_LOT}"
            cert = await leads(app, IN_LOT, code() + b"&linkType=gs1:certificationInfo&x=1")
            assert cert == "https://mill.example/cert.pdf?linkType=gs1:certificationInfo&x=1"
            assert await leads(app, IN_LOT, b"linkType=gs1:safetyInfo&x=1") == "https://mill.example/sds?lang=en"
            assert (await app.ask("GET", COIL, query=b"linkType=gs1:certificationInfo")).status == 404  # names no lot

    run(scenario)


def test_links_say_the_languages_that_the_page_speaks():
    assert tuple(LANGUAGES) == PAGE_LANGUAGES


def test_two_links_that_nothing_tells_apart_are_300(tmp_path):
    given = own(level(PRODUCT, certificationInfo=[target("a"), target("b"), target("c", hreflang=["de"])]))

    async def scenario():
        async with resolver(tmp_path, given) as app:
            asked = b"linkType=gs1:certificationInfo"
            answer = await app.ask("GET", PRODUCT, query=asked)
            (shown,) = answer.json["linkset"]
            assert (answer.status, [one["href"][-1] for one in shown[f"{VOC}certificationInfo"]]) == (300, ["a", "b"])
            assert "location" not in answer.headers
            german = await leads(app, PRODUCT, asked, [(b"accept-language", b"de")])
            assert german.startswith("https://mill.example/c?")
            page = await app.ask("GET", PRODUCT, query=asked, headers=BROWSER)
            assert (page.status, b"Several links fit" in page.body) == (300, True)

    run(scenario)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{", "is no JSON"),
        ("[]", "holds no linkset"),
        (own({"itemDescription": "x"}), "linkset[0] has no anchor"),
        (own(level("/01/09521141000015")), "its check digit is 5, it must be 4"),
        (own(level(COIL)), "own links are for products and lots"),
        (own(level(PRODUCT, pip=[{"href": "javascript:alert(1)", "title": "x"}])), "no href that is a web address"),
        (own(level(PRODUCT, pip=[target("x", "")])), "has no title"),
        (own(level(PRODUCT, pip=[target("x", type="html")])), "is no media type"),
        (own(level(PRODUCT, pip=[target("x", hreflang=["english"])])), "a list of languages like en or en-GB"),
        (own(level(PRODUCT, pip=[target("x", rel="y")])), "and nothing else"),
        (own(level(PRODUCT) | {"PIP": []}), "is no link type"),
    ],
)
def test_what_is_wrong_in_a_file_of_own_links_is_said(tmp_path, given, says):
    file = tmp_path / "links.json"
    file.write_text(given if isinstance(given, str) else json.dumps(given))
    with pytest.raises(Malformed) as refused:
        own_links(file)
    assert says in refused.value.sentence


def test_a_file_that_went_wrong_is_logged_and_ours_is_still_served(tmp_path, caplog):
    async def scenario():
        async with resolver(tmp_path, own(level(PRODUCT, defaultLink=[target("start")]))) as app:
            app.world.places.own_links.write_text("{")
            assert await leads(app, PRODUCT) == f"{BASE}/page{PRODUCT}"
            assert "links.json is no JSON" in caplog.text

    run(scenario)


def test_a_ledger_with_a_wrong_file_is_not_served(tmp_path):
    world, _ = make_world(tmp_path)
    world.places.own_links.write_text("{")

    async def scenario():
        with pytest.raises(BaseExceptionGroup) as caught:
            async with app_of(world).lifespan():
                raise AssertionError("it started")
        assert caught.group_contains(Malformed, match="links.json is no JSON", depth=1)

    run(scenario)


def test_people_are_refused_in_words_and_programs_in_problems(tmp_path):
    async def scenario():
        async with resolver(tmp_path) as app:
            page = await app.ask("GET", "/01/09521141000015", headers=BROWSER)
            assert (page.status, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
            assert b"its check digit is 5, it must be 4." in page.body
            assert "script-src" not in page.headers["content-security-policy"]
            script = await app.ask("GET", f"{PRODUCT}/21/%3Cscript%3E%7F", headers=BROWSER)
            assert (script.status, b"<script" in script.body) == (400, False)
            assert b"&lt;script&gt;" in script.body
            assert (await app.ask("GET", f"{PRODUCT}/21/{'9' * 21}")).json["detail"].endswith("has the form X..20")
            links = await app.ask("GET", COIL, query=b"linkType=linkset", headers=BROWSER)
            assert (links.status, b"All links" in links.body) == (200, True)

    run(scenario)


def test_a_word_that_is_no_compressed_link_is_a_path_that_is_not_there(tmp_path):
    async def scenario():
        async with resolver(tmp_path) as app:
            for path in ("/favicon.ico", "/foo", "/01", "/robots.txt"):
                answer = await app.ask("GET", path, headers=BROWSER)
                assert (answer.status, answer.code) == (404, "no_such_path")
            assert (await app.ask("GET", "/healthz")).status == 200

    run(scenario)


def test_without_a_base_links_begin_as_the_request_did(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as app:
            assert await leads(app) == f"http://ledger.example/page{COIL}"
            for host in (b'a"><b', b"a b", b"u@h", b"h:x", b"a/b"):
                answer = await app.ask("GET", COIL, headers=[(b"host", host)])
                assert (answer.status, "location" in answer.headers, "link" in answer.headers) == (400, False, False)
            assert await leads(app, headers=[(b"host", b"[::1]:8080")]) == f"http://[::1]:8080/page{COIL}"

    run(scenario)


def test_over_a_real_connection(tmp_path):
    with serving(tmp_path) as served:
        got = served.ask("GET", f"{PRODUCT}/21/C%2F1?foo=bar")
        assert got.status == 307
        assert got.headers["location"].endswith(f"/page{PRODUCT}/21/C%2F1?foo=bar")
        head = served.ask("HEAD", f"{PRODUCT}/21/C%2F1?foo=bar")
        assert (head.status, head.body, head.headers["location"]) == (307, b"", got.headers["location"])
        options = served.ask("OPTIONS", PRODUCT)
        assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
        assert served.ask("POST", PRODUCT).status == 405
        page = served.ask(
            "GET", got.headers["location"].partition("/page")[1] + got.headers["location"].partition("/page")[2]
        )
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_no_link_however_mangled_is_more_than_refused(tmp_path):
    random = Random(20)
    pieces = [
        "/", "01", "10", "21", "235", "00", "8003", gtin(), "C-1", "%2F", "%", "%00", "?", "&", "=", "c=", "..", "",
        "linkType=", "gs1:dpp", "linkset", "ARFRoHROnELGF9q", "\u00e9", "(21)", "<b>", "page", " ", "%ff", "99",
        "x" * 60,
    ]  # fmt: skip
    headers = [(), LINKSET, BROWSER, [(b"accept", b";;,q=,*/*;q=x")], [(b"accept-language", b"\xff, de;q=9")]]

    async def scenario():
        async with resolver(tmp_path) as app:
            for _ in range(1_500):
                path = random.choice(["/01/", "/page/01/", "/", "/00/"]) + "".join(random.choices(pieces, k=6))
                query = "".join(random.choices(pieces, k=3)).encode("latin-1")
                answer = await app.ask("GET", path, query=query, headers=random.choice(headers))
                assert answer.status in {200, 300, 307, 400, 404}, (path, query)
                assert answer.headers.get("location", BASE).startswith(BASE)

    run(scenario)
