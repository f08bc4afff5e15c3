"""A page is made on the event loop while that is quick; after two slow ones, they go to threads for some seconds."""

import asyncio
from threading import get_ident

import pytest

from api.page_maker import LONG, PageMaker


class Disk:
    """Tells in which thread it was read, and takes as long as it is told to."""

    def __init__(self):
        self.now = 100.0
        self.took = 0.001

    def read(self):
        self.now += self.took
        return get_ident()


@pytest.fixture
def disk():
    return Disk()


def here(maker, disk):
    return asyncio.run(maker.made(disk.read)) == get_ident()


def test_a_quick_page_is_made_at_once(disk):
    maker = PageMaker(lambda: disk.now, here=True)
    assert [here(maker, disk) for _ in range(3)] == [True] * 3


def test_two_slow_pages_send_the_next_ones_to_threads_and_not_for_ever(disk):
    maker = PageMaker(lambda: disk.now, here=True)
    disk.took = LONG * 2
    assert [here(maker, disk) for _ in range(4)] == [True, True, False, False]
    disk.took = 0.001
    assert not here(maker, disk)
    disk.now += 10
    assert here(maker, disk)


def test_one_slow_page_among_quick_ones_changes_nothing(disk):
    maker = PageMaker(lambda: disk.now, here=True)
    for took in (LONG * 2, 0.001, LONG * 2, 0.001):
        disk.took = took
        assert here(maker, disk)


def test_a_slow_page_that_fails_counts(disk):
    maker = PageMaker(lambda: disk.now, here=True)
    disk.took = LONG * 2

    def broken():
        disk.read()
        raise OSError("disk")

    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            asyncio.run(maker.made(broken))
    assert not here(maker, disk)


def test_pages_of_a_far_database_are_never_made_here(disk):
    assert not here(PageMaker(lambda: disk.now, here=False), disk)
