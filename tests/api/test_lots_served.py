"""Lots at the HTTP door: paths and parameters, for whom, and what is said of a question that makes no sense."""

import json
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from served import bearer, in_process, run
from small_ledger import PLANT, coil, gtin, piece

LOT = {"al": "https://coilmark.org/ns/al/1/"}


@asynccontextmanager
async def yard(folder, **settings):
    """Entry 5 makes the piece C/1 of a heat, 6 sends it to a customer outside."""
    async with in_process(folder, **settings) as app:
        link = f"https://id.gs1.org/01/{gtin()}/21/C%2F1"
        context = [coil()["@context"][0], LOT]
        made = coil(
            **{
                "@context": context,
                "epcList": [link],
                "al:mass": [{"id": link, "g": 20_000_000, "basis": "dry", "method": "scale"}],
                "al:attributes": [{"id": link, "heat": "H1/7", "form": "coil"}],
            }
        )
        sent = coil(
            action="OBSERVE",
            bizStep="shipping",
            epcList=[link],
            destinationList=[{"type": "possessing_party", "destination": "urn:example:customer"}],
        )
        for event in (made, sent):
            answer = await app.post(app.world.statement(PLANT, "lot-event", event))
            assert answer.status == 201, answer.body
        yield app


def ask(folder, path, who="auditor", **settings):
    async def one():
        async with yard(folder, **settings) as app:
            plain, _, query = path.partition("?")
            headers = bearer(app, who) if who else []
            return await app.ask("GET", plain, query=query.encode(), headers=headers)

    return run(one)


PIECE = f"/v1/lots/01/{gtin()}/21/C%2F1"


def test_a_piece_whose_serial_has_a_slash(tmp_path):
    found = json.loads(ask(tmp_path, PIECE).body)
    assert (found["id"], found["g"]) == (piece("C/1"), 20_000_000)
    assert [step["what"] for step in found["history"]] == ["shipping", "commissioning"]


def test_as_it_was_before_it_was_sent(tmp_path):
    found = json.loads(ask(tmp_path, f"{PIECE}?as_of=6").body)
    assert [(one["holder"], one["delivery"]) for one in found["holdings"]] == [(PLANT.id, "")]


def test_its_trace_both_ways(tmp_path):
    came = json.loads(ask(tmp_path / "up", f"{PIECE}/trace").body)
    assert (came["ug"], came["ends"][0]["reason"]) == ("20000000000000", "commissioned")
    went = json.loads(ask(tmp_path / "down", f"{PIECE}/trace?direction=down").body)
    assert [node["what"] for node in went["nodes"]] == ["shipping"]


def test_its_recall_list_as_a_table(tmp_path):
    answer = ask(tmp_path, f"{PIECE}/recall?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.body.decode().splitlines()[1].startswith(f"{piece('C/1')},")
    assert answer.body.decode().splitlines()[1].endswith(",urn:example:customer,20000000,20000000000000")


def test_by_its_heat(tmp_path):
    found = json.loads(ask(tmp_path, f"/v1/lots?heat={quote('H1/7', safe='')}").body)
    assert [one["id"] for one in found["lots"]] == [piece("C/1")]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{PIECE}/history", 404, "no_such_path"),
        (f"{PIECE}/trace?direction=sideways", 400, "query"),
        (f"{PIECE}/recall?format=pdf", 400, "query"),
        (f"{PIECE}?as_of=99", 400, "as_of"),
        (f"{PIECE}?as_of=0x6", 400, "number"),
        (f"/v1/lots/01/{gtin()}/21/NONE", 404, "no_lot"),
        ("/v1/lots/01/123/21/X", 400, "gs1_id"),
        ("/v1/lots", 400, "query"),
        ("/v1/lots?heat=1&order=2", 400, "query"),
        ("/v1/sites/9521141000038/stock", 404, "no_site"),
        ("/v1/sites/1/stock", 400, "gs1_id"),
    ],
)
def test_questions_that_make_no_sense(tmp_path, path, status, code):
    answer = ask(tmp_path, path)
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)


def test_without_a_token_and_with_that_of_another_party(tmp_path):
    refused = ask(tmp_path / "nobody", PIECE, who=None)
    assert (refused.status, json.loads(refused.body)["code"]) == (403, "token_needed")
    hidden = ask(tmp_path / "rolling", PIECE, who="rolling")
    assert (hidden.status, json.loads(hidden.body)["code"]) == (404, "no_lot")
    assert ask(tmp_path / "plant", PIECE, who="plant").status == 200
    assert ask(tmp_path / "open", PIECE, who=None, open=True).status == 200


def test_the_rows_of_a_batch_see_each_other_and_a_check_leaves_no_lot(tmp_path):
    async def scenario():
        async with yard(tmp_path, open=True) as app:
            to = [{"type": "possessing_party", "destination": "urn:example:customer"}]
            sent = {"action": "OBSERVE", "bizStep": "shipping", "destinationList": to}
            make, send, again = (
                app.world.statement(PLANT, "lot-event", coil("N-1", **more)) for more in ({}, sent, sent)
            )
            size = app.desk.log.state.published.checkpoint.size
            for _ in range(2):
                assert (await app.post_batch(make, send, query=b"check=1")).status == 200
            twice = await app.post_batch(make, send, again, query=b"check=1")
            assert [(row["row"], row["code"]) for row in twice.json["rows"]] == [(2, "not_holder")]
            alone = await app.post(send, query=b"check=1")
            assert (alone.status, alone.code) == (422, "unknown_lot")
            assert app.desk.log.state.published.checkpoint.size == size
            assert (await app.ask("GET", f"/v1/lots/01/{gtin()}/21/N-1")).status == 404
            assert (await app.post_batch(make, send)).status == 201
            found = await app.ask("GET", f"/v1/lots/01/{gtin()}/21/N-1")
            assert [step["what"] for step in found.json["history"]] == ["shipping", "commissioning"]

    run(scenario)
