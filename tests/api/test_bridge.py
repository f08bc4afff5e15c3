"""Answers cross from the sequencer's thread to the event loop: each its own, with one wake-up for many."""

import asyncio
from concurrent.futures import Future

import pytest

from api.bridge import Bridge
from ledger.kernel.errors import Missing


def test_each_future_ends_as_its_own_does():
    async def scenario():
        bridge = Bridge(asyncio.get_running_loop())
        theirs = [Future() for _ in range(3)]
        ours = [bridge.wait(future) for future in theirs]
        await asyncio.to_thread(theirs[1].set_result, "second")
        assert await ours[1] == "second"
        assert not ours[0].done()
        await asyncio.to_thread(theirs[0].set_exception, Missing("no_entry", "there is none"))
        with pytest.raises(Missing, match="there is none"):
            await ours[0]
        theirs[2].set_result("third")
        assert await ours[2] == "third"

    asyncio.run(scenario())


def test_a_future_that_ended_before_is_waited_for_too():
    async def scenario():
        settled = Future()
        settled.set_result(1)
        assert await Bridge(asyncio.get_running_loop()).wait(settled) == 1

    asyncio.run(scenario())


def test_many_answers_wake_the_loop_once():
    async def scenario():
        loop = asyncio.get_running_loop()
        bridge = Bridge(loop)
        calls = []
        loop.call_soon_threadsafe = calls.append
        theirs = [Future() for _ in range(100)]
        ours = [bridge.wait(future) for future in theirs]
        for number, future in enumerate(theirs):
            future.set_result(number)
        del loop.call_soon_threadsafe
        assert len(calls) == 1
        calls[0]()
        assert await asyncio.gather(*ours) == list(range(100))

    asyncio.run(scenario())


def test_a_client_that_went_away_holds_up_no_other():
    async def scenario():
        bridge = Bridge(asyncio.get_running_loop())
        gone, stays = Future(), Future()
        cancelled, waiting = bridge.wait(gone), bridge.wait(stays)
        cancelled.cancel()
        gone.set_result(1)
        stays.set_result(2)
        assert await waiting == 2
        assert cancelled.cancelled()

    asyncio.run(scenario())
