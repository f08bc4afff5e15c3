"""The month's mean, which a piece's page compares with: the first of a month waits for it, and no other."""

from datetime import UTC, datetime
from decimal import Decimal
from threading import Event

import pytest

from api.footprint_chart import Mean
from api.means import Means

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
PASSPORT = {"stages": [{"step": "casting", "from": "2026-04-02T00:00:00Z"},
                       {"step": "electrolysis", "from": "2026-04-01T02:00:00+05:00"}]}  # fmt: skip
PATIENCE = 10  # seconds: a test that fails ends


class Books:
    """Tells the mean of a month, once it is let."""

    def __init__(self):
        self.now = 1_000.0
        self.months = []
        self.share = Decimal("0.5")
        self.free = Event()
        self.free.set()

    def ask(self, month):
        self.months.append(month)
        assert self.free.wait(PATIENCE)
        if isinstance(self.share, Exception):
            raise self.share
        return self.share if self.share is None else Mean(month, self.share, len(self.months))


@pytest.fixture
def books():
    return Books()


@pytest.fixture
def means(books):
    made = Means(books.ask, lambda: books.now)
    yield made
    books.free.set()
    made.stop()


def settled(means):
    """What is being asked has been answered: there is one thread, and this stands behind it in its line."""
    means._line.submit(int).result(PATIENCE)
    return means


def share(means):
    mean = means.of(PASSPORT)
    return mean and mean.share


def test_the_month_is_that_in_which_electrolysis_began_in_utc(means, books):
    assert means.of(PASSPORT) == Mean(MARCH, Decimal("0.5"), 1)
    assert books.months == [MARCH]


def test_pages_say_what_was_known_last_while_it_is_asked_again(means, books):
    share(means)
    settled(means)
    books.free.clear()
    books.now += 60
    books.share = Decimal("0.7")
    assert [share(means) for _ in range(3)] == [Decimal("0.5")] * 3
    books.free.set()
    assert share(settled(means)) == Decimal("0.7")


def test_a_mean_is_asked_for_once_a_minute(means, books):
    for _ in range(3):
        share(means)
        settled(means)
    books.now += 59
    share(means)
    settled(means)
    assert len(books.months) == 1
    books.now += 1
    share(means)
    settled(means)
    assert len(books.months) == 2


def test_a_month_of_which_nothing_is_known_any_more_is_not_compared_with(means, books):
    share(means)
    settled(means)
    books.now += 60
    books.share = None
    share(means)
    assert share(settled(means)) is None


def test_where_it_cannot_be_read_pages_say_what_was_known(means, books, caplog):
    share(means)
    settled(means)
    books.now += 60
    books.share = OSError("the disk is gone")
    share(means)
    assert share(settled(means)) == Decimal("0.5")
    assert "the mean of 2026-03 was not read" in caplog.text


def test_a_piece_without_electrolysis_is_compared_with_nothing(means, books):
    assert means.of({"stages": []}) is None
    assert means.of({}) is None
    settled(means)
    assert not books.months
