"""The accounts at the HTTP door: the demo's report, claims and footprints, for whom, and what makes no sense."""

import html
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event
from types import SimpleNamespace

import openpyxl
import pytest
from served import serving_world

from api.accounts_board import AccountsBoard
from api.accounts_process import AccountsProcess, Question
from api.languages import LANGUAGES, words
from ledger.kernel.errors import Busy, Missing
from ledger.recording.opening import clock, layout, open_log
from ledger.store.access import EVERYTHING, Reader, access_file
from ledger.store.sqlite.access import SqliteTokens
from schemas.wire_carbon import CbamReport, ClaimsBoard
from tests.untied import untied
from tools.demo.ledger import Stage, found, tell
from tools.demo.passport import issuer_of, restate
from tools.park.actors import MILL, SMELTER
from tools.park.plan import make_plan

pytestmark = pytest.mark.slow  # a demo of its own, served in several ways

WHOLE = "from=2026-05-03T19:00:00Z&to=2026-05-24T19:00:00Z"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A demo of nine coils that nobody writes to."""
    folder = tmp_path_factory.mktemp("park") / "demo"
    stage = Stage(folder, make_plan(9, "served"))
    found(stage)
    with open_log(stage.places, clock=stage.clock, randomness=stage.randomness, issuer=issuer_of(stage)) as log:
        for _ in tell(stage, log):
            pass
        restate(stage, log)  # footprints come with it
    return layout(folder)


@pytest.fixture(scope="module")
def park(places):
    """It is served, for those who have a token."""
    access = SqliteTokens(access_file(places.folder))
    readers = {"mill": Reader("party", MILL.id), "smelter": Reader("party", SMELTER.id), "auditor": Reader("auditor")}
    secrets = {name: access.issue(reader, name, now=clock())[1] for name, reader in readers.items()}
    access.close()
    with serving_world(SimpleNamespace(places=places), secrets, checkers=0) as served:
        yield served


@pytest.fixture(scope="module")
def open_park(places, tmp_path_factory):
    """A copy of it is served to everybody."""
    folder = tmp_path_factory.mktemp("open") / "demo"
    shutil.copytree(places.folder, folder)
    copied = layout(folder)
    shutil.copy(places.head, copied.head)
    with serving_world(SimpleNamespace(places=copied), checkers=0, open=True) as served:
        yield served


def ask(served, *paths, who="auditor", **headers):
    """An answer for each path."""
    token = {"authorization": f"Bearer {served.secrets[who]}"} if who else {}
    return [served.ask("GET", path, **token, **headers) for path in paths]


def test_a_declarant_gets_the_report_as_data_and_as_a_spreadsheet(park):
    data, book = ask(park, "/v1/cbam", "/v1/cbam?format=xlsx")
    assert data.status == 200
    report = data.json
    assert [one["cbam"] for one in report["installations"]] == ["KZ-ERT-0001", "KZ-ERT-0002"]
    assert report["period"] == {"start": "2026-05-03T19:00:00Z", "end": "2026-05-24T19:00:00Z"}
    assert not report["provisional"]
    smelter, mill = report["installations"]
    assert {row["technology"] for row in smelter["processes"][0]["pfc"]} == {"PFPB-M"}
    assert len(smelter["processes"][0]["pfc"]) == 9  # three lines, three weeks
    (goods,) = mill["processes"][0]["goods"]
    assert (goods["cn"], goods["see_indirect"]) == ("76061292", "not applicable")
    assert 1.5 < float(goods["see_direct"]) < 2.0
    assert book.headers["content-type"] == XLSX
    sheets = openpyxl.load_workbook(BytesIO(book.body))
    assert sheets["Goods"].cell(2, 1).value == SMELTER.site
    assert book.headers["content-disposition"].endswith('filename="cbam-2026-05-03-2026-05-24.xlsx"')


def test_what_is_not_closed_is_provisional_and_a_week_is_a_period_too(park):
    week, beyond = ask(
        park, "/v1/cbam?from=2026-05-10T19:00:00Z&to=2026-05-17T19:00:00Z", "/v1/cbam?to=2026-06-30T00:00:00Z"
    )
    assert (week.json["provisional"], beyond.json["provisional"]) == (False, True)


def test_a_plant_sees_its_own_installation_and_not_its_neighbour_s(park):
    (mill,) = ask(park, "/v1/cbam", who="mill")
    (smelter,) = ask(park, "/v1/cbam", who="smelter")
    assert [one["operator"] for one in mill.json["installations"]] == [MILL.id]
    assert [one["operator"] for one in smelter.json["installations"]] == [SMELTER.id]


def test_claims_are_held_by_the_hour_and_by_volume(park):
    (answer,) = ask(park, f"/v1/claims?{WHOLE}")
    board = answer.json
    claims = {one["id"]: {f["matching"]: f["verdict"] for f in one["figures"]} for one in board["claims"]}
    assert claims["renewable-power"] == {"hourly": "not held", "volumetric": "held"}
    assert claims["closed-loop"]["none"] in {"held", "cannot be said"}
    assert (board["rules"]["id"], board["provisional"]) == ("coilmark-rules/4", False)


def test_every_piece_of_evidence_leads_somewhere(park):
    (answer,) = ask(park, "/v1/claims")
    paths = [one["path"] for claim in answer.json["claims"] for one in claim["evidence"]]
    assert sum(path.startswith("/v1/consumption/") for path in paths) > 10
    answers = ask(park, *paths)
    assert [path for path, one in zip(paths, answers, strict=True) if one.status != 200] == []


def test_what_a_neighbour_drew_is_not_in_the_rows_that_a_plant_is_shown(park):
    (own,) = ask(park, "/v1/claims", who="mill")
    (whole,) = ask(park, "/v1/claims")
    rows, all_rows = ([row["name"] for row in one.json["claims"][0]["rows"]] for one in (own, whole))
    assert any(name.startswith(f"{SMELTER.id}/") for name in all_rows)
    assert not any(name.startswith(f"{SMELTER.id}/") for name in rows)
    assert any(name.startswith(f"{MILL.id}/") for name in rows)
    evidence = [row["what"] for row in own.json["claims"][0]["evidence"]]
    assert evidence
    assert all(name.startswith(f"{MILL.id}/") for name in evidence)
    assert own.json["claims"][0]["figures"] == whole.json["claims"][0]["figures"]


def test_the_page_says_the_same_in_words_and_runs_nothing(park):
    data, page = ask(park, "/v1/claims", "/claims")
    text = untied(page.body.decode())
    assert page.headers["content-type"].startswith("text/html")
    for claim in data.json["claims"]:
        for figure in claim["figures"]:
            assert f"<strong>{figure['verdict']}</strong>" in text
            assert figure["why"] in text
        for told in (claim["says"], claim["source"], claim["method"], *claim["not_checked"]):
            assert told in html.unescape(text)  # what the page's words say is what the board says
    assert "<script" not in text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_the_page_speaks_the_reader_s_language(park, language):
    data, page, english = ask(park, "/v1/claims", f"/claims?{WHOLE}&lang={language}", f"/claims?{WHOLE}&lang=en")
    text, said = html.unescape(page.body.decode()), words(language)
    assert page.headers["content-language"] == language
    assert f'<html lang="{language}"' in text
    assert f"<h1>{said('cl.title')}</h1>" in text
    assert f"?{WHOLE}&lang=ru".replace(":", "%3A") in text  # the period goes with the reader
    for claim in data.json["claims"]:
        for told in (claim["says"], claim["method"], *claim["not_checked"], *(one["why"] for one in claim["figures"])):
            assert told not in text
    drawn = data.json["claims"][0]["rows"][0]
    assert f"<dd>{said.amount(int(drawn['value']) // 1000, 'kWh')}</dd>" in text
    verdicts = set(re.findall(r"<strong>(.*?)</strong>", text))
    assert verdicts
    assert verdicts <= {said(f"cl.{one}") for one in ("held", "not held", "cannot be said")}
    assert all(re.match(rf"( [^:\uff1a]+)?{said('colon')}\S", one) for one in re.findall(r"</strong>(.*?)</p>", text))
    assert text.count('class="status') == html.unescape(english.body.decode()).count('class="status')


def test_the_browser_chooses_the_language_of_the_page(park):
    (page,) = ask(park, "/claims", accept_language="kk-KZ,ru;q=0.8")
    assert page.headers["content-language"] == "kk"


@pytest.mark.parametrize("path", ["/v1/cbam", "/v1/claims", "/claims"])
def test_nobody_in_particular_is_shown_nothing_unless_the_ledger_is_open(park, open_park, path):
    (closed,) = ask(park, path, who=None)
    assert (closed.status, closed.code) == (403, "token_needed")
    (opened,) = ask(open_park, path, who=None)
    assert opened.status == 200


@pytest.mark.parametrize(("query", "code"), [
    ("from=yesterday", "time"), ("year=1999", "query"), ("format=pdf", "query"), ("as_of=0", "as_of"),
    ("as_of=99999999", "as_of"), ("from=2026-05-04T00:00:00Z&to=2026-05-04T00:00:00Z", "period"), ("coil=1", "query"),
])  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(park, query, code):
    (answer,) = ask(park, f"/v1/cbam?{query}")
    assert (answer.status, answer.code) == (400, code)


def test_before_anything_was_closed_a_period_has_to_be_named(park):
    none, named = ask(park, "/v1/cbam?as_of=50", f"/v1/cbam?as_of=50&{WHOLE}")
    assert (none.status, none.code) == (404, "no_period")
    assert (named.status, named.json["installations"], named.json["provisional"]) == (200, [], True)
    assert named.json["as_of"]["size"] == 50


def test_a_question_is_computed_once_and_only_the_newest_answers_are_kept():
    board, computed = AccountsBoard(), []

    def answer(question):
        return board.told(question, lambda: computed.append(question) or question).result()

    assert [answer(question) for question in ("a", "a", "b", "a")] == ["a", "a", "b", "a"]
    assert computed == ["a", "b"]
    for number in range(16):
        answer(number)
    answer("a")
    assert computed == ["a", "b", *range(16), "a"]


def test_a_question_that_is_asked_twice_at_once_is_computed_once():
    board, computed = AccountsBoard(), []

    def slowly():
        computed.append(1)
        time.sleep(0.1)
        return "told"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: board.told("same", slowly).result(), range(4)))
    assert (answers, computed) == (["told"] * 4, [1])


def test_what_is_known_does_not_wait_for_what_is_computed_and_an_error_is_not_kept():
    board, gate = AccountsBoard(), Event()
    assert board.told("known", lambda: "told").result() == "told"
    slow = board.told("slow", gate.wait)
    assert board.told("known", lambda: "again").done()
    gate.set()
    assert slow.result()
    with pytest.raises(ZeroDivisionError):
        board.told("wrong", lambda: 1 // 0).result()
    assert board.told("wrong", lambda: "right").result() == "right"


def test_accounts_are_computed_in_a_process_that_may_die_alone(places):
    asker = AccountsProcess(places.location)
    question = Question("claims", 1_000, EVERYTHING, "2026-05-03T19:00:00Z", "2026-05-10T19:00:00Z")
    first = asker.answer(question, ClaimsBoard)
    asker._worker.process.kill()
    with pytest.raises(Busy, match="ended; ask again") as caught:
        asker.answer(question, ClaimsBoard)
    assert caught.value.code == "accounts_unread"
    assert asker.answer(question, ClaimsBoard) == first
    with pytest.raises(Missing, match="period"):
        asker.answer(Question("cbam", 50, EVERYTHING), CbamReport)
    asker.stop()


def test_a_coil_s_page_says_why_it_is_greener_than_another_or_not(park):
    (board,) = ask(park, "/v1/claims")
    paths = [one["path"] for one in board.json["claims"][1]["evidence"]]
    assert len(paths) > 2
    pages = ask(
        park,
        *(path.replace("/v1/coils/", "/page/01/").replace("/footprint", "").replace("/C0", "/21/C0") for path in paths),
    )
    links = [
        html.unescape(re.search(r'href="(/v1/coils/[^"]+/footprint[^"]*)"', page.body.decode())[1]) for page in pages
    ]
    assert links == paths
    said = [re.search('<p class="why">(.+?)</p>', untied(page.body.decode()))[1] for page in pages]
    shares = [int(re.search(r"matched (\d+) % hour by hour with wind", one)[1]) for one in said]
    assert {re.search(r"all metal in May 2026, which was matched \d+ %", one) is not None for one in said} == {True}
    assert max(shares) - min(shares) > 20


def test_a_piece_s_footprint_document_says_what_its_passport_says(park):
    (board,) = ask(park, "/v1/claims")
    path = board.json["claims"][1]["evidence"][0]["path"]
    document, told = ask(park, path, path.replace("/footprint", "/passport"))
    (hourly,) = [
        one for one in told.json["passport"]["figures"]
        if one["name"] == "product-footprint" and one["matching"] == "hourly"
    ]  # fmt: skip
    assert document.json["pcf"]["pcfExcludingBiogenicUptake"] == hourly["value"]
    assert document.json["companyName"] == MILL.name
    assert document.headers["content-type"].startswith("application/json")
    (closed,) = ask(park, path, who=None)
    assert closed.status == 403
