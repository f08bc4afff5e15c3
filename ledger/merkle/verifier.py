"""The verifier over Arrow: a record batch of inclusion proofs in, one verdict a row out.

It shares the compression function with the prover and nothing above it. `ledger.kernel.proofs` is its slow twin: same
verdicts, same sentences. Batches from outside go through `ledger.merkle.hostile` first.
"""

import itertools
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ledger.kernel.errors import Unverified
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.proofs import SIZE_LIMIT
from ledger.merkle import kernel
from ledger.merkle.columns import hash_array, hashes, indices_array, room, run_of, without_nulls
from ledger.merkle.parts import in_parts
from schemas.arrow import HASH, INCLUSION_PROOFS, VERIFICATION_RESULTS, same_columns

_WORTH_A_THREAD = 1 << 12  # paths: about a millisecond of hashing


def verify_inclusion(
    proofs: pa.RecordBatch, root: bytes, *, size: int | None = None, threads: int | None = None
) -> pa.BooleanArray:
    """Whether the path of each row leads from its leaf hash to `root`. `proofs` has the schema INCLUSION_PROOFS.

    Give the `size` that was signed with the root: rows that claim another then fail. Without it each row's own
    tree_size is believed, and whoever made the batch may have named a wrong index along with a wrong size.
    ValueError for another schema or nulls.
    """
    status, roots = _fold(proofs, threads)
    return _verdicts(proofs, status, roots, root, size)


def inclusion_results(
    proofs: pa.RecordBatch, root: bytes, *, size: int | None = None, threads: int | None = None
) -> pa.RecordBatch:
    """The same with the reason: the schema VERIFICATION_RESULTS, `reason` being null where the proof holds."""
    status, roots = _fold(proofs, threads)
    valid = _verdicts(proofs, status, roots, root, size)
    reasons: list[str | None] = [None] * len(valid)
    for row in pc.indices_nonzero(pc.invert(valid)).to_pylist():
        reasons[row] = _reason(proofs.slice(row, 1), status[row].as_py(), size)
    columns = [proofs.column("index"), valid, pa.array(reasons, pa.string())]
    return pa.RecordBatch.from_arrays(columns, schema=VERIFICATION_RESULTS)


def _fold(proofs: pa.RecordBatch, threads: int | None) -> tuple[pa.UInt8Array, pa.FixedSizeBinaryArray]:
    """What the kernel says of each row, and the root that it leads to."""
    index, size, leaf, path = _checked(proofs)
    rows = len(leaf)
    places, trees, leaves = (memoryview(run_of(column)).cast("B") for column in (index, size, leaf))
    offsets = memoryview(run_of(path.offsets)).cast("B") if rows else memoryview(bytes(4))
    nodes, status, roots = run_of(path.values), room(rows), room(HASH_SIZE * rows)
    said, led_to = memoryview(status).cast("B"), memoryview(roots).cast("B")

    def part(start: int, end: int) -> None:
        kernel.fold_paths(
            leaves=leaves[HASH_SIZE * start : HASH_SIZE * end],
            indices=places[8 * start : 8 * end],
            sizes=trees[8 * start : 8 * end],
            nodes=nodes,
            offsets=offsets[4 * start : 4 * (end + 1)],
            out_roots=led_to[HASH_SIZE * start : HASH_SIZE * end],
            out_status=said[start:end],
        )

    in_parts(rows, threads, part, worth=_WORTH_A_THREAD)
    return pa.Array.from_buffers(pa.uint8(), rows, [None, status]), hashes(roots)


def _checked(proofs: pa.RecordBatch) -> list[pa.Array]:
    if not same_columns(proofs.schema, INCLUSION_PROOFS):
        raise ValueError(f"the batch has the columns {', '.join(map(str, proofs.schema))}, want inclusion proofs")
    columns = [without_nulls(name, proofs.column(name)) for name in INCLUSION_PROOFS.names]
    without_nulls("path", columns[3].values)
    return columns


def _verdicts(
    proofs: pa.RecordBatch, status: pa.UInt8Array, roots: pa.FixedSizeBinaryArray, root: bytes, size: int | None
) -> pa.BooleanArray:
    if len(root) != HASH_SIZE:
        raise ValueError(f"a root has {HASH_SIZE} bytes, not {len(root)}")
    # The root of a row that was not folded is zeros, which could be what `root` is too: the status decides.
    valid = pc.and_(pc.equal(status, kernel.FOLDED), pc.equal(roots, pa.scalar(root, HASH)))
    if size is None:
        return valid
    return pc.and_(valid, pc.equal(proofs.column("tree_size"), pa.scalar(size, pa.uint64())))


def _reason(proof: pa.RecordBatch, status: int, expected: int | None) -> str:
    """Why one row does not hold, in the words of `ledger.kernel.proofs`."""
    index, size, have = proof["index"][0].as_py(), proof["tree_size"][0].as_py(), len(proof["path"][0])
    if expected not in {None, size}:
        return f"the path is for a tree of {size}, the root is that of {expected}"
    if status == kernel.NO_LEAF:
        return f"there is no leaf {index} in a tree of {size}"
    if status == kernel.WRONG_COUNT:
        return f"path has {have} hashes, want {_length(index, size)} for leaf {index} of {size}"
    return f"the path of leaf {index} of {size} does not lead to the root"


def _length(index: int, size: int) -> int:
    """RFC 9162 2.1.3.2, counted: one hash a level, none where the node is the last and has no sibling."""
    levels = range((size - 1).bit_length())
    return sum(1 for level in levels if index >> level & 1 or index >> level < (size - 1) >> level)


def verify_multi_proof(indices: pa.Array, leaves: pa.Array, path: pa.Array, root: bytes, *, size: int) -> None:
    """Every leaf hash stands at its index in the tree of `size` with `root`. Raises Unverified ("inclusion").

    The algorithm is that of `kernel.proofs.verify_multiproof`, a level of hashes at a time. ValueError for nulls, or
    arrays of another type or of different lengths.
    """
    places = indices_array(indices).to_pylist()
    _check_places(places, size)
    nodes = _split(hash_array("leaves", leaves))
    if len(nodes) != len(places):
        raise ValueError(f"{len(nodes)} leaf hashes were given for {len(places)} indices")
    rest = _split(hash_array("path", path))
    wanted = sum(_missing(level, last) for level, last in _levels(places, size))
    if len(rest) != wanted:
        raise _unverified(f"multi-proof has {len(rest)} hashes, want {wanted} for {len(places)} leaves of {size}")
    given = iter(rest)
    for level, last in _levels(places, size):
        nodes = _level_above(level, nodes, last, given)
    if nodes != [root]:
        raise _unverified(f"the multi-proof of {len(places)} leaves of {size} does not lead to the root")


def _check_places(places: Sequence[int], size: int) -> None:
    if not places:
        raise _unverified("a multi-proof of no leaves proves nothing")
    for index in places:
        if not index < size <= SIZE_LIMIT:
            raise _unverified(f"there is no leaf {index} in a tree of {size}")
    if any(a >= b for a, b in itertools.pairwise(places)):
        raise _unverified("the leaves of a multi-proof do not strictly ascend by index")


def _unverified(sentence: str) -> Unverified:
    return Unverified("inclusion", sentence)


def _split(array: pa.FixedSizeBinaryArray) -> list[bytes]:
    run = run_of(array).to_pybytes()
    return [run[at : at + HASH_SIZE] for at in range(0, len(run), HASH_SIZE)]


def _levels(places: list[int], size: int) -> Iterator[tuple[list[int], int]]:
    """The known positions of each level below the root, ascending, and the last position that the level has."""
    last = size - 1
    while last:
        yield places, last
        places, last = list(dict.fromkeys([place >> 1 for place in places])), last >> 1


def _missing(places: Sequence[int], last: int) -> int:
    """How many hashes a level takes from the proof: two children a parent, less those at hand, less a lone last."""
    known = set(places)
    return sum(1 for place in places if place ^ 1 not in known and place ^ 1 <= last)


def _level_above(places: Sequence[int], nodes: Sequence[bytes], last: int, given: Iterator[bytes]) -> list[bytes]:
    """The nodes above those at `places`: pairs are hashed together at once, a lone last node moves up unchanged."""
    pairs: list[bytes] = []
    at = 0
    while at < len(places):
        place, node = places[at], nodes[at]
        at += 1
        if place & 1:
            pairs += (next(given), node)
        elif at < len(places) and places[at] == place + 1:
            pairs += (node, nodes[at])
            at += 1
        elif place < last:
            pairs += (node, next(given))
    children = b"".join(pairs)
    out = bytearray(len(children) // 2)
    kernel.node_hashes(children, out)
    lone = [nodes[-1]] if places[-1] == last and not last & 1 else []
    return [bytes(out[start : start + HASH_SIZE]) for start in range(0, len(out), HASH_SIZE)] + lone
