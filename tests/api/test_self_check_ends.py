"""A server that stops waits for what reads its files: a round that outlives them would find faults that are none."""

import asyncio
import threading

from api.self_check import SelfCheck
from tests.eventually import SOON
from tests.small_ledger import small_ledger


def test_the_round_under_way_is_finished_before_the_ledger_is_closed(tmp_path):
    reading, finish, ended = threading.Event(), threading.Event(), []

    async def scenario(check):
        running = asyncio.create_task(check.run())
        await asyncio.to_thread(reading.wait, SOON)
        check.stop()
        done, _ = await asyncio.wait([running], timeout=0.05)
        assert not done
        finish.set()
        await asyncio.wait_for(running, SOON)
        assert ended == [True]

    with small_ledger(tmp_path) as world:
        check = SelfCheck(world.log, lambda: 0)

        def slow_round():
            reading.set()
            finish.wait(SOON)
            ended.append(True)

        check.round = slow_round
        asyncio.run(scenario(check))
