"""One refinery event is declared wrong on a served ledger: balances, traces, findings and passports follow."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from served import run
from small_ledger import PLANT
from test_passport_served import eventually, mill_served, passport_path

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import TONNE, lot, piece

from ledger.kernel.gs1 import canonical_id
from ledger.kernel.statement import parse
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.codes import path_of
from ledger.passport.refold import recompute
from ledger.recording.opening import clock
from ledger.rules import rule_set


def path_of_lot(name):
    return f"/v1/lots{urlsplit(name).path}"


async def told(app, path):
    answer = await app.ask("GET", path)
    assert answer.status == 200, answer.body
    return answer.json


async def state(app):
    silo = await told(app, path_of_lot(lot("SILO", 3)))
    trace = await told(app, path_of_lot(piece("B-1")) + "/trace")
    passport = (await told(app, passport_path("B-1") + "/passport"))["passport"]
    return silo, trace, passport


def balance(silo):
    return {one["holder"]: one["g"] for one in silo["holdings"]}


def by_reason(trace, reason):
    return sum(int(end["ug"]) for end in trace["ends"] if end["reason"] == reason)


async def declare(app, mill, index, right):
    body = parse(mill.world.stored(index).wire).body
    wrong = {"declarationTime": "2026-01-05T04:00:00Z", "reason": "incorrect_data", "correctiveEventIDs": [right]}
    mill.world.now = clock()
    answer = await app.post(mill.world.statement(PLANT, "lot-event", body | {"errorDeclaration": wrong}))
    assert answer.status == 201, answer.body
    return body


def test_all_that_was_said_of_it_follows_and_its_correction_mends_it(tmp_path):
    async def scenario():
        async with mill_served(tmp_path) as (app, mill):
            refined = mill.steps["B"]["refining"][1]
            silo, trace, passport = await state(app)
            assert balance(silo) == {PLANT.id: 6 * TONNE}
            assert by_reason(trace, "in-doubt") == 0
            assert passport.get("corrections", []) == []

            body = await declare(app, mill, refined, "urn:example:right")
            after, in_doubt, _ = await state(app)
            assert balance(after) == {PLANT.id: -9 * TONNE}  # 15 t less, of which 9 t are used
            assert (after["blocked"], [one["rule"] for one in after["findings"]]) == (True, ["shortage"])
            assert "more than there was" in str(after["findings"][0])
            assert by_reason(in_doubt, "in-doubt") > 0
            bauxite = await told(app, path_of_lot(lot("BX-B")))
            assert balance(bauxite) == {PLANT.id: 30 * TONNE}
            doubted = await follow(app, "corrections", 1)
            short = [one["about"]["id"] for one in doubted["findings"] if one["rule"] == "shortage"]
            assert short == [canonical_id(lot("SILO", 3))]
            page = await app.ask("GET", f"/page{path_of(canonical_id(piece('B-1')))}")
            assert b"more than there was, with the correction" in page.body

            mill.world.now = clock()
            less = {"quantity": 14 * TONNE} | {key: body["outputQuantityList"][0][key] for key in ("epcClass", "uom")}
            event = {**body, "eventID": "urn:example:right", "outputQuantityList": [less]}
            answer = await app.post(mill.world.statement(PLANT, "lot-event", event))
            assert answer.status == 201, answer.body
            mended, right, _ = await state(app)
            assert balance(mended) == {PLANT.id: 5 * TONNE}
            assert mended["blocked"] is False
            assert by_reason(right, "in-doubt") == 0
            corrected = await follow(app, "corrections", 2)
            assert corrected["inputs"] != doubted["inputs"]
            full = await app.ask("GET", passport_path("B-1") + "/bundle", query=b"kind=full")
            report = verify_bundle(
                full.body, mill.world.trust, expected=Expected(piece=canonical_id(piece("B-1"))),
                recompute=lambda one: recompute(one, rule_set()),
            )  # fmt: skip
            assert report.verified, report.verdict

    run(scenario)


async def follow(app, member, count):
    """The passport once it names so many."""
    answer = await eventually(
        lambda: app.ask("GET", passport_path("B-1") + "/passport"),
        lambda answer: len(answer.json["passport"].get(member, [])) == count,
    )
    return answer.json["passport"]
