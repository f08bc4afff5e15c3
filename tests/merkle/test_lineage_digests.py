"""Lineage digests of many entries at once, against SPEC 4.4 written down word by word."""

import hmac
import random
from array import array
from hashlib import sha256
from itertools import accumulate

import pytest
import slow_merkle

from ledger.kernel.lineage import ITEM_SIZE
from ledger.merkle import kernel

COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1, 0]


@pytest.fixture(params=kernel.available_paths())
def path(request):
    return request.param


def by_the_word(seed, items):
    salts = [hmac.digest(seed, b"coilmark/lineage-salt/v1\n" + item[1:33], "sha256")[:16] for item in items]
    leaves = [slow_merkle.leaf(salt + item) for salt, item in zip(salts, items, strict=True)]
    return sha256(b"\x02" + len(items).to_bytes(4, "big") + slow_merkle.mth(leaves)).digest()


def digests(entries, path):
    items, seeds = b"".join(b"".join(items) for _, items in entries), b"".join(seed for seed, _ in entries)
    offsets = array("i", accumulate((len(items) for _, items in entries), initial=0))
    out = bytearray(32 * len(entries))
    kernel.lineage_digests(items, offsets, seeds, out, path=path)
    return [bytes(out[at : at + 32]) for at in range(0, len(out), 32)]


def entries_with(counts, rng):
    return [(rng.randbytes(32), [rng.randbytes(ITEM_SIZE) for _ in range(count)]) for count in counts]


def test_digests_are_as_the_specification_says(path):
    entries = entries_with(COUNTS, random.Random(44))
    assert digests(entries, path) == [by_the_word(seed, items) for seed, items in entries]


def test_every_bit_of_seed_and_item_counts(path):
    rng = random.Random(4)
    seed, (first, second) = rng.randbytes(32), (rng.randbytes(ITEM_SIZE) for _ in range(2))
    flips = [1 << bit for bit in range(8 * 32)]
    seeds = [(int.from_bytes(seed, "big") ^ flip).to_bytes(32, "big") for flip in flips]
    changed = [(one, [first, second]) for one in seeds]
    for at in range(ITEM_SIZE):
        other = second[:at] + bytes([second[at] ^ 0x80]) + second[at + 1 :]
        changed.append((seed, [first, other]))
    found = digests([(seed, [first, second]), (seed, [second, first]), *changed], path)
    assert len(set(found)) == len(found)


def test_no_entries_have_no_digests(path):
    assert digests([], path) == []


def test_offsets_may_begin_later(path):
    rng = random.Random(5)
    (seed, items), out = entries_with([3], rng)[0], bytearray(32)
    packed = rng.randbytes(2 * ITEM_SIZE) + b"".join(items) + rng.randbytes(ITEM_SIZE)
    kernel.lineage_digests(packed, array("i", [2, 5]), seed, out, path=path)
    assert out == by_the_word(seed, items)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"items": bytes(161)}, "items has 161 bytes, no whole number of 81"),
        ({"seeds": bytes(63)}, "seeds has 63 bytes, no whole number of 32"),
        ({"seeds": bytes(32)}, "offsets has 12 bytes, want 8"),
        ({"out": bytearray(32)}, "out has 32 bytes, want 64"),
        ({"out": bytes(64)}, "out is read-only"),
        ({"offsets": array("i", [0, 1, 3])}, "offset 2 is 3, want 1 to 2"),
        ({"offsets": array("i", [0, 2, 1])}, "offset 2 is 1, want 2 to 2"),
        ({"offsets": array("i", [-1, 0, 1])}, "offset 0 is -1, want 0 to 2"),
        ({"offsets": array("i", [3, 3, 3])}, "offset 0 is 3, want 0 to 2"),
    ],
)
def test_what_does_not_fit_is_refused(path, changed, sentence):
    fitting = {
        "items": bytes(2 * ITEM_SIZE), "offsets": array("i", [0, 1, 2]), "seeds": bytes(64), "out": bytearray(64),
    }  # fmt: skip
    kernel.lineage_digests(**fitting, path=path)
    with pytest.raises(ValueError, match=sentence):
        kernel.lineage_digests(**(fitting | changed), path=path)
