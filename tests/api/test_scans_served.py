"""Scans on the page and as data: which are counted, from whom, and what a reader is told."""

import re
from ipaddress import ip_network

import pytest
from served import bearer, run
from small_ledger import piece
from test_passport_page import code, coil_path, scan, shop

from api.languages import LANGUAGES
from ledger.scans.judging import LEAST
from ledger.store.scans import scans_file

OURS = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))


def forwarded(*addresses):
    return [(b"x-forwarded-for", ", ".join(addresses).encode())]


async def told(app, serial="C-1"):
    answer = await app.ask("GET", coil_path("scans", serial), query=code(serial))
    assert answer.status == 200, answer.body
    return answer.json


def test_a_scan_with_the_code_is_counted_and_shown(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            first = (await scan(app, query=code())).body.decode()
            second = (await scan(app, query=code())).body.decode()
            assert "in the last 30 days: 1." in first
            assert "in the last 30 days: 2." in second
            assert await told(app) == {
                "piece": piece("C-1"), "days": 30, "scans": 2, "judged": 0, "places": 0, "conspicuous": False
            }  # fmt: skip

    run(scenario)


def test_what_is_no_scan_is_not_counted(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            await app.ask("HEAD", "/page/01/09521141000014/21/C-1", query=code())
            await scan(app, query=code() + b"&lang=de")  # the same reader in another language
            await scan(app, query=b"c=AAAAAAAAAAAAAAAA")
            await scan(app, query=code("C-2"))
            await scan(app, headers=bearer(app, "auditor"))
            await scan(app, "C-2", query=code("C-2"))  # has no passport
            await app.ask("GET", coil_path("passport"), query=code())
            assert (await told(app))["scans"] == (await told(app, "C-2"))["scans"] == 0

    run(scenario)


def test_only_our_own_proxies_say_who_asks(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            await scan(app, query=code(), headers=forwarded("81.2.69.142"))
            assert (await told(app))["judged"] == 0  # nobody was told to believe the peer
        async with shop(tmp_path / "other", proxies=OURS) as app:
            for addresses in (("81.2.69.142",), ("6.6.6.6", "81.2.69.142"), ("81.2.69.142", "10.0.0.7")):
                await scan(app, query=code(), headers=forwarded(*addresses))
            assert await told(app) | {"piece": ""} == {
                "piece": "", "days": 30, "scans": 3, "judged": 3, "places": 1, "conspicuous": False
            }  # fmt: skip

    run(scenario)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_in_many_places_is_warned_of_in_every_language(tmp_path, language):
    async def scenario():
        async with shop(tmp_path, proxies=OURS) as app:
            for number in range(LEAST + 2):
                await scan(app, query=code(), headers=forwarded(f"{20 + number}.{number}.1.1"))
            assert (await told(app))["conspicuous"] is True
            page = (await scan(app, query=code() + f"&lang={language}".encode())).body.decode()
            header = page.partition("</header>")[0]
            assert header.count('class="status bad"') == 1 + 1  # on hold, and this
            assert 'id="scans"' in page
            assert str(LEAST + 2) in re.search(r'id="scans">.*?</section>', page, re.DOTALL)[0]

    run(scenario)


def test_without_the_code_nothing_is_told_of_scans(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            await scan(app, query=code())
            answers = [await app.ask("GET", coil_path("scans", serial)) for serial in ("C-1", "C-99")]
            assert {(one.status, one.code) for one in answers} == {(403, "label_code")}
            assert b'id="scans"' not in (await scan(app)).body

    run(scenario)


def test_counts_that_fail_fail_no_page(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            scans_file(app.world.places.folder).mkdir()
            page = await scan(app, query=code())
            assert (page.status, b"EN-AW-5754" in page.body, b'id="scans"' in page.body) == (200, True, False)
            answer = await app.ask("GET", coil_path("scans"), query=code())
            assert (answer.status, answer.code) == (503, "scans_unread")
            assert b"coilmark_scan_count_failures 2.0" in (await app.ask("GET", "/metrics")).body

    run(scenario)


def test_counts_are_written_when_a_server_stops(tmp_path):
    async def scenario():
        async with shop(tmp_path) as app:
            await scan(app, query=code())
            folder = app.world.places.folder
        assert scans_file(folder).is_file()

    run(scenario)
