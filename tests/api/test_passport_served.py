"""Passports in a server that has the operator's key: made with the shipment, made again in the background."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from served import InProcess, app_of, run
from small_ledger import ROLLING, pem

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, handed, pallet, piece, small_mill, things

from ledger.kernel.errors import Unauthorised
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.codes import path_of
from ledger.passport.refold import recompute
from ledger.recording.opening import clock
from ledger.rules import rule_set
from tests.eventually import SOON


@asynccontextmanager
async def mill_served(folder, *, key="operator", **settings):
    """B-1 and B-2 shipped on a pallet by a mill whose server is stopped; then served, with the key of this name."""
    with small_mill(folder) as mill:
        mill.make_coils("B")
        mill.pack(ROLLING, pallet(), piece("B-1"), piece("B-2"))
        mill.sent = mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
    file = folder / "operator.key"
    file.write_bytes(pem(key))
    app = app_of(mill.world, checkers=0, open=True, operator_key=file, **settings)
    async with app.lifespan():
        yield InProcess(app, mill.world, {}), mill


async def eventually(ask, holds):
    async with asyncio.timeout(SOON):
        while True:
            answer = await ask()
            if holds(answer):
                return answer
            await asyncio.sleep(0.05)


def passport_path(name):
    return f"/v1/coils{path_of(canonical_id(piece(name))).removeprefix('/01').replace('/21', '')}"


def test_a_receipt_is_said_by_the_passports_of_all_in_the_unit(tmp_path):
    async def scenario():
        async with mill_served(tmp_path) as (app, mill):

            async def passport():
                return await app.ask("GET", passport_path("B-1") + "/passport")

            assert (await passport()).json["passport"]["status"] == "shipped"
            mill.world.now = clock()
            event = mill.event(
                CUSTOMER, "Object", action="OBSERVE", bizStep="receiving", **things([(pallet(), None)]),
                **handed(ROLLING, CUSTOMER, "X"),
            )  # fmt: skip
            mill.world.now = clock()
            assert (await app.post(mill.world.statement(CUSTOMER, "lot-event", event))).status == 201
            await eventually(passport, lambda answer: answer.json["passport"]["status"] == "received")
            full = await app.ask("GET", passport_path("B-2") + "/bundle", query=b"kind=full")
            report = verify_bundle(
                full.body, mill.world.trust, expected=Expected(piece=piece("B-2")),
                recompute=lambda one: recompute(one, rule_set()),
            )  # fmt: skip
            assert report.verified, report.verdict
            answer = await app.ask("GET", f"/v1/entries/{mill.sent}/bundle", query=b"kind=delivery")
            assert verify_bundle(answer.body, mill.world.trust, expected=Expected(piece=piece("B-1"))).verified
            assert (await app.ask("GET", "/readyz")).json["passports"] is True
        assert int((mill.world.places.folder / "restated").read_text()) > mill.sent

    run(scenario)


def test_a_key_that_is_not_the_operator_s_is_not_served_with(tmp_path):
    async def scenario():
        with pytest.raises(BaseException) as refused:
            async with mill_served(tmp_path, key="plant"):
                pass
        errors = [refused.value]
        while hasattr(errors[-1], "exceptions"):
            errors.append(errors[-1].exceptions[0])
        assert isinstance(errors[-1], Unauthorised)
        assert "is no valid key of the operator" in errors[-1].sentence

    run(scenario)
