"""Posts go to their handler past the router, and together: each is answered as if it had come alone, and through it."""

import asyncio

import pytest
import served as door
from posted import Posted
from served import in_process, run
from small_ledger import ledger_body

TYPED = [(b"content-type", b"application/sd-jwt")]
TOO_LONG = [*TYPED, (b"content-length", b"999999999")]


@pytest.mark.parametrize(
    ("body", "query", "headers"),
    [
        ("same", b"", TYPED),
        ("same", b"check=1", TYPED),
        ("same", b"check=2", TYPED),
        ("same", b"chek=1", TYPED),
        ("flipped_signature", b"", TYPED),
        ("no_json_payload", b"", TYPED),
        ("unknown_party", b"", TYPED),
        ("same", b"", []),
        ("same", b"", TOO_LONG),
    ],
)
def test_who_goes_straight_is_answered_as_the_router_answers(tmp_path, monkeypatch, body, query, headers):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            await served.post(posted.good())
            wire = getattr(posted, body)()
            straight = await served.ask("POST", "/v1/statements", wire, query=query, headers=headers)
            monkeypatch.setattr(door, "as_served", lambda app: app)
            routed = await served.ask("POST", "/v1/statements", wire, query=query, headers=headers)
            assert (straight.status, straight.body) == (routed.status, routed.body)
            assert straight.headers == routed.headers

    run(scenario)


def test_what_cannot_be_posted_costs_those_beside_it_nothing(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted, world = Posted(served.world), served.world
            note = served.desk.log.state.published.note
            previous = {"checkpoint": note, "lost": {"from": 3, "to": 4, "reason": "restored"}}
            founding = world.statement(world.operator, "ledger", ledger_body(incarnation=1, previous=previous, keys=[]))
            wires = [posted.new(), founding, posted.flipped_signature(), posted.new()]
            answers = await asyncio.gather(*map(served.post, wires))
            assert [answer.status for answer in answers] == [201, 422, 403, 201]
            assert answers[1].code == "ledger_statement"

    run(scenario)
