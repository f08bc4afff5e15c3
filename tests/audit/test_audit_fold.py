"""The fold's own parts, against slower twins."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit.crew import crew
from ledger.audit.entries import unpack_items
from ledger.audit.findings import Finding, in_order
from ledger.audit.lineage import ITEM, Keys, Lineage
from ledger.audit.sources import ranges
from ledger.kernel.errors import Malformed
from ledger.kernel.lineage import NO_INDEX, NO_LEAF, parse_items


def leaf(number):
    return number.to_bytes(32, "big")


ITEMS = st.tuples(
    st.integers(0, 5),
    st.sampled_from([leaf(1), leaf(2), leaf(3)]),
    st.integers(0, 3),
    st.sampled_from([0, 1, NO_INDEX]),
    st.sampled_from([NO_LEAF, leaf(9)]),
)


@given(st.lists(ITEMS, max_size=4), st.binary(max_size=2))
def test_items_are_taken_as_the_kernel_takes_them(items, tail):
    packed = b"".join(ITEM.pack(*one) for one in items) + tail
    try:
        want = [(one.subject, int(one.role), one.version) for one in parse_items(packed)]
    except Malformed:
        with pytest.raises(Malformed):
            unpack_items(packed)
    else:
        assert unpack_items(packed) == want


def item(role, subject, version, index, link):
    return ITEM.pack(role, leaf(subject), version, index, link)


def test_lineage_that_follows():
    fold = Lineage()
    assert fold.add(0, leaf(100), item(1, 7, 1, NO_INDEX, NO_LEAF)) == []
    assert fold.add(1, leaf(101), item(0, 7, 1, 0, leaf(100))) == []
    assert fold.add(2, leaf(102), item(2, 7, 2, 0, leaf(100))) == []
    assert fold.add(3, leaf(103), item(3, 7, 3, 2, leaf(102))) == []
    assert fold.has(leaf(7), 3)
    assert not fold.has(leaf(7), 4)
    assert not fold.has(leaf(8), 1)


@pytest.mark.parametrize(
    ("items", "says"),
    [
        (item(0, 7, 1, 0, leaf(100)), "refers to version 1"),  # older
        (item(0, 7, 2, 0, leaf(100)), "links subject .* to entry 0, but entry 1 made"),
        (item(0, 7, 2, 1, leaf(100)), "with another leaf hash"),
        (item(2, 7, 2, 1, leaf(101)), "makes version 2 .* want 3"),  # made twice
        (item(2, 7, 4, 1, leaf(101)), "makes version 4 .* want 3"),
        (item(1, 7, 1, NO_INDEX, NO_LEAF), "makes version 1"),  # created twice
        (item(0, 8, 1, 0, leaf(100)), "which has none yet"),
        (item(2, 8, 2, 0, leaf(100)), "which has none yet"),
        (item(0, 7, 1, 1 << 63, leaf(101)), "refers to version 1"),
    ],
)
def test_lineage_that_does_not(items, says):
    fold = Lineage()
    fold.add(0, leaf(100), item(1, 7, 1, NO_INDEX, NO_LEAF))
    fold.add(1, leaf(101), item(2, 7, 2, 0, leaf(100)))
    (found,) = fold.add(2, leaf(102), items)
    assert found.index == 2
    assert re.search(says, found.sentence)


def test_keys_used_twice():
    keys = Keys()
    keys.add([(leaf(1), 4), (leaf(2), 5)])
    keys.add([(leaf(1), 6), (leaf(1), 7)])
    assert sorted(keys.twice()) == [(leaf(1), 6, 4), (leaf(1), 7, 4)]
    assert keys.find({leaf(1), leaf(3)}) == {leaf(1): 4}


def test_findings_are_listed_ledger_first_then_by_entry():
    found = [Finding("b", "", 10), Finding("a", "", None), Finding("c", "", 9), Finding("a", "", 10)]
    assert [(one.code, one.index) for one in sorted(found, key=in_order)] == [
        ("a", None), ("c", 9), ("a", 10), ("b", 10),
    ]  # fmt: skip


def work(number):
    if number == 3:
        os.kill(os.getpid(), 9)  # as a decoder does that a hostile file brings down
    return number * number


def lost(number):
    return -number


@pytest.mark.parametrize("size", [0, 1, 1024, 4095, 4096, 4097, 8191, 8192, 60_002])
def test_ranges_hold_each_entry_once_and_end_small(size):
    spans = ranges(size)
    assert [index for start, end in spans for index in range(start, end)] == list(range(size))
    assert all(end - start <= 1024 for start, end in spans[-4:])


@pytest.mark.slow
def test_a_task_that_kills_its_process_costs_no_other():
    with crew(2) as workers:
        assert list(workers.in_order(work, range(8), lost)) == [0, 1, 4, -3, 16, 25, 36, 49]
        assert workers.aside(work, 9).result() == 81


def test_no_workers_no_processes():
    with crew(0) as workers:
        assert list(workers.in_order(os.path.basename, ["a/b"], lost)) == ["b"]
        assert workers.aside(work, 2).result() == 4
