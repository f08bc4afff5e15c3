"""The hash kernel without a compiler: hashlib and struct, the same functions, checks and results as the C one.

`ledger.merkle.kernel` says what each function takes; it is the only caller.
"""

from array import array
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

from ledger.kernel.lineage import ITEM_SIZE, packed_digest

if TYPE_CHECKING:
    from typing_extensions import Buffer

FOLDED, NO_LEAF, WRONG_COUNT = 0, 1, 2
_HASH = 32
_LARGEST_SIZE = 2**63 - 1  # SPEC 8: a path of 63 hashes reaches every leaf
_LARGEST_OFFSET = 2**31 - 1


def leaf_hashes_fixed(data: "Buffer", width: int, out: "Buffer") -> None:
    """SHA-256(0x00 ‖ value) of each run of `width` bytes."""
    given, hashes = _bytes("data", data), _writable("out", out)
    if width < 1:
        raise ValueError(f"values of {width} bytes cannot be told apart")
    count = _whole("data", given, width)
    _check_length("out", hashes, _HASH * count)
    hashes[:] = b"".join([_leaf_hash(given[at : at + width]) for at in range(0, len(given), width)])


def leaf_hashes_var(data: "Buffer", offsets: "Buffer", offset_width: int, out: "Buffer") -> None:
    """SHA-256(0x00 ‖ value) of each value that two neighbouring offsets bound."""
    given, hashes = _bytes("data", data), _writable("out", out)
    if offset_width not in {4, 8}:
        raise ValueError(f"offsets have 4 or 8 bytes, not {offset_width}")
    bounds = _numbers("offsets", offsets, "i" if offset_width == 4 else "q")
    _check_length("out", hashes, _HASH * max(len(bounds) - 1, 0))
    _check_offsets(bounds, len(given))
    hashes[:] = b"".join([_leaf_hash(given[start:end]) for start, end in pairwise(bounds)])


def node_hashes(children: "Buffer", out: "Buffer") -> None:
    """SHA-256(0x01 ‖ left ‖ right) of each pair of nodes."""
    pairs, hashes = _bytes("children", children), _writable("out", out)
    _check_length("out", hashes, _HASH * _whole("children", pairs, 2 * _HASH))
    hashes[:] = b"".join([_node_hash(pairs[at : at + 64]) for at in range(0, len(pairs), 64)])


def lineage_digests(items: "Buffer", offsets: "Buffer", seeds: "Buffer", out: "Buffer") -> None:
    """SPEC 4.4: the lineage digest of each entry, from its seed and its packed items."""
    packed, keys = bytes(_bytes("items", items)), bytes(_bytes("seeds", seeds))
    bounds, digests = _numbers("offsets", offsets, "i"), _writable("out", out)
    count, rows = _whole("items", memoryview(packed), ITEM_SIZE), _whole("seeds", memoryview(keys), _HASH)
    _check_length("offsets", offsets, 4 * (rows + 1))
    _check_length("out", digests, _HASH * rows)
    _check_offsets(bounds, count)
    found = []
    for row, (start, end) in enumerate(pairwise(bounds)):
        seed = keys[_HASH * row : _HASH * (row + 1)]
        each = [packed[ITEM_SIZE * at : ITEM_SIZE * (at + 1)] for at in range(start, end)]
        found.append(packed_digest(seed, each))
    digests[:] = b"".join(found)


def right_edge(levels: Sequence["Buffer"], size: int, out: "Buffer") -> None:
    """The last node of each level of the tree of `size`, its root the last of them."""
    height = _height(size)
    views, edges = _check_levels(levels, size, max(height, 1)), _writable("out", out)
    _check_length("out", edges, _HASH * (height + 1))
    node = edges[:_HASH] = bytes(views[0][_HASH * (size - 1) : _HASH * size])
    for level, nodes in enumerate(views[:height]):
        last = (size - 1) >> level
        if last & 1:  # an odd last node has a left sibling; an even one moves up unchanged
            node = _node_hash(bytes(nodes[_HASH * (last - 1) : _HASH * last]) + node)
        edges[_HASH * (level + 1) : _HASH * (level + 2)] = node


def path_lengths(indices: "Buffer", size: int, offsets: "Buffer") -> int:
    """Where the path of each index begins when they stand one after the other; answers with how many hashes."""
    _check_size(size)
    wanted, bounds = _numbers("indices", indices, "Q"), _writable("offsets", offsets)
    _check_length("offsets", bounds, 4 * (len(wanted) + 1))
    totals, total = array("i", [0]), 0
    for row, index in enumerate(wanted):
        _check_index(row, index, size)
        total += _path_length(index, size)
        if total > _LARGEST_OFFSET:
            raise ValueError(f"the paths up to row {row} are {total} hashes, 32-bit offsets end at {_LARGEST_OFFSET}")
        totals.append(total)
    bounds[:] = totals.tobytes()
    return total


def inclusion_paths(
    *, levels: Sequence["Buffer"], indices: "Buffer", size: int, edges: "Buffer", offsets: "Buffer", out: "Buffer"
) -> None:
    """RFC 9162 2.1.3.1: the path of each index in the tree of `size`."""
    views, edge_nodes = _check_levels(levels, size, _height(size)), _bytes("edges", edges)
    wanted, bounds = _numbers("indices", indices, "Q"), _numbers("offsets", offsets, "i")
    hashes = _writable("out", out)
    _check_edges(edge_nodes, len(views))
    _check_length("offsets", offsets, 4 * (len(wanted) + 1))
    _check_offsets(bounds, len(hashes) // _HASH)
    for row, (index, start, end) in enumerate(zip(wanted, bounds, bounds[1:], strict=False)):
        _check_index(row, index, size)
        path = _inclusion_path(views, edge_nodes, index, size)
        if len(path) != _HASH * (end - start):
            raise ValueError(f"row {row}: the offsets leave {end - start} hashes, the path has {len(path) // _HASH}")
        hashes[_HASH * start : _HASH * end] = path


def fold_paths(
    *,
    leaves: "Buffer",
    indices: "Buffer",
    sizes: "int | Buffer",
    nodes: "Buffer",
    offsets: "Buffer",
    out_roots: "Buffer",
    out_status: "Buffer",
) -> None:
    """RFC 9162 2.1.3.2: the root that each path leads to, and whether it has one."""
    places, bounds = _numbers("indices", indices, "Q"), _numbers("offsets", offsets, "i")
    count = len(places)
    trees = _sizes(sizes, count)
    starts, path_nodes = _bytes("leaves", leaves), _bytes("nodes", nodes)
    roots, status = _writable("out_roots", out_roots), _writable("out_status", out_status)
    for name, view, wanted in (("leaves", starts, 32), ("out_roots", roots, 32), ("out_status", status, 1)):
        _check_length(name, view, wanted * count)
    _check_length("offsets", offsets, 4 * (count + 1))
    _check_offsets(bounds, _whole("nodes", path_nodes, _HASH))
    for row in range(count):
        at, path = slice(_HASH * row, _HASH * (row + 1)), path_nodes[_HASH * bounds[row] : _HASH * bounds[row + 1]]
        roots[at], status[row] = _fold(bytes(starts[at]), places[row], trees[row], path)


def _leaf_hash(value: memoryview) -> bytes:
    return sha256(b"\x00" + value).digest()  # RFC 6962 2.1


def _node_hash(pair: bytes | memoryview) -> bytes:
    return sha256(b"\x01" + pair).digest()  # RFC 6962 2.1


def _path_length(index: int, size: int) -> int:
    """A sibling at each level below the fork from the last leaf's path, then one for each left turn."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _inclusion_path(levels: list[memoryview], edges: memoryview, index: int, size: int) -> bytes:
    path = []
    for level, nodes in enumerate(levels):
        sibling, last = index >> level ^ 1, (size - 1) >> level
        if sibling < size >> level:
            path.append(nodes[_HASH * sibling : _HASH * (sibling + 1)])
        elif sibling == last:  # not complete at this size
            path.append(edges[_HASH * level : _HASH * (level + 1)])
    return b"".join(path)


def _fold(node: bytes, index: int, size: int, path: memoryview) -> tuple[bytes, int]:
    """RFC 9162 2.1.3.2, with its names fn and sn."""
    if not index < size <= _LARGEST_SIZE:
        return bytes(_HASH), NO_LEAF
    fn, sn = index, size - 1
    for at in range(0, len(path), _HASH):
        sibling = path[at : at + _HASH]
        if sn == 0:
            return bytes(_HASH), WRONG_COUNT
        if fn & 1 or fn == sn:
            node = _node_hash(bytes(sibling) + node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = _node_hash(node + bytes(sibling))
        fn, sn = fn >> 1, sn >> 1
    return (node, FOLDED) if sn == 0 else (bytes(_HASH), WRONG_COUNT)


def _bytes(name: str, buffer: "Buffer") -> memoryview:
    view = memoryview(buffer)
    if not view.c_contiguous:
        raise ValueError(f"{name} is not contiguous")
    if view.nbytes == 0:  # cannot be cast
        return memoryview(b"" if view.readonly else bytearray())
    return view.cast("B")


def _writable(name: str, buffer: "Buffer") -> memoryview:
    view = _bytes(name, buffer)
    if view.readonly:
        raise ValueError(f"{name} is read-only")
    return view


def _numbers(name: str, buffer: "Buffer", code: str) -> "array[int]":
    numbers = array(code)
    view = _bytes(name, buffer)
    _whole(name, view, numbers.itemsize)
    numbers.frombytes(view)
    return numbers


def _sizes(sizes: "int | Buffer", count: int) -> Sequence[int]:
    if isinstance(sizes, int):
        _check_size(sizes)
        return [sizes] * count
    _check_length("sizes", sizes, 8 * count)
    return _numbers("sizes", sizes, "Q")


def _whole(name: str, view: memoryview, width: int) -> int:
    count, rest = divmod(len(view), width)
    if rest:
        raise ValueError(f"{name} has {len(view)} bytes, no whole number of {width}")
    return count


def _check_length(name: str, buffer: "Buffer", wanted: int) -> None:
    have = memoryview(buffer).nbytes
    if have != wanted:
        raise ValueError(f"{name} has {have} bytes, want {wanted}")


def _check_size(size: int) -> None:
    if not 1 <= size <= _LARGEST_SIZE:
        raise ValueError(f"a tree of {size} leaves has no paths")


def _check_index(row: int, index: int, size: int) -> None:
    if index >= size:
        raise ValueError(f"row {row}: there is no leaf {index} in a tree of {size}")


def _check_offsets(bounds: "array[int]", end: int) -> None:
    low = 0
    for at, bound in enumerate(bounds if len(bounds) > 1 else []):
        if not low <= bound <= end:
            raise ValueError(f"offset {at} is {bound}, want {low} to {end}")
        low = bound


def _height(size: int) -> int:
    _check_size(size)
    return (size - 1).bit_length()


def _check_levels(levels: Sequence["Buffer"], size: int, wanted: int) -> list[memoryview]:
    """The first `wanted` levels, each with at least the complete nodes that a tree of `size` has there."""
    if len(levels) < wanted:
        raise ValueError(f"{len(levels)} levels were given, a tree of {size} leaves needs {wanted}")
    views = [_bytes(f"level {level}", nodes) for level, nodes in enumerate(levels[:wanted])]
    for level, view in enumerate(views):
        have, needed = len(view) // _HASH, size >> level
        if have < needed:
            raise ValueError(f"level {level} has {have} nodes, a tree of {size} leaves needs {needed}")
    return views


def _check_edges(edges: memoryview, height: int) -> None:
    if len(edges) < _HASH * height:
        raise ValueError(f"edges has {len(edges)} bytes, want at least {_HASH * height}")
