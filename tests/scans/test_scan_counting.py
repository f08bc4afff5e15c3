"""Scans are counted without personal data, copies stand out, and a count that fails hinders nothing."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.scans.counter import ScanCounter
from ledger.scans.judging import A_DAY, DAYS, LEAST, SPAN, SPREAD, Pairs, Tally, tally
from ledger.scans.places import CELLS, NOWHERE, place_key, place_of
from ledger.store.scans import SqliteScans, scans_file
from ledger.store.sqlite.driver import sqlite3
from tools.bench.scans import Month, run_scans

KEY = place_key(bytes(range(32)))
DAY = 86_400_000_000
PIECE, OTHER = "(01)09521141000014(21)C-1", "(01)09521141000014(21)C-2"


class Clock:
    def __init__(self, day=20_000):
        self.day = day

    def __call__(self):
        return self.day * DAY + 5


def counting(tmp_path, day=20_000):
    clock, store = Clock(day), SqliteScans(scans_file(tmp_path))
    return ScanCounter(store, clock), store, clock


# Where a scan came from.


def test_one_network_is_one_place_and_a_place_is_many_networks():
    assert place_of("81.2.69.142", KEY) == place_of("81.2.1.1", KEY)
    assert place_of("2a02:26f7::1", KEY) == place_of("2a02:26f7:ffff::9", KEY)
    assert place_of("::ffff:81.2.69.142", KEY) == place_of("81.2.69.142", KEY)
    cells = [place_of(f"{first}.{second}.0.1", KEY) for first in range(11, 100) for second in range(0, 256, 4)]
    assert set(cells) == set(range(CELLS))
    assert max(map(cells.count, set(cells))) < 3 * len(cells) / CELLS


def test_who_has_not_the_key_cannot_tell_the_cell():
    other = place_key(bytes(32))
    addresses = [f"{number}.9.0.1" for number in range(11, 100)]
    same = sum(place_of(one, KEY) == place_of(one, other) for one in addresses)
    assert same < 8


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1", "10.1.2.3", "192.168.1.1", "fe80::1", "::1", "unix:", "testclient", "1.2.3"]
)
def test_an_address_that_says_nothing_is_nowhere(address):
    assert place_of(address, KEY) == NOWHERE


# What looks like copies.


def test_few_places_are_not_conspicuous_however_many_scans():
    assert not tally((day, place, 5) for day in range(30) for place in (1, 2, 3)).is_conspicuous
    assert tally((day, place, 5) for day in range(30) for place in (1, 2, 3)).places == 3


def test_many_places_are():
    many = tally((day, place, 1) for day, place in enumerate(range(LEAST)))
    assert (many.is_conspicuous, many.places) == (True, LEAST)
    assert not tally((0, place, 1) for place in range(LEAST - 1)).is_conspicuous
    evenly = [(day, place, 1) for day in range(10) for place in range(SPREAD + 2)]
    assert tally(evenly).is_conspicuous
    assert not tally((day, place, 1) for day in range(10) for place in range(SPREAD - 2)).is_conspicuous


def test_a_coil_that_goes_from_place_to_place_is_not_and_one_that_is_in_all_of_them_at_once_is():
    sites = [range(first, first + 4) for first in (0, 10, 20)]
    goes = [(day, place, 1) for day in range(DAYS) for place in sites[day // SPAN]]
    there = [(day, place, 1) for day in range(0, DAYS, 3) for site in sites for place in site]
    assert tally(goes).places == tally(there).places == 13
    assert (tally(goes).is_conspicuous, tally(there).is_conspicuous) == (False, True)


def test_scans_of_one_s_own_do_not_hide_copies():
    copies = [(day, place, 1) for day in range(5) for place in range(40)]
    assert tally([*copies, (0, 99, 1_000_000)]).is_conspicuous
    pairs = A_DAY * (A_DAY - 1)
    assert tally([(0, 99, 1_000_000)]) == Tally(
        1_000_000, A_DAY, Pairs(pairs, pairs), Pairs(SPAN * pairs, SPAN * pairs)
    )


def test_scans_from_nowhere_are_counted_and_not_judged():
    assert tally([(0, NOWHERE, 50), (0, 7, 2)]) == Tally(52, 2, Pairs(2, 2), Pairs(2 * SPAN, 2 * SPAN))
    assert (tally([]).places, tally([]).is_conspicuous) == (0, False)


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(-1, 255), st.integers(1, 50)), unique_by=lambda one: one[:2]))
def test_places_are_never_more_than_scans(counted):
    told = tally(counted)
    assert 0 <= told.places <= told.judged <= told.scans


@pytest.mark.slow
def test_in_a_simulated_month_labels_are_told_from_copies():
    """What is assumed stands in `Month`; `coilmark bench scans` takes a larger month, and other seeds."""
    figure = run_scans(Month(genuine=20_000, copies=500))
    assert figure.flagged_share <= 0.001
    assert figure.found_share >= 0.95
    assert figure.flagged > 0  # not because nothing is ever called conspicuous


@pytest.mark.slow
def test_copies_on_no_more_than_eight_coils_are_found_too():
    assert run_scans(Month(genuine=0, copies=500, labels=(8, 8))).found_share >= 0.95


# How it is kept.


def test_counts_are_seen_at_once_and_outlive_a_restart(tmp_path):
    counter, store, clock = counting(tmp_path)
    for place in (1, 1, 2, NOWHERE):
        counter.count(PIECE, place)
    counter.count(OTHER, 1)
    waiting = counter.told(PIECE)
    assert (waiting.scans, waiting.judged, waiting.pairs) == (4, 3, Pairs(6, 2))
    counter.flush()
    counter.count(PIECE, 2)
    told = counter.told(PIECE)
    assert (told.scans, told.judged, told.pairs) == (5, 4, Pairs(12, 4))
    counter.flush()
    store.close()
    again, _, _ = counting(tmp_path)
    assert (again.told(PIECE), again.told(OTHER)) == (told, Tally(1, 1))
    del clock


def test_what_is_older_than_a_month_is_forgotten(tmp_path):
    counter, store, clock = counting(tmp_path)
    counter.count(PIECE, 1)
    counter.flush()
    clock.day += DAYS - 1
    assert counter.told(PIECE).scans == 1
    clock.day += 1
    assert counter.told(PIECE).scans == 0
    counter.count(OTHER, 2)
    counter.flush()
    assert store.counted(PIECE, 0) == []


def test_nothing_but_piece_day_cell_and_count_is_kept(tmp_path):
    counter, store, _ = counting(tmp_path)
    counter.count(PIECE, place_of("81.2.69.142", KEY))
    counter.flush()
    store.close()
    file = scans_file(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    rows = sqlite3.connect(file).execute("SELECT * FROM scan").fetchall()
    assert rows == [(PIECE, 20_000, place_of("81.2.69.142", KEY), 1)]
    assert b"81.2" not in file.read_bytes()


def test_a_store_that_fails_loses_nothing_and_is_logged_once(tmp_path, caplog):
    file = scans_file(tmp_path)
    file.mkdir()  # no database can be opened here
    counter, _, _ = counting(tmp_path)
    for _ in range(3):
        counter.count(PIECE, 1)
        counter.flush()
        assert counter.told(PIECE) is None
    assert counter.failures == 6
    assert len([one for one in caplog.records if "counts of scans" in one.message]) == 1
    file.rmdir()
    counter.flush()
    assert counter.told(PIECE).pairs == Pairs(6, 6)


def test_a_damaged_file_is_no_harm(tmp_path):
    scans_file(tmp_path).write_bytes(b"no database" * 1000)
    counter, _, _ = counting(tmp_path)
    counter.count(PIECE, 1)
    counter.flush()
    assert counter.told(PIECE) is None


def test_a_full_disk_fills_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("ledger.scans.counter._MOST_WAITING", 10)
    scans_file(tmp_path).mkdir()
    counter, _, _ = counting(tmp_path)
    for place in range(50):
        counter.count(PIECE, place)
        counter.flush()
    counter.count(PIECE, 0)
    scans_file(tmp_path).rmdir()
    assert counter.told(PIECE).scans == 11  # ten that had room, and one of them again


def test_threads_and_processes_add_up(tmp_path):
    counters = [counting(tmp_path)[0] for _ in range(3)]

    def scan(counter):
        for number in range(200):
            counter.count(PIECE, number % 3)
            if number % 50 == 0:
                counter.flush()
        counter.flush()

    threads = [threading.Thread(target=scan, args=(counter,)) for counter in counters for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for counter in counters:
        counter.flush()
    assert counters[0].told(PIECE).scans == 1200
