"""The hash kernel: leaf and node hashes, gathering of paths, folding of paths to roots, on raw buffers.

Where the C extension was built and knows the processor it does the work, else `ledger.merkle.portable`: the same
functions, checks and results. Every function

- takes any C-contiguous buffer (bytes, bytearray, memoryview, array, mmap, pyarrow.Buffer, numpy); numbers are in the
  machine's own byte order, hashes are runs of 32 bytes; outputs are writable and have exactly the length given here;
- checks every length, offset and index before it touches what they point at: ValueError with a sentence (BufferError or
  TypeError for what is no buffer at all); what is in an output after an error is undefined;
- releases the GIL while it works (C only, and not for a few lineage items), so that threads may share the rows;
- takes `path=` to force one of `available_paths()`; left out it is the fastest.

An output must not overlap an input, save that `node_hashes` may be in place (out starting where children start). The C
paths refuse any other overlap; the portable one reads everything before it writes.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from ledger.merkle import portable

if TYPE_CHECKING:
    from typing_extensions import Buffer

_native: ModuleType | None
try:
    from ledger.merkle import _kernel as _native
except ImportError:  # built without a compiler
    _native = None

FOLDED, NO_LEAF, WRONG_COUNT = portable.FOLDED, portable.NO_LEAF, portable.WRONG_COUNT  # what fold_paths says of a row


def available_paths() -> tuple[str, ...]:
    """The ways this processor can hash, the fastest first; the last is always "portable"."""
    return (*(_native.paths() if _native else ()), "portable")


def path_chosen() -> str:
    """The way that is used when none is asked for; "portable" means about 20 times slower than the processor can."""
    return available_paths()[0]


def leaf_hashes_fixed(data: "Buffer", width: int, out: "Buffer", *, path: str | None = None) -> None:
    """SHA-256(0x00 ‖ value) of each run of `width` bytes (at least 1) of `data`. `out`: 32 bytes a value."""
    if module := _c_module(path):
        module.leaf_hashes_fixed(data, width, out, path)
    else:
        portable.leaf_hashes_fixed(data, width, out)


def leaf_hashes_var(
    data: "Buffer", offsets: "Buffer", offset_width: int, out: "Buffer", *, path: str | None = None
) -> None:
    """SHA-256(0x00 ‖ value) of values of any length, value i being data[offsets[i]:offsets[i + 1]].

    `offsets`: n + 1 ascending numbers, int32 or int64 as `offset_width` says (4 or 8), the first of them 0 or more (a
    slice of an Arrow array begins later); none at all means no values. `out`: 32 bytes a value.
    """
    if module := _c_module(path):
        module.leaf_hashes_var(data, offsets, offset_width, out, path)
    else:
        portable.leaf_hashes_var(data, offsets, offset_width, out)


def node_hashes(children: "Buffer", out: "Buffer", *, path: str | None = None) -> None:
    """SHA-256(0x01 ‖ left ‖ right) of each 64 bytes of `children`: one whole level from the one below.

    `children`: an even number of nodes. `out`: 32 bytes a pair; may start where `children` starts.
    """
    if module := _c_module(path):
        module.node_hashes(children, out, path)
    else:
        portable.node_hashes(children, out)


def lineage_digests(
    items: "Buffer", offsets: "Buffer", seeds: "Buffer", out: "Buffer", *, path: str | None = None
) -> None:
    """SPEC 4.4: the lineage digest of each entry, from its seed and its packed items, whatever stands in them.

    `items`: 81 bytes each, entry i having the items offsets[i] to offsets[i + 1]; `offsets`: n + 1 ascending int32,
    the first 0 or more; `seeds` and `out`: 32 bytes an entry. `ledger.kernel.lineage` says the same of one entry.
    """
    if module := _c_module(path):
        module.lineage_digests(items, offsets, seeds, out, path)
    else:
        portable.lineage_digests(items, offsets, seeds, out)


def right_edge(levels: Sequence["Buffer"], size: int, out: "Buffer", *, path: str | None = None) -> None:
    """The last node of each level of the tree of `size` (1 or more leaves), complete or not; the last is its root.

    `levels`: level k holds at least the size >> k complete nodes (more is fine, so levels of a larger tree serve any
    earlier size); as many levels as the tree has below its root, and at least one. `out`: 32 bytes for each of the
    (size - 1).bit_length() + 1 levels, the root's included. One hash a level at most.
    """
    if module := _c_module(path):
        module.right_edge(levels, size, out, path)
    else:
        portable.right_edge(levels, size, out)


def path_lengths(indices: "Buffer", size: int, offsets: "Buffer", *, path: str | None = None) -> int:
    """Where each path begins when the inclusion paths of `indices` (u64) in the tree of `size` stand one by one.

    `offsets`: n + 1 int32, the first 0 and the last the sum, which is also the answer. ValueError for an index that is
    not below `size`, a size outside 1 to 2^63 - 1, or a sum that 32 bits do not hold.
    """
    if module := _c_module(path):
        total: int = module.path_lengths(indices, size, offsets)
        return total
    return portable.path_lengths(indices, size, offsets)


def inclusion_paths(
    *,
    levels: Sequence["Buffer"],
    indices: "Buffer",
    size: int,
    edges: "Buffer",
    offsets: "Buffer",
    out: "Buffer",
    path: str | None = None,
) -> None:
    """RFC 9162 2.1.3.1: gather the path of each of `indices` (u64) in the tree of `size`, sibling of the leaf first.

    `levels` as for `right_edge`, `edges` what it gave (only nodes incomplete at this size are read from it). `offsets`:
    n + 1 int32 as `path_lengths` gives them (a run of them will do, for a part of the rows: row i is written at hash
    offsets[i] of `out`). `out`: at least 32 bytes a hash up to the last offset.
    """
    if module := _c_module(path):
        module.inclusion_paths(levels, indices, size, edges, offsets, out)
    else:
        portable.inclusion_paths(levels=levels, indices=indices, size=size, edges=edges, offsets=offsets, out=out)


def fold_paths(
    *,
    leaves: "Buffer",
    indices: "Buffer",
    sizes: "int | Buffer",
    nodes: "Buffer",
    offsets: "Buffer",
    out_roots: "Buffer",
    out_status: "Buffer",
    path: str | None = None,
) -> None:
    """RFC 9162 2.1.3.2: the root that each row's path leads to. It shares the compression with the prover, no more.

    `leaves`: 32 bytes a row; `indices`: u64 a row; `sizes`: one tree size for all (1 to 2^63 - 1), or u64 a row;
    `nodes`: 32 bytes a hash, row i's path being the hashes offsets[i] to offsets[i + 1]; `offsets`: n + 1 ascending
    int32, the first 0 or more. `out_roots`: 32 bytes a row; `out_status`: one byte a row,

    - FOLDED: the root stands in `out_roots`, and is for the caller to compare;
    - NO_LEAF: the index is not below the size, or the size is over 2^63 - 1;
    - WRONG_COUNT: the path has another number of hashes than index and size demand; none was computed.

    The root of a row that was not folded is zeros. Offsets that descend or run beyond `nodes` are a ValueError.
    """
    if module := _c_module(path):
        module.fold_paths(leaves, indices, sizes, nodes, offsets, out_roots, out_status, path)
    else:
        portable.fold_paths(
            leaves=leaves,
            indices=indices,
            sizes=sizes,
            nodes=nodes,
            offsets=offsets,
            out_roots=out_roots,
            out_status=out_status,
        )


def bare_rounds(compressions: int, *, path: str | None = None) -> None:
    """The rounds of at least so many compressions and nothing else, to be timed: no hash on that path can take less.

    Two compressions a node. Where lanes are used ("avx512x16", "avx2x8") computing the words takes the same units as
    the rounds, so that limit cannot be reached; where the processor has instructions for it ("sha-ni", "armv8") it
    hides behind them. RuntimeError for the portable path, whose rounds are out of reach.
    """
    module = _c_module(path)
    if module is None:
        raise RuntimeError("the portable path has no rounds of its own to time")
    module.bare_rounds(compressions, path)


def _c_module(path: str | None) -> ModuleType | None:
    """The extension, or None when `path` (or the lack of an extension) asks for the portable functions."""
    if path is not None and path not in available_paths():
        raise ValueError(f'there is no path "{path}" here, only {", ".join(available_paths())}')
    return None if path == "portable" else _native
