"""The application around the routes: starting, the published checkpoint, the self-check, the description, the page."""

import asyncio
import io
import subprocess
import sys
from types import SimpleNamespace

import msgspec
import pyarrow as pa
import pytest
from posted import Posted
from served import app_of, in_process, make_world, run
from small_ledger import coil

from api import routes
from api.app import create_app, plainly_failing
from api.checkpoint_board import CheckpointBoard
from api.self_check import SelfCheck
from api.settings import Settings
from ledger.kernel.bundle import parse_bundle
from ledger.kernel.errors import Missing
from ledger.kernel.proofs import verify_inclusion
from schemas import wire
from schemas.arrow import INCLUSION_PROOFS


def test_the_board_moves_at_most_once_a_second():
    now, newest = [0.0], ["first"]
    board = CheckpointBoard(lambda: newest[0], lambda: now[0])
    assert board.shown() == "first"
    newest[0] = "second"
    now[0] = 0.99
    assert board.shown() == "first"
    now[0] = 1.0
    assert board.shown() == "second"
    newest[0] = "third"
    now[0] = 1.5
    assert board.shown() == "second"
    now[0] = 2.0
    assert board.shown() == "third"


def test_the_board_shows_news_at_once_after_a_quiet_time():
    now, newest = [0.0], ["first"]
    board = CheckpointBoard(lambda: newest[0], lambda: now[0])
    board.shown()
    now[0] = 60.0
    assert board.shown() == "first"
    newest[0] = "second"
    assert board.shown() == "second"


def test_importing_the_application_does_nothing():
    program = "import sys, threading; import api.app; assert threading.active_count() == 1; assert not sys.argv[1:]"
    subprocess.run([sys.executable, "-c", program], check=True, env={"COILMARK_NONSENSE": "1"}, cwd=_root())


def _root():
    return routes.__path__[0].removesuffix("/api/routes")


def test_a_ledger_that_is_not_there_is_not_created(tmp_path):
    with pytest.raises(BaseExceptionGroup) as caught:
        run(lambda: _start(create_app(Settings(tmp_path / "nowhere"))))
    assert caught.group_contains(Missing, match="`coilmark init` creates one", depth=1)
    assert list(tmp_path.iterdir()) == []


async def _start(app):
    async with app.lifespan():
        raise AssertionError("it started")


def test_why_a_ledger_is_not_served_is_said_in_a_sentence(tmp_path):
    said = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        said.append(message)

    app = plainly_failing(create_app(Settings(tmp_path / "nowhere")))
    with pytest.raises(BaseExceptionGroup):
        run(lambda: app({"type": "lifespan", "state": {}}, receive, send))
    assert said[0]["type"] == "lifespan.startup.failed"
    assert said[0]["message"].startswith("this ledger is not served: there is no ledger at ")
    assert "Traceback" not in said[0]["message"]


def test_two_servers_cannot_have_one_ledger(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            with pytest.raises(BaseExceptionGroup) as caught:
                await _start(app_of(served.world))
            assert "already_open" in repr([error.code for error in caught.value.exceptions])

    run(scenario)


def test_a_batch_of_proofs_over_arrow_verifies(tmp_path, monkeypatch):
    monkeypatch.setattr("api.routes.proofs.CHUNK", 2)

    async def scenario():
        async with in_process(tmp_path) as served:
            size = served.desk.log.state.published.checkpoint.size
            indices = [4, 0, 3, 0, 2]
            asked = b'{"size":%d,"indices":%s}' % (size, str(indices).encode())
            kinds = [(b"content-type", b"application/json")]
            arrow = [*kinds, (b"accept", b"application/vnd.apache.arrow.stream")]
            answer = await served.ask("POST", "/v1/proofs", asked, headers=arrow)
            table = pa.ipc.open_stream(io.BytesIO(answer.body)).read_all()
            table.validate(full=True)
            assert table.schema.equals(INCLUSION_PROOFS, check_metadata=True)
            rows = table.to_pylist()
            assert [row["index"] for row in rows] == indices
            for row in rows:
                verify_inclusion(
                    index=row["index"], size=row["tree_size"], leaf=row["leaf_hash"], path=tuple(row["path"]),
                    root=served.desk.log.state.published.checkpoint.root,
                )  # fmt: skip
            as_json = (await served.ask("POST", "/v1/proofs", asked, headers=kinds)).json
            assert [row["index"] for row in as_json["proofs"]] == indices
            assert [len(row["path"]) for row in as_json["proofs"]] == [len(row["path"]) for row in rows]

    run(scenario)


def test_no_proofs_are_an_empty_answer(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            kinds = [(b"content-type", b"application/json")]
            answer = await served.ask("POST", "/v1/proofs", b'{"size":1,"indices":[]}', headers=kinds)
            assert answer.json == {"size": 1, "proofs": []}

    run(scenario)


def test_served_open_everyone_sees_statements(tmp_path):
    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            assert "statement" in (await served.ask("GET", "/v1/entries/1")).json
            bundle = await served.ask("GET", "/v1/entries/2/bundle")
            assert all(entry.statement for entry in parse_bundle(bundle.body).entries)
            assert served.world.operator.id.encode() in (await served.ask("GET", "/")).body
            bad = [(b"authorization", b"Bearer nonsense")]
            assert (await served.ask("GET", "/v1/entries/1", headers=bad)).status == 401

    run(scenario)


def test_what_stands_in_a_statement_is_text_on_the_page(tmp_path):
    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            posted = served.world.statement(served.world.plant, "lot-event", coil("P-1"), jti="urn:x:%3Cscript%3E")
            assert (await served.post(posted)).status == 201
            served.desk.log.store.stamps["uri"] = "https://x/<script>alert(1)</script>"
            page = (await served.ask("GET", "/")).body
            assert b"<script" not in page
            assert b"&lt;script&gt;" in page

    run(scenario)


def test_the_page_of_a_long_ledger_is_turned(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            answer = await served.post_batch(*(posted.new() for _ in range(120)))
            assert answer.status == 201
            first = (await served.ask("GET", "/")).body.decode()
            size = served.desk.log.state.published.checkpoint.size
            assert first.count("<li>") == 50
            assert f'href="/v1/entries/{size - 1}"' in first
            assert f'href="/?before={size - 50}"' in first
            assert "Newer" not in first
            second = (await served.ask("GET", "/", query=f"before={size - 50}".encode())).body.decode()
            assert f'href="/v1/entries/{size - 51}"' in second
            assert f'href="/?before={size}"' in second

    run(scenario)


def test_the_self_check_goes_round(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            check = SelfCheck(served.desk.log, lambda: 0, entries=3)
            rounds = [await asyncio.to_thread(check.round) for _ in range(3)]
            assert [(one.start, one.end, one.wrong) for one in rounds] == [(0, 3, ""), (3, 5, ""), (0, 3, "")]

    run(scenario)


def test_a_token_revoked_while_the_server_runs_opens_nothing(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            bearer = [(b"authorization", b"Bearer " + served.secrets["auditor"].encode())]
            assert "statement" in (await served.ask("GET", "/v1/entries/1", headers=bearer)).json
            (token,) = [
                one for one in served.desk.access.tokens() if one.reader.scope == "auditor" and not one.revoked_at
            ]
            served.desk.access.revoke(token.id, now=1)
            assert (await served.ask("GET", "/v1/entries/1", headers=bearer)).code == "token_revoked"

    run(scenario)


def test_the_description_has_every_route_and_no_other_host(tmp_path):
    world, _ = make_world(tmp_path)
    app = app_of(world)
    described = app.openapi_schema.to_schema()
    assert set(described["paths"]) == {
        "/v1/statements", "/v1/entries/{index}", "/v1/entries/{index}/bundle", "/v1/proofs",
        "/v1/proofs/inclusion/{size}/{index}", "/v1/proofs/consistency/{old}/{new}", "/checkpoint", "/v1/parties",
        "/v1/parties/{party}", "/v1/attestations", "/v1/attestations/{named}", "/v1/consumption/{named}",
        "/healthz", "/readyz", "/metrics", "/v1/coils/{gtin}/{named}", "/page/{named}",
        "/01/{named}", "/.well-known/gs1resolver", "/v1/lots", "/v1/lots/{named}", "/v1/cbam", "/v1/claims",
        "/v1/sites/{gln}/stock",
    }  # fmt: skip
    post = described["paths"]["/v1/statements"]["post"]
    assert set(post["requestBody"]["content"]) == {"application/sd-jwt", "application/json"}
    assert post["responses"]["422"]["content"].keys() == {"application/problem+json"}
    assert "http" not in repr(described).replace("https://ledger", "")


def test_nothing_is_told_of_a_log_that_moved_on(tmp_path):
    """An entry that is committed and not yet published is not there."""

    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            await served.post(posted.new())
            log = served.desk.log
            size = log.state.published.checkpoint.size
            older = SimpleNamespace(published=SimpleNamespace(checkpoint=SimpleNamespace(size=size - 1)))
            log._state, kept = older, log._state
            assert (await served.ask("GET", f"/v1/entries/{size - 1}")).code == "no_entry"
            assert (await served.ask("GET", f"/v1/proofs/inclusion/{size}/0")).code == "size_unknown"
            log._state = kept
            assert (await served.ask("GET", f"/v1/entries/{size - 1}")).status == 200

    run(scenario)


def test_every_answer_is_what_the_description_says(tmp_path):
    """The receipt is encoded by the kernel, not from these structs: they may not say different things."""

    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            posted = Posted(served.world)
            proofs = await served.ask(
                "POST", "/v1/proofs", b'{"size":3,"indices":[1]}', headers=[(b"content-type", b"application/json")]
            )
            answers = {
                wire.Receipt: await served.post(posted.new()),
                wire.Receipts: await served.post(posted.good_batch(), kind=b"application/json"),
                wire.Rehearsal: await served.post(posted.new(), query=b"check=1"),
                wire.Proofs: proofs,
                wire.InclusionProof: await served.ask("GET", "/v1/proofs/inclusion/3/1"),
                wire.ConsistencyProof: await served.ask("GET", "/v1/proofs/consistency/1/3"),
                wire.Parties: await served.ask("GET", "/v1/parties"),
                wire.Party: await served.ask("GET", f"/v1/parties/{served.world.plant.id}"),
                wire.Readiness: await served.ask("GET", "/readyz"),
                wire.Problem: await served.post(posted.batch_with_two_bad_rows(), kind=b"application/json"),
            }
            for struct, answer in answers.items():
                fitted = msgspec.json.decode(answer.body, type=struct)
                assert fitted.__struct_fields__ == struct.__struct_fields__
                known = msgspec.json.decode(msgspec.json.encode(fitted))
                told = answer.json if struct is not wire.Problem else {name: answer.json[name] for name in known}
                assert known == told

    run(scenario)
