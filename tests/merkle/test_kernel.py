import random
import threading
from array import array
from hashlib import sha256
from itertools import accumulate, pairwise

import pytest
import slow_merkle
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.merkle import kernel, portable

LONGEST = 300
LEAVES = [slow_merkle.leaf(n.to_bytes(4, "big")) for n in range(600)]
NONE = array("Q")


@pytest.fixture(params=kernel.available_paths())
def path(request):
    return request.param


@pytest.fixture(scope="module")
def levels():
    """The complete nodes of each level of the tree of LEAVES."""
    built = [LEAVES]
    while len(built[-1]) > 1:
        pairs = zip(built[-1][::2], built[-1][1::2], strict=False)
        built.append([slow_merkle.node(left, right) for left, right in pairs])
    return [b"".join(nodes) for nodes in built]


def fixed(data, width, path=None):
    out = bytearray(32 * (len(data) // width))
    kernel.leaf_hashes_fixed(data, width, out, path=path)
    return out


def var(data, offsets, path=None):
    out = bytearray(32 * (len(offsets) - 1))
    kernel.leaf_hashes_var(data, offsets, offsets.itemsize, out, path=path)
    return out


def nodes(children, path=None):
    out = bytearray(len(children) // 2)
    kernel.node_hashes(children, out, path=path)
    return out


def edge(levels, size, path=None):
    out = bytearray(32 * ((size - 1).bit_length() + 1))
    kernel.right_edge(levels, size, out, path=path)
    return out


def prove(levels, indices, size, path=None):
    indices, offsets = array("Q", indices), array("i", bytes(4 * (len(indices) + 1)))
    total = kernel.path_lengths(indices, size, offsets, path=path)
    out = bytearray(32 * total)
    edges = edge(levels, size, path)
    kernel.inclusion_paths(levels=levels, indices=indices, size=size, edges=edges, offsets=offsets, out=out, path=path)
    return offsets, out


def fold(leaves, indices, sizes, paths, path=None):
    """The roots and the status of each row; `paths` is the bytes of each."""
    roots, status = bytearray(32 * len(leaves)), bytearray(len(leaves))
    kernel.fold_paths(
        leaves=b"".join(leaves),
        indices=array("Q", indices),
        sizes=sizes if isinstance(sizes, int) else array("Q", sizes),
        nodes=b"".join(paths),
        offsets=array("i", [0, *accumulate(len(given) // 32 for given in paths)]),
        out_roots=roots,
        out_status=status,
        path=path,
    )
    return [bytes(roots[at : at + 32]) for at in range(0, len(roots), 32)], list(status)


# Which path


def test_the_extension_is_there():
    if kernel._native is None:
        pytest.skip("the C kernel was not built here, so only the portable path is tested")
    assert "c-scalar" in kernel.available_paths()


def test_the_fastest_path_is_chosen_and_the_last_is_portable():
    assert kernel.path_chosen() == kernel.available_paths()[0]
    assert kernel.available_paths()[-1] == "portable"


def test_without_the_extension_the_portable_path_does_the_same(monkeypatch):
    before = nodes(b"".join(LEAVES))
    monkeypatch.setattr(kernel, "_native", None)
    assert kernel.path_chosen() == "portable"
    assert nodes(b"".join(LEAVES)) == before


def test_an_unknown_path_is_refused():
    with pytest.raises(ValueError, match=r'there is no path "gpu" here, only .*portable'):
        nodes(bytes(64), "gpu")


def test_only_real_paths_have_rounds_to_time(path):
    if path == "portable":
        with pytest.raises(RuntimeError, match="no rounds of its own"):
            kernel.bare_rounds(1, path=path)
    else:
        kernel.bare_rounds(100, path=path)
        with pytest.raises(ValueError, match="no -1 compressions"):
            kernel.bare_rounds(-1, path=path)


# Hashes against hashlib


@pytest.mark.parametrize("count", [1, 3, 4, 16, 37, 110])
def test_leaves_of_every_length(path, count):
    rng = random.Random(count)
    for width in range(1, LONGEST + 1):
        values = [rng.randbytes(width) for _ in range(count)]
        expected = b"".join(sha256(b"\x00" + value).digest() for value in values)
        assert fixed(b"".join(values), width, path) == expected, width


@pytest.mark.parametrize("code", ["i", "q"])
@pytest.mark.parametrize("order", ["ascending", "descending", "mixed"])
def test_leaves_of_every_length_in_one_batch(path, code, order):
    rng = random.Random(order)
    lengths = list(range(LONGEST + 1))
    lengths = (
        lengths[::-1] if order == "descending" else rng.sample(lengths, len(lengths)) if order == "mixed" else lengths
    )
    values = [rng.randbytes(length) for length in lengths]
    offsets = array(code, [0, *accumulate(lengths)])
    expected = b"".join(sha256(b"\x00" + value).digest() for value in values)
    assert var(b"".join(values), offsets, path) == expected


def test_one_long_value_among_short_ones(path):
    values = [b"a", random.Random(1).randbytes(1_000_003), b"", b"b" * 113] * 9
    offsets = array("q", [0, *accumulate(map(len, values))])
    expected = b"".join(sha256(b"\x00" + value).digest() for value in values)
    assert var(b"".join(values), offsets, path) == expected


@pytest.mark.parametrize("count", [*range(36), 64, 100])
def test_nodes_of_every_count(path, count):
    children = random.Random(count).randbytes(64 * count)
    pairs = [children[at : at + 64] for at in range(0, len(children), 64)]
    assert nodes(children, path) == b"".join(sha256(b"\x01" + pair).digest() for pair in pairs)


def test_the_last_byte_of_a_pair_takes_every_value(path):
    children = b"".join(bytes(63) + bytes([last]) for last in range(256))
    pairs = [children[at : at + 64] for at in range(0, len(children), 64)]
    assert nodes(children, path) == b"".join(sha256(b"\x01" + pair).digest() for pair in pairs)


@pytest.fixture(scope="module")
def a_million():
    """Random pairs and entries, with what hashlib makes of them."""
    rng = random.Random(65)
    pairs, entries = rng.randbytes(64 << 20), rng.randbytes(113 << 18)
    lengths = rng.choices(range(LONGEST + 1), k=1 << 17)
    offsets, data = array("i", [0, *accumulate(lengths)]), rng.randbytes(sum(lengths))
    expected = nodes(pairs, "portable"), fixed(entries, 113, "portable"), var(data, offsets, "portable")
    return pairs, entries, (data, offsets), expected


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in kernel.available_paths() if path != "portable"])
def test_a_million_random_inputs(path, a_million):
    pairs, entries, (data, offsets), (of_pairs, of_entries, of_values) = a_million
    assert nodes(pairs, path) == of_pairs
    assert fixed(entries, 113, path) == of_entries
    assert var(data, offsets, path) == of_values


# Buffers


def test_any_buffer_at_any_address(path):
    data = random.Random(2).randbytes(64 * 20 + 7)
    for shift in range(7):
        children = memoryview(data)[shift : shift + 64 * 20]
        room = bytearray(b"\xaa" * (32 * 20 + 16))
        kernel.node_hashes(children, memoryview(room)[shift : shift + 32 * 20], path=path)
        assert room[shift : shift + 32 * 20] == nodes(bytes(children), "portable")
        assert set(room[:shift] + room[shift + 32 * 20 :]) == {0xAA}  # nothing else was written


@pytest.mark.parametrize("count", [1, 5, 16, 17, 1000])
def test_nodes_in_place(path, count):
    children = bytearray(random.Random(count).randbytes(64 * count))
    expected = nodes(bytes(children), "portable")
    kernel.node_hashes(children, memoryview(children)[: 32 * count], path=path)
    assert children[: 32 * count] == expected


def test_values_may_begin_later_in_the_data(path):
    data = b"not this|" + b"".join(LEAVES)
    offsets = array("i", range(9, 9 + 32 * 101, 32))
    assert var(data, offsets, path) == fixed(b"".join(LEAVES[:100]), 32, "portable")


def test_threads_may_share_the_rows(path):
    children, out = random.Random(3).randbytes(64 * 4000), bytearray(32 * 4000)
    parts = [
        threading.Thread(
            target=kernel.node_hashes,
            args=(memoryview(children)[64 * at : 64 * (at + 1000)], memoryview(out)[32 * at : 32 * (at + 1000)]),
            kwargs={"path": path},
        )
        for at in range(0, 4000, 1000)
    ]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    assert out == nodes(children, "portable")


def test_nothing_in_nothing_out(path):
    assert fixed(b"", 113, path) == b""
    assert var(b"", array("i", [0]), path) == b""
    kernel.leaf_hashes_var(b"", b"", 4, bytearray(), path=path)
    assert nodes(b"", path) == b""
    assert kernel.path_lengths(NONE, 9, out := array("i", [7]), path=path) == 0
    assert out == array("i", [0])
    assert fold([], [], 9, [], path) == ([], [])


# Trees against the slow twin


def test_the_right_edge_of_every_size(path, levels):
    for size in range(1, 140):
        found = edge(levels, size, path)
        assert found[-32:] == slow_merkle.mth(LEAVES[:size]), size
        for level in range(len(found) // 32):
            start = (size - 1) >> level << level
            assert found[32 * level : 32 * (level + 1)] == slow_merkle.mth(LEAVES[start:size])


def test_every_path_of_every_size_and_its_root(path, levels):
    for size in [*range(1, 70), 127, 128, 129, 255, 256, 257]:
        offsets, found = prove(levels, range(size), size, path)
        expected = [slow_merkle.path(index, LEAVES[:size]) for index in range(size)]
        paths = [bytes(found[32 * start : 32 * end]) for start, end in pairwise(offsets)]
        assert paths == [b"".join(hashes) for hashes in expected], size
        assert fold(LEAVES[:size], range(size), size, paths, path) == (
            [slow_merkle.mth(LEAVES[:size])] * size,
            [0] * size,
        )


@settings(deadline=None)
@given(st.integers(1, len(LEAVES)), st.data())
def test_paths_in_any_order_and_their_roots(levels, size, data):
    chosen = data.draw(st.lists(st.integers(0, size - 1), max_size=80))
    for path in kernel.available_paths():
        offsets, found = prove(levels, chosen, size, path)
        paths = [bytes(found[32 * start : 32 * end]) for start, end in pairwise(offsets)]
        assert paths == [b"".join(slow_merkle.path(index, LEAVES[:size])) for index in chosen]
        roots, status = fold([LEAVES[index] for index in chosen], chosen, size, paths, path)
        assert roots == [slow_merkle.mth(LEAVES[:size])] * len(chosen)
        assert not any(status)


def test_each_row_may_have_its_own_size(path):
    rows = [(index, size) for size in range(1, 40) for index in range(0, size, 3)]
    random.Random(4).shuffle(rows)
    indices, sizes = [index for index, _ in rows], [size for _, size in rows]
    paths = [b"".join(slow_merkle.path(index, LEAVES[:size])) for index, size in rows]
    roots, status = fold([LEAVES[index] for index in indices], indices, sizes, paths, path)
    assert roots == [slow_merkle.mth(LEAVES[:size]) for size in sizes]
    assert not any(status)


def test_a_changed_path_leads_elsewhere(path):
    size, index = 300, 255
    good = b"".join(slow_merkle.path(index, LEAVES[:size]))
    flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    roots, status = fold([LEAVES[index]] * len(flipped), [index] * len(flipped), size, flipped, path)
    assert slow_merkle.mth(LEAVES[:size]) not in roots
    assert len(set(roots)) == len(roots)
    assert not any(status)


def test_rows_that_cannot_be_folded_say_why(path):
    paths = [b"".join(slow_merkle.path(index, LEAVES[:9])) for index in range(9)]
    rows = [
        (8, 9, paths[8], kernel.FOLDED),
        (9, 9, paths[8], kernel.NO_LEAF),
        (0, 0, b"", kernel.NO_LEAF),
        (2**64 - 1, 9, paths[0], kernel.NO_LEAF),
        (0, 2**63, paths[0], kernel.NO_LEAF),
        (0, 2**63 - 1, paths[0], kernel.WRONG_COUNT),
        (3, 9, paths[3][32:], kernel.WRONG_COUNT),
        (3, 9, paths[3] + bytes(32), kernel.WRONG_COUNT),
        (3, 9, b"", kernel.WRONG_COUNT),
        (8, 9, b"", kernel.WRONG_COUNT),
        (0, 1, bytes(32), kernel.WRONG_COUNT),
        (0, 1, b"", kernel.FOLDED),
        (3, 9, paths[3], kernel.FOLDED),
    ]
    indices, sizes, given_paths, expected = zip(*rows, strict=True)
    leaves = [LEAVES[index] if index < 9 else LEAVES[8] for index in indices]
    roots, status = fold(leaves, indices, sizes, given_paths, path)
    assert tuple(status) == expected
    root = slow_merkle.mth(LEAVES[:9])
    assert roots == [root, *[bytes(32)] * 10, LEAVES[0], root]


def test_the_longest_paths(path):
    """2^63 - 1 leaves are the limit: paths of 63 hashes, and shorter ones at the right edge."""
    size = 2**63 - 1
    indices = [0, 1, size - 1, size - 2, 2**62 - 1, 2**62]
    offsets = array("i", bytes(4 * 7))
    kernel.path_lengths(array("Q", indices), size, offsets, path=path)
    lengths = [end - start for start, end in pairwise(offsets)]
    assert lengths == [63, 63, 62, 63, 63, 62 + 1]
    paths = [random.Random(length).randbytes(32 * length) for length in lengths]
    found = fold(LEAVES[:6], indices, size, paths, path)
    assert found[1] == [0] * 6
    assert found == fold(LEAVES[:6], indices, [size] * 6, paths, "portable")


def test_offsets_of_a_part_of_the_rows(path, levels):
    offsets, whole = prove(levels, range(40), 600, path)
    out = bytearray(len(whole))
    for start, end in ((0, 13), (13, 40)):
        part, bounds = array("Q", range(start, end)), offsets[start : end + 1]
        kernel.inclusion_paths(
            levels=levels, indices=part, size=600, edges=edge(levels, 600), offsets=bounds, out=out, path=path
        )
    assert out == whole


# What is refused


def refused(sentence):
    return pytest.raises(ValueError, match=sentence)


def test_lengths_that_do_not_fit(path):
    with refused("data has 112 bytes, no whole number of 113"):
        kernel.leaf_hashes_fixed(bytes(112), 113, bytearray(32), path=path)
    with refused("out has 31 bytes, want 32"):
        kernel.leaf_hashes_fixed(bytes(113), 113, bytearray(31), path=path)
    with refused("out has 64 bytes, want 32"):
        kernel.leaf_hashes_fixed(bytes(113), 113, bytearray(64), path=path)
    with refused("children has 32 bytes, no whole number of 64"):
        kernel.node_hashes(bytes(32), bytearray(32), path=path)
    with refused("out has 0 bytes, want 32"):
        kernel.node_hashes(bytes(64), bytearray(), path=path)
    with refused("offsets has 7 bytes, no whole number of 4"):
        kernel.leaf_hashes_var(b"", bytes(7), 4, bytearray(), path=path)
    with refused("offsets have 4 or 8 bytes, not 2"):
        kernel.leaf_hashes_var(b"", bytes(8), 2, bytearray(), path=path)


@pytest.mark.parametrize("width", [0, -1, -(2**70)])
def test_values_without_a_width(path, width):
    with refused(f"values of {width} bytes cannot be told apart"):
        kernel.leaf_hashes_fixed(b"", width, bytearray(), path=path)


@pytest.mark.parametrize("code", ["i", "q"])
@pytest.mark.parametrize(
    ("offsets", "sentence"),
    [
        ([-1, 3], "offset 0 is -1, want 0 to 10"),
        ([0, 11], "offset 1 is 11, want 0 to 10"),
        ([11, 11], "offset 0 is 11, want 0 to 10"),
        ([0, 5, 4, 10], "offset 2 is 4, want 5 to 10"),
        ([0, 10, 2**31 - 1], "offset 2 is 2147483647, want 10 to 10"),
        ([0, -(2**31)], "offset 1 is -2147483648, want 0 to 10"),
    ],
)
def test_offsets_that_lead_astray(path, code, offsets, sentence):
    with refused(sentence):
        var(bytes(10), array(code, offsets), path)


def test_offsets_that_lead_astray_after_many_good_ones(path):
    with refused("offset 101 is 3, want 100 to 200"):
        var(bytes(200), array("i", [*range(101), 3, 200]), path)


def test_what_is_no_buffer_or_cannot_be_written(path):
    with pytest.raises(TypeError):
        kernel.node_hashes(7, bytearray(), path=path)
    with refused("out is read-only"):
        kernel.node_hashes(bytes(64), bytes(32), path=path)
    with refused("children is not contiguous"):
        kernel.node_hashes(memoryview(bytes(128))[::2], bytearray(32), path=path)
    with refused("out is not contiguous"):
        kernel.node_hashes(bytes(64), memoryview(bytearray(64))[::2], path=path)


@pytest.mark.parametrize("path", [path for path in kernel.available_paths() if path != "portable"])
@pytest.mark.parametrize("shift", [-32, -1, 1, 32, 63])
def test_outputs_that_overlap(path, shift):
    memory = memoryview(bytearray(256))
    with refused("an output overlaps another buffer"):
        kernel.node_hashes(memory[64:192], memory[64 + shift : 128 + shift], path=path)
    with refused("an output overlaps another buffer"):
        kernel.leaf_hashes_fixed(memory[64:128], 32, memory[64 : 64 + 64], path=path)


@pytest.mark.parametrize("size", [0, -1, 2**63, 2**64])
def test_sizes_without_paths(path, levels, size):
    with refused(f"a tree of {size} leaves has no paths"):
        kernel.path_lengths(NONE, size, array("i", [0]), path=path)
    with refused(f"a tree of {size} leaves has no paths"):
        kernel.right_edge(levels, size, bytearray(32), path=path)
    with refused(f"a tree of {size} leaves has no paths"):
        gather(levels, [], size, [0], path=path)
    with refused(f"a tree of {size} leaves has no paths"):
        fold([], [], size, [], path)


def gather(levels, indices, size, offsets, *, path, room=0, edges=bytes(64 * 32)):
    kernel.inclusion_paths(
        levels=levels,
        indices=array("Q", indices),
        size=size,
        edges=edges,
        offsets=array("i", offsets),
        out=bytearray(32 * room),
        path=path,
    )


def test_paths_that_cannot_be_gathered(path, levels):
    with refused("row 1: there is no leaf 9 in a tree of 9"):
        kernel.path_lengths(array("Q", [8, 9]), 9, array("i", [0, 0, 0]), path=path)
    with refused("row 1: there is no leaf 18446744073709551615 in a tree of 9"):
        gather(levels, [8, 2**64 - 1], 9, [0, 1, 2], path=path, room=2)
    with refused("offsets has 8 bytes, want 12"):
        gather(levels, [0, 1], 9, [0, 4], path=path, room=8)
    with refused("row 0: the offsets leave 3 hashes, the path has 4"):
        gather(levels, [0], 9, [0, 3], path=path, room=4)
    with refused("offset 1 is 4, want 0 to 3"):
        gather(levels, [0], 9, [0, 4], path=path, room=3)
    with refused("offset 0 is -4, want 0 to 4"):
        gather(levels, [0], 9, [-4, 0], path=path, room=4)
    with refused("offset 0 is 9, want 0 to 4"):
        gather(levels, [0], 9, [9, 13], path=path, room=4)
    with refused("offset 1 is 0, want 4 to 4"):
        gather(levels, [0], 9, [4, 0], path=path, room=4)
    with refused("edges has 96 bytes, want at least 128"):
        gather(levels, [0], 9, [0, 4], path=path, room=4, edges=bytes(96))


def test_levels_that_are_too_short(path, levels):
    with refused("3 levels were given, a tree of 9 leaves needs 4"):
        gather(levels[:3], [0], 9, [0, 4], path=path, room=4)
    with refused("level 1 has 3 nodes, a tree of 9 leaves needs 4"):
        gather([levels[0], levels[1][: 4 * 32 - 1], *levels[2:]], [0], 9, [0, 4], path=path, room=4)
    with refused("level 0 has 0 nodes, a tree of 1 leaves needs 1"):
        kernel.right_edge([b""], 1, bytearray(32), path=path)
    with refused("0 levels were given, a tree of 1 leaves needs 1"):
        kernel.right_edge([], 1, bytearray(32), path=path)
    with refused("out has 32 bytes, want 160"):
        kernel.right_edge(levels, 9, bytearray(32), path=path)


@pytest.mark.slow
def test_more_hashes_than_offsets_can_say(path):
    if path == "portable":
        pytest.skip("34 million rows take the portable path too long; the test below lowers its limit")
    rows = (2**31 - 1) // 63 + 1
    with refused("the paths up to row 34087042 are 2147483709 hashes, 32-bit offsets end at 2147483647"):
        kernel.path_lengths(bytes(8 * rows), 2**63 - 1, bytearray(4 * (rows + 1)), path=path)


def test_the_portable_path_counts_hashes_too(monkeypatch):
    monkeypatch.setattr(portable, "_LARGEST_OFFSET", 100)
    with refused("the paths up to row 1 are 126 hashes, 32-bit offsets end at 100"):
        kernel.path_lengths(bytes(16), 2**63 - 1, bytearray(12), path="portable")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"leaves": bytes(63)}, "leaves has 63 bytes, want 64"),
        ({"indices": bytes(15)}, "indices has 15 bytes, no whole number of 8"),
        ({"sizes": bytes(8)}, "sizes has 8 bytes, want 16"),
        ({"nodes": bytes(63)}, "nodes has 63 bytes, no whole number of 32"),
        ({"offsets": array("i", [0, 1])}, "offsets has 8 bytes, want 12"),
        ({"offsets": array("i", [0, 1, 3])}, "offset 2 is 3, want 1 to 2"),
        ({"offsets": array("i", [0, 2, 1])}, "offset 2 is 1, want 2 to 2"),
        ({"offsets": array("i", [-1, 0, 1])}, "offset 0 is -1, want 0 to 2"),
        ({"offsets": array("i", [3, 3, 3])}, "offset 0 is 3, want 0 to 2"),
        ({"out_roots": bytearray(32)}, "out_roots has 32 bytes, want 64"),
        ({"out_status": bytearray(3)}, "out_status has 3 bytes, want 2"),
        ({"out_status": bytes(2)}, "out_status is read-only"),
    ],
)
def test_folds_that_do_not_fit(path, changed, sentence):
    fitting = {
        "leaves": bytes(64),
        "indices": array("Q", [0, 1]),
        "sizes": 2,
        "nodes": bytes(64),
        "offsets": array("i", [0, 1, 2]),
        "out_roots": bytearray(64),
        "out_status": bytearray(2),
    }
    kernel.fold_paths(**fitting, path=path)
    with refused(sentence):
        kernel.fold_paths(**(fitting | changed), path=path)
